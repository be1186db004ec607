"""The embedded store does what the one in memory does, cursors included."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from likeness.ports import Snapshot, Store
from likeness.stores.embedded import EmbeddedStore
from likeness.stores.memory import MemoryStore
from likeness.testing.log import SHOP, event, observed, progress, quarantined, scanned, table
from likeness.testing.stores import slate
from likeness.types import Item

WHO = (None, "ann", "bob", "cy", "dee")


def act(store: Store, seed: int) -> object:
    """Do one thing that only the seed decides, and return what came back."""
    rng = random.Random(seed)
    who, number = rng.choice(WHO), rng.randrange(200)
    name = rng.choice(("purchase", "view_item", "refund"))
    fields = {
        "event": name,
        "time": float(rng.randrange(30)),
        "visitor_id": rng.choice(WHO),
        "rating": rng.choice((None, 2.0)),
    }
    events = [event(number + step, who, **fields) for step in range(rng.randrange(5))]
    match rng.randrange(9):
        case 0 | 1:
            return store.append(SHOP, events)
        case 2 | 3:
            seen = observed(f"i{number % 3}", "title", 1, rng.choice((None, 3.0)), 4.0)
            refused, state = (
                quarantined(who, f"about {rng.choice(WHO)}"),
                progress(f"d{number % 4}", number, done=number > 50),
            )
            return store.append_table(SHOP, table(events), quarantine=refused, observations=seen, state=state)
        case 4:
            return store.put(SHOP, who or "x", Snapshot(number, b"%d" % number))
        case 5:
            return store.replace_all(SHOP, [(f"p{step}", Snapshot(step, b"")) for step in range(number % 5)])
        case 6:
            return store.put_slate(slate(f"r{number}", who, float(number % 7)))
        case 7:
            return store.put_items(SHOP, [Item(item_id=f"i{number % 9}", title=str(number))])
        case _:
            return store.erase_shopper(SHOP, who) if who and number < 60 else store.last_cursor(SHOP)


def everything(store: Store) -> list[object]:
    people = [who for who in WHO if who]
    return [
        scanned(store),
        scanned(store, until=11.0),
        [store.of_shopper(SHOP, who) for who in people],
        [store.of_shopper(SHOP, who, after=30, until=20.0) for who in people],
        store.purchases_of(SHOP, [(who, "i1") for who in people]),
        store.observations(SHOP).to_pylist(),
        [row for part in store.quarantine(SHOP) for row in part.to_pylist()],
        store.imports(SHOP),
        [(who, store.get(SHOP, who)) for who in store.shoppers(SHOP)],
        [store.slates_of(SHOP, who) for who in people],
        store.items(SHOP),
        (store.count(SHOP), store.last_cursor(SHOP)),
    ]


@pytest.mark.parametrize("world", range(4))
def test_both_stores_answer_alike(tmp_path: Path, world: int) -> None:
    memory, embedded = MemoryStore(), EmbeddedStore(tmp_path / "shop.db")
    for step in range(120):
        seed = 1000 * world + step
        assert act(memory, seed) == act(embedded, seed)
    assert everything(memory) == everything(embedded)
    assert memory.count(SHOP) > 20
    embedded.close()

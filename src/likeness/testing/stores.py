"""The contract of every store: a log that loses and repeats nothing, personas, items and slates beside it.

    class TestMyStore(StoreContract):
        def open(self, folder: Path) -> Store:
            return MyStore(folder / "shop.db")

That is a whole test class. A store that outlives its process takes `testing.durability.DurableContract` as well.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from likeness.ports import Snapshot, Store
from likeness.testing.log import SHOP, EventLogContract, Opened, event, together
from likeness.types import Item, Query, Slate, SlateItem


def slate(request_id: str, user_id: str | None = "ann", time: float = 1.0, shop_id: str = SHOP) -> Slate:
    """Return a slate of one item, with a feature that is missing."""
    shown = SlateItem(item_id="i1", rank=1, score=0.5, propensity=1.0, features={"price": float("inf")})
    return Slate(
        request_id=request_id, shop_id=shop_id, query=Query(time=time, user_id=user_id), model="m", items=(shown,)
    )


class PersonaStoreContract(Opened):
    """A cache of folded personas."""

    def test_an_unknown_shopper_has_none(self, store: Store) -> None:
        """No error either."""
        assert store.get(SHOP, "ann") is None
        assert list(store.shoppers(SHOP)) == []
        assert store.erase(SHOP, "ann") is False

    def test_an_older_snapshot_never_wins(self, store: Store) -> None:
        """A cursor as high as the one kept does."""
        kept = []
        for cursor, state in ((5, b"five"), (4, b"four"), (5, b"again"), (7, b"\0seven"), (6, b"six")):
            store.put(SHOP, "ann", Snapshot(cursor, state))
            kept.append(store.get(SHOP, "ann"))
        five, again, seven = Snapshot(5, b"five"), Snapshot(5, b"again"), Snapshot(7, b"\0seven")
        assert kept == [five, five, again, seven, seven]
        assert store.get("other", "ann") is None

    def test_replacing_all_is_seen_at_once(self, store: Store) -> None:
        """Until then readers see the old ones."""
        store.put(SHOP, "old", Snapshot(9, b"old"))
        store.put("other", "ann", Snapshot(1, b"other"))

        def new() -> Iterator[tuple[str, Snapshot]]:
            for number in range(5000):
                yield f"s{number:04}", Snapshot(1, b"new")
            assert (store.get(SHOP, "old"), store.get(SHOP, "s0000")) == (Snapshot(9, b"old"), None)
            assert list(store.shoppers(SHOP)) == ["old"]

        assert store.replace_all(SHOP, new()) == 5000
        assert list(store.shoppers(SHOP)) == [f"s{number:04}" for number in range(5000)]
        assert (store.get(SHOP, "old"), store.get("other", "ann")) == (None, Snapshot(1, b"other"))

    def test_a_failed_replacement_changes_nothing(self, store: Store) -> None:
        """And leaves nothing for the next one to trip over."""
        store.put(SHOP, "old", Snapshot(9, b"old"))

        def broken() -> Iterator[tuple[str, Snapshot]]:
            yield from ((f"s{number}", Snapshot(1, b"new")) for number in range(3000))
            raise RuntimeError

        with pytest.raises(RuntimeError):
            store.replace_all(SHOP, broken())
        assert list(store.shoppers(SHOP)) == ["old"]
        assert store.replace_all(SHOP, [("s1", Snapshot(2, b"s"))]) == 1
        assert list(store.shoppers(SHOP)) == ["s1"]

    def test_an_erased_shopper_does_not_come_back_with_a_rebuild(self, store: Store) -> None:
        """Even if the rebuild began before."""
        store.append(SHOP, [event(1), event(2, "bob")])

        def rebuilt() -> Iterator[tuple[str, Snapshot]]:
            yield from (("ann", Snapshot(1, b"a")), ("bob", Snapshot(2, b"b")))
            store.erase_shopper(SHOP, "ann")

        assert store.replace_all(SHOP, rebuilt()) == 1
        assert list(store.shoppers(SHOP)) == ["bob"]

    def test_erasing(self, store: Store) -> None:
        """By itself, and along with the events."""
        store.put(SHOP, "ann", Snapshot(1, b"a"))
        assert (store.erase(SHOP, "ann"), store.get(SHOP, "ann"), store.erase(SHOP, "ann")) == (True, None, False)
        store.put(SHOP, "ann", Snapshot(1, b"a"))
        store.erase_shopper(SHOP, "ann")
        assert store.get(SHOP, "ann") is None

    def test_concurrent_writers_keep_the_latest(self, store: Store) -> None:
        """Whoever comes last."""

        def every_sixth(first: int) -> None:
            for cursor in range(first, 120, 6):
                store.put(SHOP, "ann", Snapshot(cursor, b"%d" % cursor))

        together(6, every_sixth)
        assert store.get(SHOP, "ann") == Snapshot(119, b"119")


class ItemStoreContract(Opened):
    """The items as given."""

    def test_items_keep_their_first_place(self, store: Store) -> None:
        """And take their newest content."""
        full = Item(
            item_id="b", title="壶", description="d", categories=("A", "B"), brand="X", price=1.5, currency="CNY",
            attributes={"colour": "red"}, image="i", available=False, kind="video", first_seen=1.0, last_seen=2.0,
        )  # fmt: skip
        assert store.put_items(SHOP, [full, Item(item_id="a"), Item(item_id="c")]) == 3
        assert store.put_items(SHOP, iter([Item(item_id="a", title="new"), Item(item_id="d")])) == 2
        assert store.items(SHOP) == [full, Item(item_id="a", title="new"), Item(item_id="c"), Item(item_id="d")]
        assert store.items("other") == []


class SlateLogContract(Opened):
    """What was shown."""

    def test_the_first_slate_of_a_request_stays(self, store: Store) -> None:
        """What was shown is not rewritten."""
        store.put_slate(slate("r1"))
        store.put_slate(slate("r1", "bob"))
        store.put_slate(slate("r1", "cy", shop_id="other"))
        assert store.slate(SHOP, "r1") == slate("r1")
        assert store.slate("other", "r1") == slate("r1", "cy", shop_id="other")
        assert store.slate(SHOP, "r2") is None

    def test_one_shoppers_slates_come_oldest_first_and_can_be_erased(self, store: Store) -> None:
        """By themselves, and along with the events."""
        for request_id, shopper, time in (
            ("r1", "ann", 5.0),
            ("r2", "ann", 3.0),
            ("r3", "bob", 1.0),
            ("r4", None, 2.0),
        ):
            store.put_slate(slate(request_id, shopper, time))
        assert [found.request_id for found in store.slates_of(SHOP, "ann")] == ["r2", "r1"]
        assert {"r2", "r1"} <= {found.request_id for found in store.slates(SHOP)}
        assert store.erase_slates(SHOP, "ann") == 2
        assert (store.slates_of(SHOP, "ann"), store.slate(SHOP, "r1")) == ([], None)
        store.erase_shopper(SHOP, "bob")
        assert (store.slate(SHOP, "r3"), store.slate(SHOP, "r4")) == (None, slate("r4", None, 2.0))


class StoreContract(EventLogContract, PersonaStoreContract, ItemStoreContract, SlateLogContract):
    """Everything a shop keeps."""

    def test_small_values(self, store: Store) -> None:
        """The latest one counts."""
        assert store.meta(SHOP, "clock") is None
        store.set_meta(SHOP, "clock", "time")
        store.set_meta(SHOP, "clock", "position")
        assert (store.meta(SHOP, "clock"), store.meta("other", "clock")) == ("position", None)

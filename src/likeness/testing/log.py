"""The contract of every event log: what is appended is read, once, in order, by all, until it is erased."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from likeness.errors import InputError
from likeness.ports import ImportState, Store
from likeness.schema import EVENT_SCHEMA, OBSERVATION_SCHEMA, QUARANTINE_SCHEMA
from likeness.types import Event

SHOP = "shop"


def event(number: int, shopper: str | None = "ann", **fields: object) -> Event:
    """Return a purchase of its own, at second `number` unless told otherwise."""
    known = {"event_id": f"e{number}", "event": "purchase", "time": float(number), "item_id": "i1", "user_id": shopper}
    return Event(**{**known, **fields})  # type: ignore[arg-type]


def table(events: Sequence[Event]) -> pa.Table:
    """Return events without consent as a table of EVENT_SCHEMA."""
    columns = {name: [getattr(e, name) for e in events] for name in EVENT_SCHEMA.names}
    return pa.table(columns, schema=EVENT_SCHEMA)


def quarantined(user_id: str | None, raw: str = "{}") -> pa.Table:
    """Return one row of QUARANTINE_SCHEMA."""
    return pa.table([["f"], [1], ["quarantined"], ["rule"], ["v"], [user_id], [raw]], schema=QUARANTINE_SCHEMA)


def observed(item_id: str, value: str, count: int, first: float | None, last: float | None) -> pa.Table:
    """Return one row of OBSERVATION_SCHEMA."""
    return pa.table([[item_id], ["title"], [value], [count], [first], [last]], schema=OBSERVATION_SCHEMA)


def progress(digest: str, next_line: int, *, done: bool = False, memory: bytes = b"m") -> ImportState:
    """Return the state of an import."""
    counts = {"rows": next_line - 1}
    return ImportState(digest=digest, file="f", next_line=next_line, done=done, counts=counts, memory=memory)


def scanned(store: Store, shop_id: str = SHOP, until: float | None = None) -> list[dict[str, object]]:
    """Return the rows of a scan."""
    return [row for part in store.scan(shop_id, until=until) for row in part.to_pylist()]


def cursors(store: Store, after: int = 0) -> list[int]:
    """Return the cursors of a scan."""
    return [cursor for part in store.scan(SHOP, after=after) for cursor in part["cursor"].to_pylist()]


def together(threads: int, work: Callable[[int], object]) -> None:
    """Run `work(0)`, `work(1)`, ... in as many threads and raise what any of them raised."""
    failed: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert not failed, failed


class Opened:
    """Gives every suite a fresh store."""

    def open(self, folder: Path) -> Store:
        """Open the store in a folder, to be overridden; the same folder opens the same store again."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """A store that is closed after the test."""
        opened = self.open(tmp_path)
        yield opened
        opened.close()


class EventLogContract(Opened):
    """Append-only, idempotent, ordered, resumable, erasable."""

    def test_what_is_appended_is_read(self, store: Store) -> None:
        """Every field survives, signs and scripts of any kind included."""
        words: dict[str, object] = {
            "user_id": "安",
            "visitor_id": "v",
            "session_id": "s",
            "item_id": "🫖",
            "device": "d",
        }
        words |= {
            "query": "q",
            "currency": "GBP",
            "text": "line\nline \u202e",
            "request_id": "r",
            "undoes": "u",
            "device": "d",
        }
        numbers = {"quantity": 2.0, "value": -3.5, "discount": 0.1, "rating": 4.0, "position": 3, "time": 1.25}
        consent = {"personalise": False, "measure": True}
        full = event(1, event_id="a\0b", event="review", consent=consent, **(words | numbers))  # type: ignore[arg-type]
        assert store.append(SHOP, [full, event(2, None)]) == 2
        assert store.of_shopper(SHOP, "安") == [(1, full)]
        assert [row["event_id"] for row in scanned(store)] == ["a\0b", "e2"]
        assert next(store.scan(SHOP)).schema == EVENT_SCHEMA.append(pa.field("cursor", pa.int64()))

    def test_an_event_is_kept_once(self, store: Store) -> None:
        """By its id, whether it comes again in one append, in another or in a table."""
        assert store.append(SHOP, [event(1), event(1, "bob"), event(2)]) == 2
        assert store.append(SHOP, [event(2), event(3)]) == 1
        assert store.append_table(SHOP, table([event(1), event(3), event(4), event(4)])) == 1
        assert store.count(SHOP) == 4
        assert store.append("other", [event(1)]) == 1
        assert [found.user_id for _, found in store.of_shopper(SHOP, "ann")] == ["ann"] * 4

    def test_tables_and_events_leave_the_same_log(self, tmp_path: Path, store: Store) -> None:
        """Two doors, one log."""
        (tmp_path / "twin").mkdir()
        twin, events = self.open(tmp_path / "twin"), [event(n, "bob", text="t" * n, rating=2) for n in range(1, 9)]
        store.append(SHOP, events)
        twin.append_table(SHOP, table(events))
        assert scanned(store) == scanned(twin)
        twin.close()

    def test_one_shoppers_events_come_in_order_of_time(self, store: Store) -> None:
        """Late ones find their place; both limits are exact."""
        store.append(SHOP, [event(5), event(3), event(4, time=3.0), event(1, "bob")])
        store.append(SHOP, [event(2)])
        found = store.of_shopper(SHOP, "ann")
        assert [(cursor, e.event_id) for cursor, e in found] == [(5, "e2"), (2, "e3"), (3, "e4"), (1, "e5")]
        assert [e.event_id for _, e in store.of_shopper(SHOP, "ann", until=3.0)] == ["e2"]
        assert [e.event_id for _, e in store.of_shopper(SHOP, "ann", after=2)] == ["e2", "e4"]
        assert store.of_shopper(SHOP, "ann", after=5) == [] == store.of_shopper(SHOP, "nobody")

    def test_the_shopper_is_the_user_else_the_visitor(self, store: Store) -> None:
        """And an event of neither is nobody's."""
        store.append(SHOP, [event(1, None, visitor_id="v"), event(2, "ann", visitor_id="v"), event(3, None)])
        assert [e.event_id for _, e in store.of_shopper(SHOP, "v")] == ["e1"]
        assert [e.event_id for _, e in store.of_shopper(SHOP, "ann")] == ["e2"]
        assert len(scanned(store)) == 3

    def test_a_cursor_resumes_without_loss_or_repeat(self, store: Store) -> None:
        """Reading on from the last cursor gives what one scan gives."""
        read: list[int] = []
        for start in range(1, 60, 7):
            store.append(SHOP, [event(n) for n in range(start - 1, start + 7)])  # the first one again
            read += cursors(store, after=read[-1] if read else 0)
        assert read == cursors(store) == sorted(set(read))
        assert len(read) == store.count(SHOP)
        assert store.last_cursor(SHOP) == read[-1]
        assert [row["event_id"] for row in scanned(store, until=3.0)] == ["e0", "e1", "e2"]

    def test_a_scan_ends_with_what_was_there_when_it_began(self, store: Store) -> None:
        """So that it ends at all."""
        store.append(SHOP, [event(1)])
        reading = store.scan(SHOP)
        first = next(reading)
        store.append(SHOP, [event(2)])
        assert [first.num_rows, *(part.num_rows for part in reading)] == [1]

    def test_an_unknown_shop_is_empty(self, store: Store) -> None:
        """Asking makes nothing."""
        assert (store.count("none"), store.last_cursor("none"), scanned(store, "none")) == (0, 0, [])
        assert store.observations("none").num_rows == 0
        assert (store.imports("none"), list(store.quarantine("none"))) == ([], [])
        assert (store.erase_shopper("none", "ann"), store.append(SHOP, [])) == (0, 0)

    def test_purchases_are_found_for_refunds(self, store: Store) -> None:
        """Those of the pairs, no other events, no repeats."""
        store.append(SHOP, [event(4), event(2), event(3, "bob"), event(5, event="view_item"), event(6, item_id="i2")])
        found = store.purchases_of(SHOP, [("bob", "i1"), ("ann", "i1"), ("ann", "i1"), ("cy", "i1")])
        assert [e.event_id for e in found] == ["e2", "e3", "e4"]
        assert store.purchases_of(SHOP, []) == []

    def test_what_an_import_leaves(self, store: Store) -> None:
        """Observations add up, states replace one another, refused rows pile up."""
        empty = EVENT_SCHEMA.empty_table()
        assert store.append_table(SHOP, table([event(1)]), quarantine=quarantined("u1"), state=progress("d", 2)) == 1
        seen = pa.concat_tables([observed("b", "B", 2, 5.0, 6.0), observed("a", "Z", 1, None, None)])
        store.append_table(SHOP, empty, observations=seen, quarantine=quarantined("u2"), state=progress("f", 2))
        store.append_table(SHOP, empty, observations=observed("b", "B", 3, 1.0, 5.5), state=progress("d", 9, done=True))
        store.append_table(SHOP, empty, observations=observed("a", "Z", 1, 7.0, 7.0))
        kept = [tuple(row.values()) for row in store.observations(SHOP).to_pylist()]
        assert kept == [("a", "title", "Z", 2, 7.0, 7.0), ("b", "title", "B", 5, 1.0, 6.0)]
        assert [row["user_id"] for part in store.quarantine(SHOP) for row in part.to_pylist()] == ["u1", "u2"]
        assert store.imports(SHOP) == [progress("d", 9, done=True), progress("f", 2)]
        assert store.import_state(SHOP, "f") == progress("f", 2)
        assert (store.import_state(SHOP, "x"), store.import_state("other", "f")) == (None, None)

    def test_an_append_is_whole_or_nothing(self, store: Store) -> None:
        """What fails leaves nothing behind."""
        bad = pa.table({"item_id": ["a"]})
        with pytest.raises(InputError):
            store.append_table(SHOP, table([event(1)]), quarantine=quarantined("u"), observations=bad)
        with pytest.raises(InputError):
            store.append(SHOP, [event(1), event(2, text="\ud800")])
        assert (store.count(SHOP), list(store.quarantine(SHOP))) == (0, [])

    @pytest.mark.parametrize("bad", [{"event": "sneeze"}, {"time": float("inf")}, {"position": 2**31}])
    def test_what_cannot_be_kept_is_refused(self, store: Store, bad: dict[str, object]) -> None:
        """An event that no reader could read again never enters."""
        with pytest.raises(InputError):
            store.append(SHOP, [event(1), event(2, **bad)])  # type: ignore[arg-type]
        assert store.count(SHOP) == 0

    @pytest.mark.parametrize(
        "bad", [{"rating": 0.0}, {"rating": 6.0}, {"value": float("inf")}, {"quantity": float("-inf")}]
    )
    def test_numbers_no_persona_could_take_are_refused(self, store: Store, bad: dict[str, object]) -> None:
        """At either door, naming the event."""
        with pytest.raises(InputError, match="e2"):
            store.append(SHOP, [event(1), event(2, **bad)])  # type: ignore[arg-type]
        with pytest.raises(InputError, match="e2"):
            store.append_table(SHOP, table([event(1), event(2, **bad)]))  # type: ignore[arg-type]
        assert store.count(SHOP) == 0

    def test_not_a_number_is_nothing(self, store: Store) -> None:
        """NaN comes back as None from either door."""
        store.append(SHOP, [event(1, value=float("nan"))])
        store.append_table(SHOP, table([event(2, value=float("nan"))]))
        assert [row["value"] for row in scanned(store)] == [None, None]

    def test_concurrent_appends_lose_nothing(self, store: Store) -> None:
        """Nor do they repeat anything or share a cursor."""
        together(8, lambda k: [store.append(SHOP, [event(n), event(1000 + 100 * k + n)]) for n in range(40)])
        rows = scanned(store)
        assert len({row["event_id"] for row in rows}) == len(rows) == store.count(SHOP) == 40 + 8 * 40
        assert len(set(cursors(store))) == len(rows)

    def test_erasing_a_shopper_leaves_the_others(self, store: Store) -> None:
        """Every trace goes, and nobody else's does."""
        both = event(4, "bob", visitor_id="ann", time=9.0)
        store.append(SHOP, [event(1), event(2, "bob"), event(3, None, visitor_id="ann"), both, event(5)])
        raws = [
            quarantined("ann"),
            quarantined("bob", "annex"),
            quarantined(None, "x,ann,y"),
            quarantined(None, "annex"),
        ]
        store.append_table(
            SHOP, EVENT_SCHEMA.empty_table(), quarantine=pa.concat_tables(raws), state=progress("d", 2, done=True)
        )
        store.append("other", [event(1)])
        before = store.of_shopper(SHOP, "bob")
        assert store.erase_shopper(SHOP, "ann") == 4
        assert store.of_shopper(SHOP, "ann") == [] == store.purchases_of(SHOP, [("ann", "i1")])
        assert [cursor for cursor, _ in store.of_shopper(SHOP, "bob")] == [cursor for cursor, _ in before]
        assert [row["visitor_id"] for row in scanned(store)] == [None, None]
        kept = [row["raw"] for part in store.quarantine(SHOP) for row in part.to_pylist()]
        assert kept == ["annex", "[erased]", "annex"]
        assert [state.memory for state in store.imports(SHOP)] == [b""]
        assert (store.erase_shopper(SHOP, "ann"), store.count("other")) == (0, 1)

    def test_an_erased_cursor_is_never_given_again(self, store: Store) -> None:
        """So a snapshot's cursor never hides a later event."""
        store.append(SHOP, [event(1, "bob"), event(2), event(3)])
        store.erase_shopper(SHOP, "ann")
        assert store.append(SHOP, [event(2, "cy")]) == 1
        assert [row["cursor"] for row in scanned(store)] == [1, 4]

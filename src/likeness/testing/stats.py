"""The contract of every statistic and of the persona as a whole: a commutative monoid with a compact form.

    class TestDecayedSum(StatContract):
        factory = staticmethod(lambda: DecayedSum((60.0, 3600.0)))
        events = st.fixed_dictionaries({"time": times(), "weight": weights()})

That is a whole test class: `factory` makes a fresh statistic, `events` draws the keyword arguments of one `update`.
What a statistic can do decides which laws bind it: decay if it has half-lives, subtraction if it has `subtract`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from math import isclose, isnan
from typing import Any, ClassVar

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likeness.stats.countmin import CountMin
from likeness.stats.vectors import VectorSum

Event = dict[str, Any]
START = 1_600_000_000.0

_LAW = settings(
    deadline=None, derandomize=True, max_examples=25, database=None, suppress_health_check=list(HealthCheck)
)


def times(span: float = 3e7) -> st.SearchStrategy[float]:
    """Event times within `span` seconds, often equal, out of order and far apart."""
    return st.one_of(st.floats(0.0, span), st.integers(0, 3).map(float)).map(lambda dt: START + dt)


def weights(low: float = -4.0, high: float = 8.0) -> st.SearchStrategy[float]:
    """Weights of ordinary size; negative, zero and repeated ones included when the range has them."""
    return st.integers(round(low * 64), round(high * 64)).map(lambda n: n / 64)


class StatContract:
    """Subclass with a `factory` and an `events` strategy; override a hook where a statistic reads differently."""

    factory: ClassVar[Callable[[], Any]]
    events: ClassVar[st.SearchStrategy[Event]]
    max_bytes: ClassVar[int] = 8192  # of the encoded state, however many events
    rel: ClassVar[float] = 1e-9
    abs: ClassVar[float] = 1e-9  # what a sum of cancelling amounts may be off

    # Hooks

    def apply(self, statistic: Any, event: Event) -> None:
        """Bring one drawn event to the statistic."""
        statistic.update(**event)

    def batch(self, events: Sequence[Event]) -> Any:
        """The statistic of all events at once: the vectorised fold where there is one, else a merge of single ones."""
        return reduce(lambda a, b: a.merge(b), [self.fold([event]) for event in events], self.fresh())

    def content(self, statistic: Any) -> Any:
        """The whole state; two statistics are equal when this is, leaf by leaf, numbers up to rounding."""
        return statistic

    def reading(self, statistic: Any, time: float) -> Any:
        """What is read at `time`, for comparing statistics whose references differ; what is missing reads as 0."""
        return statistic.at(time) if hasattr(statistic, "at") else self.content(statistic)

    def strengths(self, statistic: Any, time: float) -> list[tuple[float, float]]:
        """(half-life, decayed amount) pairs at `time`, for one that decays; a list, or a dict of lists, by default."""
        read = statistic.at(time)
        rows = read.values() if isinstance(read, dict) else [read]
        return [pair for row in rows for pair in zip(statistic.half_lives, row, strict=True)]

    # The laws

    @_LAW
    @given(data=st.data())
    def test_a_fresh_one_is_the_identity_on_both_sides(self, data: st.DataObject) -> None:
        """Nothing merged with x is x, and nothing with nothing is nothing."""
        x = self.fold(self.draw(data))
        self.assert_same(self.fresh().merge(x), x)
        self.assert_same(x.merge(self.fresh()), x)
        self.assert_same(self.fresh().merge(self.fresh()), self.fresh())

    @_LAW
    @given(data=st.data())
    def test_merge_is_associative(self, data: st.DataObject) -> None:
        """Brackets do not matter."""
        a, b, c = (self.fold(self.draw(data)) for _ in range(3))
        self.assert_same(a.merge(b).merge(c), a.merge(b.merge(c)))

    @_LAW
    @given(data=st.data())
    def test_merge_is_commutative(self, data: st.DataObject) -> None:
        """Sides do not matter."""
        a, b = (self.fold(self.draw(data)) for _ in range(2))
        self.assert_same(a.merge(b), b.merge(a))

    @_LAW
    @given(data=st.data())
    def test_any_split_in_any_order_is_the_same(self, data: st.DataObject) -> None:
        """Events shuffled, dealt to up to four parts and merged in any order give what they give one by one."""
        events = self.draw(data)
        shuffled = data.draw(st.permutations(events))
        dealt = data.draw(st.lists(st.integers(0, 3), min_size=len(events), max_size=len(events)))
        parts = [self.fold([e for e, p in zip(shuffled, dealt, strict=True) if p == part]) for part in range(4)]
        while len(parts) > 1:
            left = parts.pop(data.draw(st.integers(0, len(parts) - 1)))
            right = parts.pop(data.draw(st.integers(0, len(parts) - 1)))
            parts.append(left.merge(right))
        self.assert_same(parts[0], self.fold(events))

    @_LAW
    @given(data=st.data())
    def test_batch_equals_one_at_a_time(self, data: st.DataObject) -> None:
        """All events at once give what they give one by one."""
        events = self.draw(data)
        self.assert_same(self.batch(events), self.fold(events))

    @_LAW
    @given(data=st.data())
    def test_late_events_land_the_same(self, data: st.DataObject) -> None:
        """Newest first, oldest first: the same."""
        events = sorted(self.draw(data), key=lambda event: float(event.get("time", 0.0)))
        self.assert_same(self.fold(events[::-1]), self.fold(events))

    @_LAW
    @given(data=st.data())
    def test_decay_is_consistent_in_time(self, data: st.DataObject) -> None:
        """Read at t1 and decayed on to t2 is read at t2, and what is read never grows by waiting."""
        x = self.fold(self.draw(data))
        if not hasattr(x, "half_lives"):
            return
        first, wait = data.draw(st.floats(0.0, 1e6)), data.draw(st.floats(0.0, 1e6))
        t1 = START + 3e7 + first
        then, now = self.strengths(x, t1), self.strengths(x, t1 + wait)
        for (half_life, before), (_, after) in zip(then, now, strict=True):
            assert isclose(after, before * 2.0 ** -(wait / half_life), rel_tol=1e-7, abs_tol=self.abs)

    @_LAW
    @given(data=st.data())
    def test_encode_and_decode_keep_everything(self, data: st.DataObject) -> None:
        """A decoded state is the state, has the same bytes, and goes on like it."""
        events = self.draw(data)
        x, more = self.fold(events), self.draw(data)
        decoded = type(x).decode(x.encode())
        assert decoded == x
        assert decoded.encode() == x.encode()
        for event in more:
            self.apply(decoded, event)
        self.assert_same(decoded, self.fold([*events, *more]))

    def test_unknown_versions_and_damaged_bytes_are_refused(self) -> None:
        """Another version, another kind, half a state and no state raise ValueError."""
        whole = self.fresh().encode()
        tag, *fields = msgspec.msgpack.decode(whole)
        for damaged in (msgspec.msgpack.encode([f"{tag}0", *fields]), whole[: len(whole) // 2], b"", b"\x91\xc0"):
            with pytest.raises(ValueError):
                type(self.fresh()).decode(damaged)

    def test_size_is_bounded(self) -> None:
        """However many events and merges, the encoded state stays within `max_bytes`."""
        grown = self.fresh()

        @settings(_LAW, max_examples=60)
        @given(st.lists(self.events, min_size=8, max_size=16))
        def grow(events: list[Event]) -> None:
            nonlocal grown
            grown = grown.merge(self.fold(events))

        grow()
        assert len(grown.encode()) <= self.max_bytes

    @_LAW
    @given(data=st.data())
    def test_merge_leaves_its_inputs_alone(self, data: st.DataObject) -> None:
        """Neither merging nor what happens to the merged one afterwards changes what was merged, and the reverse."""
        a, b, more = self.fold(self.draw(data)), self.fold(self.draw(data)), self.draw(data)
        before = a.encode(), b.encode()
        merged = a.merge(b)
        kept = merged.encode()
        spare = type(merged).decode(kept)
        for event in more:
            self.apply(merged, event)
        assert (a.encode(), b.encode()) == before
        for event in more:
            self.apply(a, event)
            self.apply(b, event)
        assert spare.encode() == kept
        self.assert_same(merged, spare.merge(self.fold(more)))

    @_LAW
    @given(data=st.data())
    def test_subtract_undoes_merge(self, data: st.DataObject) -> None:
        """Without the events of b, a with b reads like a at any later time, and both inputs stay."""
        a, b = (self.fold(self.draw(data)) for _ in range(2))
        if not hasattr(a, "subtract"):
            return
        both = a.merge(b)
        before = both.encode(), b.encode()
        self.assert_close(self.reading(both.subtract(b), START + 3e7), self.reading(a, START + 3e7), missing=0.0)
        assert (both.encode(), b.encode()) == before

    # How it is done

    def fresh(self) -> Any:
        """A statistic without events."""
        return type(self).factory()

    def fold(self, events: Sequence[Event]) -> Any:
        """The statistic of these events, one at a time."""
        statistic = self.fresh()
        for event in events:
            self.apply(statistic, event)
        return statistic

    def draw(self, data: st.DataObject) -> list[Event]:
        """A short list of events."""
        return data.draw(st.lists(self.events, max_size=16))

    def assert_same(self, found: Any, expected: Any) -> None:
        """Assert that two statistics hold the same state up to rounding."""
        self.assert_close(self.content(found), self.content(expected))

    def assert_close(self, found: Any, expected: Any, missing: float | None = None) -> None:
        """Assert that nested values are equal, floats within `rel` and `abs`; `missing` stands for absent leaves."""
        ours, theirs = dict(_leaves(found)), dict(_leaves(expected))
        for path in ours.keys() | theirs.keys():
            mine, other = ours.get(path, missing), theirs.get(path, missing)
            assert self._close(mine, other), f"at {path}: {mine!r} is not {other!r}\n{found!r}\n{expected!r}"

    def _close(self, mine: Any, other: Any) -> bool:
        if isinstance(mine, float) and isinstance(other, int | float):
            return isclose(mine, other, rel_tol=self.rel, abs_tol=self.abs) or (isnan(mine) and isnan(other))
        return bool(mine == other)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every leaf of nested states, lists, dicts and arrays with its path."""
    pairs = _inside(value)
    if pairs is None:
        yield path, value
        return
    for key, inner in pairs:
        yield from _leaves(inner, (*path, key))


def _inside(value: Any) -> list[tuple[Any, Any]] | None:
    if isinstance(value, CountMin):  # its cells are scaled by landmarks; the table is what they stand for
        return [("width", value.width), ("reference", value.reference), ("table", value.table())]
    if isinstance(value, VectorSum):
        return [("weights", value.weights), ("reference", value.reference), ("sums", value.sums)]
    if isinstance(value, msgspec.Struct):
        return [(name, getattr(value, name)) for name in value.__struct_fields__]
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return list(enumerate(value)) if isinstance(value, list | tuple) else None

"""Heavy hitters: decayed sums per key over a vocabulary without bounds, in bounded space, merging exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import nsmallest
from math import inf, isfinite, log2
from typing import Self

from msgspec import Struct, field

import likeness.stats.decay as decay
from likeness.stats.countmin import CountMin
from likeness.stats.state import State, require_same

EVIDENCE = 3  # the latest events kept per key


class Entry(Struct, array_like=True, gc=False):
    """What is known of one key: sums at `last`, how often and since when, and the latest events that say so."""

    last: float  # seconds; also the reference of `sums`
    sums: list[float]  # one per half-life
    count: int
    first: float
    peak: float  # the largest `priority` of its events
    evidence: dict[str, float]  # event id -> time, the latest `EVIDENCE` of them

    def copy(self) -> Entry:
        """An entry of its own with the same content."""
        return Entry(self.last, list(self.sums), self.count, self.first, self.peak, dict(self.evidence))

    def joined(self, other: Entry, half_lives: Sequence[float]) -> Entry:
        """This entry with the events of `other`."""
        _, sums = decay.combine(half_lives, (self.last, self.sums), (other.last, other.sums))
        joined = Entry(
            max(self.last, other.last),
            sums,
            self.count + other.count,
            min(self.first, other.first),
            max(self.peak, other.peak),
            dict(self.evidence),
        )
        for event_id, time in other.evidence.items():
            joined.see(event_id, time)
        return joined

    def see(self, event_id: str, time: float) -> None:
        """Keep the event among the evidence if it is one of the latest, by (time, id)."""
        evidence = self.evidence
        if time >= evidence.get(event_id, -inf):
            evidence[event_id] = time
            if len(evidence) > EVIDENCE:
                oldest, since = event_id, time
                for i, t in evidence.items():
                    if t < since or (t == since and i < oldest):
                        oldest, since = i, t
                del evidence[oldest]


class HeavyHitters(State, array_like=True, tag="heavy1"):
    """Decayed sums per key: exact up to `capacity` keys, beyond it a Count-Min sketch and its `capacity` top keys.

    Up to capacity every key has an `Entry`. The first key beyond turns all entries into a sketch of width
    ``2 * capacity`` (`CountMin` states its error) and keeps the keys with the largest single contribution, compared
    at one time by the last half-life. Both the sketch (linear) and the top keys (the largest K of a maximum per key)
    depend on the events alone, and so does the moment of turning (the number of different keys): merging in any order,
    across that moment too, gives the same state. What is then lost: count, first, last and evidence.
    """

    half_lives: tuple[float, ...]
    capacity: int = 256
    entries: dict[str, Entry] = field(default_factory=dict)
    signed: bool = False  # a negative weight was seen, so the sketch is read by medians
    sketch: CountMin | None = None
    peaks: dict[str, float] = field(default_factory=dict)  # of the top keys, once there is a sketch

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        self.half_lives = decay.check_half_lives(self.half_lives)
        if self.capacity < 1:
            raise ValueError(f"capacity {self.capacity}: at least one key is kept; 256 suits one shopper's interests")

    @classmethod
    def from_entries(
        cls, half_lives: tuple[float, ...], capacity: int, entries: Iterable[tuple[str, Entry]], *, signed: bool
    ) -> Self:
        """One shopper's statistic from a fold: an entry per key; `signed` says whether any weight was negative."""
        made = cls(half_lives, capacity, dict(entries), signed)
        made._fit()
        return made

    def update(self, key: str, *, time: float, weight: float = 1.0, event_id: str = "") -> None:
        """Add one event for `key`, with its id as evidence; ValueError unless time and weight are finite."""
        if not isfinite(time + weight):
            decay.check_event(time, weight)
        if weight < 0.0:
            self.signed = True
        peak = priority(time, weight, self.half_lives)
        if self.sketch is not None:
            self.sketch.add(key, time, [weight] * len(self.half_lives))
            self._rank(key, peak)
            return
        entry = self.entries.get(key)
        if entry is None:
            evidence = {event_id: time} if event_id else {}
            self.entries[key] = Entry(time, [weight] * len(self.half_lives), 1, time, peak, evidence)
            self._fit()
            return
        decay.add(entry.sums, self.half_lives, time - entry.last, weight)
        entry.count += 1
        if time > entry.last:
            entry.last = time
        elif time < entry.first:
            entry.first = time
        if peak > entry.peak:
            entry.peak = peak
        if event_id:
            entry.see(event_id, time)

    def merge(self, other: Self) -> Self:
        """The events of both."""
        require_same(self, other, "half_lives", "capacity")
        signed = self.signed or other.signed
        if self.sketch is not None or other.sketch is not None:
            (mine, peaks), (theirs, more) = self._sketched(), other._sketched()
            both = type(self)(self.half_lives, self.capacity, {}, signed, mine.merge(theirs), peaks)
            for key, peak in more.items():
                both._rank(key, peak)
            return both
        entries = {key: entry.copy() for key, entry in self.entries.items()}
        for key, entry in other.entries.items():
            entries[key] = entries[key].joined(entry, self.half_lives) if key in entries else entry.copy()
        return self.from_entries(self.half_lives, self.capacity, entries.items(), signed=signed)

    def subtract(self, other: Self) -> Self:
        """This statistic without the events of `other`, which must be among its own.

        Sums, counts and evidence are as if those events had not been; first, last and top keys stay as they are, and
        a sketch stays a sketch. A key left without events is dropped.
        """
        require_same(self, other, "half_lives", "capacity")
        if self.sketch is not None or other.sketch is not None:
            (mine, peaks), (theirs, _) = self._sketched(), other._sketched()
            return type(self)(self.half_lives, self.capacity, {}, self.signed, mine.subtract(theirs), peaks)
        entries = {key: entry.copy() for key, entry in self.entries.items()}
        for key, gone in other.entries.items():
            rest = entries.get(key)
            if rest is None:
                raise ValueError(
                    f"key {key!r} is not among the {len(entries)} held: subtract only events that were added"
                )
            left, right = (rest.last, rest.sums), (gone.last, gone.sums)
            _, rest.sums = decay.combine(self.half_lives, left, right, -1.0)
            rest.count -= gone.count
            rest.evidence = {i: t for i, t in rest.evidence.items() if i not in gone.evidence}
            if rest.count <= 0:
                del entries[key]
        return type(self)(self.half_lives, self.capacity, entries, self.signed)

    def at(self, time: float | None = None) -> dict[str, list[float]]:
        """Sums decayed to `time` per half-life for each key held (in a sketch: estimates for the top keys)."""
        if self.sketch is not None:
            return {key: self.sketch.estimate(key, time, signed=self.signed) for key in self.peaks}
        hs = self.half_lives
        return {key: decay.read(hs, entry.last, entry.sums, time) for key, entry in self.entries.items()}

    def top(self, n: int, time: float | None = None, half_life: int = 0) -> list[tuple[str, float]]:
        """The `n` keys with the largest sum at `time` by the `half_life`-th half-life, with it; ties by key."""
        strengths = ((key, sums[half_life]) for key, sums in self.at(time).items())
        return nsmallest(n, strengths, key=lambda pair: (-pair[1], pair[0]))

    def error_bound(self, time: float | None = None) -> list[float]:
        """How far above the truth `at` may read, per half-life: 0 while exact, else `CountMin.error_bound`."""
        return [0.0] * len(self.half_lives) if self.sketch is None else self.sketch.error_bound(time)

    def _fit(self) -> None:
        if len(self.entries) > self.capacity:
            self.sketch, self.peaks = self._sketched()
            self.entries = {}

    def _sketched(self) -> tuple[CountMin, dict[str, float]]:
        if self.sketch is not None:
            return self.sketch, dict(self.peaks)
        sketch = CountMin(self.half_lives, 2 * self.capacity)
        for key, entry in self.entries.items():
            sketch.add(key, entry.last, entry.sums)
        best = nsmallest(self.capacity, ((-entry.peak, key) for key, entry in self.entries.items()))
        return sketch, {key: -peak for peak, key in best}

    def _rank(self, key: str, peak: float) -> None:
        held = self.peaks.get(key)
        if held is None or peak > held:
            self.peaks[key] = peak
            if len(self.peaks) > self.capacity:
                del self.peaks[max((-peak, key) for key, peak in self.peaks.items())[1]]


def priority(time: float, weight: float, half_lives: Sequence[float]) -> float:
    """log2 of what a contribution's magnitude is worth at time 0 by the last half-life: its order holds at any time."""
    return (log2(abs(weight)) if weight else -inf) + time / half_lives[-1]

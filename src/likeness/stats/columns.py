"""From the columns of a fold to statistics, one per group: what a batch build and a single shopper's rebuild share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from likeness.stats.fold import KeyFold, MomentFold
from likeness.stats.heavy import Entry, HeavyHitters
from likeness.stats.moments import Moments
from likeness.stats.week import WeekHistogram


def heavy_hitters(
    fold: KeyFold,
    half_lives: tuple[float, ...],
    capacity: int,
    key_names: Sequence[str],
    event_ids: Sequence[str],
) -> Iterator[tuple[int, HeavyHitters]]:
    """Each group's code and heavy hitters; `key_names[key]` and `event_ids[source]` give back what codes stand for."""
    names = [key_names[key] for key in fold.keys.tolist()]
    columns = (fold.last, fold.sums, fold.counts, fold.first, fold.peaks)
    entries = list(map(Entry, *(column.tolist() for column in columns), _evidence(fold, event_ids)))
    signed = fold.signed.tolist()
    for group, start, stop in _slices(fold):
        pairs = zip(names[start:stop], entries[start:stop], strict=True)
        yield group, HeavyHitters.from_entries(half_lives, capacity, pairs, signed=any(signed[start:stop]))


def week_histograms(fold: KeyFold, half_lives: tuple[float, ...], tz: str) -> Iterator[tuple[int, WeekHistogram]]:
    """Each group's code and week, from a fold whose keys are `week.week_bins`."""
    bins, last, sums = fold.keys.tolist(), fold.last.tolist(), fold.sums.tolist()
    for group, start, stop in _slices(fold):
        yield group, WeekHistogram.from_columns(half_lives, tz, bins[start:stop], last[start:stop], sums[start:stop])


def moments(fold: MomentFold, half_lives: tuple[float, ...]) -> Iterator[tuple[int, Moments]]:
    """Each group's code and moments."""
    columns = (fold.groups, fold.reference, fold.added, fold.removed, fold.has_added, fold.has_removed)
    for group, time, added, removed, adds, removes in zip(*(column.tolist() for column in columns), strict=True):
        yield group, Moments(half_lives, time, added if adds else [], removed if removes else [])


def _evidence(fold: KeyFold, event_ids: Sequence[str]) -> list[dict[str, float]]:
    held = fold.evidence >= 0
    ids, times = [event_ids[source] for source in fold.evidence[held].tolist()], fold.evidence_times[held].tolist()
    ends = held.sum(axis=1).cumsum().tolist()
    return [
        {ids[start]: times[start]} if stop - start == 1 else dict(zip(ids[start:stop], times[start:stop], strict=True))
        for start, stop in zip([0, *ends], ends, strict=False)
    ]


def _slices(fold: KeyFold) -> Iterator[tuple[int, int, int]]:
    starts = fold.starts.tolist()
    return zip(fold.groups.tolist(), starts[:-1], starts[1:], strict=True)

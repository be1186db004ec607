from __future__ import annotations

import numpy as np
import pytest

from likeness.stats import HeavyHitters
from likeness.stats.heavy import priority

HALF_LIVES = (10.0, 100.0)


def test_entries_know_sums_counts_times_and_latest_evidence():
    x = HeavyHitters(HALF_LIVES)
    for n, time in enumerate((10.0, 0.0, 30.0, 20.0)):
        x.update("mugs", time=time, weight=2.0, event_id=f"e{n}")
    x.update("mugs", time=30.0, weight=-1.0)
    entry = x.entries["mugs"]
    assert entry.sums[0] == pytest.approx(2.0 * (0.25 + 0.125 + 1.0 + 0.5) - 1.0)
    assert (entry.count, entry.first, entry.last) == (5, 0.0, 30.0)
    assert entry.evidence == {"e0": 10.0, "e2": 30.0, "e3": 20.0}
    assert x.at(40.0)["mugs"][0] == pytest.approx(entry.sums[0] / 2.0)


def test_evidence_of_one_time_is_decided_by_the_id():
    x = HeavyHitters(HALF_LIVES)
    for event_id in ("e5", "e1", "e4", "e2", "e5"):
        x.update("a", time=1.0, event_id=event_id)
    assert sorted(x.entries["a"].evidence) == ["e2", "e4", "e5"]


def test_an_event_that_comes_twice_is_evidence_once_at_its_later_time():
    x, y = HeavyHitters(HALF_LIVES), HeavyHitters(HALF_LIVES)
    for time in (5.0, 2.0):
        x.update("a", time=time, event_id="e1")
        y.update("a", time=7.0 - time, event_id="e1")
    assert x.entries["a"].evidence == y.entries["a"].evidence == {"e1": 5.0}


def test_top_is_by_decayed_strength_and_then_by_key():
    x = HeavyHitters(HALF_LIVES)
    x.update("old", time=0.0, weight=8.0)
    for key in "ba":
        x.update(key, time=20.0, weight=3.0)
    assert [key for key, _ in x.top(3, 20.0, half_life=0)] == ["a", "b", "old"]
    assert [key for key, _ in x.top(2, 20.0, half_life=1)] == ["old", "a"]
    assert x.error_bound(20.0) == [0.0, 0.0]


def test_one_key_too_many_turns_it_into_a_sketch_for_good():
    x = HeavyHitters(HALF_LIVES, 3)
    for n, key in enumerate("abcabc"):
        x.update(key, time=float(n))
    assert x.sketch is None and len(x.entries) == 3
    x.update("d", time=9.0, weight=0.5)
    assert x.sketch is not None and not x.entries
    assert set(x.peaks) == {"a", "b", "c"}  # half a point of now is less than a whole one seconds ago
    x.update("e", time=9.0, weight=7.0)
    assert set(x.peaks) == {"b", "c", "e"}
    assert x.error_bound()[0] > 0.0
    empty = HeavyHitters(HALF_LIVES, 3)
    assert x.merge(empty) == empty.merge(x) == x


def test_the_top_keys_are_those_of_the_largest_contribution_at_any_time():
    rng = np.random.default_rng(7)
    events = [(f"k{rng.integers(60)}", float(rng.uniform(0, 500)), float(rng.uniform(0.1, 9.0))) for _ in range(600)]
    parts = [HeavyHitters(HALF_LIVES, 8) for _ in range(7)]
    for n, (key, time, weight) in enumerate(events):
        parts[n % 7].update(key, time=time, weight=weight)
    whole = parts[0]
    for part in parts[1:]:
        whole = part.merge(whole)
    best: dict[str, float] = {}
    for key, time, weight in events:
        best[key] = max(best.get(key, 0.0), weight * 2.0 ** ((time - 500.0) / HALF_LIVES[-1]))
    assert set(whole.peaks) == set(sorted(best, key=lambda key: -best[key])[:8])


def test_the_sketch_stays_within_its_bound_of_the_truth():
    rng = np.random.default_rng(8)
    x, exact = HeavyHitters(HALF_LIVES, 64), HeavyHitters(HALF_LIVES, 10_000)
    for n, key in enumerate(np.minimum(rng.zipf(1.4, 5000), 2000)):
        for one in (x, exact):
            one.update(f"k{key}", time=n / 10.0)
    truth, bound = exact.at(500.0), x.error_bound(500.0)
    errors = np.array([np.subtract(sums, truth[key]) for key, sums in x.at(500.0).items()])
    assert (errors >= -1e-9).all()
    assert (errors <= bound).mean() > 0.98
    assert {key for key, _ in exact.top(5, half_life=1)} <= {key for key, _ in x.top(10, half_life=1)}


def test_subtracting_events_is_as_if_they_had_not_been():
    x, gone, rest = (HeavyHitters(HALF_LIVES) for _ in range(3))
    for n, key in enumerate("abacab"):
        for one in (x, gone if n % 2 else rest):
            one.update(key, time=float(n), event_id=f"e{n}")
    left = x.subtract(gone)
    assert left.at(9.0).keys() == rest.at(9.0).keys()
    for key, sums in rest.at(9.0).items():
        assert left.at(9.0)[key] == pytest.approx(sums)
        assert left.entries[key].count == rest.entries[key].count
        assert left.entries[key].evidence == rest.entries[key].evidence


def test_only_what_was_added_is_subtracted():
    x, other = HeavyHitters(HALF_LIVES), HeavyHitters(HALF_LIVES)
    other.update("never", time=0.0)
    with pytest.raises(ValueError, match="'never' is not among the 0 held"):
        x.subtract(other)


def test_priority_orders_contributions_alike_at_any_time():
    assert priority(0.0, 0.0, HALF_LIVES) == float("-inf")
    assert priority(0.0, 2.0, HALF_LIVES) == priority(100.0, -1.0, HALF_LIVES)
    assert priority(99.0, 1.0, HALF_LIVES) < priority(0.0, 2.0, HALF_LIVES)


def test_bad_settings_and_events_are_refused():
    with pytest.raises(ValueError, match="capacity 0"):
        HeavyHitters(HALF_LIVES, 0)
    x = HeavyHitters(HALF_LIVES)
    with pytest.raises(ValueError, match="finite"):
        x.update("a", time=float("nan"))
    assert x == HeavyHitters(HALF_LIVES)

"""Every statistic keeps the shipped contract."""

from __future__ import annotations

from math import inf, isnan

import numpy as np
from hypothesis import strategies as st

from likeness.stats import (
    Beta,
    Cadence,
    Count,
    DecayedSum,
    Distinct,
    HeavyHitters,
    Latest,
    Moments,
    Quantiles,
    Recency,
    VectorSum,
    WeekHistogram,
)
from likeness.stats.columns import heavy_hitters, moments, week_histograms
from likeness.stats.countmin import CountMin
from likeness.stats.fold import fold_days, fold_keys, fold_moments
from likeness.stats.week import week_bins
from likeness.testing.stats import StatContract, times, weights

HALF_LIVES = (1800.0, 604800.0, 7776000.0)  # session, week, season


def columns(events, *names):
    return [np.array([event[name] for event in events], dtype=float) for name in names]


class TestDecayedSum(StatContract):
    factory = staticmethod(lambda: DecayedSum((*HALF_LIVES, inf)))
    events = st.fixed_dictionaries({"time": times(), "weight": weights(), "value": st.integers(-9, 9).map(float)})
    max_bytes = 128

    def batch(self, events):
        if not events:
            return self.fresh()
        time, weight, value = columns(events, "time", "weight", "value")
        zeros = np.zeros(len(events), dtype=int)
        fold = fold_keys(zeros, zeros, time, weight * value, (*HALF_LIVES, inf))
        return DecayedSum.from_columns((*HALF_LIVES, inf), float(fold.last[0]), fold.sums[0].tolist())


class TestCount(StatContract):
    factory = Count
    events = st.fixed_dictionaries({"weight": weights()})
    max_bytes = 32


class TestMoments(StatContract):
    factory = staticmethod(lambda: Moments(HALF_LIVES))
    events = st.fixed_dictionaries({"time": times(), "weight": weights(), "value": st.floats(-100.0, 100.0)})
    max_bytes = 256
    abs = 1e-6  # of a sum of squares

    def batch(self, events):
        time, weight, value = columns(events, "time", "weight", "value")
        made = dict(
            moments(fold_moments(np.zeros(len(events), dtype=int), value, time, weight, HALF_LIVES), HALF_LIVES)
        )
        return made.get(0, self.fresh())

    def reading(self, statistic, time):
        return [(w, 0.0 if isnan(mean) else w * mean) for w, mean, _ in statistic.at(time)]

    def strengths(self, statistic, time):
        return [(h, m.weight) for h, m in zip(HALF_LIVES, statistic.at(time), strict=True)]


class TestVectorSum(StatContract):
    factory = staticmethod(lambda: VectorSum(HALF_LIVES, 4))
    events = st.fixed_dictionaries(
        {"time": times(), "weight": weights(), "vector": st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4)}
    )
    max_bytes = 3 * 4 * 8 + 128

    def strengths(self, statistic, time):
        totals, sums = statistic.at(time)
        rows = [totals, *sums.T.tolist()]
        return [pair for row in rows for pair in zip(HALF_LIVES, row, strict=True)]


class TestWeekHistogram(StatContract):
    factory = staticmethod(lambda: WeekHistogram(HALF_LIVES, "America/New_York"))
    events = st.fixed_dictionaries({"time": times(), "weight": weights()})
    max_bytes = 168 * (3 + 9 * 4 + 1) + 128

    def batch(self, events):
        time, weight = columns(events, "time", "weight")
        fold = fold_keys(
            np.zeros(len(events), dtype=int), week_bins(time, "America/New_York"), time, weight, HALF_LIVES
        )
        return dict(week_histograms(fold, HALF_LIVES, "America/New_York")).get(0, self.fresh())


class TestRecency(StatContract):
    factory = Recency
    events = st.fixed_dictionaries({"time": times()})
    max_bytes = 64


class TestCadence(StatContract):
    factory = staticmethod(lambda: Cadence(4))
    events = st.fixed_dictionaries({"time": times()})
    max_bytes = 64

    def batch(self, events):
        (time,) = columns(events, "time")
        _, starts, days = fold_days(np.zeros(len(events), dtype=int), time, 4, 86400.0)
        return Cadence.from_columns(4, 86400.0, days[starts[0] : starts[-1]].tolist())


class TestQuantiles(StatContract):
    factory = staticmethod(lambda: Quantiles(0.01, 16))
    events = st.fixed_dictionaries(
        {"value": st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, 1.3, 1.5])), "weight": weights()}
    )
    max_bytes = 16 * 12 * 2 + 64

    def reading(self, statistic, time):
        """Only sums: what has been gathered in the lowest bucket stays there when the largest value is taken away."""
        return statistic.zero, sum(statistic.positive.weights), sum(statistic.negative.weights)


class TestQuantilesUncollapsed(TestQuantiles):
    factory = staticmethod(lambda: Quantiles(0.01, 1 << 16))
    max_bytes = 16384

    def reading(self, statistic, time):
        return dict(statistic._ascending())


class TestDistinctSparse(StatContract):
    factory = staticmethod(lambda: Distinct(12))
    events = st.fixed_dictionaries({"key": st.text(max_size=3)})
    max_bytes = 4096 + 64


class TestDistinctDense(StatContract):
    factory = staticmethod(lambda: Distinct(4))  # dense from the third key on
    events = st.fixed_dictionaries({"key": st.text(max_size=3)})
    max_bytes = 64


class TestBeta(StatContract):
    factory = staticmethod(lambda: Beta(HALF_LIVES, (2.0, 8.0)))
    events = st.fixed_dictionaries(
        {"time": times(), "weight": weights(0.0, 4.0), "outcome": st.sampled_from([0.0, 0.25, 1.0])}
    )
    max_bytes = 160

    def strengths(self, statistic, time):
        return [(h, a - 2.0 + b - 8.0) for h, (a, b) in zip(HALF_LIVES, statistic.at(time), strict=True)]


class TestLatest(StatContract):
    factory = staticmethod(lambda: Latest(4))
    events = st.fixed_dictionaries(
        {
            "key": st.sampled_from("abcdefg"),
            "value": st.sampled_from([None, True, False, 0, 1, 1.5, "x", "y"]),
            "time": times(10.0),
            "event_id": st.sampled_from(["", "e1", "e2"]),
        }
    )
    max_bytes = 160


class TestCountMin(StatContract):
    factory = staticmethod(lambda: CountMin(HALF_LIVES, 8))
    events = st.fixed_dictionaries(
        {"key": st.sampled_from("abcdefgh"), "time": times(), "amounts": st.lists(weights(), min_size=3, max_size=3)}
    )
    max_bytes = 4 * 8 * 3 * 8 + 64

    def apply(self, statistic, event):
        statistic.add(**event)

    def reading(self, statistic, time):
        return [statistic.estimate(key, time, signed=True) for key in "abcdefgh"]

    def strengths(self, statistic, time):
        return [p for key in "abcdefgh" for p in zip(HALF_LIVES, statistic.estimate(key, time), strict=True)]


class HeavyContract(StatContract):
    """Events whose ids decide their time, so that no id stands for two events."""

    capacity = 6
    keys = 6

    @property
    def events(self):
        return st.builds(
            lambda key, n, weight: {
                "key": f"k{key}",
                "time": 1.6e9 + (n * n % 17) * 1e5,
                "weight": weight,
                "event_id": f"e{n}",
            },
            st.integers(1, self.keys),
            st.integers(0, 40),
            weights(),
        )

    def fresh(self):
        return HeavyHitters(HALF_LIVES, self.capacity)

    def batch(self, events):
        time, weight = columns(events, "time", "weight")
        names = sorted({event["key"] for event in events})
        ids = sorted({event["event_id"] for event in events})
        keys = [names.index(event["key"]) for event in events]
        sources = np.array([ids.index(event["event_id"]) for event in events], dtype=int)
        fold = fold_keys(np.zeros(len(events), dtype=int), keys, time, weight, HALF_LIVES, sources=sources)
        return dict(heavy_hitters(fold, HALF_LIVES, self.capacity, names, ids)).get(0, self.fresh())


class TestHeavyHittersExact(HeavyContract):
    max_bytes = 6 * 120 + 64


class TestHeavyHittersAcrossTheOverflow(HeavyContract):
    keys = 9  # about half of the drawn lists have more than 6 different keys
    max_bytes = 4 * 12 * 3 * 8 + 6 * 16 + 128

    def reading(self, statistic, time):
        """All keys as the sketch has them, whether it was reached on the way or not."""
        sketch, _ = statistic._sketched()
        return [sketch.estimate(f"k{key}", time, signed=True) for key in range(1, 10)]


class TestHeavyHittersOfOneKey(HeavyContract):
    capacity, keys, max_bytes = 1, 3, 1024

    def reading(self, statistic, time):
        sketch, _ = statistic._sketched()
        return [sketch.estimate(f"k{key}", time, signed=True) for key in range(1, 4)]

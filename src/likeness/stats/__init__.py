"""The algebra: mergeable, time-decayed statistics, each a commutative monoid with a compact versioned form.

Every statistic has `update` (one event, in place) and `merge` (a new one; both inputs stay); a fresh one is the
identity; `encode` and `decode` keep it; additive ones `subtract`. The same events in any order and any split give the
same state. `likeness.stats.fold` folds arrays of events at once, `likeness.stats.relational` inside a database.
"""

from likeness.stats.beta import Beta
from likeness.stats.counts import Count, DecayedSum
from likeness.stats.distinct import Distinct
from likeness.stats.heavy import HeavyHitters
from likeness.stats.latest import Latest
from likeness.stats.moments import Moments
from likeness.stats.quantiles import Quantiles
from likeness.stats.recency import Cadence, Recency
from likeness.stats.state import State
from likeness.stats.vectors import VectorSum
from likeness.stats.week import WeekHistogram

__all__ = [
    "Beta",
    "Cadence",
    "Count",
    "DecayedSum",
    "Distinct",
    "HeavyHitters",
    "Latest",
    "Moments",
    "Quantiles",
    "Recency",
    "State",
    "VectorSum",
    "WeekHistogram",
]

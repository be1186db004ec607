"""Exploration on purpose: policies that say exactly how likely each place of a slate was.

`decide` lets a policy fill a slate; `Posteriors` and `LinearSums` are what policies learn from answers to slates.
"""

from __future__ import annotations

from likeness.explore.plackett import PlackettLuce, choose, propensities
from likeness.explore.plackett import _logits as _logits
from likeness.explore.policy import Choice, Places, Policy, chances, decide

__all__ = ["Choice", "Places", "PlackettLuce", "Policy", "chances", "choose", "decide", "propensities"]

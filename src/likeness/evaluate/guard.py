"""Nobody looks ahead: whatever is fitted for an evaluation passes through here first."""

from __future__ import annotations

import numpy as np

from likeness.errors import InputError
from likeness.types import Floats, Interactions


def assert_before(time: Floats, cutoff: float | Floats, what: str) -> None:
    """Hold that every time is earlier than the cutoff (one for all, or one per time).

    Raises InputError naming how many are not, and the worst of them.

    >>> assert_before(np.array([1.0, 2.0]), 3.0, "events")
    """
    late = np.asarray(time) >= cutoff
    if not late.any():
        return
    worst = float(np.max(np.asarray(time)[late]))
    latest = float(np.max(cutoff))
    raise InputError(
        f"{what} look ahead: {int(late.sum())} of {late.size} are not before the cutoff {latest} (latest: {worst}).",
        remedy="Give only what happened before the cutoff, e.g. scan(until=cutoff).",
    )


def guard(interactions: Interactions, cutoff: float, what: str = "The events given to a fit") -> Interactions:
    """Return the interactions unchanged if all of them are before the cutoff; raises InputError if not."""
    assert_before(interactions.time, cutoff, what)
    return interactions

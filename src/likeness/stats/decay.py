"""Forward decay: sums referenced to a time, rescaled to the later one (Cormode et al. 2009, "Forward Decay").

An amount counts ``2 ** (-(t - time) / half_life)`` when read at `t`. Sums keep the latest time they have seen, their
*reference*; an earlier (late) amount is added already scaled down. Every statistic here is a linear function of its
events, so any order and any split of the same events gives the same sums. A half-life of ``math.inf`` never decays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp2, isfinite, isnan

GONE = 1000.0  # half-lives after which an amount counts exactly nothing: 2 ** -1000 is 1e-301


def check_half_lives(half_lives: Iterable[float]) -> tuple[float, ...]:
    """The half-lives in seconds as a tuple; ValueError when there is none, or one that is not above zero."""
    checked = tuple(map(float, half_lives))
    if not checked or any(isnan(h) or h <= 0.0 for h in checked):
        raise ValueError(
            f"half_lives {checked!r}: each must be above zero seconds, and one at least; math.inf never decays"
        )
    return checked


def scale(half_lives: Sequence[float], dt: float) -> list[float]:
    """What one unit is worth `dt` >= 0 seconds later, for each half-life: in [0, 1], exactly 0 from 1000 half-lives."""
    if not dt >= 0.0:
        raise ValueError(f"dt {dt!r}: decay goes forward, seconds must be 0 or more; swap the two times")
    return [exp2(-dt / h) if dt < GONE * h else 0.0 for h in half_lives]


def add(sums: list[float], half_lives: Sequence[float], dt: float, amount: float) -> None:
    """Add in place an amount that came `dt` seconds after the sums' reference (negative: late, before it).

    The sums are then referenced to the later of the two times; the caller moves its reference.
    """
    if dt > 0.0:
        for i, half_life in enumerate(half_lives):
            sums[i] = sums[i] * exp2(-dt / half_life) + amount
    elif dt == 0.0:
        for i in range(len(sums)):
            sums[i] += amount
    else:
        for i, half_life in enumerate(half_lives):
            sums[i] += amount * exp2(dt / half_life)


def combine(
    half_lives: Sequence[float],
    left: tuple[float | None, Sequence[float]],
    right: tuple[float | None, Sequence[float]],
    sign: float = 1.0,
) -> tuple[float | None, list[float]]:
    """Left plus `sign` times right, each a (reference, sums) pair, as a new pair at the later reference."""
    (t, a), (u, b) = left, right
    if u is None:
        return t, list(a)
    if t is None:
        return u, [sign * y for y in b]
    if t >= u:
        return t, [x + sign * s * y for x, y, s in zip(a, b, scale(half_lives, t - u), strict=True)]
    return u, [s * x + sign * y for x, y, s in zip(a, b, scale(half_lives, u - t), strict=True)]


def read(
    half_lives: Sequence[float], reference: float | None, sums: Sequence[float], time: float | None
) -> list[float]:
    """The sums decayed to `time`; at the reference when `time` is None or earlier, since events cannot be un-known."""
    if reference is None or time is None or time <= reference:
        return list(sums)
    dt = time - reference
    return [x * exp2(-dt / h) if dt < GONE * h else 0.0 for x, h in zip(sums, half_lives, strict=True)]


def later(left: float | None, right: float | None) -> float | None:
    """The later of two references, None being before every time."""
    if left is None or right is None:
        return right if left is None else left
    return left if left >= right else right


def check_event(time: float, weight: float) -> None:
    """Raise ValueError unless an event's time (seconds) and weight are finite numbers."""
    if not isfinite(time + weight):
        raise ValueError(f"time {time!r}, weight {weight!r}: both must be finite; clean the event before it gets here")

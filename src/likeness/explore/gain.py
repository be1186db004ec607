"""What one answer would teach about a share: the expected fall in entropy, and who is uncertain about what."""

from __future__ import annotations

import numpy as np

from likeness.types import Floats


def information_gain(a: Floats, b: Floats) -> Floats:
    """Return the mutual information (nats) of one yes-or-no answer and the share behind it, Beta(a, b), elementwise.

    I = H(mean) - E[H(share)] (Lindley 1956), with E[H] in closed form by digammas.
    """
    n = a + b
    mean = a / n
    expected = mean * (digamma(a + 1) - digamma(n + 1)) + (1 - mean) * (digamma(b + 1) - digamma(n + 1))
    certain = mean * np.log(mean) + (1 - mean) * np.log1p(-mean)
    return np.maximum(expected - certain, 0.0)


def interest_of(weights: Floats, shares: Floats, *, strength: float) -> tuple[Floats, Floats]:
    """Return Beta (a, b), (G,) each, of a shopper's liking of each category: the margins of a Dirichlet posterior.

    `weights` (G,) are the shopper's decayed interest weights (negative ones count as none), `shares` (G,) what
    everybody likes, worth `strength` events. ValueError when the strength is not positive.
    """
    if not strength > 0:
        raise ValueError(f"strength = {strength}: must be positive, in events; it keeps unknown shoppers uncertain.")
    prior = (shares + 1e-3) / np.sum(shares + 1e-3)
    a = strength * prior + np.maximum(weights, 0.0)
    return a, np.maximum(a.sum() - a, 1e-3)


def digamma(x: Floats) -> Floats:
    """Return the digamma function of positive numbers, within 1e-10: recurrence to 6, then the asymptotic series."""
    x = np.asarray(x, np.float64)
    shift = sum(1.0 / (x + k) for k in range(6))
    y = x + 6.0
    z = 1.0 / (y * y)
    series = z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z / 132))))
    return np.asarray(np.log(y) - 0.5 / y - series - shift)

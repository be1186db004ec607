"""Losses as pure functions on tensors: what a good ranking costs nothing to say.

Shapes: N positions (shopper-steps), V items in all, S sampled negatives, B rows of a batch, D vector length, K items
of a list. Every function returns a scalar, the mean over positions that count; it is 0 (with a zero gradient) when none
does.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

IGNORE = -1  # a target that does not count: padding
HIDDEN = float("-inf")  # the logit of an item that takes no part


def full_softmax(logits: Tensor, targets: Tensor, *, smoothing: float = 0.0, ignore: int = IGNORE) -> Tensor:
    """Return the cross-entropy of `targets` (N,) under `logits` (N, V), all items taking part.

    `smoothing` e gives the target 1 - e and spreads e over all V items (Szegedy et al. 2016, section 7). Targets equal
    to `ignore` do not count.
    """
    kept = targets != ignore
    summed = functional.cross_entropy(
        logits.float(), targets, ignore_index=ignore, label_smoothing=smoothing, reduction="sum"
    )
    return summed / kept.sum().clamp(min=1)


def sampled_softmax(
    positive: Tensor,
    negative: Tensor,
    *,
    negative_log_q: Tensor | None = None,
    positive_log_q: Tensor | None = None,
    hits: Tensor | None = None,
    kept: Tensor | None = None,
) -> Tensor:
    """Return the cross-entropy of each positive logit (N,) against its negatives (N, S), corrected for sampling.

    An item drawn with probability q has `log q` taken off its logit, which makes the sampled gradient that of the full
    softmax in the limit (Bengio & Senecal 2008, equation 11; Yi et al. 2019, section 3.2). `negative_log_q` is (S,) or
    (N, S). `positive_log_q` (N,) is given where the positive entered as a sample too (in-batch negatives), else left
    out. `hits` (N, S), true where a negative is the positive itself, are left out; `kept` (N,) tells which rows count.
    """
    positive, negative = positive.float(), negative.float()
    if positive_log_q is not None:
        positive = positive - positive_log_q
    if negative_log_q is not None:
        negative = negative - negative_log_q
    if hits is not None:
        negative = negative.masked_fill(hits, HIDDEN)
    logits = torch.cat([positive[:, None], negative], dim=1)  # (N, 1 + S)
    return _mean(torch.logsumexp(logits, dim=1) - positive, kept)


def bpr(positive: Tensor, negative: Tensor, *, kept: Tensor | None = None) -> Tensor:
    """Return -log sigmoid(positive - negative) over all pairs of (N,) and (N, S) logits (Rendle et al. 2009)."""
    pairs = functional.softplus(negative.float() - positive.float()[:, None])  # (N, S)
    return _mean(pairs.mean(dim=1), kept)


def gbce(
    positive: Tensor, negative: Tensor, *, rate: float, calibration: float = 0.75, kept: Tensor | None = None
) -> Tensor:
    """Return the generalised binary cross-entropy of (N,) positive and (N, S) negative logits.

    `rate` is the share of all negatives that is sampled, S / (V - 1), and `calibration` t in 0 to 1: the positive's
    probability is raised to b = rate (t (1 - 1/rate) + 1/rate), so that t = 1 undoes the overconfidence of sampling and
    t = 0 is plain binary cross-entropy (Petrov & Macdonald 2023, equations 9 to 13).
    """
    power = rate * (calibration * (1 - 1 / rate) + 1 / rate)
    kind = power * functional.softplus(-positive.float())  # (N,) -log sigmoid(s)^b
    other = functional.softplus(negative.float()).sum(dim=1)  # (N,) -log(1 - sigmoid(s)), summed
    return _mean((kind + other) / (negative.shape[1] + 1), kept)


def info_nce(
    queries: Tensor, keys: Tensor, *, temperature: float = 0.07, log_q: Tensor | None = None, same: Tensor | None = None
) -> Tensor:
    """Return the in-batch InfoNCE of `queries` (B, D) and their `keys` (B, D), each row's key being the positive.

    Logits are dot products over `temperature` (van den Oord et al. 2018); give unit rows for cosines. `log_q` (B,) is
    the log probability of each key being in a batch (Yi et al. 2019). `same` (B, B), true where two rows have the same
    key, keeps a row's own key from being its negative elsewhere.
    """
    logits = queries.float() @ keys.float().T / temperature  # (B, B)
    if log_q is not None:
        logits = logits - log_q
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    if same is not None:
        logits = logits.masked_fill(same & ~own, HIDDEN)
    return _mean(torch.logsumexp(logits, dim=1) - logits.diagonal(), None)


def listwise(scores: Tensor, teacher: Tensor, *, temperature: float = 1.0) -> Tensor:
    """Return the cross-entropy of softmax(teacher / t) against softmax(scores), both (N, K) (Cao et al. 2007, ListNet).

    A one-hot target is a teacher of 0 and -inf. Items with a teacher of -inf and a score of -inf take no part.
    """
    wanted = torch.softmax(teacher.float() / temperature, dim=1)  # (N, K)
    said = torch.log_softmax(scores.float(), dim=1)
    return -(wanted * said.masked_fill(wanted == 0, 0.0)).sum(dim=1).mean()


def _mean(each: Tensor, kept: Tensor | None) -> Tensor:
    """Return the mean of (N,) over the rows that count; never NaN for an empty batch."""
    if kept is None:
        return each.sum() / max(len(each), 1)
    return each.masked_fill(~kept, 0.0).sum() / kept.sum().clamp(min=1)

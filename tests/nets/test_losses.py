"""Losses against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from likeness.nets.losses import bpr, full_softmax, gbce, info_nce, listwise, sampled_softmax  # noqa: E402

LOG2, LOG3 = math.log(2), math.log(3)
INF = float("inf")


def near(value: torch.Tensor, wanted: float) -> bool:
    return float(value.detach()) == pytest.approx(wanted, abs=1e-6)


def test_full_softmax_is_the_log_of_the_share() -> None:
    logits = torch.tensor([[math.log(1.0), math.log(2.0), math.log(5.0)]])  # shares 1/8, 2/8, 5/8
    assert near(full_softmax(logits, torch.tensor([1])), math.log(4))
    assert near(full_softmax(logits, torch.tensor([2])), math.log(8 / 5))


def test_full_softmax_smoothing_spreads_over_all_items() -> None:
    logits = torch.tensor([[0.0, LOG3]])  # shares 1/4, 3/4
    own, other = math.log(4 / 3), math.log(4)
    assert near(full_softmax(logits, torch.tensor([1]), smoothing=0.2), 0.9 * own + 0.1 * other)


def test_full_softmax_leaves_padding_out_and_an_empty_batch_costs_nothing() -> None:
    logits = torch.tensor([[0.0, 0.0], [9.0, -9.0]], requires_grad=True)
    assert near(full_softmax(logits, torch.tensor([0, -1])), LOG2)
    nothing = full_softmax(logits, torch.tensor([-1, -1]))
    nothing.backward()
    assert near(nothing, 0.0) and not logits.grad.any()


def test_sampled_softmax_with_log_q() -> None:
    positive, negative = torch.tensor([math.log(2.0)]), torch.tensor([[math.log(1.0), math.log(3.0)]])
    assert near(sampled_softmax(positive, negative), math.log(3))  # 2 of 6
    half = torch.tensor([math.log(0.5), math.log(0.5)])  # each drawn half the time speaks for two
    assert near(sampled_softmax(positive, negative, negative_log_q=half), math.log(5))  # 2 of 2 + 2 + 6
    own = torch.tensor([math.log(0.25)])
    corrected = sampled_softmax(positive, negative, negative_log_q=half, positive_log_q=own)
    assert near(corrected, math.log(2))  # 8 of 8 + 2 + 6


def test_sampled_softmax_of_all_items_is_the_full_one() -> None:
    logits = torch.tensor([[0.3, -1.0, 2.0], [1.0, 0.0, -0.5]])
    targets = torch.tensor([2, 0])
    hits = torch.arange(3)[None, :] == targets[:, None]
    positive = logits.gather(1, targets[:, None])[:, 0]
    assert near(sampled_softmax(positive, logits, hits=hits), float(full_softmax(logits, targets)))


def test_sampled_softmax_corrects_a_skewed_sampler() -> None:
    """Many draws from a skewed distribution, corrected, give the full softmax; uncorrected they do not."""
    torch.manual_seed(0)
    logits, q = torch.tensor([0.5, 1.5, -0.5, 1.0]), torch.tensor([0.7, 0.1, 0.1, 0.1])
    draws = torch.multinomial(q, 200_000, replacement=True)
    log_q = torch.log(q[draws] * len(draws))  # expected count of each drawn item
    hits = (draws == 1)[None]
    found = sampled_softmax(logits[1:2], logits[draws][None], negative_log_q=log_q, hits=hits)
    full = full_softmax(logits[None], torch.tensor([1]))
    assert abs(float(found - full)) < 0.01
    plain = sampled_softmax(
        logits[1:2], logits[draws][None], negative_log_q=torch.full_like(log_q, math.log(50_000)), hits=hits
    )
    assert abs(float(plain - full)) > 0.05


def test_rows_that_do_not_count() -> None:
    positive, negative = torch.tensor([0.0, 7.0]), torch.tensor([[0.0], [9.0]])
    kept = torch.tensor([True, False])
    assert near(sampled_softmax(positive, negative, kept=kept), LOG2)
    assert near(bpr(positive, negative, kept=kept), LOG2)
    assert near(bpr(positive, negative, kept=torch.tensor([False, False])), 0.0)


def test_bpr() -> None:
    assert near(bpr(torch.tensor([LOG3]), torch.tensor([[0.0, LOG3]])), (math.log(4 / 3) + LOG2) / 2)


def test_gbce_powers() -> None:
    positive, negative = torch.tensor([0.0]), torch.tensor([[0.0, 0.0, 0.0]])
    assert near(gbce(positive, negative, rate=0.1, calibration=0.0), LOG2)  # plain: four times log 2 over four
    assert near(gbce(positive, negative, rate=0.1, calibration=1.0), (0.1 + 3) * LOG2 / 4)
    half = 0.1 * (0.5 * (1 - 10) + 10)  # 0.55
    assert near(gbce(positive, negative, rate=0.1, calibration=0.5), (half + 3) * LOG2 / 4)


def test_info_nce() -> None:
    rows = torch.eye(2) * math.sqrt(LOG3)  # logits log 3 on the diagonal, 0 elsewhere
    assert near(info_nce(rows, rows, temperature=1.0), math.log(4 / 3))
    assert near(info_nce(rows, rows, temperature=0.5), math.log(10 / 9))
    log_q = torch.tensor([0.0, math.log(0.5)])  # row 0: 3 of 3 + 2; row 1: 6 of 1 + 6
    assert near(info_nce(rows, rows, temperature=1.0, log_q=log_q), (math.log(5 / 3) + math.log(7 / 6)) / 2)
    assert near(info_nce(rows, rows, temperature=1.0, same=torch.ones(2, 2, dtype=torch.bool)), 0.0)


def test_listwise() -> None:
    scores = torch.tensor([[0.0, LOG3]])
    assert near(listwise(scores, torch.tensor([[0.0, -INF]])), math.log(4))
    assert near(listwise(scores, torch.tensor([[0.0, 0.0]])), (math.log(4) + math.log(4 / 3)) / 2)
    padded = torch.tensor([[0.0, LOG3, -INF]], requires_grad=True)
    cost = listwise(padded, torch.tensor([[0.0, -INF, -INF]]))
    cost.backward()
    assert near(cost, math.log(4)) and bool(torch.isfinite(padded.grad).all())

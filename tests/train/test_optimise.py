"""Decay groups, the rate over time, and averaged weights."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from likeness.train.config import LoopConfig  # noqa: E402
from likeness.train.optimise import adamw, follow, rate_at, weights_of  # noqa: E402


class Tied(nn.Module):
    """An embedding that is also the output matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.items = nn.Embedding(10, 4)
        self.mix = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
        self.out = nn.Linear(4, 10, bias=False)
        self.out.weight = self.items.weight


def test_norms_biases_and_embeddings_do_not_decay() -> None:
    model = Tied()
    decayed, spared = adamw(model, LoopConfig(weight_decay=0.1)).param_groups
    assert decayed["weight_decay"] == 0.1 and [w.shape for w in decayed["params"]] == [(4, 4)]
    assert spared["weight_decay"] == 0.0 and len(spared["params"]) == 4
    (everything,) = adamw(model, LoopConfig(weight_decay=0.1, decay_all=True)).param_groups
    assert len(everything["params"]) == 5


def test_weights_held_still_are_not_optimised() -> None:
    model = Tied()
    model.items.weight.requires_grad_(False)
    assert sum(len(group["params"]) for group in adamw(model, LoopConfig()).param_groups) == 4


def test_the_rate_rises_then_falls() -> None:
    config = LoopConfig(learning_rate=1.0, warm_up=4, schedule="cosine", steps=12, final_rate=0.2)
    assert [rate_at(step, config) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert rate_at(4, config) == 1.0 and rate_at(8, config) == pytest.approx(0.6)
    assert rate_at(12, config) == pytest.approx(0.2) == rate_at(99, config)
    assert rate_at(99, LoopConfig(learning_rate=1.0, warm_up=0)) == 1.0


def test_the_average_follows_the_weights() -> None:
    model = nn.Linear(1, 1)
    average = weights_of(model)
    nn.init.constant_(model.weight, float(average["weight"][0, 0]) + 1.0)
    start = float(average["weight"][0, 0])
    follow(average, model, 0.99, 1)  # early: remembers 2/11
    assert float(average["weight"][0, 0]) == pytest.approx(start + 9 / 11, abs=1e-6)
    follow(average, model, 0.5, 10_000)
    assert float(average["weight"][0, 0]) == pytest.approx(start + 1 - 1 / 11, abs=1e-6)

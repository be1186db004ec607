"""The optimiser: which weights decay, how the rate moves, and the running average of the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from likeness.train.config import LoopConfig


def adamw(model: nn.Module, config: LoopConfig) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov & Hutter 2019) over the weights that learn, by default decaying only matrices.

    Norms, biases and embeddings are left alone: an embedding that no batch names would otherwise fade by time alone.
    """
    spared = _spared(model)
    learnt = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    kept = [weight for name, weight in learnt if config.decay_all or name not in spared]
    free = [weight for name, weight in learnt if not (config.decay_all or name not in spared)]
    groups = [{"params": kept, "weight_decay": config.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=0.0, betas=config.betas)


def rate_at(step: int, config: LoopConfig) -> float:
    """Return the rate of a step (0-based): linear warm-up, then constant or half a cosine down to `steps`."""
    if step < config.warm_up:
        return config.learning_rate * (step + 1) / config.warm_up
    if config.schedule == "constant" or config.steps is None:
        return config.learning_rate
    done = min((step - config.warm_up) / max(config.steps - config.warm_up, 1), 1.0)
    share = config.final_rate + (1 - config.final_rate) * 0.5 * (1 + math.cos(math.pi * done))
    return config.learning_rate * share


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give every group the rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Return a copy of every weight and buffer by name, none sharing memory with another."""
    return {name: value.detach().clone().contiguous() for name, value in model.state_dict().items()}


def put_weights(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Copy weights back into a model of the same shape."""
    model.load_state_dict(dict(weights), strict=True)


@torch.no_grad()
def follow(average: dict[str, Tensor], model: nn.Module, memory: float, step: int) -> None:
    """Move the average towards the weights (Polyak & Juditsky 1992); early on it remembers less, so as not to lag.

    After `step` steps (1-based) the memory is at most (1 + step) / (10 + step). What is not a float is copied.
    """
    share = min(memory, (1 + step) / (10 + step))
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            average[name].lerp_(value, 1 - share)
        else:
            average[name].copy_(value)


def _spared(model: nn.Module) -> set[str]:
    """Return the names of weights that should not decay: all of fewer than two axes, and every embedding table."""
    tables = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding | nn.EmbeddingBag)}
    return {name for name, weight in model.named_parameters() if weight.ndim < 2 or id(weight) in tables}

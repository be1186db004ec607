"""The full softmax over all items without ever holding it: chunk by chunk, the gradient made on the way forward.

Logits of a thousand positions by twelve thousand items are fifty megabytes, written and read several times over; a
chunk of them stays in the processor's cache. As in the fused linear cross-entropy of Hsu et al. 2024 (Liger Kernel).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

CHUNK = 128  # positions at a time


def fused_softmax(
    hidden: Tensor, items: Tensor, bias: Tensor, targets: Tensor, weights: Tensor, *, half: bool
) -> Tensor:
    """Return the cross-entropy of `targets` (N,) under hidden @ items.T + bias, a mean weighted by `weights` (N,).

    `hidden` (N, d), `items` (V, d) and `bias` (V,) are float32; with `half` logits are bfloat16, sums float32.
    """
    value: Tensor = _Fused.apply(hidden, items, bias, targets, weights, half)  # type: ignore[no-untyped-call]
    return value


class _Fused(Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, items: Tensor, bias: Tensor, targets: Tensor, weights: Tensor, half: bool
    ) -> Tensor:
        kind = torch.bfloat16 if half else torch.float32
        table, offsets, share = items.to(kind), bias.to(kind), weights / weights.sum().clamp(min=1e-9)
        by_items, by_bias, by_hidden = torch.zeros_like(items), torch.zeros_like(bias), torch.empty_like(hidden)
        total = hidden.new_zeros(())
        for begin in range(0, len(hidden), CHUNK):
            part = slice(begin, begin + CHUNK)
            rows, wanted, portion = hidden[part].to(kind), targets[part, None], share[part, None]
            slope = torch.addmm(offsets, rows, table.t())  # (C, V): logits, soon their gradient
            slope.sub_(slope.amax(1, keepdim=True))
            said = slope.gather(1, wanted).float()
            summed = slope.exp_().sum(1, keepdim=True, dtype=torch.float32)
            total += ((summed.log() - said) * portion).sum()
            slope.mul_((portion / summed).to(kind)).scatter_add_(1, wanted, -portion.to(kind))
            by_hidden[part] = slope @ table
            by_items += slope.t() @ rows
            by_bias += slope.sum(0)
        ctx.save_for_backward(by_hidden, by_items, by_bias)
        return total

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        by_hidden, by_items, by_bias = ctx.saved_tensors
        return slope * by_hidden, slope * by_items, slope * by_bias, None, None, None

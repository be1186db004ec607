"""The item tower: a vector per item, of what is known of it alone and of what its text says."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ItemTower(nn.Module):
    """Item vectors: a free part per item plus a projection of its text vector.

    Free parts are dropped whole in training, so that the text carries weight alone: an item that training never saw
    has its place at once. Without text (`text` None) only the free part is there.
    """

    def __init__(self, items: int, width: int, text: Tensor | None, *, free_dropout: float) -> None:
        """Take text vectors (items, D), or none."""
        super().__init__()
        self.free = nn.Embedding(items, width)
        nn.init.normal_(self.free.weight, 0.0, 0.02)
        self.register_buffer("text", text, persistent=False)
        self.project = nn.Linear(text.shape[1], width, bias=False) if text is not None else None
        if self.project is not None:
            nn.init.normal_(self.project.weight, 0.0, 0.02)
        self._free_dropout = free_dropout

    def forward(self) -> Tensor:
        """Return (items, width)."""
        rows: Tensor = self.free.weight
        if self.training and self._free_dropout > 0:
            rows = rows * (torch.rand(len(rows), 1, device=rows.device) >= self._free_dropout)
        if self.project is not None:
            rows = rows + self.project(self.text)
        return rows

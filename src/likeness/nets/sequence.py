"""The sequence encoder: a causal transformer that reads a history and says where the next item lies.

Self-attention over items (Kang & McAuley 2018, SASRec), with the distance
between two tokens as a learnt bias of attention instead of positions: "the one before" means the same at every length.
Several histories lie in one row; a segment number keeps them apart.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from likeness.nets.items import ItemTower

FAR = -1e9  # a logit of attention that counts for nothing


class Shape(NamedTuple):
    """The size of an encoder, and how many kinds, gaps and bands its tokens know."""

    width: int
    layers: int
    heads: int
    longest: int  # tokens that a distance tells apart
    dropout: float
    token_dropout: float  # of the vectors that enter
    kinds: int
    gaps: int
    bands: int


class Encoder(nn.Module):
    """Reads item vectors with their token features, and writes a vector after each of them."""

    def __init__(self, shape: Shape) -> None:
        """Make the weights from torch's random state."""
        super().__init__()
        self.kind = _table(shape.kinds, shape.width)
        self.gap = _table(shape.gaps, shape.width)
        self.band = _table(shape.bands, shape.width)
        self.enter = nn.LayerNorm(shape.width, eps=1e-8)
        self.leave = nn.LayerNorm(shape.width)
        self.drop = nn.Dropout(shape.token_dropout)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self._longest = shape.longest

    def forward(self, vectors: Tensor, kind: Tensor, gap: Tensor, band: Tensor, segment: Tensor) -> Tensor:
        """Return (B, T, d) after item vectors (B, T, d) and features (B, T); only the own segment's past is seen."""
        x = self.enter(vectors)
        x = self.drop(x + self.kind(kind) + self.gap(gap) + self.band(band))
        step = torch.arange(vectors.shape[1], device=vectors.device)
        distance = step[:, None] - step[None, :]  # (T, T)
        seen = (segment[:, :, None] == segment[:, None, :]) & (distance >= 0)  # (B, T, T)
        hidden = torch.where(seen, 0.0, FAR)[:, None]  # (B, 1, T, T)
        near = distance.clamp(0, self._longest - 1)
        for layer in self.layers:
            x = layer(x, hidden, near)
        left: Tensor = self.leave(x)
        return left


class Layer(nn.Module):
    """Attention and a two-layer perceptron, each normalised before and added after."""

    def __init__(self, shape: Shape) -> None:
        """Make the weights."""
        super().__init__()
        width = shape.width
        self.heads = shape.heads
        self.ask = nn.Linear(width, 3 * width)
        self.tell = nn.Linear(width, width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.before_attention, self.before_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.near = nn.Parameter(torch.zeros(shape.heads, shape.longest))  # bias by distance
        self.drop = nn.Dropout(shape.dropout)
        for linear in (self.ask, self.tell, self.widen, self.narrow):
            nn.init.normal_(linear.weight, 0.0, 0.7 / math.sqrt(linear.in_features))
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor, hidden: Tensor, near: Tensor) -> Tensor:
        """Return (B, T, d); `hidden` (B, 1, T, T) is added to the logits of attention, `near` (T, T) is a distance."""
        rows, steps, width = x.shape
        split = self.ask(self.before_attention(x)).view(rows, steps, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # (B, H, T, d / H) each
        logits = query @ key.transpose(-1, -2) / math.sqrt(width // self.heads) + self.near[:, near] + hidden
        share = self.drop(logits.float().softmax(-1)).to(value.dtype)
        told = (share @ value).transpose(1, 2).reshape(rows, steps, width)
        x = x + self.drop(self.tell(told))
        gained: Tensor = self.drop(self.narrow(functional.gelu(self.widen(self.before_mlp(x)))))
        return x + gained


class Net(nn.Module):
    """An encoder and an item tower: an item's logit is the product of the two vectors plus the item's own bias.

    With a `temperature` both vectors are scaled to length 1 and the product, now a cosine, is divided by it.
    """

    def __init__(self, shape: Shape, tower: ItemTower, *, temperature: float | None = None) -> None:
        """Make the encoder; the tower's width is the encoder's."""
        super().__init__()
        self.tower = tower
        self.encoder = Encoder(shape)
        self.bias = nn.Parameter(torch.zeros(tower.free.num_embeddings))
        self.temperature = temperature

    def items(self) -> Tensor:
        """Return (V, d): what histories are read as, and what they are compared with."""
        rows: Tensor = self.tower()
        return rows.float() if self.temperature is None else functional.normalize(rows.float(), dim=1)

    def told(self, left: Tensor) -> Tensor:
        """Return what the encoder left (..., d) as a vector to multiply with items."""
        if self.temperature is None:
            return left.float()
        return functional.normalize(left.float(), dim=-1) / self.temperature

    def forward(self, items: Tensor, row: Tensor, kind: Tensor, gap: Tensor, band: Tensor, segment: Tensor) -> Tensor:
        """Return (B, T, d), to be multiplied with items (V, d), of rows and token features (B, T)."""
        return self.told(self.encoder(items[row], kind, gap, band, segment))


def _table(size: int, width: int) -> nn.Embedding:
    table = nn.Embedding(size, width)
    nn.init.zeros_(table.weight)  # a feature that is the same for all tokens changes nothing
    return table

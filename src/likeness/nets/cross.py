"""A text cross-encoder whose lower layers see one text at a time, and whose upper layers see a history and an item.

BERT's layers (Devlin et al. 2019). The lower ones are frozen and run once per item text (PreTTR, MacAvaney et al.
2020); in the upper ones an item's tokens read the history's tokens beside their own, and the history's read the
history, so that a history is worked out once for all items of a list.

Shapes: B lists, K items of a list, M items of a history, L tokens of a text, H = M L tokens of a history, D vector
length.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS = 12
HIDDEN = -1e4  # added to the logit of a key that is padding; finite in every precision
EPSILON = 1e-12  # of BERT's norms


class Layer(nn.Module):
    """One transformer layer, norm after the sum; queries and keys may come from different texts."""

    def __init__(self, dim: int, inner: int, heads: int = HEADS) -> None:
        """Build the layer for vectors of `dim`."""
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(dim, dim) for _ in range(4))
        self.up, self.down = nn.Linear(dim, inner), nn.Linear(inner, dim)
        self.norm1, self.norm2 = nn.LayerNorm(dim, EPSILON), nn.LayerNorm(dim, EPSILON)

    def split(self, x: Tensor) -> Tensor:
        """(..., L, D) to (..., heads, L, D / heads)."""
        return x.reshape(*x.shape[:-1], self.heads, x.shape[-1] // self.heads).transpose(-3, -2)

    def alone(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Let tokens (B, L, D) read one another; `hidden` (B, L) is 0 or HIDDEN."""
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        weights = torch.softmax(_logits(query, key) + hidden[:, None, None, :], dim=-1)  # (B, heads, L, L)
        return self.finish(x, weights @ value)

    def beside(self, x: Tensor, hidden: Tensor, context: Tensor, context_hidden: Tensor) -> Tensor:
        """Let item tokens (B, K, L, D) read their own text and the context (B, H, D) of their list."""
        items, length = x.shape[1:3]
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        before, said = self.split(self.key(context)), self.split(self.value(context))  # (B, heads, H, d)
        own = _logits(query, key) + hidden[:, :, None, None, :]  # (B, K, heads, L, L)
        merged = query.transpose(1, 2).flatten(2, 3)  # (B, heads, K L, d)
        far = _logits(merged, before) + context_hidden[:, None, None, :]  # (B, heads, K L, H)
        far = far.reshape(*far.shape[:2], items, length, far.shape[3]).transpose(1, 2)  # (B, K, heads, L, H)
        weights = torch.softmax(torch.cat([own, far], dim=-1), dim=-1)
        near, wide = weights[..., :length], weights[..., length:]
        told = wide.transpose(1, 2).flatten(2, 3) @ said  # (B, heads, K L, d)
        told = told.reshape(*told.shape[:2], items, length, told.shape[3]).transpose(1, 2)
        return self.finish(x, near @ value + told)

    def finish(self, x: Tensor, read: Tensor) -> Tensor:
        """Join the heads, add, norm, and pass through the two wide matrices."""
        x = self.norm1(x + self.out(read.transpose(-3, -2).flatten(-2)))
        grown: Tensor = self.norm2(x + self.down(functional.gelu(self.up(x))))
        return grown


class Lower(nn.Module):
    """Embeddings and the first layers: what a text's tokens mean by themselves."""

    def __init__(self, vocabulary: int, positions: int, dim: int, inner: int, layers: int) -> None:
        """Build it; `positions` is the longest text in tokens."""
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, dim), nn.Embedding(positions, dim)
        self.norm = nn.LayerNorm(dim, EPSILON)
        self.layers = nn.ModuleList(Layer(dim, inner) for _ in range(layers))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Return (B, L, D) of token ids (B, L), true where `mask` (B, L)."""
        x = self.norm(self.tokens(tokens) + self.positions.weight[: tokens.shape[1]])
        hidden = hiding(mask)
        for layer in self.layers:
            assert isinstance(layer, Layer)
            x = layer.alone(x, hidden)
        result: Tensor = x
        return result


class Upper(nn.Module):
    """The last layers and the judgement: how well an item's text follows a history's texts."""

    def __init__(self, dim: int, inner: int, layers: int, history: int) -> None:
        """Build it for histories of at most `history` items."""
        super().__init__()
        self.layers = nn.ModuleList(Layer(dim, inner) for _ in range(layers))
        self.place = nn.Parameter(torch.zeros(history, dim))  # how long ago an item of the history was
        self.judge = nn.Linear(dim, 1)
        self.likeness = nn.Parameter(torch.tensor(10.0))  # what a cosine of 1 is worth
        nn.init.zeros_(self.judge.weight)
        nn.init.zeros_(self.judge.bias)

    def forward(self, history: Tensor, history_mask: Tensor, items: Tensor, items_mask: Tensor) -> Tensor:
        """Return scores (B, K) of lower states (B, M, L, D), latest first, and (B, K, L, D); masks without D."""
        context = (history + self.place[: history.shape[1], None, :]).flatten(1, 2)  # (B, H, D)
        context_mask = history_mask.flatten(1, 2)
        context_hidden, hidden = hiding(context_mask), hiding(items_mask)
        x = items
        for layer in self.layers:
            assert isinstance(layer, Layer)
            x = layer.beside(x, hidden, context, context_hidden)
            context = layer.alone(context, context_hidden)
        item, past = pooled(x, items_mask), pooled(context, context_mask)  # (B, K, D), (B, D)
        score: Tensor = self.judge(x[:, :, 0])[..., 0] + self.likeness * (item * past[:, None]).sum(-1)
        return score


class CrossEncoder(nn.Module):
    """The upper layers over a shelf of lower states, (n, L, D) and (n, L); row -1 is nothing."""

    states: Tensor
    mask: Tensor

    def __init__(self, upper: Upper, states: Tensor, mask: Tensor) -> None:
        """Keep the states outside of checkpoints: they are no weights."""
        super().__init__()
        self.upper = upper
        self.register_buffer("states", torch.cat([states, torch.zeros_like(states[:1])]), persistent=False)
        self.register_buffer("mask", torch.cat([mask, torch.zeros_like(mask[:1])]), persistent=False)

    def forward(self, histories: Tensor, candidates: Tensor) -> Tensor:
        """Return (B, K) scores of rows (B, K) after rows (B, M), latest first; -inf where the row is -1."""
        past, items = self.states[histories].float(), self.states[candidates].float()
        scores: Tensor = self.upper(past, self.mask[histories], items, self.mask[candidates])
        return scores.float().masked_fill(candidates < 0, float("-inf"))


def hiding(mask: Tensor) -> Tensor:
    """Return 0 where the mask is true and HIDDEN elsewhere."""
    return (~mask).float() * HIDDEN


def pooled(x: Tensor, mask: Tensor) -> Tensor:
    """Return the unit mean (..., D) of the real tokens of (..., L, D); zero where there is none."""
    total = (x * mask[..., None]).sum(-2).float()
    return functional.normalize(total, dim=-1)


def bert_layers(weights: Mapping[str, Tensor], first: int, count: int) -> dict[str, Tensor]:
    """Return the `count` layers from `first` of a BERT checkpoint under the names of `Lower` and `Upper`."""
    names = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "out": "attention.output.dense",
        "norm1": "attention.output.LayerNorm",
        "up": "intermediate.dense",
        "down": "output.dense",
        "norm2": "output.LayerNorm",
    }
    return {
        f"layers.{place}.{ours}.{kind}": weights[f"encoder.layer.{first + place}.{theirs}.{kind}"]
        for place in range(count)
        for ours, theirs in names.items()
        for kind in ("weight", "bias")
    }


def _logits(query: Tensor, key: Tensor) -> Tensor:
    logits: Tensor = (query @ key.transpose(-1, -2)).float() * query.shape[-1] ** -0.5
    return logits

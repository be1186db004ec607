"""The sequence net before any training: its shape, its text, its first item vectors."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from likeness.nets.items import ItemTower
from likeness.nets.sequence import Net, Shape
from likeness.recall.tokens import BANDS, GAPS, KINDS
from likeness.train.examples import Sequences
from likeness.train.initial import company_vectors
from likeness.train.plans import Settings
from likeness.types import Vectors

TEXT_WIDTH = 128  # leading directions of the text vectors that the projection reads
TEXT_SIZE = 0.1  # standard deviation of their numbers


def new_net(told: Sequences | None, vectors: Vectors, settings: Settings, seed: int) -> Net:
    """Return a net with first weights: a function of the histories (none: random), vectors, settings and seed."""
    shape = Shape(
        width=settings.width,
        layers=settings.layers,
        heads=settings.heads,
        longest=settings.longest,
        dropout=settings.dropout,
        token_dropout=settings.token_dropout,
        kinds=KINDS,
        gaps=GAPS,
        bands=BANDS,
    )
    text = main_directions(vectors) if settings.text and vectors.any() else None
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        words = None if text is None else torch.from_numpy(text)
        tower = ItemTower(len(vectors), settings.width, words, free_dropout=settings.free_dropout)
        net = Net(shape, tower, temperature=settings.temperature)
    if settings.company and told is not None:
        tower.free.weight.data.copy_(torch.from_numpy(company_vectors(told, len(vectors), settings.width)))
    return net


def main_directions(vectors: Vectors) -> Vectors:
    """Return (n, at most TEXT_WIDTH): text vectors about their mean in their leading directions; no text stays zero."""
    some: NDArray[np.bool_] = np.any(vectors, axis=1)
    centred = (vectors - vectors[some].mean(axis=0)) * some[:, None]
    values, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    turned = centred @ axes[:, np.argsort(-values)[:TEXT_WIDTH]]
    scaled: Vectors = (turned * (TEXT_SIZE / max(float(turned.std()), 1e-12))).astype(np.float32)
    return scaled

"""Several ends at once: a scorer for each thing a shopper may do next, blended by what each is worth.

Utility of an item = sum over the ends of worth x probability that the shopper does it; the probabilities are calibrated
out of fold (see calibrate), so that the worths are comparable. With one end only, its scorer is all there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from likeness.errors import ConfigError, StoreError
from likeness.rank.boosted import BoostedScorer, load_scorer
from likeness.rank.calibrate import Calibration, Reliability, calibrate, reliability
from likeness.rank.examples import Example, Hits, Thinned, Thinner
from likeness.rank.linear import LinearScorer
from likeness.rank.train import default_of, fit_linear, scorer_of
from likeness.seeds import rng_of
from likeness.types import Floats

TARGETS: Mapping[str, tuple[str, ...]] = {
    "purchase": ("purchase",),
    "add_to_cart": ("add_to_cart",),
    "click": ("select_item", "view_item"),
}
"""End -> the events that reach it; the columns of an example's targets, in this order."""
FOLDS = 3
FILE = "{name}.{end}.json"


class HeadsConfig(BaseModel):
    """What the ends are worth, in purchases."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    purchase: float = Field(default=1.0, ge=0.0, description="Worth of a purchase.")
    add_to_cart: float = Field(default=0.2, ge=0.0, description="Worth of putting an item into the cart.")
    click: float = Field(default=0.05, ge=0.0, description="Worth of a click or a view of an item's page.")

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not any(self.worth.values()):
            raise ValueError("one of the ends must be worth more than 0")
        return self

    @property
    def worth(self) -> dict[str, float]:
        """End -> worth, in the order of TARGETS."""
        return {end: float(getattr(self, end)) for end in TARGETS}


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """One end: how it is scored, how likely a score makes it, and what it is worth."""

    end: str
    scorer: LinearScorer | BoostedScorer
    calibration: Calibration
    worth: float


class _Saved(msgspec.Struct, frozen=True, kw_only=True):
    ends: tuple[str, ...]
    worths: tuple[float, ...]
    calibrations: tuple[Calibration, ...]
    format: int = 1


class Heads:
    """A scorer over several ends: score = expected utility, in purchases."""

    def __init__(self, heads: Sequence[Head]) -> None:
        """Keep the heads. Raises ValueError unless there are some, all reading the same features."""
        if not heads or len({head.scorer.names for head in heads}) > 1:
            raise ValueError(f"{len(heads)} heads: give at least one, all reading the same features.")
        self.heads = tuple(heads)
        self.names = heads[0].scorer.names

    def score(self, features: Floats) -> Floats:
        """Return (n,) expected utilities of (n, F) features."""
        parts = [head.worth * head.calibration.probability(head.scorer.score(features)) for head in self.heads]
        return np.asarray(np.sum(parts, axis=0), np.float64)

    def contributions(self, features: Floats) -> Floats:
        """Return (n, F): how much each feature adds to the utility; rows sum to it but for one constant.

        A head's rise in probability over where none of the features speaks is shared out as its score is.
        """
        return np.asarray(np.sum([_shared(head, features) for head in self.heads], axis=0), np.float64)

    def save(self, path: Path) -> None:
        """Write one JSON file, and the scorer of each head beside it."""
        for head in self.heads:
            head.scorer.save(_beside(path, head.end))
        saved = _Saved(
            ends=tuple(head.end for head in self.heads),
            worths=tuple(head.worth for head in self.heads),
            calibrations=tuple(head.calibration for head in self.heads),
        )
        path.write_bytes(msgspec.json.format(msgspec.json.encode(saved), indent=1))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing or damaged."""
        try:
            saved = msgspec.json.decode(path.read_bytes(), type=_Saved)
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(f"{path} cannot be read: {error}.", remedy="Fit the shop again.") from error
        parts = zip(saved.ends, saved.worths, saved.calibrations, strict=True)
        return cls(
            [
                Head(end=end, scorer=load_scorer(_beside(path, end)), calibration=calibration, worth=worth)
                for end, worth, calibration in parts
            ]
        )


def fit_heads(
    examples: Iterable[Example], names: Sequence[str], config: HeadsConfig | None = None, *, seed: int
) -> LinearScorer | BoostedScorer | Heads:
    """Return the scorer of the ends that there is enough to learn from; with one end, or none, it is that end's scorer.

    An example's targets are in the order of TARGETS; an end without worth is left out. `seed` draws and folds.
    """
    worth = (config if config is not None else HeadsConfig()).worth
    ends = {end: Thinner(target=column, seed=seed) for column, end in enumerate(worth) if worth[end] > 0}
    for example in examples:
        for thinner in ends.values():
            thinner.add(example)
    kept = {end: thinner.done() for end, thinner in ends.items()}
    scorers = {end: scorer_of(shoppers, names, seed=seed) for end, shoppers in kept.items()}
    learnt = [end for end, scorer in scorers.items() if scorer.origin != "default"]
    if len(learnt) < 2:
        return scorers[learnt[0]] if learnt else default_of(names)
    return Heads(
        [
            Head(
                end=end,
                scorer=scorers[end],
                calibration=calibrated(kept[end], names, seed=seed)[0],
                worth=worth[end],
            )
            for end in learnt
        ]
    )


def heads_config(tables: Mapping[str, Any]) -> HeadsConfig:
    """Read the `[worth]` table. Raises ConfigError naming the key and what is wrong with it."""
    try:
        return HeadsConfig.model_validate(tables.get("worth", {}))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(
            f"[worth] {'.'.join(map(str, first['loc']))} = {first['input']!r}: {first['msg']}.",
            remedy=f"Known keys: {', '.join(HeadsConfig.model_fields)}.",
        ) from error


def read_scorer(path: Path) -> LinearScorer | BoostedScorer | Heads:
    """Read whichever scorer was saved. Raises StoreError when it is missing or damaged."""
    try:
        several = b'"ends"' in path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error}.", remedy="Fit the shop again.") from error
    return Heads.load(path) if several else load_scorer(path)


def calibrated(shoppers: Sequence[Thinned], names: Sequence[str], *, seed: int) -> tuple[Calibration, Reliability]:
    """Return the calibration of a linear scorer's scores out of fold, and how reliable it is on a fold left out of it.

    Shoppers are dealt to FOLDS by name: nobody is scored by what was learnt from them.
    """
    known, code = np.unique([one.shopper for one in shoppers], return_inverse=True)
    fold = (rng_of("calibrate", seed).permutation(len(known)) % FOLDS)[code]
    parts = [_scored(shoppers, fold, k, names) for k in range(FOLDS)]
    scores, hits, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    first = np.arange(len(scores)) < len(parts[0][0])  # the fold that checks what the others say
    other = calibrate(scores[~first], hits[~first], weights[~first])
    checked = reliability(other.probability(scores[first]), hits[first], weights[first])
    return calibrate(scores, hits, weights), checked


def _scored(
    shoppers: Sequence[Thinned], fold: NDArray[np.intp], k: int, names: Sequence[str]
) -> tuple[Floats, Hits, Floats]:
    """Return scores, hits and weights of the shoppers of fold `k`, scored by what the others taught."""
    scorer = fit_linear([one for one, part in zip(shoppers, fold, strict=True) if part != k], names)
    mine = [one for one, part in zip(shoppers, fold, strict=True) if part == k]
    scores = scorer.score(np.concatenate([one.features for one in mine]).astype(np.float64))
    weights = np.concatenate([one.weight for one in mine]).astype(np.float64)
    return scores, np.concatenate([one.hit for one in mine]), weights


def _shared(head: Head, features: Floats) -> Floats:
    """Return (n, F): the head's worth x probability above that of no features, in the proportions of its score."""
    parts = head.scorer.contributions(features)
    total = parts.sum(axis=1)
    score = head.scorer.score(features)
    silent = head.calibration.probability(score - total)
    risen = head.calibration.probability(score) - silent
    slope = np.divide(risen, total, out=np.zeros(len(total)), where=np.abs(total) > 1e-12)
    return np.asarray(head.worth * parts * slope[:, None], np.float64)


def _beside(path: Path, end: str) -> Path:
    return path.with_name(FILE.format(name=path.stem, end=end))

"""A plain SASRec to compare with: item numbers alone, a causal transformer, the full softmax.

Kang & McAuley 2018, with the cross-entropy over all items that Klenitskiy & Vasilev 2023 found to be what it lacked. It
runs through the same code as our own net, without text, without first vectors and without an ensemble.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from likeness.errors import ConfigError
from likeness.train.examples import sequences
from likeness.train.judge import logits_after
from likeness.train.plans import Settings
from likeness.train.sequence import fit_net
from likeness.types import Interactions, Vectors

PLAIN = Settings(text=False, company=False, epochs=20)


def fit_sasrec(
    log: Interactions, n_items: int, settings: Mapping[str, float | str | None], seed: int
) -> Callable[[NDArray[np.int64]], Vectors]:
    """Return a function of shopper codes (b,) to scores (b, n_items) float32; 0 throughout for one without history.

    `settings` names fields of `Settings` that differ from PLAIN. Raises ConfigError for a name that is none.
    """
    chosen = _settings(settings)
    told = sequences(log, np.full(n_items, -1, np.int32))
    net, _ = fit_net(told, np.zeros((n_items, 1), np.float32), chosen, seed=seed)
    place = np.full(len(log.shoppers) + 1, -1)  # the last entry is for code -1
    place[told.tokens.owner[told.start[:-1]]] = np.arange(len(told))

    def scores(codes: NDArray[np.int64]) -> Vectors:
        known = np.flatnonzero(place[codes] >= 0)
        out = np.zeros((len(codes), n_items), np.float32)
        if len(known):
            out[known] = logits_after(net, told, place[codes[known]], chosen)
        return out

    return scores


def _settings(named: Mapping[str, float | str | None]) -> Settings:
    if unknown := set(named) - set(Settings.__struct_fields__):
        remedy = f"Take of {', '.join(Settings.__struct_fields__)}."
        raise ConfigError(f"{', '.join(sorted(unknown))}: no settings of a net.", remedy=remedy)
    return msgspec.convert(msgspec.to_builtins(PLAIN) | dict(named), Settings, strict=False)

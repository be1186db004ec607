"""SASRec with a full cross-entropy: the peer among nets, fitted by whoever may import torch.

Kang, McAuley, Self-attentive sequential recommendation, ICDM 2018, with the softmax that makes it a strong baseline
(Klenitskiy, Vasilev, Turning dross into gold loss, RecSys 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from likeness.evaluate.baselines.family import Family, Scores, Settings
from likeness.evaluate.baselines.shelf import Facts
from likeness.types import Interactions

FitSasrec = Callable[[Interactions, int, Settings, int], Scores]
"""(log, n_items, settings, seed) -> scores; raises nothing of its own."""

TRIED: tuple[Settings, ...] = (
    {"dropout": 0.5, "width": 64.0, "layers": 2.0, "learning_rate": 1e-3},
    {"dropout": 0.3, "width": 64.0, "layers": 2.0, "learning_rate": 1e-3},
    {"dropout": 0.5, "width": 128.0, "layers": 2.0, "learning_rate": 1e-3},
    {"dropout": 0.5, "width": 64.0, "layers": 1.0, "learning_rate": 1e-3},
    {"dropout": 0.3, "width": 128.0, "layers": 2.0, "learning_rate": 5e-4},
    {"dropout": 0.7, "width": 128.0, "layers": 2.0, "learning_rate": 1e-3},
)


def sasrec_family(
    fit_sasrec: FitSasrec | None, *, grid: tuple[Settings, ...] = TRIED, reason: str = "it needs torch"
) -> Family:
    """Return the baseline over a function that fits the net; without one it is left out for `reason`."""

    def fit(facts: Facts, chosen: Iterable[Settings], seed: int) -> Iterator[tuple[Settings, Scores]]:
        if fit_sasrec is None:
            return
        for settings in chosen:
            yield settings, fit_sasrec(facts.train, facts.n_items, settings, seed)

    return Family(
        name="SASRec",
        grid=lambda facts: grid,
        fit=fit,
        why_not=lambda facts: reason if fit_sasrec is None else None,
    )

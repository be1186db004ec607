"""What a training of the sequence net costs and buys: the members of its ensemble, and the seconds it may take."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

Effort = Literal["balanced", "best"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One member of the ensemble and how it is trained."""

    width: int = 128
    layers: int = 2
    heads: int = 2
    longest: int = 50
    dropout: float = 0.3
    token_dropout: float = 0.2
    free_dropout: float = 0.0
    temperature: float | None = None  # none: logits are products, else cosines over it
    company: bool = True  # whether items start from what was wanted near what
    text: bool = True
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warm_up: int = 100
    epochs: int = 10
    patience: int = 5
    refresh_rate: float = 1e-3
    refresh_epochs: int = 5
    places: int = 128  # of a row
    rows: int = 8  # of a batch


class Plan(NamedTuple):
    """The members an effort pays for, and what each training may cost: work decides, seconds are the last resort.

    Work is counted in multiplications of the softmax, targets x items x width x epochs: a larger log gets fewer epochs,
    and the same log gets the same number on any machine.
    """

    members: tuple[Settings, ...]
    work: float  # of a member's first training; a refresh has half of it
    seconds: float
    refresh_seconds: float


NARROW = Settings()
WIDE = Settings(width=192, heads=4, dropout=0.4, token_dropout=0.3)
PLANS: dict[Effort, Plan] = {
    "balanced": Plan((NARROW,), 2.5e12, 300.0, 150.0),
    "best": Plan((NARROW, WIDE), 2.5e13, 1_500.0, 700.0),
}

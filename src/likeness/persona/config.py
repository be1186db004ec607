"""What a persona counts, and how much: weights of events, half-lives, bounds and shrinkage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from likeness.errors import ConfigError
from likeness.stats.week import zone
from likeness.types import DAY, PURPOSES, Clock

T = TypeVar("T")

EVENT_WEIGHTS = {
    "search": 1.0,
    "view_item_list": 0.0,  # being shown a thing is no interest in it
    "select_item": 1.0,
    "view_item": 1.0,
    "add_to_cart": 3.0,
    "remove_from_cart": -1.0,  # less than the cart added: having wanted it still counts
    "add_to_wishlist": 2.0,
    "purchase": 5.0,
    "refund": -5.0,  # takes its purchase back
    "review": 1.0,  # without stars; with stars see `review_per_star`
    "support_message": 0.0,
    "not_interested": -4.0,
    "consent": 0.0,
}
"""How much one event of each name says about liking its item, in views. Zero feeds no interest."""

CAPACITIES = {
    "item": 4096,
    "bought": 4096,
    "category": 512,
    "brand": 512,
    "attribute": 1024,
    "price_band": 8,
    "kind": 16,
    "query": 512,
    "term": 1024,
    "device": 16,
    "currency": 8,
    "event": 32,
}
"""How many values of each kind are kept exactly; beyond, a sketch with a stated error takes over."""


class PersonaConfig(BaseModel):
    """Settings of personas; a change of any but the last group asks for a rebuild from the log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clock: Clock = Field(default="time", description="What the log's times are: seconds, or positions in a sequence.")
    event_weights: Mapping[str, float] = Field(
        default=EVENT_WEIGHTS,
        description="Weight per event name, negatives included; names left out keep their default.",
    )
    unmatched_refund: float = Field(
        default=-2.0, description="Weight of a refund that names no purchase: nothing to take back, but a mild dislike."
    )
    review_per_star: float = Field(default=2.0, ge=0, description="Weight per star of a review above or below neutral.")
    review_neutral: float = Field(default=3.0, ge=1, le=5, description="Stars that say nothing either way.")
    half_lives: tuple[float, ...] = Field(
        default=(3600.0, 7 * DAY, 90 * DAY), description="Seconds, short to long: session, week, season.", min_length=2
    )
    capacities: Mapping[str, int] = Field(default=CAPACITIES, description="Values kept exactly, per kind of facet.")
    active_hours: int = Field(default=512, ge=48, description="Latest distinct half-hours of activity kept for habits.")
    cadence_days: int = Field(
        default=8, ge=2, description="Latest distinct purchase days kept per item for repurchase."
    )

    ridge_lambda: float = Field(
        default=5.0,
        gt=0,
        description="Weight at which a facet's confidence is one half, and the pull of vectors to zero.",
    )
    count_lambda: float = Field(
        default=3.0, gt=0, description="Observations at which a measure's confidence is one half."
    )
    drift_alpha: float = Field(default=0.05, gt=0, lt=1, description="p-value below which drift is called significant.")
    drift_correlation: float = Field(
        default=0.05, ge=0, le=1, description="Likeness of events within a visit that the drift test allows for."
    )
    purposes: Mapping[str, str] = Field(
        default={}, description="Facet name to consent purpose, where other than the table's."
    )
    timezone: str = Field(default="UTC", description="IANA time zone in which habits are read and dates shown.")

    @field_validator("event_weights")
    @classmethod
    def _all_events(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        if not all(math.isfinite(weight) for weight in value.values()):
            raise ValueError("every weight must be a finite number")
        return _filled(value, EVENT_WEIGHTS, "event names")

    @field_validator("capacities")
    @classmethod
    def _all_kinds(cls, value: Mapping[str, int]) -> Mapping[str, int]:
        if any(bound < 1 for bound in value.values()):
            raise ValueError("every capacity must be at least 1")
        return _filled(value, CAPACITIES, "kinds of facet")

    @field_validator("purposes")
    @classmethod
    def _known_purposes(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        unknown = sorted(set(value.values()) - set(PURPOSES))
        if unknown:
            raise ValueError(f"{unknown} are no purposes; known are {', '.join(PURPOSES)}")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        zone(value)
        return value

    @model_validator(mode="after")
    def _ascending(self) -> PersonaConfig:
        if any(a >= b for a, b in zip((0.0, *self.half_lives), self.half_lives, strict=False)):
            raise ValueError(f"half_lives {self.half_lives} must be above zero and ascend from short to long")
        return self

    @property
    def recent(self) -> int:
        """Place of the half-life that "recent" means: the one before the longest."""
        return len(self.half_lives) - 2

    @property
    def long(self) -> int:
        """Place of the half-life that "long-term" means: the longest."""
        return len(self.half_lives) - 1


def persona_config(table: Mapping[str, Any] | None = None) -> PersonaConfig:
    """Return the settings of a `[persona]` table; ConfigError names the key, its value and the rule it broke."""
    try:
        return PersonaConfig.model_validate(dict(table or {}))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"])) or "persona"
        raise ConfigError(
            f"[persona] {name} = {first['input']!r}: {first['msg']}.",
            remedy=f"Known settings: {', '.join(PersonaConfig.model_fields)}.",
        ) from error


def _filled(given: Mapping[str, T], default: Mapping[str, T], what: str) -> dict[str, T]:
    """Return defaults overridden by what was given; ValueError for an unknown name."""
    unknown = sorted(set(given) - set(default))
    if unknown:
        raise ValueError(f"{unknown} are no {what}; known are {', '.join(default)}")
    return {**default, **given}

"""Slots: what each place of a shop shows, as small tables of `likeness.toml`.

    [slots.cart]                       # a built-in slot: only what is given changes
    n = 6
    where = 'price < 30'

    [slots.blog]                       # a slot of one's own starts from "home"
    kinds = ["article", "video"]
    diversity = 0.3

A slot nobody described is answered as "home" is, and logged under its own name: where a page is called is for the shop
to say, and a name that is new must not leave a page empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from likeness.errors import ConfigError, FilterError
from likeness.rank.filters import Mask, where
from likeness.types import Catalogue, Floats, Query, Rows

Kind = Literal["product", "article", "video", "ad", "activity"]
SourceName = Literal[
    "popular", "again", "together", "factors", "fresh", "similar", "taste", "related", "looks", "sequence"
]
Policy = Literal["greedy", "epsilon", "plackett-luce", "thompson", "probes"]
HOME = "home"


class Slot(BaseModel):
    """What one place shows; None leaves a choice to the shop's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int = Field(default=10, ge=1, le=1000, description="How many items it shows when the query does not say.")
    sources: tuple[SourceName, ...] = Field(
        default=(), description="Sources of candidates that take part; empty means all."
    )
    relation: Literal["any", "substitutes", "complements"] = Field(
        default="any", description="What the items shown are to the page's items, or to the shopper's latest."
    )
    emphasis: float = Field(
        default=0.0,
        ge=0,
        description="How much the relation counts against the scorer, in standard deviations of the scores.",
    )
    kinds: tuple[Kind, ...] = Field(
        default=("product", "article", "video", "activity"),
        min_length=1,
        description="Kinds of item it shows; an ad is shown only where a slot names the kind.",
    )
    where: str = Field(default="", description="Filter every item passes, beside the query's own; see rank/filters.")
    category: Literal["any", "same", "other"] = Field(
        default="any", description="Category of the items against those of the page's items."
    )
    exclude_bought: bool = Field(default=False, description="Leave out what the shopper bought, unless the query says.")
    exclude_seen: bool = Field(default=False, description="Leave out all the shopper met, unless the query says.")
    diversity: float | None = Field(default=None, ge=0, le=1, description="Weight of dissimilarity (MMR).")
    calibration: float = Field(
        default=0.0, ge=0, le=1, description="Weight of the shopper's own mix of categories in the slate (Steck 2018)."
    )
    max_per_category: int | None = Field(default=None, ge=0, description="Most items of one category; 0 means no cap.")
    long_tail: float = Field(
        default=0.0, ge=0, description="How far what sells little is promoted, in standard deviations of the scores."
    )
    new_items: float = Field(
        default=0.0,
        ge=0,
        description="How far what nobody bought yet is promoted, in standard deviations of the scores.",
    )
    explore: float | None = Field(default=None, ge=0, le=1, description="Share of slates whose order is explored.")
    policy: Policy | None = Field(default=None, description="Name of the policy that explores.")
    rules: bool = Field(default=True, description="Whether the shop's [[rules]] hold here.")
    fallback: str = Field(default="", description="Slot that fills the places left over; empty leaves them empty.")

    @field_validator("where")
    @classmethod
    def _parsed(cls, value: str) -> str:
        if value:
            where(value)
        return value

    def filled(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return a query's options with this slot's for those it does not give."""
        own: dict[str, Any] = {name: getattr(self, name) for name in FILLED if getattr(self, name) is not None}
        return own | {name: value for name, value in options.items() if value is not None or name not in own}


FILLED = ("n", "exclude_bought", "exclude_seen", "explore")  # fields of types.Query that a slot fills
PRODUCTS: tuple[Kind, ...] = ("product",)
DEFAULTS: Mapping[str, Slot] = {
    HOME: Slot(),
    "search": Slot(),
    "product-similar": Slot(
        sources=("related", "similar"),
        relation="substitutes",
        emphasis=2.0,
        kinds=PRODUCTS,
        fallback=HOME,
    ),
    "product-complements": Slot(
        sources=("related",),
        relation="complements",
        emphasis=2.0,
        kinds=PRODUCTS,
        exclude_bought=True,
        fallback=HOME,
    ),
    "cart": Slot(
        n=6, sources=("related", "together"), relation="complements", emphasis=1.0, kinds=PRODUCTS, fallback=HOME
    ),
    "search-empty": Slot(diversity=0.3),
    "email": Slot(n=6, exclude_bought=True, diversity=0.3, max_per_category=2),
}


class Slots(Mapping[str, Slot]):
    """The slots of one shop: the built-in ones as the shop changed them, and its own; any other name is as home."""

    def __init__(self, slots: Mapping[str, Slot] = DEFAULTS) -> None:
        """Keep the slots. Raises ConfigError for a fallback that is unknown or leads back to itself."""
        self._slots = dict(slots)
        for name in self._slots:
            list(self.chain(name))

    @classmethod
    def of(cls, tables: Mapping[str, Any]) -> Slots:
        """Read the `[slots.NAME]` tables. Raises ConfigError naming the slot, the key and what is wrong with it."""
        if not isinstance(tables, Mapping):
            raise ConfigError(f"slots = {tables!r}: it is no table.", remedy="Write [slots.NAME] tables.")
        read = {name: _read(name, table) for name, table in tables.items()}
        return cls({**DEFAULTS, **read})

    def __getitem__(self, name: str) -> Slot:
        """Return a slot, that of "home" for a name nobody described."""
        return self._slots.get(name, self._slots[HOME])

    def __contains__(self, name: object) -> bool:
        """Return whether a slot was described."""
        return name in self._slots

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names described."""
        return iter(self._slots)

    def __len__(self) -> int:
        """Return the number of slots described."""
        return len(self._slots)

    def chain(self, name: str) -> Iterator[Slot]:
        """Yield a slot and those that fill what it leaves over, in turn."""
        met: list[str] = []
        while name:
            if name in met or (met and name not in self._slots):
                fault = "leads back to itself" if name in met else "is no slot"
                raise ConfigError(
                    f"[slots.{met[-1]}] fallback = {name!r}: it {fault}.", remedy=f"Known slots: {', '.join(self)}."
                )
            met.append(name)
            yield self[name]
            name = self[name].fallback


class SlotMasks:
    """Which rows of one catalogue each slot may show; made once per slot, so that a request copies and intersects."""

    def __init__(self, slots: Slots, catalogue: Catalogue) -> None:
        """Evaluate the kinds and filters of every slot described."""
        self._slots = slots
        self._category = catalogue.category
        kinds = np.array([item.kind for item in catalogue.items], dtype=object)
        self._masks = {name: _mask(slots[name], kinds, catalogue) for name in slots}
        self._all = {name: bool(mask.all()) for name, mask in self._masks.items()}

    def __call__(self, name: str, context: Rows) -> Mask | None:
        """Return (n_items,) what the slot may show beside the `context` rows, None where it may show everything.

        Without a context, or where none of its items has a category, a rule of category says nothing.
        """
        name = name if name in self._slots else HOME
        mask = None if self._all[name] else self._masks[name]
        rule, shelves = self._slots[name].category, self._category[context]
        shelves = shelves[shelves >= 0]
        if rule == "any" or not len(shelves):
            return mask
        same = np.isin(self._category, shelves)
        kept = same if rule == "same" else ~same
        return kept if mask is None else kept & mask


def apply_slot(slot: Slot, options: Mapping[str, Any], *, time: float) -> Query:
    """Return the query of these options, those not given being the slot's."""
    return Query(time=time, **slot.filled(options))


def nudge(scores: Floats, said: Floats, strength: float) -> Floats:
    """Return (n,) what to add to `scores` (n,) so that what is `said` (n,) counts `strength` of their deviations.

    For a slot's emphasis `said` is the score of its relation, for its long tail the negative logarithm of popularity.
    A NaN counts as the least that is said; where all say the same nothing moves.
    """
    if not strength or not len(said) or not np.isfinite(said).any():
        return np.zeros(len(scores))
    full = np.where(np.isnan(said), np.nanmin(said), said)
    deviation = float(full.std())
    if deviation == 0.0:
        return np.zeros(len(scores))
    return np.asarray(strength * (float(scores.std()) or 1.0) * (full - full.mean()) / deviation, np.float64)


def _mask(slot: Slot, kinds: Any, catalogue: Catalogue) -> Mask:
    mask: Mask = np.isin(kinds, slot.kinds)
    return mask & where(slot.where).mask(catalogue) if slot.where else mask


def _read(name: str, table: Any) -> Slot:
    base = DEFAULTS.get(name, DEFAULTS[HOME])
    try:
        given = Slot.model_validate(table)
    except FilterError as error:
        raise ConfigError(f"[slots.{name}] where: {error.what}", remedy=error.remedy) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "table"
        raise ConfigError(
            f"[slots.{name}] {key} = {first['input']!r}: {first['msg']}.",
            remedy=f"Known keys: {', '.join(Slot.model_fields)}.",
        ) from error
    return base.model_copy(update={key: getattr(given, key) for key in given.model_fields_set})

"""The ports: what the core asks of encoders, sources, scorers and stores, stated by atomicity and order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

import msgspec

from likeness.types import Candidates, Catalogue, Event, Floats, Interactions, Item, Pool, Request, Slate, Vectors

if TYPE_CHECKING:
    import pyarrow as pa


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Stable and versioned: a fitted artefact records it."""
        ...

    @property
    def embedding_dim(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return (n, embedding_dim) float32 rows of length 1; a text with no known part is the zero vector."""
        ...


class Source(Protocol):
    """Proposes candidates. Never an unknown, unavailable or repeated item; same request, same answer."""

    name: str

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` candidates, best first; an empty answer is fine."""
        ...

    def save(self, folder: Path) -> None:
        """Write everything needed by `load` into an existing empty folder."""
        ...

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote."""
        ...


@runtime_checkable
class Describes(Protocol):
    """A source that can also say something of any item, proposed by it or not."""

    name: str
    columns: tuple[str, ...]

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, C) finite numbers of the pool's rows, in the order of `columns`, whatever else is in the pool."""
        ...


class Fittable(Protocol):
    """A source that is fitted from the log."""

    @classmethod
    def fit(cls, interactions: Interactions, catalogue: Catalogue) -> Self:
        """Learn from everything before `interactions.end`, and from nothing after it."""
        ...


class Scorer(Protocol):
    """Scores a pool from its features. One row alone scores as it does among others."""

    names: tuple[str, ...]  # the features read, in order

    def score(self, features: Floats) -> Floats:
        """Return (n,) scores for (n, F) features; a missing feature is NaN and counts as its neutral value."""
        ...

    def contributions(self, features: Floats) -> Floats:
        """Return (n, F): how much each feature adds to each score; rows sum to the score up to a constant."""
        ...


class Features(Protocol):
    """The one function that turns a pool into features, for training and for serving."""

    def __call__(self, pool: Pool, request: Request) -> Floats:
        """Return (n, F)."""
        ...


class ImportState(msgspec.Struct, frozen=True, kw_only=True):
    """How far the import of one file has come; kept in the same transaction as its events."""

    digest: str  # of the file's bytes and the options that change its meaning
    file: str
    next_line: int  # rows before this one are done
    done: bool
    counts: dict[str, int]  # rows, accepted, repaired, quarantined, already_logged, and "rule:<name>"
    memory: bytes = b""  # what the cleaning rules remember between chunks


class EventLog(Protocol):
    """Append-only, idempotent by (shop_id, event_id), ordered by cursor (a growing integer). An append is durable
    when it returns; a crash leaves all of an append or none of it; concurrent appends lose nothing."""

    def append(self, shop_id: str, events: Sequence[Event]) -> int:
        """Add the events that are not there yet and return how many were new."""
        ...

    def append_table(
        self,
        shop_id: str,
        events: pa.Table,
        *,
        quarantine: pa.Table | None = None,
        observations: pa.Table | None = None,
        state: ImportState | None = None,
    ) -> int:
        """Add rows of EVENT_SCHEMA, QUARANTINE_SCHEMA and OBSERVATION_SCHEMA and the import's state in ONE
        transaction, and return how many events were new."""
        ...

    def observations(self, shop_id: str) -> pa.Table:
        """Return what event files said about items, summed per (item_id, field, value), in that order."""
        ...

    def import_state(self, shop_id: str, digest: str) -> ImportState | None:
        """Return how far the import of the file with this digest has come."""
        ...

    def imports(self, shop_id: str) -> list[ImportState]:
        """Return every import, oldest first."""
        ...

    def quarantine(self, shop_id: str) -> Iterator[pa.Table]:
        """Yield tables of QUARANTINE_SCHEMA."""
        ...

    def scan(self, shop_id: str, *, after: int = 0, until: float | None = None) -> Iterator[pa.Table]:
        """Yield tables of EVENT_SCHEMA plus `cursor` (int64), in cursor order, cursor > after and time < until."""
        ...

    def of_shopper(
        self, shop_id: str, shopper: str, *, after: int = 0, until: float | None = None
    ) -> list[tuple[int, Event]]:
        """Return (cursor, event) of one shopper in (time, cursor) order, cursor > after, time < until."""
        ...

    def purchases_of(self, shop_id: str, pairs: Sequence[tuple[str, str]]) -> list[Event]:
        """Return the purchases of the (shopper, item_id) pairs, in (time, cursor) order; used to match refunds."""
        ...

    def logged_shoppers(self, shop_id: str) -> Iterator[str]:
        """Yield every shopper who has an event, in order of id."""
        ...

    def last_cursor(self, shop_id: str) -> int:
        """Return the highest cursor, 0 when empty."""
        ...

    def count(self, shop_id: str) -> int:
        """Return the number of events."""
        ...

    def erase_shopper(self, shop_id: str, shopper: str) -> int:
        """Remove the shopper's events and quarantine rows and return how many; nothing readable stays on disk."""
        ...


class Snapshot(msgspec.Struct, frozen=True):
    """A folded persona: the state after every event of the shopper with cursor <= `cursor`."""

    cursor: int
    state: bytes


class PersonaStore(Protocol):
    """A cache of folded personas beside the log (the log is the truth: state = snapshot + later events)."""

    def get(self, shop_id: str, shopper: str) -> Snapshot | None:
        """Return the snapshot, None for an unknown shopper."""
        ...

    def put(self, shop_id: str, shopper: str, snapshot: Snapshot) -> None:
        """Replace the snapshot if `snapshot.cursor` is at least the one kept; else leave it."""
        ...

    def replace_all(self, shop_id: str, snapshots: Iterable[tuple[str, Snapshot]]) -> int:
        """Replace every snapshot of the shop in one transaction, readers seeing all old or all new."""
        ...

    def shoppers(self, shop_id: str) -> Iterator[str]:
        """Yield the known shoppers in order of id."""
        ...

    def erase(self, shop_id: str, shopper: str) -> bool:
        """Forget one shopper."""
        ...


class ItemStore(Protocol):
    """The items as given by the user."""

    def put_items(self, shop_id: str, items: Iterable[Item]) -> int:
        """Add or replace items by item_id and return how many."""
        ...

    def items(self, shop_id: str) -> list[Item]:
        """Return all items in order of first insertion."""
        ...


class SlateLog(Protocol):
    """What was shown, by request_id."""

    def put_slate(self, slate: Slate) -> None:
        """Keep a slate; the same request_id twice keeps the first."""
        ...

    def slate(self, shop_id: str, request_id: str) -> Slate | None:
        """Return the slate, None when unknown."""
        ...

    def slates_of(self, shop_id: str, shopper: str) -> list[Slate]:
        """Return one shopper's slates, oldest first."""
        ...

    def slates(self, shop_id: str) -> Iterator[Slate]:
        """Yield all slates, oldest first."""
        ...

    def erase_slates(self, shop_id: str, shopper: str) -> int:
        """Remove one shopper's slates."""
        ...


class Store(EventLog, PersonaStore, ItemStore, SlateLog, Protocol):
    """Everything a shop keeps, in one place with one transaction log."""

    def meta(self, shop_id: str, key: str) -> str | None:
        """Return a small named value of the shop (e.g. "clock")."""
        ...

    def set_meta(self, shop_id: str, key: str, value: str) -> None:
        """Keep a small named value."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...

"""The front door: open a shop, import, observe, fit, read personas, search, recommend, explain, erase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from msgspec import structs
from threadpoolctl import threadpool_limits

from likeness.catalog.read import import_items, validate_items
from likeness.erase import Receipt, erase
from likeness.errors import ConfigError, InputError, NotFittedError, NotFoundError
from likeness.events.load import FileKind, ImportReport, OnProgress, import_file, sniff, validate_file
from likeness.events.moments import check_moments
from likeness.exploring import Explorer
from likeness.fit import FitReport, fit, stamped, unstamped
from likeness.live import Tail
from likeness.media import MediaReport, import_media
from likeness.model import MODELS, Model, current_version, open_model, versions
from likeness.persona.config import PersonaConfig, persona_config
from likeness.persona.consent import consent_of
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_events
from likeness.persona.record import Persona
from likeness.persona.state import PersonaState
from likeness.persona.taste import taste
from likeness.persona.view import view
from likeness.pipeline import answer, ask, rank
from likeness.ports import Snapshot, Store
from likeness.progress import Progress, silent
from likeness.query.normalise import words as words_of
from likeness.rank.slots import HOME
from likeness.readings import evidence_of, last_of
from likeness.serving import Serving
from likeness.settings import Settings, load_settings
from likeness.starter import write_settings
from likeness.stores.embedded import EmbeddedStore
from likeness.types import DAY, Clock, Event, Item, Query, Request, Slate

DATABASE = "shop.db"
ANY_SHOP = "*"  # under this key a database keeps the id of the shop it was made for
COUNTED = ("rows", "accepted", "repaired", "quarantined")
TAIL = 64  # events after the snapshot before a reading writes a new one


@dataclass(frozen=True)
class Opened:
    """A fitted model with what is made once for it."""

    model: Model
    facts: Facts
    serving: Serving
    tail: Tail


class Shop:
    """One shop: a folder with settings, a store and fitted models."""

    def __init__(self, folder: Path, store: Store, settings: Settings, tables: Mapping[str, Any]) -> None:
        """Use `Shop.open`; this takes the parts ready made."""
        self.folder = folder
        self.store = store
        self.settings = settings
        self.tables = tables
        self._opened: Opened | None = None
        self.shop_id = settings.shop_id or self._named()

    @classmethod
    def open(cls, folder: Path | str, *, create: bool = True, store: Store | None = None, **settings: Any) -> Self:
        """Open the shop in `folder`, making it if `create`; keyword arguments override settings.

        Raises NotFoundError when it does not exist and may not be made, ConfigError for a bad setting, StoreError
        when its database cannot be opened.
        """
        path = Path(folder)
        if not create and store is None and not (path / DATABASE).exists():
            raise NotFoundError(f"{path} is no shop.", remedy=f"Make one: likeness import {path} FILE…")
        path.mkdir(parents=True, exist_ok=True)
        loaded = load_settings(path, settings)
        if loaded.settings.threads:
            threadpool_limits(loaded.settings.threads, "blas")
        return cls(path, EmbeddedStore(path / DATABASE) if store is None else store, loaded.settings, loaded.tables)

    @staticmethod
    def init(folder: Path, **settings: str | None) -> Path:
        """Make the folder with a commented settings file and return that file's path; ConfigError if it is there."""
        path = write_settings(folder, settings)
        Shop.open(folder).close()
        return path

    def _named(self) -> str:
        """Return the id the shop was made with: the folder's name of then, even if it was moved since."""
        name = self.store.meta(ANY_SHOP, "shop_id")
        if name is None:
            name = self.folder.resolve().name
            self.store.set_meta(ANY_SHOP, "shop_id", name)
        return name

    @property
    def on_disk(self) -> bool:
        """Whether the shop's store is the one in its folder, so that another process can open it too."""
        return isinstance(self.store, EmbeddedStore)

    def close(self) -> None:
        """Release files and connections."""
        self.store.close()

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    # What goes in.

    def import_file(
        self, path: Path | str, kind: FileKind | None = None, *, progress: Progress = silent
    ) -> ImportReport:
        """Read one file (or folder) of events or items into the shop; resumable, and each row is accounted for.

        Raises FormatError when it cannot be understood, ConfigError when times and positions would be mixed.
        """
        source = Path(path)
        kind = kind or sniff(source)
        if kind.kind == "items":
            return import_items(self.store, self.shop_id, source, kind.options, _bytes(progress))
        self._one_clock(kind.clock)
        return import_file(self.store, self.shop_id, source, kind.options, _bytes(progress), kind)

    def import_media(self, path: Path | str) -> MediaReport:
        """Read a file of (item_id, kind, vector) of pictures, sound or video; the next fit reads them.

        Raises InputError naming file, line and rule; then nothing is taken.
        """
        return import_media(self.folder, Path(path))

    def observe(self, events: Event | Sequence[Event]) -> int:
        """Append events, durable when this returns, and return how many were new; personas show them at once.

        Raises InputError for an event the log cannot keep or whose time is no time.
        """
        given = [events] if isinstance(events, Event) else events
        if self.clock == "time":
            check_moments(given)
        return self.store.append(self.shop_id, given)

    def put_items(self, items: Sequence[Item]) -> int:
        """Add or replace items; they are ranked from the next fit on."""
        return self.store.put_items(self.shop_id, items)

    # What is learnt.

    def fit(self, *, until: float | None = None, progress: Progress = silent) -> FitReport:
        """Learn from everything in the log before `until`, and answer as of then from now on."""
        parts = (self.store, self.shop_id, self.folder, self.settings, self.config, self.tables)
        return fit(*parts, until=until, progress=progress)

    def follow(self) -> int:
        """Fold what happened since the fit into the sources that can take it, and return how many events that was.

        Personas are live without it. It costs milliseconds per event, so that a service calls it now and then.
        """
        opened = self.opened
        if opened.serving.explorer is not None:
            opened.serving.explorer.forget()
        return opened.tail.follow(self.store, self.shop_id)

    @property
    def clock(self) -> Clock:
        """Whether the log has times, or only positions in a sequence."""
        return "position" if self.store.meta(self.shop_id, "clock") == "position" else "time"

    @cached_property
    def config(self) -> PersonaConfig:
        """The `[persona]` table, with the shop's clock and time zone."""
        table = {"timezone": self.settings.timezone, **self.tables.get("persona", {}), "clock": self.clock}
        return persona_config(table)

    @property
    def opened(self) -> Opened:
        """The newest model that was put in force, with what is made once for it. Raises NotFittedError before a fit.

        Take it once per request: a fit by another process may put another one in force at any moment.
        """
        version = current_version(self.folder)
        if self._opened is None or self._opened.model.version != version:
            model = open_model(self.folder / MODELS / version)
            explorer = Explorer(model.catalogue, model.version, self.store, self.shop_id)
            facts = Facts(self.config, model.catalogue, words_of)
            self._opened = Opened(
                model, facts, Serving.of(model, self.settings, self.tables, explorer), Tail(model, self.config)
            )
        return self._opened

    @property
    def model(self) -> Model:
        """The model in use."""
        return self.opened.model

    @property
    def facts(self) -> Facts:
        """What folding needs to know of items and words."""
        return self.opened.facts

    @property
    def end(self) -> float:
        """The moment just after the last event the model has seen."""
        return self.model.card.end

    @property
    def assume(self) -> tuple[str, ...]:
        """Purposes that count as granted until a shopper says otherwise."""
        return self.settings.assume

    # What is read.

    def shoppers(self) -> Iterator[str]:
        """Yield every shopper of the log, in order of id."""
        return self.store.logged_shoppers(self.shop_id)

    def state(self, shopper: str, *, at: float | None = None) -> PersonaState:
        """Return the shopper's folded state: the snapshot and what came after it, or everything before `at`."""
        opened = self.opened
        until = opened.model.card.until if at is None else at
        kept = None if at is not None else self.store.get(self.shop_id, shopper)
        folded = None if kept is None else unstamped(opened.model.version, kept)
        cursor = kept.cursor if kept is not None and folded is not None else 0
        tail = self.store.of_shopper(self.shop_id, shopper, after=cursor, until=until)
        start = PersonaState.decode(folded) if folded is not None else None
        state = fold_events((event for _, event in tail), opened.facts, start)
        if at is None and len(tail) > TAIL:
            self._keep(shopper, Snapshot(max(place for place, _ in tail), state.encode()), opened.model.version)
        return state

    def _keep(self, shopper: str, snapshot: Snapshot, version: str) -> None:
        """Write a newer snapshot, and take it back if the shopper was erased meanwhile."""
        self.store.put(self.shop_id, shopper, stamped(version, snapshot))
        if not self.store.of_shopper(self.shop_id, shopper, after=snapshot.cursor - 1):
            self.store.erase(self.shop_id, shopper)

    def moment(self, shopper: str | None, state: PersonaState | None = None) -> float:
        """Return the time at which a shopper is read when none is given: just after the last thing that happened."""
        if shopper is None:
            return self.end
        last = last_of(self.state(shopper) if state is None else state)
        if self.clock == "position":
            return (last or 0.0) + DAY
        return max(self.end, (last or 0.0) + 1e-6)

    def persona(self, shopper: str, *, at: float | None = None) -> Persona:
        """Return the persona now, or exactly as it was at `at`; NotFoundError for a shopper the log does not know."""
        state = self._readable(shopper, at)
        if not state.facets and at is None:
            raise NotFoundError(
                f"shopper {shopper!r} is not in the log.", remedy="Check the id; likeness stats SHOP shows a few."
            )
        moment = self.moment(shopper, state) if at is None else at
        model = self.model
        catalogue, vectors = model.catalogue, model.vectors
        return view(state, shopper, moment, self.config, catalogue=catalogue, vectors=vectors, assume=self.assume)

    def search(self, text: str, *, user: str | None = None, **options: Any) -> Slate:
        """Return the slate for a text, ranked for `user` where given; options as of types.Query.

        Raises InputError for an empty text.
        """
        if not text.strip():
            raise InputError("an empty text has nothing to search for.", remedy="Use recommend, or give a text.")
        return self.ask(text=text, user_id=user, **{"slot": "search", **options})

    def recommend(self, user: str | None, **options: Any) -> Slate:
        """Return a slate for a shopper (or for nobody in particular); options as of types.Query."""
        return self.ask(user_id=user, **options)

    def ask(self, *, request_id: str | None = None, time: float | None = None, **options: Any) -> Slate:
        """Answer a query, log the slate under its request_id, and return it; a known request_id gives its slate."""
        known = self.store.slate(self.shop_id, request_id) if request_id is not None else None
        if known is not None:
            return known
        opened = self.opened
        request, state = self._request(opened.serving, time, options)
        slate = answer(
            request,
            opened.serving,
            request_id=request_id or uuid4().hex,
            shop_id=self.shop_id,
            evidence=evidence_of(state),
        )
        if self.settings.log_slates:
            may = state is None or consent_of(state, self.assume)["measure"]
            anonymous = structs.replace(slate, query=structs.replace(slate.query, user_id=None))
            self.store.put_slate(slate if may else anonymous)
        return slate

    def ranked(self, *, time: float | None = None, **options: Any) -> tuple[list[str], list[float]]:
        """Return (item ids, scores) for a query; nothing is logged and no reasons are made."""
        opened = self.opened
        request, _ = self._request(opened.serving, time, options)
        places = rank(request, opened.serving, seed=(request.query.user_id, request.query.text))
        items = opened.model.catalogue.items
        return [items[row].item_id for row in places.rows.tolist()], places.scores.tolist()

    def explain(self, request_id: str) -> Slate:
        """Return the slate that was shown under this id; NotFoundError when there was none."""
        slate = self.store.slate(self.shop_id, request_id)
        if slate is None:
            raise NotFoundError(
                f"request {request_id!r} was never answered here.", remedy="Ids are printed below each answer."
            )
        return slate

    # What is kept and removed.

    def erase(self, shopper: str) -> Receipt:
        """Remove a shopper everywhere and return the receipt."""
        return erase(self.store, self.shop_id, shopper, versions(self.folder))

    def stats(self) -> dict[str, Any]:
        """Return what the shop holds, as numbers by name."""
        imports = self.store.imports(self.shop_id)
        shoppers = list(self.shoppers())
        counted = {key: sum(done.counts.get(key, 0) for done in imports) for key in COUNTED}
        try:
            fitted: Any = self.model.card
        except NotFittedError:
            fitted = None
        return {
            "shop": self.shop_id,
            "clock": self.clock,
            "events": self.store.count(self.shop_id),
            "shoppers": len(shoppers),
            "some_shoppers": shoppers[:5],
            "items_given": len(self.store.items(self.shop_id)),
            "files": [{"file": done.file, "done": done.done, **done.counts} for done in imports],
            **counted,
            "model": fitted,
        }

    def _request(
        self, serving: Serving, time: float | None, options: dict[str, Any]
    ) -> tuple[Request, PersonaState | None]:
        model, slot = serving.model, serving.slots[options.get("slot") or HOME]
        given = {name: value for name, value in options.items() if value is not None}
        options = {"explore": self.settings.explore} | slot.filled(given)
        user = options.get("user_id")
        if options.get("n", 1) < 1 or (time is not None and not isfinite(time)):
            raise InputError(
                f"n = {options.get('n')}, time = {time}.",
                remedy="n counts items from 1; time is in seconds since 1970.",
            )
        state = self._readable(user, time) if user is not None else None
        moment = self.moment(user, state) if time is None else time
        query = Query(time=moment, **options)
        known = PersonaState.empty(self.config) if state is None else state
        read = taste(known, user, moment, model.catalogue, self.config, vectors=model.vectors, assume=self.assume)
        return ask(query, model, read, masks=serving.masks, relation=slot.relation), state

    def _readable(self, shopper: str, at: float | None) -> PersonaState:
        """Return the state at a time with the consent of today: what was withdrawn is withdrawn for the past too."""
        state = self.state(shopper, at=at)
        if at is not None:
            state.consent = self.state(shopper).consent
        return state

    def _one_clock(self, clock: Clock) -> None:
        if self.store.last_cursor(self.shop_id) and clock != self.clock:
            raise ConfigError(
                f"this shop counts {self.clock}s, the file has {clock}s.", remedy="Import it into another shop."
            )
        self.store.set_meta(self.shop_id, "clock", clock)
        self.__dict__.pop("config", None)


def check_file(path: Path, kind: FileKind, *, progress: Progress = silent) -> ImportReport:
    """Return the report an import into an empty shop would give, and write nothing."""
    if kind.kind == "items":
        return validate_items(path, kind.options, _bytes(progress))
    return validate_file(path, kind.options, _bytes(progress), kind)


def _bytes(progress: Progress) -> OnProgress:
    return lambda name, done, size: progress(f"import {name}", done, size)

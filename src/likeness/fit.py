"""Learning from the log: catalogue, text indexes, sources, scorer and personas, published all at once.

Everything is written into a folder of its own and put in force by renaming one file, so that a fit killed at any moment
leaves the shop as it was. Nothing at or after the cutoff is seen.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from likeness.errors import StoreError
from likeness.learn import learn
from likeness.model import KNOWN, MODELS, Card, put_in_force, versions
from likeness.persona.config import PersonaConfig
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_columns
from likeness.ports import Snapshot, Store
from likeness.progress import Clockwork, Progress, silent
from likeness.query.normalise import words as words_of
from likeness.rank.heads import read_scorer
from likeness.schema import EVENT_SCHEMA
from likeness.scorers import origin_of
from likeness.settings import Settings

STEPS = 7
KEPT = 2  # versions that stay: the one in force, and the one before it for readers that still have it open
LOCK = ".lock"
WORKSHOP = ".nets"  # what an interrupted training of nets left


class FitReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a fit learnt, and how long each step took."""

    card: Card
    scorer: str  # "fitted" on the shop's own log, or "default" where there is too little of it
    seconds: dict[str, float]


def read_log(store: Store, shop_id: str, until: float | None) -> pa.Table:
    """Return all events before `until` as one table of EVENT_SCHEMA plus `cursor`."""
    tables = list(store.scan(shop_id, until=until))
    empty = EVENT_SCHEMA.append(pa.field("cursor", pa.int64())).empty_table()
    return pa.concat_tables(tables) if tables else empty


def fit(
    store: Store,
    shop_id: str,
    folder: Path,
    settings: Settings,
    config: PersonaConfig,
    tables: Mapping[str, Any],
    *,
    until: float | None = None,
    progress: Progress = silent,
) -> FitReport:
    """Learn everything from the log before `until` (None: all of it) and put it in force.

    Raises StoreError while another fit of the same shop is under way.
    """
    with _alone(folder):
        return _fit(store, shop_id, folder, settings, config, tables, until, progress)


def _fit(
    store: Store,
    shop_id: str,
    folder: Path,
    settings: Settings,
    config: PersonaConfig,
    tables: Mapping[str, Any],
    until: float | None,
    progress: Progress,
) -> FitReport:
    clockwork = Clockwork("fit", STEPS, progress)
    table = read_log(store, shop_id, until)
    clockwork.done("read the log")
    version, work = _workplace(folder)
    model = learn(
        table,
        store.items(shop_id),
        store.observations(shop_id),
        work,
        settings=settings,
        config=config,
        tables=tables,
        until=until,
        version=version,
        clockwork=clockwork,
        home=folder,
        workshop=folder / MODELS / WORKSHOP,
        progress=progress,
    )
    folded = fold_columns(table, Facts(config, model.catalogue, words_of))
    work.replace(folder / MODELS / version)
    store.replace_all(shop_id, ((shopper, stamped(version, snapshot)) for shopper, snapshot in folded))
    _without_erased(store, shop_id)
    put_in_force(folder, version)
    for old in versions(folder)[:-KEPT]:
        shutil.rmtree(folder / MODELS / old)
    shutil.rmtree(folder / MODELS / WORKSHOP, ignore_errors=True)
    clockwork.done("personas")
    return FitReport(card=model.card, scorer=scorer_origin(folder / MODELS / version), seconds=clockwork.seconds)


def stamped(version: str, snapshot: Snapshot) -> Snapshot:
    """Return a snapshot that says which model's catalogue it was folded with."""
    return Snapshot(snapshot.cursor, version.encode() + b"\n" + snapshot.state)


def unstamped(version: str, snapshot: Snapshot) -> bytes | None:
    """Return the state of a stamped snapshot, None where it was folded with another model's catalogue."""
    stamp, _, state = snapshot.state.partition(b"\n")
    return state if stamp == version.encode() else None


def _without_erased(store: Store, shop_id: str) -> None:
    """Forget snapshots of shoppers who were erased while the fit was reading them."""
    known = set(store.logged_shoppers(shop_id))
    for shopper in [shopper for shopper in store.shoppers(shop_id) if shopper not in known]:
        store.erase(shop_id, shopper)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the shop's fit lock; the system lets go of it when a process ends, however it ends."""
    (folder / MODELS).mkdir(parents=True, exist_ok=True)
    with (folder / MODELS / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(f"{folder} is being fitted by another process.", remedy="Wait for it to end.") from None
        yield


def _workplace(folder: Path) -> tuple[str, Path]:
    """Return the next version's name and an empty hidden folder to make it in; what a killed fit left is removed."""
    taken = versions(folder)
    version = f"{int(taken[-1]) + 1 if taken else 1:06d}"
    work = folder / MODELS / f".{version}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    return version, work


def scorer_origin(folder: Path) -> str:
    """Return "boosted", "fitted" or "default": where the scorer of a model's recommendations comes from."""
    return origin_of(read_scorer(folder / KNOWN))

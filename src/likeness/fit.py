"""Learning from the log: catalogue, text indexes, sources, scorer and personas, published all at once.

Everything is written into a folder of its own and put in force by renaming one file, so that a fit killed at any moment
leaves the shop as it was. Nothing at or after the cutoff is seen.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pyarrow as pa

from likeness.learn import learn
from likeness.model import KNOWN, MODELS, Card, put_in_force, versions
from likeness.persona.config import PersonaConfig
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_columns
from likeness.ports import Store
from likeness.progress import Clockwork, Progress, silent
from likeness.query.normalise import words as words_of
from likeness.rank.linear import LinearScorer
from likeness.schema import EVENT_SCHEMA
from likeness.settings import Settings

STEPS = 6
SNAPSHOTS = "snapshots"
"""Meta key: the model version whose catalogue the snapshots were folded with."""


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
    *,
    until: float | None = None,
    progress: Progress = silent,
) -> FitReport:
    """Learn everything from the log before `until` (None: all of it) and put it in force."""
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
        until=until,
        version=version,
        clockwork=clockwork,
    )
    snapshots = fold_columns(table, Facts(config, model.catalogue, words_of))
    work.replace(folder / MODELS / version)
    store.replace_all(shop_id, snapshots)
    store.set_meta(shop_id, SNAPSHOTS, version)
    put_in_force(folder, version)
    clockwork.done("personas")
    return FitReport(card=model.card, scorer=scorer_origin(folder / MODELS / version), seconds=clockwork.seconds)


def _workplace(folder: Path) -> tuple[str, Path]:
    """Return the next version's name and an empty hidden folder to make it in; what a killed fit left is removed."""
    taken = versions(folder)
    version = f"{int(taken[-1]) + 1 if taken else 1:06d}"
    work = folder / MODELS / f".{version}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    return version, work


def scorer_origin(folder: Path) -> str:
    """Return "fitted" or "default": where the scorer of a model's recommendations comes from."""
    return LinearScorer.load(folder / KNOWN).origin

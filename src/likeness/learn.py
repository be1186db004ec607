"""What a log teaches: a catalogue, text indexes, sources and a scorer, in one folder.

Nothing at or after the cutoff is seen.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from likeness.catalog.build import build_catalogue, save_catalogue
from likeness.catalog.text import item_texts, meaning_text
from likeness.encode import load_encoder
from likeness.model import KNOWN, UNKNOWN, Card, Model, Stage, fit_sources, recommend_stage, write_card
from likeness.persona.config import PersonaConfig
from likeness.persona.interactions import interactions
from likeness.progress import Clockwork
from likeness.rank.features import NAMES
from likeness.rank.linear import LinearScorer
from likeness.rank.text import TextFeatures
from likeness.rank.train import default_scorer, fit_scorer
from likeness.recall.meaning import Meaning
from likeness.recall.words import Words
from likeness.rehearse import rehearsals_of, rehearse, rehearse_unknown
from likeness.settings import Settings
from likeness.types import Catalogue, Interactions, Item, Vectors


def learn(
    table: pa.Table,
    items: list[Item],
    observations: pa.Table,
    folder: Path,
    *,
    settings: Settings,
    config: PersonaConfig,
    until: float | None,
    version: str,
    clockwork: Clockwork,
) -> Model:
    """Learn from a log (EVENT_SCHEMA plus `cursor`) into an empty folder, and return the model opened from it."""
    if until is not None:
        table = table.filter(pc.less(table["time"], until))
    catalogue = build_catalogue(items, events=[table], observations=observations, until=until, clock=config.clock)
    (folder / "catalogue").mkdir()
    save_catalogue(catalogue, folder / "catalogue")
    clockwork.done("catalogue and themes")
    encoder = load_encoder(settings.encoder)
    vectors = encoder.encode([meaning_text(item) for item in catalogue.items])
    learn_text(catalogue, vectors, folder)
    clockwork.done("text indexes")
    log = interactions(table, catalogue, config, until)
    sources = fit_sources(log, catalogue, vectors)
    for name, source in sources.items():
        (folder / name).mkdir()
        source.save(folder / name)
    clockwork.done("sources")
    card = Card(
        version=version,
        end=log.end,
        until=until,
        clock=config.clock,
        encoder=settings.encoder,
        encoder_version=encoder.name,
        events=len(table),
        items=len(catalogue),
        shoppers=len(log.shoppers),
    )
    known, unknown = learn_scorers(log, table, Model(folder=folder, card=card), config, settings.assume)
    known.save(folder / KNOWN)
    unknown.save(folder / UNKNOWN)
    write_card(card, folder)
    clockwork.done("scorer")
    return Model(folder=folder, card=card)


def learn_text(catalogue: Catalogue, vectors: Vectors, folder: Path) -> None:
    """Build and save what answers queries with text."""
    texts = item_texts(catalogue.items)
    parts: dict[str, Words | Meaning | TextFeatures] = {
        "words": Words.build(catalogue, texts),
        "meaning": Meaning.build(catalogue, vectors),
        "search": TextFeatures.build(catalogue, texts, vectors),
    }
    for name, part in parts.items():
        (folder / name).mkdir()
        part.save(folder / name)


def learn_scorers(
    log: Interactions, table: pa.Table, model: Model, config: PersonaConfig, assume: Collection[str]
) -> tuple[LinearScorer, LinearScorer]:
    """Return the scorers of recommendations to somebody known and to somebody unknown.

    Both are fitted in rehearsals whose sources know only what was known then.
    """
    rehearsals = list(rehearsals_of(log))
    stages = [_stage_before(rehearsal.before, model) for rehearsal in rehearsals]
    both = list(zip(rehearsals, stages, strict=True))
    known = chain.from_iterable(rehearse(cut, table, model, stage, config, assume) for cut, stage in both)
    unknown = chain.from_iterable(rehearse_unknown(cut, model, stage, config) for cut, stage in both)
    return fit_scorer(known, NAMES, seed=0), fit_scorer(unknown, NAMES, seed=0)


def _stage_before(before: Interactions, model: Model) -> Stage:
    sources = fit_sources(before, model.catalogue, model.vectors)
    return recommend_stage(sources, model.catalogue, model.vectors, default_scorer())

"""What a log teaches: a catalogue, text indexes, sources and a scorer, in one folder.

Nothing at or after the cutoff is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from likeness.catalog.build import build_catalogue, save_catalogue
from likeness.catalog.graph import save_graph
from likeness.catalog.text import item_texts, meaning_text
from likeness.deep import choose_effort, train_nets
from likeness.encode import load_encoder
from likeness.media import media_of
from likeness.model import FEW, KNOWN, UNKNOWN, Card, Model, fit_sources, graph_of, write_card
from likeness.persona.config import PersonaConfig
from likeness.persona.interactions import interactions
from likeness.progress import Clockwork, Progress, silent
from likeness.rank.heads import heads_config
from likeness.rank.text import TextFeatures
from likeness.recall.meaning import Meaning
from likeness.recall.words import Words
from likeness.rehearse import rehearsals_of
from likeness.scorers import School, learn_scorers
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
    tables: Mapping[str, Any],
    until: float | None,
    version: str,
    clockwork: Clockwork,
    home: Path,
    workshop: Path,
    progress: Progress = silent,
) -> Model:
    """Learn from a log (EVENT_SCHEMA plus `cursor`) into an empty folder, and return the model opened from it.

    `home` is the shop's own folder, where its media lie; `workshop` is where unfinished nets lie, so that learning the
    same again goes on where it was interrupted.
    """
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
    rehearsals = list(rehearsals_of(log))
    befores = [rehearsal.before for rehearsal in rehearsals]
    chosen = choose_effort(settings.effort, log, befores)
    nets = train_nets(befores, log, catalogue, vectors, workshop, chosen.effort, progress)
    clockwork.done("nets")
    media, pictures = media_of(home, catalogue, settings.images)
    sources = learn_sources(log, catalogue, vectors, media, nets.final, folder)
    clockwork.done("sources")
    card = Card(
        version=version,
        end=log.end,
        until=until,
        clock=config.clock,
        encoder=settings.encoder,
        encoder_version=encoder.name,
        cursor=int(pc.max(table["cursor"]).as_py() or 0),
        events=len(table),
        items=len(catalogue),
        shoppers=len(log.shoppers),
        effort=chosen.effort,
        effort_note=chosen.why,
        pictures=pictures,
        sources=sources,
    )
    model = Model(folder=folder, card=card)
    parts = {"table": table, "model": model, "config": config, "media": media}
    school = School(**parts, assume=settings.assume, worth=heads_config(tables))
    learnt = learn_scorers(rehearsals, nets, log, school)
    for name, scorer in ((KNOWN, learnt.known), (FEW, learnt.few), (UNKNOWN, learnt.unknown)):
        scorer.save(folder / name)
    write_card(card, folder)
    clockwork.done("scorer")
    return model


def learn_sources(
    log: Interactions, catalogue: Catalogue, vectors: Vectors, media: Sequence[Vectors], net: Path | None, folder: Path
) -> tuple[str, ...]:
    """Build and save the knowledge graph and what answers queries without text, and return the sources' names."""
    graph = graph_of(log, catalogue, vectors)
    (folder / "graph").mkdir()
    save_graph(graph, folder / "graph")
    sources = fit_sources(log, catalogue, vectors, media=media, net=net, graph=graph)
    for name, source in sources.items():
        (folder / name).mkdir()
        source.save(folder / name)
    return tuple(sources)


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

"""A fitted model: what `fit` learnt, where it lies, and how it is opened again.

models/current            the name of the version in use, replaced by rename
models/<version>/model.json, catalogue/, search.json, recommend.json and one folder per source
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import msgspec

from likeness.catalog.build import load_catalogue
from likeness.catalog.graph import build_graph, load_graph
from likeness.catalog.paths import Paths
from likeness.encode import load_encoder
from likeness.errors import NotFittedError, StoreError
from likeness.ports import Encoder, Scorer, Source
from likeness.rank.features import RecommendFeatures
from likeness.rank.feedback import Feedback
from likeness.rank.filters import Mask, where
from likeness.rank.heads import read_scorer
from likeness.rank.text import TextFeatures, search_scorer
from likeness.recall.again import Again
from likeness.recall.factors import Factors
from likeness.recall.fresh import Fresh
from likeness.recall.looks import Looks
from likeness.recall.meaning import Meaning
from likeness.recall.popular import Popular
from likeness.recall.related import Related
from likeness.recall.sequence import Sequential
from likeness.recall.similar import Similar
from likeness.recall.taste import Taste
from likeness.recall.tempo import Tempo
from likeness.recall.together import Together
from likeness.recall.words import Words
from likeness.settings import Effort
from likeness.types import Catalogue, Clock, Floats, Graph, Interactions, Pool, Request, Vectors

FORMAT = 2
MODELS, CURRENT, CARD = "models", "current", "model.json"
KNOWN, FEW, UNKNOWN = "known.json", "few.json", "unknown.json"  # scorers of recommendations, by who asks
SHORT = 3  # items: somebody of whom no more are known has a scorer of their own
SOURCES: Mapping[
    str, type[Popular | Again | Together | Factors | Fresh | Similar | Taste | Related | Looks | Sequential]
] = {
    "popular": Popular,
    "again": Again,
    "together": Together,
    "factors": Factors,
    "fresh": Fresh,
    "similar": Similar,
    "taste": Taste,
    "related": Related,
    "looks": Looks,
    "sequence": Sequential,
}
"""What answers queries without text, in this order."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a fitted model says of itself."""

    version: str
    end: float  # it has seen nothing at or after this time
    until: float | None  # the cutoff asked for, None: the whole log
    clock: Clock
    encoder: str  # the setting it was fitted with
    encoder_version: str  # the encoder's own name: another one would not fit its vectors
    cursor: int  # of the last event seen
    events: int
    items: int
    shoppers: int
    effort: Effort = "fast"
    effort_note: str = ""  # why it is not the one that was asked for
    pictures: dict[str, int] = {}  # how many were looked at, and why others were not
    sources: tuple[str, ...] = ()  # of SOURCES, those that were fitted
    format: int = FORMAT


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How one kind of query is answered: which sources, which features, which scorer."""

    sources: tuple[Source, ...]
    features: Callable[[Pool, Request], Floats]
    scorer: Scorer


@dataclass(frozen=True, kw_only=True)
class Model:
    """A fitted model, opened; its parts are read when first used."""

    folder: Path
    card: Card
    _masks: dict[str, Mask] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version's name."""
        return self.card.version

    @cached_property
    def catalogue(self) -> Catalogue:
        """The shelf."""
        return load_catalogue(self.folder / "catalogue")

    @cached_property
    def encoder(self) -> Encoder:
        """The text encoder; StoreError when it is not the one the vectors were made with."""
        encoder = load_encoder(self.card.encoder)
        if encoder.name != self.card.encoder_version:
            raise StoreError(
                f"model {self.version} was fitted with encoder {self.card.encoder_version}, found {encoder.name}.",
                remedy="Run fit again.",
            )
        return encoder

    @cached_property
    def meaning(self) -> Meaning:
        """Dense recall; it keeps the item vectors."""
        return Meaning.load(self.folder / "meaning", self.catalogue)

    @property
    def vectors(self) -> Vectors:
        """(n_items, d) unit vectors of the items."""
        return self.meaning.vectors

    @cached_property
    def graph(self) -> Graph:
        """The knowledge graph."""
        return load_graph(self.folder / "graph", self.catalogue)

    @cached_property
    def paths(self) -> Paths:
        """How two items are related."""
        return Paths(self.graph)

    @cached_property
    def feedback(self) -> Feedback:
        """What moves down what is like the items a shopper turned down."""
        return Feedback(self.catalogue, self.vectors)

    @cached_property
    def words(self) -> Words:
        """Lexical recall."""
        return Words.load(self.folder / "words", self.catalogue)

    def stage(self, request: Request) -> Stage:
        """Return the stage for a request: with text, or without it for somebody known or unknown."""
        if request.query.text:
            return self._search
        if not request.taste.known and not len(request.context):
            return self._unknown
        return self._known if len(request.taste.rows) > SHORT else self._few

    @cached_property
    def _search(self) -> Stage:
        features = TextFeatures.load(self.folder / "search", self.catalogue, self.vectors)
        return Stage(sources=(self.words, self.meaning), features=features, scorer=search_scorer())

    @cached_property
    def _known(self) -> Stage:
        sources = {name: SOURCES[name].load(self.folder / name, self.catalogue) for name in self.card.sources}
        return recommend_stage(sources, self.catalogue, self.vectors, read_scorer(self.folder / KNOWN))

    @cached_property
    def _few(self) -> Stage:
        return replace(self._known, scorer=read_scorer(self.folder / FEW))

    @cached_property
    def _unknown(self) -> Stage:
        return replace(self._known, scorer=read_scorer(self.folder / UNKNOWN))

    def take(self, change: Callable[[Source], Source]) -> None:
        """Put changed sources in the place of those that answer queries without text, all at once."""
        stages = {"_known": self._known, "_few": self._few, "_unknown": self._unknown}
        sources = {source.name: change(source) for source in self._known.sources}
        fresh = recommend_stage(sources, self.catalogue, self.vectors, self._known.scorer)
        self.__dict__.update({name: replace(fresh, scorer=stage.scorer) for name, stage in stages.items()})

    def mask(self, filter_text: str) -> Mask:
        """Return (n_items,) the rows inside a filter expression; FilterError when it cannot be parsed."""
        if filter_text not in self._masks:
            if len(self._masks) >= 256:
                self._masks.clear()
            self._masks[filter_text] = where(filter_text).mask(self.catalogue)
        return self._masks[filter_text]


def fit_sources(
    log: Interactions,
    catalogue: Catalogue,
    vectors: Vectors,
    *,
    media: Sequence[Vectors] = (),
    net: Path | None = None,
    graph: Graph | None = None,
) -> dict[str, Source]:
    """Return every source for queries without text, fitted on a log.

    `vectors` (n_items, d) are of the texts, `media` (n_items, d_k) of pictures and the like, `net` is the folder of a
    net trained on the same log. Without `graph` one is built from it.
    """
    if graph is None:
        graph = graph_of(log, catalogue, vectors)
    looks = {"looks": Looks.fit(log, catalogue, media=media)} if media else {}
    sequence = {"sequence": Sequential.load(net, catalogue)} if net is not None else {}
    together = Together.fit(log, catalogue)
    return {
        "popular": Popular.fit(log, catalogue),
        "again": Again.fit(log, catalogue),
        "together": together,
        "fresh": Fresh.fit(log, catalogue, vectors=vectors, links=together.links),
        "factors": Factors.fit(log, catalogue),
        "similar": Similar.fit(log, catalogue, vectors=vectors),
        "taste": Taste.fit(log, catalogue, vectors=vectors),
        "related": Related.fit(log, catalogue, graph=graph),
        **looks,
        **sequence,
    }


def graph_of(log: Interactions, catalogue: Catalogue, vectors: Vectors) -> Graph:
    """Return the knowledge graph of a log."""
    return build_graph(log, catalogue, vectors, pace=Tempo.of(log).pace)


def recommend_stage(sources: Mapping[str, Source], catalogue: Catalogue, vectors: Vectors, scorer: Scorer) -> Stage:
    """Return the stage for queries without text."""
    features = RecommendFeatures(catalogue, vectors, sources)
    return Stage(sources=tuple(sources.values()), features=features, scorer=scorer)


def versions(folder: Path) -> tuple[str, ...]:
    """Return the versions of a shop's folder, oldest first."""
    return tuple(sorted(path.name for path in (folder / MODELS).glob("[0-9]*")))


def current_version(folder: Path) -> str:
    """Return the name of the version in use. Raises NotFittedError before the first fit."""
    try:
        return (folder / MODELS / CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise NotFittedError(f"{folder} has not been fitted.", remedy=f"Run: likeness fit {folder}") from None


def open_model(folder: Path) -> Model:
    """Open one version's folder. Raises StoreError where it is missing, damaged or of another format."""
    try:
        card = msgspec.json.decode((folder / CARD).read_bytes(), type=Card)
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(f"{folder / CARD} cannot be read: {error}.", remedy="Run fit again.") from error
    if card.format != FORMAT:
        raise StoreError(f"{folder} has format {card.format}, this is {FORMAT}.", remedy="Run fit again.")
    return Model(folder=folder, card=card)


def write_card(card: Card, folder: Path) -> None:
    """Write what a model says of itself; the last file of a model's folder."""
    (folder / CARD).write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2))


def put_in_force(folder: Path, version: str) -> None:
    """Make a version the one in use, by rename: readers see the old or the new."""
    work = folder / MODELS / f".{CURRENT}"
    work.write_text(version + "\n", encoding="utf-8")
    work.replace(folder / MODELS / CURRENT)

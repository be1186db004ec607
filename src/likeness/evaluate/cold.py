"""Cold start measured: shoppers of whom little is known, and products nobody has bought yet.

A question holds what may be learned from (`train`), what is known of each shopper asked (`known`), and what came next.
Nothing of the shoppers asked about is in `train`: they come as strangers to everything fitted, and bring what `known`
says. Held-out products have no event in either. Peers are tuned on a question of the same kind asked earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from likeness.evaluate.baselines import Facts
from likeness.evaluate.baselines.neighbours import similarity
from likeness.evaluate.baselines.shelf import Matrix
from likeness.evaluate.lists import ranked
from likeness.evaluate.measure import Asked, measure
from likeness.evaluate.metrics import DEEP, K, hits, ndcg
from likeness.evaluate.report import Table
from likeness.evaluate.splits import Targets, codes
from likeness.evaluate.tasks import Task
from likeness.evaluate.tune import Tuned
from likeness.seeds import rng_of
from likeness.types import DAY, Catalogue, Floats, Interactions, Rows, Vectors

Settings = dict[str, str | float | None]
Scores = Callable[[NDArray[np.int64]], Vectors]  # places in the question's shoppers -> (b, n_items)
Hits = NDArray[np.bool_]
FADES = (7.0, 30.0, 90.0)  # days over which popularity halves
BLOCK = 1024  # items compared at once, to bound memory
MIX = (0.0, 0.03, 0.1, 0.3, 1.0)  # of popularity in the content baseline


@dataclass(frozen=True, kw_only=True)
class Question:
    """What may be learned, what is known of the shoppers asked, and what they bought next."""

    name: str
    train: Interactions
    known: Interactions
    targets: Targets
    vectors: Vectors  # (n_items, d) unit vectors of the items' texts
    allowed: Hits  # (n_items,) what may be listed
    exclude_seen: bool = False  # leave out what is known to be bought
    texts: tuple[str, ...] = ()  # what each shopper typed, where that is all that is known
    asked: Vectors | None = None  # (S, d) unit vectors of those texts

    @cached_property
    def facts(self) -> Facts:
        """What peers learn from."""
        return Facts(train=self.train, n_items=len(self.vectors))

    @cached_property
    def past(self) -> Facts:
        """The few events of the shoppers asked."""
        return Facts(train=self.known, n_items=len(self.vectors))

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """The place of each shopper asked in `known`, -1 where nothing is known."""
        return codes(self.known, self.targets.shoppers)


@dataclass(frozen=True)
class Peer:
    """One kind of recommender with the settings it may try."""

    name: str
    grid: Callable[[Question], Sequence[Settings]]
    fit: Callable[[Question, Sequence[Settings]], Iterator[Scores]]


def strangers_of(targets: Targets, train: Interactions, *, least: int, share: float, limit: int, seed: int) -> Targets:
    """Return the targets of a random `share` (at most `limit`) of the shoppers with at least `least` events."""
    count = np.bincount(train.shopper[(train.shopper >= 0) & (train.row >= 0)], minlength=len(train.shoppers))
    code = codes(train, targets.shoppers)
    able = np.flatnonzero((code >= 0) & (np.append(count, 0)[code] >= least))
    drawn = rng_of("strangers", seed).permutation(able)[: min(limit, int(share * len(able)))]
    chosen = np.zeros(len(targets), bool)
    chosen[drawn] = True
    return targets.only(chosen)


def held_out(n_items: int, share: float, seed: int) -> Hits:
    """Return (n_items,) which items are taken out of all training: a random share, whatever their order."""
    out = np.zeros(n_items, bool)
    out[rng_of("held out", seed).permutation(n_items)[: int(share * n_items)]] = True
    return out


def named_shelf(targets: Targets, catalogue: Catalogue, seed: int) -> tuple[Targets, tuple[str, ...]]:
    """Return the targets that stand on one shelf of each shopper's, drawn at random, and that shelf's words.

    For logs without searches: a shopper who names the shelf and no more. It proves that a named shelf is found and put
    in order for a stranger, not that real queries, which are shorter, wrong and ambiguous, are understood.
    """
    order = rng_of("named shelf", seed).permutation(len(targets.rows))
    shelf = np.full(len(targets), -1, np.int64)
    category = catalogue.category[targets.rows]
    order = order[category[order] >= 0]
    shelf[targets.owner[order]] = category[order]
    kept = targets.keep((shelf[targets.owner] >= 0) & (category == shelf[targets.owner]), unknown=False)
    named = dict(zip(targets.shoppers, shelf.tolist(), strict=True))
    return kept, tuple(_words(catalogue.category_names[named[who]]) for who in kept.shoppers)


def _words(path: str) -> str:
    return " ".join(path.replace(">", " ").replace("·", " ").replace(",", " ").split())


def ask_peers(question: Question, tuning: Question | None) -> tuple[dict[str, Rows], list[Tuned]]:
    """Return each peer's (S, DEEP) lists and what was tried; settings are those best on `tuning`, else the first."""
    lists, tuned = {}, []
    for peer in PEERS:
        grid = list(peer.grid(question))
        tried = [] if tuning is None else [_worth(scores, tuning) for scores in peer.fit(tuning, grid)]
        chosen = int(np.argmax(tried)) if tried else 0
        tuned.append(Tuned(peer.name, question.name, f"ndcg@{K}", len(tried), grid[chosen], max(tried, default=None)))
        lists[peer.name] = listed(next(iter(peer.fit(question, [grid[chosen]]))), question)
    return lists, tuned


def cold_table(
    question: Question,
    ours: Mapping[str, Rows],
    peers: Mapping[str, Rows],
    catalogue: Catalogue,
    *,
    seed: int,
    resamples: int,
) -> Table:
    """Return the table of a question: (S, DEEP) lists of ours and of peers, with intervals and paired ratios."""
    task = Task(name=question.name, targets=question.targets, exclude_seen=question.exclude_seen)
    asked = Asked(task=task, facts=question.facts, catalogue=catalogue)
    return measure(asked, {**ours, **peers}, tuple(ours), seed=seed, resamples=resamples)


def listed(scores: Scores, question: Question) -> Rows:
    """Return (S, DEEP) lists, best first; what a peer has no opinion on follows by recent demand."""
    owned = question.past.profile("purchases")

    def banned(places: NDArray[np.int64]) -> Hits:
        out = np.broadcast_to(~question.allowed, (len(places), len(question.allowed))).copy()
        code = question.codes[places]
        if question.exclude_seen and (code >= 0).any():
            out |= (owned[np.maximum(code, 0)].toarray() > 0) & (code >= 0)[:, None]
        return out

    return ranked(scores, np.arange(len(question.targets)), question.facts.filler, banned, DEEP)


def _worth(scores: Scores, question: Question) -> float:
    hit = hits(listed(scores, question), question.targets, len(question.vectors))
    return float(ndcg(hit, question.targets.wanted, K).mean())


# Popularity: all time, or fading.


def _fades(question: Question) -> Sequence[Settings]:
    return [{"half_life_days": days} for days in ((None, *FADES) if question.facts.timed else (None,))]


def demand(question: Question, days: float | None) -> Floats:
    """Return (n_items,): purchases in training, each halved every so many `days` before its end (None: not)."""
    bought = question.facts.mask("purchases")
    age = (question.train.end - question.train.time[bought]) / DAY
    weight = np.ones(len(age)) if days is None else np.exp2(-age / days)
    return np.asarray(np.bincount(question.train.row[bought], weight, minlength=len(question.vectors)), np.float64)


def _popularity(question: Question, grid: Sequence[Settings]) -> Iterator[Scores]:
    for settings in grid:
        yield partial(_same, demand(question, _days(settings)).astype(np.float32))


def _same(score: Vectors, places: NDArray[np.int64]) -> Vectors:
    return np.broadcast_to(score, (len(places), len(score))).copy()


# Item-kNN with recency: cosine of item columns in training, applied to the few events that are known.


def _knn_grid(question: Question) -> Sequence[Settings]:
    fades = (7.0, 30.0, 90.0) if question.facts.timed else (1.0, 2.0, 5.0)
    return [
        {"neighbours": k, "shrink": shrink, "half_life_days": days}
        for k, shrink in ((50.0, 0.0), (200.0, 20.0))
        for days in fades
    ]


def _knn(question: Question, grid: Sequence[Settings]) -> Iterator[Scores]:
    @lru_cache(maxsize=2)
    def near(neighbours: int, shrink: float) -> Matrix:
        return similarity(question.facts.profile("purchases"), neighbours, shrink)

    for settings in grid:
        profile = question.past.profile("purchases", _seconds(settings))
        links = near(int(settings["neighbours"] or 0), float(settings["shrink"] or 0))
        yield partial(_company, question, profile, links)


def _company(question: Question, profile: Matrix, links: Matrix, places: NDArray[np.int64]) -> Vectors:
    code = question.codes[places]
    out: Vectors = np.zeros((len(places), len(question.vectors)), np.float32)
    if (code >= 0).any():
        out[code >= 0] = (profile[code[code >= 0]] @ links).toarray()
    return out


# Content: cosine of an item's text with the faded mean of the known items' texts, plus a share of log popularity.


def _content_grid(question: Question) -> Sequence[Settings]:
    fades = (30.0, 90.0) if question.facts.timed else (2.0, 5.0)
    return [{"half_life_days": days, "popularity": mix} for days in fades for mix in MIX]


def _content(question: Question, grid: Sequence[Settings]) -> Iterator[Scores]:
    wanted = np.log1p(demand(question, FADES[1] if question.facts.timed else None))
    wanted = wanted / max(float(wanted.max()), 1e-9)
    for settings in grid:
        profile = question.past.profile("purchases", _seconds(settings))
        mix = np.float32(settings["popularity"] or 0.0) * wanted.astype(np.float32)
        yield partial(_likeness, question, profile, mix)


def _likeness(question: Question, profile: Matrix, mix: Vectors, places: NDArray[np.int64]) -> Vectors:
    code = question.codes[places]
    centre: Vectors = np.zeros((len(places), question.vectors.shape[1]), np.float32)
    if question.asked is not None:
        centre = question.asked[places]
    elif (code >= 0).any():
        centre[code >= 0] = profile[code[code >= 0]] @ question.vectors
    length = np.maximum(np.linalg.norm(centre, axis=1, keepdims=True), 1e-9)
    return np.asarray((centre / length) @ question.vectors.T + mix, np.float32)


# Content, item to item: the faded sum of the cosines with each known item, nearest items only.


def _nearest_grid(question: Question) -> Sequence[Settings]:
    fades = (7.0, 30.0) if question.facts.timed else (1.0, 2.0)
    return [
        {"half_life_days": days, "neighbours": k, "popularity": mix}
        for days in fades
        for k in (20.0, 100.0)
        for mix in (0.0, 0.1, 0.3)
    ]


def _nearest(question: Question, grid: Sequence[Settings]) -> Iterator[Scores]:
    wanted = np.log1p(demand(question, FADES[1] if question.facts.timed else None))
    wanted = wanted / max(float(wanted.max()), 1e-9)
    near = {k: _alike(question.vectors, k) for k in {int(settings["neighbours"] or 0) for settings in grid}}
    for settings in grid:
        profile = question.past.profile("purchases", _seconds(settings))
        mix = np.float32(settings["popularity"] or 0.0) * wanted.astype(np.float32)
        yield partial(_near, question, profile, near[int(settings["neighbours"] or 0)], mix)


def _alike(vectors: Vectors, k: int) -> Matrix:
    """Return (n, n): row i holds the positive cosines with the k items that read most like i, itself among them."""
    blocks = []
    for start in range(0, len(vectors), BLOCK):
        cosines = np.maximum(vectors[start : start + BLOCK] @ vectors.T, 0.0)
        least = -np.partition(-cosines, min(k, len(vectors) - 1), axis=1)[:, min(k, len(vectors) - 1)][:, None]
        blocks.append(sp.csr_array(np.where(cosines >= least, cosines, 0.0).astype(np.float32)))
    return sp.vstack(blocks, format="csr")


def _near(question: Question, profile: Matrix, links: Matrix, mix: Vectors, places: NDArray[np.int64]) -> Vectors:
    if question.asked is not None:
        return np.asarray(question.asked[places] @ question.vectors.T + mix, np.float32)
    return _company(question, profile, links, places) + mix


def _days(settings: Settings) -> float | None:
    value = settings["half_life_days"]
    return None if value is None else float(value)


def _seconds(settings: Settings) -> float | None:
    days = _days(settings)
    return None if days is None else days * DAY


PEERS: tuple[Peer, ...] = (
    Peer("popularity", _fades, _popularity),
    Peer("item-kNN, recent", _knn_grid, _knn),
    Peer("content", _content_grid, _content),
    Peer("content, item to item", _nearest_grid, _nearest),
)

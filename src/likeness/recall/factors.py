"""Factors: what shoppers alike in all they wanted came to want; iALS, with the shopper folded in when asked.

Item factors are fitted (see als); a shopper's vector is solved from their taste in closed form at every request, so
that somebody who came a second ago is served, and what was rejected pulls the vector away at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import StoreError
from likeness.recall.als import AlsConfig, Matrix, als
from likeness.recall.links import allowed_rows, best, opinions, rejected
from likeness.recall.once import Once
from likeness.recall.tempo import Tempo
from likeness.types import Candidates, Catalogue, Floats, Interactions, Pool, Request, Rows, Vectors

CONFIG = AlsConfig(embedding_dim=128, alpha=20.0, shrink=30.0, iterations=8)
QUICK = 2.0  # paces after which an item of the history speaks half as loud
FILE, CARD = "factors.safetensors", "factors.json"


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What the factors were fitted with."""

    config: AlsConfig
    end: float  # nothing at or after this time has been seen


@dataclass(frozen=True, kw_only=True)
class Space:
    """Item factors, and what it takes to solve for a shopper's or for an item's."""

    items: Vectors  # (n, d) Y
    across: Vectors  # (d, d) Y'Y
    people: Vectors  # (d, d) X'X
    moment: Vectors  # (d, d) weighted mean of xx' over all known cells
    mass: Floats  # (n,) alpha times the sum of |w| of each item: how much is known of it

    @classmethod
    def of(cls, people: Vectors, items: Vectors, cells: Matrix, alpha: float) -> Self:
        """Sum up fitted factors and the signed weights (S, n) they were fitted to."""
        loud = np.abs(cells)
        each, per_item = (np.asarray(loud.sum(axis=axis), np.float64).ravel() for axis in (1, 0))
        moment = (people * each[:, None].astype(np.float32)).T @ people / np.float32(max(float(each.sum()), 1e-9))
        return cls(
            items=items,
            across=items.T @ items,
            people=people.T @ people,
            moment=moment,
            mass=alpha * per_item,
        )


class Factors:
    """A source over item factors."""

    name = "factors"
    columns = ("score",)  # how close the shopper's vector comes to the item's; 1 is what was wanted, 0 is silence

    def __init__(self, space: Space, catalogue: Catalogue, tempo: Tempo, card: Card) -> None:
        """Keep the factors and the units of time and weight."""
        self._space = space
        self._available = catalogue.available
        self._catalogue = catalogue
        self._tempo = tempo
        self._card = card
        self._once: Once[Vectors] = Once()

    @classmethod
    def fit(cls, interactions: Interactions, catalogue: Catalogue, config: AlsConfig = CONFIG, seed: int = 0) -> Self:
        """Fit the factors to everything before `interactions.end`; anonymous sessions count as shoppers."""
        tempo = Tempo.of(interactions)
        cells = cells_of(interactions, len(catalogue), tempo.unit)
        people, items = als(cells, config, seed=seed)
        space = Space.of(people, items, cells, config.alpha)
        return cls(space, catalogue, tempo, Card(config=config, end=float(interactions.end)))

    def update(self, events: Interactions, new: NDArray[np.bool_] | None = None) -> Self:
        """Return the source that has also seen the events marked `new`: by default those not before the fit's end.

        `events` holds everything known of each shopper (or anonymous session) that has a new event. The factors of the
        items whose weight for somebody has changed take one Newton step on what changed, from a prior of the strength
        of what is known of them: exact for an item of which nothing was known.
        """
        new = events.time >= self._card.end if new is None else new
        if not new.any():
            return self
        n_items = len(self._space.items)
        before = cells_of(events, n_items, self._tempo.unit, ~new)
        now = cells_of(events, n_items, self._tempo.unit)
        card = msgspec.structs.replace(self._card, end=max(self._card.end, float(events.end)))
        return type(self)(learnt(self._space, before, now, self._card.config), self._catalogue, self._tempo, card)

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` items nearest to the shopper's vector, and what moved it there; ties by row."""
        rows, loud = opinions(request, self._tempo, QUICK)
        allowed = allowed_rows(request, self._available)
        if len(refused := rejected(request)):
            allowed = allowed.copy()
            allowed[refused] = False
        pull = self._pull(request, rows, loud)
        scores = np.asarray(self._space.items @ pull.sum(axis=0), np.float64)
        found = best(scores, allowed, n, above=0.0)
        because = np.full(len(found), -1, np.int32)
        if len(rows) and len(found):
            because = rows[np.argmax(self._space.items[found] @ pull.T, axis=1)]
        return Candidates(source=self.name, rows=found, scores=scores[found], because=because)

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 1) of the pool's rows, in the order of `columns`."""
        rows, loud = opinions(request, self._tempo, QUICK)
        shopper = self._pull(request, rows, loud).sum(axis=0)
        scores = np.einsum("nd,d->n", self._space.items[pool.rows], shopper, dtype=np.float64)
        refused = np.isin(pool.rows, rejected(request))
        return np.asarray(np.where(refused, np.minimum(scores, 0.0), scores)[:, None], np.float64)

    def _pull(self, request: Request, rows: Rows, loud: Floats) -> Vectors:
        """Return (m, d): what each row adds to the shopper's vector."""
        return self._once(request, "pull", lambda: folded(self._space, rows, loud, self._card.config))

    def save(self, folder: Path) -> None:
        """Write three files into an existing folder."""
        save_file({name: np.ascontiguousarray(value) for name, value in vars(self._space).items()}, folder / FILE)
        (folder / CARD).write_bytes(msgspec.json.encode(self._card))
        self._tempo.save(folder)

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        try:
            space = Space(**load_file(folder / FILE))
            card = msgspec.json.decode((folder / CARD).read_bytes(), type=Card)
        except (OSError, SafetensorError, TypeError, msgspec.MsgspecError) as broken:
            raise StoreError(
                f"the factors in {folder} cannot be read: {broken}.", remedy="Fit the shop again."
            ) from broken
        if len(space.items) != len(catalogue):
            found = f"{len(space.items)} items, the catalogue {len(catalogue)}"
            raise StoreError(f"the factors in {folder} are of {found}.", remedy="Fit the shop again.")
        return cls(space, catalogue, Tempo.load(folder), card)


def cells_of(log: Interactions, n_items: int, unit: float, kept: NDArray[np.bool_] | None = None) -> Matrix:
    """Return (S + sessions, n) float32: the sum of each shopper's weights of an item in purchases, from -1 to 1.

    The owners are the same whatever is `kept`.
    """
    owner = np.where(log.shopper >= 0, log.shopper, len(log.shoppers) + log.session)
    owners, place = np.unique(owner, return_inverse=True)
    chosen = (log.row >= 0) & (log.weight != 0)
    chosen = chosen if kept is None else chosen & kept
    cell = (log.weight[chosen] / unit, (place[chosen], log.row[chosen]))
    cells = sp.csr_matrix(cell, shape=(len(owners), n_items)).astype(np.float32)
    cells.sum_duplicates()
    cells.data = np.clip(cells.data, -1.0, 1.0)
    cells.data[np.abs(cells.data) < 1e-6] = 0.0
    cells.eliminate_zeros()
    return cells


def folded(space: Space, rows: Rows, weight: Floats, config: AlsConfig) -> Vectors:
    """Return (m, d): what each of `rows` (m,) adds to a shopper's vector, which is their sum.

    The vector solves (Y'Y + lambda I + alpha sum |w| yy') x = alpha sum of w y over what is wanted.
    """
    known, loud = space.items[rows], config.alpha * weight.astype(np.float32)
    system = space.across + config.shrink * np.eye(len(space.across), dtype=np.float32)
    system = system + (known * np.abs(loud)[:, None]).T @ known
    return np.asarray(np.linalg.solve(system, (known * np.maximum(loud, 0.0)[:, None]).T).T, np.float32)


def learnt(space: Space, before: Matrix, now: Matrix, config: AlsConfig) -> Space:
    """Return the space after the cells (S, n) of some shoppers have changed from `before` to `now`."""
    past, present = _vectors(space, before, config), _vectors(space, now, config)
    changed = (now - before).tocsc()
    changed.eliminate_zeros()
    items, across, mass = space.items.copy(), space.across.copy(), space.mass.copy()
    firm = space.people + config.shrink * np.eye(len(across), dtype=np.float32)
    for item in np.flatnonzero(np.diff(changed.indptr)).tolist():
        owners = changed.indices[changed.indptr[item] : changed.indptr[item + 1]]
        old = _Voices.of(past[owners], before, owners, item, config.alpha)
        fresh = _Voices.of(present[owners], now, owners, item, config.alpha)
        rest = max(float(mass[item]) - old.mass, 0.0)
        was = items[item].copy()
        system = firm + np.float32(rest) * space.moment + fresh.system()
        items[item] += np.linalg.solve(system, fresh.slope(was) - old.slope(was))
        across += np.outer(items[item], items[item]) - np.outer(was, was)
        mass[item] = rest + fresh.mass
    people = space.people + present.T @ present - past.T @ past
    return replace(space, items=items, across=across, mass=mass, people=people)


def _vectors(space: Space, cells: Matrix, config: AlsConfig) -> Vectors:
    """Return (S, d) the shoppers' vectors."""
    ends = zip(cells.indptr[:-1], cells.indptr[1:], strict=True)
    solved = [folded(space, cells.indices[a:b], cells.data[a:b], config).sum(axis=0) for a, b in ends]
    return np.array(solved, np.float32).reshape(cells.shape[0], len(space.across))


@dataclass(frozen=True)
class _Voices:
    """What some shoppers say of one item."""

    people: Vectors  # (m, d)
    loud: Vectors  # (m,) alpha |w|
    wanted: Vectors  # (m,) 1 where w > 0

    @classmethod
    def of(cls, people: Vectors, cells: Matrix, owners: Rows, item: int, alpha: float) -> Self:
        weight = np.asarray(cells[owners, :][:, [item]].todense(), np.float32).ravel()
        return cls(people, np.float32(alpha) * np.abs(weight), (weight > 0).astype(np.float32))

    @property
    def mass(self) -> float:
        return float(self.loud.sum())

    def slope(self, factor: Vectors) -> Vectors:
        """Return (d,) how they would move the item's factor."""
        return np.asarray((self.loud * (self.wanted - self.people @ factor)) @ self.people)

    def system(self) -> Vectors:
        """Return (d, d) how firmly."""
        return np.asarray((self.people * self.loud[:, None]).T @ self.people)

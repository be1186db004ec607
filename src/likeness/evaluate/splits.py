"""What is known and what is asked: a global cut in time, or every shopper's last purchase held out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from likeness.errors import InputError
from likeness.evaluate.guard import assert_before
from likeness.types import DAY, EVENT_NAMES, Catalogue, Floats, Interactions, Rows

PURCHASE = EVENT_NAMES.index("purchase")


@dataclass(frozen=True, kw_only=True)
class Targets:
    """What came next: the distinct items each shopper bought, and when each shopper is asked about.

    Items that the catalogue does not have cannot be hit, but they count as wanted.
    """

    shoppers: tuple[str, ...]
    time: Floats  # (S,) the moment of the request: everything known is earlier
    start: NDArray[np.int64]  # (S + 1,) the rows of shopper s are rows[start[s]:start[s + 1]]
    rows: Rows  # catalogue rows, ascending within a shopper
    unknown: NDArray[np.int64]  # (S,) wanted items outside the catalogue

    def __len__(self) -> int:
        """Return the number of shoppers."""
        return len(self.shoppers)

    @cached_property
    def wanted(self) -> NDArray[np.int64]:
        """Return the number of wanted items, (S,)."""
        return np.diff(self.start) + self.unknown

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """Return the shopper of each entry of `rows`."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def keep(self, entries: NDArray[np.bool_], *, unknown: bool = True) -> Targets:
        """Return the targets with only some entries of `rows`; shoppers with nothing wanted fall away."""
        count = np.bincount(self.owner[entries], minlength=len(self))
        missing = self.unknown if unknown else np.zeros_like(self.unknown)
        stay = (count + missing) > 0
        return Targets(
            shoppers=tuple(name for name, s in zip(self.shoppers, stay, strict=True) if s),
            time=self.time[stay],
            start=np.concatenate([[0], np.cumsum(count[stay])]),
            rows=self.rows[entries],
            unknown=missing[stay],
        )

    def only(self, chosen: NDArray[np.bool_]) -> Targets:
        """Return the targets of some shoppers."""
        stay = replace(self, unknown=np.where(chosen, self.unknown, 0))
        return stay.keep(chosen[self.owner])


@dataclass(frozen=True, kw_only=True)
class Split:
    """What may be learned from, and what is asked."""

    train: Interactions
    targets: Targets
    cutoff: float  # of a global split; for last-out the end of the log
    days: float | None  # length of the window; None for last-out


def targets_of(
    shoppers: Sequence[str], rows: Rows, times: float | Floats, names: Sequence[str] | None = None
) -> Targets:
    """Return targets of parallel columns: shopper ids, catalogue rows (-1 unknown, told apart by `names`).

    `times` is the moment of the request: one for all, or one per entry (the earliest of a shopper's counts).
    """
    ids, owner = np.unique(np.asarray(shoppers, dtype=str), return_inverse=True)
    moment = np.full(len(ids), np.inf)
    np.minimum.at(moment, owner, np.broadcast_to(np.asarray(times, float), len(owner)))
    known = rows >= 0
    pairs = np.unique(np.column_stack([owner[known], rows[known]]), axis=0)
    label = np.asarray(names if names is not None else np.arange(len(rows)), dtype=str)
    lost = {(int(o), str(x)) for o, x in zip(owner[~known], label[~known], strict=True)}
    return Targets(
        shoppers=tuple(map(str, ids)),
        time=moment,
        start=np.concatenate([[0], np.cumsum(np.bincount(pairs[:, 0], minlength=len(ids)))]).astype(np.int64),
        rows=pairs[:, 1].astype(np.int32),
        unknown=np.bincount(np.array([o for o, _ in lost], np.int64), minlength=len(ids)).astype(np.int64),
    )


def targets_of_log(pairs: Iterable[tuple[str, str]], catalogue: Catalogue, cutoff: float) -> Targets:
    """Return targets of (shopper, item_id) purchases after the cutoff, whatever the catalogue knows of them."""
    both = list(pairs)
    rows = np.array([catalogue.row_of.get(item, -1) for _, item in both], np.int32)
    return targets_of([shopper for shopper, _ in both], rows, cutoff, [item for _, item in both])


def select(log: Interactions, which: NDArray[np.bool_], end: float) -> Interactions:
    """Return some of the events."""
    columns = ("shopper", "row", "event", "time", "weight", "session", "quantity", "value")
    return replace(log, end=end, cursor=None, **{name: getattr(log, name)[which] for name in columns})


def time_split(log: Interactions, cutoff: float, days: float) -> Split:
    """Return everything before `cutoff`, and the purchases of the `days` after it.

    Raises InputError when the log has no times, when nobody known bought anything in the window, or before it.
    """
    if log.clock == "position":
        raise InputError("A log without times has no moment to cut at.", remedy="Use last_out instead.")
    window = (log.time >= cutoff) & (log.time < cutoff + days * DAY)
    asked = window & (log.event == PURCHASE) & (log.shopper >= 0) & (log.row >= 0)
    if not asked.any():
        raise InputError(
            f"No shopper bought anything in the {days:g} days from {cutoff}.", remedy="Choose a longer window."
        )
    train = select(log, log.time < cutoff, cutoff)
    if not ((train.event == PURCHASE) & (train.shopper >= 0) & (train.row >= 0)).any():
        raise InputError(
            f"No shopper bought anything before {cutoff}.", remedy="Choose a shorter window, or a longer log."
        )
    names = np.asarray(log.shoppers, dtype=str)[log.shopper[asked]]
    targets = targets_of(names.tolist(), log.row[asked], cutoff)
    return hold(Split(train=train, targets=targets, cutoff=float(cutoff), days=float(days)))


def last_out(log: Interactions) -> Split:
    """Hold out every shopper's last purchase (and what follows it); those with a single purchase stay whole.

    Raises InputError when nobody bought twice.
    """
    bought = np.flatnonzero((log.event == PURCHASE) & (log.shopper >= 0) & (log.row >= 0))
    people = len(log.shoppers)
    count = np.bincount(log.shopper[bought], minlength=people)
    last = np.full(people, -1, np.int64)
    last[log.shopper[bought]] = bought  # sorted by (shopper, time): the last one stays
    held = last[count >= 2]
    if len(held) == 0:
        raise InputError("Nobody bought twice, so no last purchase can be held out.", remedy="Bring a longer log.")
    limit = np.full(people + 1, len(log), np.int64)  # the last entry is for anonymous events (code -1)
    limit[:-1][count >= 2] = held
    train = select(log, np.arange(len(log)) < limit[log.shopper], log.end)
    names = np.asarray(log.shoppers, dtype=str)[log.shopper[held]]
    targets = targets_of(names.tolist(), log.row[held], log.time[held])
    return hold(Split(train=train, targets=targets, cutoff=log.end, days=None))


def hold(split: Split) -> Split:
    """Return the split if nothing that is learned from lies at or after what is asked; raises InputError if it does.

    With a global cut that is the cutoff; with the last purchase held out, each shopper's own moment.
    """
    train, targets = split.train, split.targets
    if split.days is not None:
        assert_before(train.time, split.cutoff, "The training events")
        return split
    moment = dict(zip(targets.shoppers, np.nextafter(targets.time, np.inf), strict=True))  # ties keep log order
    limit = np.array([moment.get(name, np.inf) for name in train.shoppers] + [np.inf])
    assert_before(train.time, limit[train.shopper], "The training events")
    return split


def inner(split: Split) -> Split:
    """Return the same kind of split one step earlier, inside the training events: for tuning."""
    if split.days is None:
        return last_out(split.train)
    return time_split(split.train, split.cutoff - split.days * DAY, split.days)


def bought_pairs(log: Interactions) -> NDArray[np.int64]:
    """Return distinct (shopper code, row) pairs of purchases, (n, 2)."""
    mask = (log.event == PURCHASE) & (log.shopper >= 0) & (log.row >= 0)
    return np.unique(np.column_stack([log.shopper[mask], log.row[mask]]).astype(np.int64), axis=0)


def new_only(split: Split, n_items: int) -> Targets:
    """Return the targets without what the shopper had bought before."""
    targets, pairs = split.targets, bought_pairs(split.train)
    code = codes(split.train, targets.shoppers)[targets.owner]
    known = pairs[:, 0] * n_items + pairs[:, 1]
    return targets.keep(~np.isin(code * n_items + targets.rows, known))


def codes(log: Interactions, shoppers: Sequence[str]) -> NDArray[np.int64]:
    """Return the code of each shopper in the log, -1 where it is not there."""
    place = {name: code for code, name in enumerate(log.shoppers)}
    return np.array([place.get(name, -1) for name in shoppers], np.int64)

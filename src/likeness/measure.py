"""A shop measured on its own past: learn up to a cutoff, answer as of then, compare with tuned baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likeness.catalog.build import build_catalogue
from likeness.errors import InputError
from likeness.evaluate import EvaluateConfig, Recommend, Report, Split, evaluate, last_out, targets_of_log, time_split
from likeness.evaluate.baselines import content_family, sasrec_family
from likeness.evaluate.baselines.sasrec import FitSasrec
from likeness.fit import read_log
from likeness.learn import learn
from likeness.model import Model
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_columns
from likeness.persona.interactions import interactions
from likeness.persona.state import PersonaState
from likeness.persona.taste import taste
from likeness.pipeline import ask, rank
from likeness.progress import Clockwork, Progress, silent
from likeness.query.normalise import words as words_of
from likeness.serving import Serving
from likeness.settings import Effort
from likeness.shop import Shop
from likeness.types import DAY, Query


def measure(shop: Shop, *, days: float, config: EvaluateConfig | None = None, progress: Progress = silent) -> Report:
    """Return the evaluation of a shop on its own log: the last `days` by time, or each shopper's last item.

    Everything is learnt anew from what lies before the cutoff, in a temporary folder; the shop is left as it is.
    """
    table = read_log(shop.store, shop.shop_id, None)
    cutoff = _cutoff(table, days) if shop.clock == "time" else None
    train = table.filter(pc.less(table["time"], cutoff)) if cutoff is not None else without_last(table, shop)
    if not pc.any(pc.equal(train["event"], "purchase")).as_py():
        raise InputError("nobody bought anything before the test window.", remedy="Give fewer --days, or more data.")
    with TemporaryDirectory(prefix="likeness-") as work, TemporaryDirectory(prefix="likeness-") as workshop:
        model = learn(
            train,
            shop.store.items(shop.shop_id),
            shop.store.observations(shop.shop_id),
            Path(work),
            settings=shop.settings,
            config=shop.config,
            tables=shop.tables,
            until=cutoff,
            version="evaluation",
            clockwork=Clockwork("learn", 5, progress),
            home=shop.folder,
            workshop=Path(workshop),
            progress=progress,
        )
        split = _split(table, cutoff, days, model, shop)
        facts = Facts(shop.config, model.catalogue, words_of)
        states = {shopper: snapshot.state for shopper, snapshot in fold_columns(train, facts)}
        ours = {
            "likeness": recommender(model, states, shop, personalise=True),
            "likeness, no persona": recommender(model, states, shop, personalise=False),
        }
        peers = (
            content_family(model.vectors),
            sasrec_family(_sasrec(model.card.effort), reason="it needs torch and an effort above fast"),
        )
        return evaluate(split, model.catalogue, ours, config, extra=peers, progress=_spoken(progress))


def _sasrec(effort: Effort) -> FitSasrec | None:
    """Return what fits a SASRec, None where no net was trained either: without torch, or when haste was asked for."""
    if effort == "fast" or find_spec("torch") is None:
        return None
    from likeness.train.sasrec import fit_sasrec

    return fit_sasrec


def recommender(model: Model, states: Mapping[str, bytes], shop: Shop, *, personalise: bool) -> Recommend:
    """Return the serving pipeline over a model and the personas as they were at its cutoff."""
    serving = Serving.of(model, shop.settings, {})

    def recommend(shopper: str, time: float, n: int, exclude_seen: bool) -> Sequence[int]:
        encoded = states.get(shopper)
        state = PersonaState.decode(encoded) if encoded is not None else PersonaState.empty(shop.config)
        query = Query(time=time, user_id=shopper, n=n, exclude_bought=exclude_seen, personalise=personalise)
        known = taste(state, shopper, time, model.catalogue, shop.config, vectors=model.vectors, assume=shop.assume)
        places = rank(ask(query, model, known), serving, seed=shopper)
        rows: list[int] = places.rows.tolist()
        return rows

    return recommend


def without_last(table: pa.Table, shop: Shop) -> pa.Table:
    """Return a log of positions without each shopper's last purchase."""
    everything = build_catalogue([], events=[table], clock="position")
    held = last_out(interactions(table, everything, shop.config)).targets
    last = pa.table({"shopper": pa.array(held.shoppers, pa.string()), "from": held.time})
    shopper = pc.coalesce(table["user_id"], table["visitor_id"])
    place = pc.index_in(shopper, value_set=last["shopper"])
    limit = pc.fill_null(pc.take(last["from"], place), np.inf)
    return table.filter(pc.less(table["time"], limit))


def _cutoff(table: pa.Table, days: float) -> float:
    """Return the moment `days` before the end of the log."""
    if not len(table):
        raise InputError("the log is empty: there is nothing to measure on.", remedy="Import events first.")
    return float(pc.max(table["time"]).as_py()) - days * DAY


def _split(table: pa.Table, cutoff: float | None, days: float, model: Model, shop: Shop) -> Split:
    """Return the split over the rows of a model that knows nothing after the cutoff."""
    log = interactions(table, model.catalogue, shop.config)
    if cutoff is None:
        return last_out(log)
    split = time_split(log, cutoff, days)
    window = pc.and_(pc.greater_equal(table["time"], cutoff), pc.equal(table["event"], "purchase"))
    asked = table.filter(window)
    shopper = pc.coalesce(asked["user_id"], asked["visitor_id"]).to_pylist()
    pairs = [(who, item) for who, item in zip(shopper, asked["item_id"].to_pylist(), strict=True) if who and item]
    return replace(split, targets=targets_of_log(pairs, model.catalogue, cutoff))


def _spoken(progress: Progress) -> Callable[[str], None]:
    return lambda message: progress(message, 0, None)

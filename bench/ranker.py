"""The learned ranker on Online Retail: linear against boosted, with and without the persona, calibrated, fast enough.

Learns from everything before the last 60 days and ranks what those days' shoppers could be offered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import perf_counter, process_time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from data import data, workplace
from numpy.typing import NDArray

from likeness.fit import read_log
from likeness.model import MODELS, Model, current_version, open_model
from likeness.persona.interactions import interactions
from likeness.rank.boosted import BoostedScorer
from likeness.rank.calibrate import calibrate, reliability
from likeness.rank.examples import Example
from likeness.rank.features import BOUGHT, NAMES, NEW, OLD
from likeness.rank.folds import ndcg
from likeness.rank.heads import HeadsConfig
from likeness.rank.linear import LinearScorer
from likeness.rank.train import fit_scorer
from likeness.rehearse import Rehearsal, rehearsals_of, rehearse
from likeness.scorers import School
from likeness.shop import Shop
from likeness.types import DAY, Floats, Interactions

DAYS = 60
TRAITS = ("taste:", "facet:", "item:history")  # columns of the portrait
PERSONA = tuple(name for name in NAMES if not name.startswith("popular:"))  # all but what is said to anybody


def without(examples: Sequence[Example], prefixes: Sequence[str]) -> list[Example]:
    """Return the examples with the columns that start with any of `prefixes` silent.

    Without `again:bought`, nobody knows what was bought before: its columns and those of the new are one again.
    """
    silenced = np.array([name.startswith(tuple(prefixes)) for name in NAMES])
    result = []
    for one in examples:
        features = np.where(silenced, 0.0, one.features)
        if silenced[BOUGHT]:
            features[:, NEW] += features[:, OLD]
            features[:, OLD] = 0.0
        result.append(replace(one, features=features))
    return result


def measured(scorer: LinearScorer | BoostedScorer, later: Sequence[Example]) -> Floats:
    """Return (S,) NDCG@10 of each shopper, among what was proposed of what they bought."""
    return np.array([ndcg(scorer.score(one.features), one.targets[:, 0]) for one in later])


def ablation(train: Sequence[Example], later: Sequence[Example]) -> None:
    """Print NDCG@10 with the persona, without its traits, and without anything that knows who asks; refitted each."""
    linear = measured(fit_scorer(train, NAMES, seed=0, trees=False), later)
    print(f"linear, persona on {linear.mean():.4f}")
    for label, prefixes in (("without its traits", TRAITS), ("persona off", PERSONA)):
        scorer = fit_scorer(without(train, prefixes), NAMES, seed=0, trees=False)
        against(label, measured(scorer, without(later, prefixes)), linear)


def against(label: str, values: Floats, others: Floats) -> None:
    """Print a mean and its paired difference from another, with a 95 % interval."""
    gap = values - others
    error = 1.96 * gap.std() / len(gap) ** 0.5
    print(f"{label}: ndcg@10 {values.mean():.4f}, {gap.mean():+.4f} ± {error:.4f} against {others.mean():.4f}")


def calibration(scorer: LinearScorer | BoostedScorer, train: Sequence[Example], later: Sequence[Example]) -> None:
    """Print how well probabilities hold in later weeks than those they were fitted on."""
    latest = max(one.asked for one in train)
    some = [one for one in train if one.asked == latest]
    fitted = calibrate(*(np.concatenate(part) for part in zip(*(_scored(scorer, one) for one in some), strict=True)))
    scores, hits = (np.concatenate(part) for part in zip(*(_scored(scorer, one) for one in later), strict=True))
    table = reliability(fitted.probability(scores), hits)
    print(f"calibration error {table.error:.4f}, base rate {hits.mean():.4f}; said -> came, by tenths:")
    print("  ".join(f"{said:.3f}->{came:.3f}" for said, came in zip(table.said, table.came, strict=True)))


def speed(scorer: LinearScorer | BoostedScorer, rows: int = 700) -> None:
    """Print the time of one score."""
    features = np.random.default_rng(0).normal(size=(rows, len(NAMES)))
    taken = []
    for _ in range(200):
        started = perf_counter()
        scorer.score(features)
        taken.append(perf_counter() - started)
    print(f"score of {rows} x {len(NAMES)}: median {1e3 * float(np.median(taken)):.2f} ms ({scorer.origin})")


def gathered(shop: Shop) -> tuple[list[Example], list[Example]]:
    """Return what is learnt from, and what the last days ask; the same functions make both."""
    table = read_log(shop.store, shop.shop_id, None)
    cutoff = float(pc.max(table["time"]).as_py()) - DAYS * DAY
    shop.fit(until=cutoff)
    model = open_model(shop.folder / MODELS / current_version(shop.folder))
    train = table.filter(pc.less(table["time"], cutoff))
    known = [one for cut in rehearsals_of(_log(train, model, shop)) for one in asked(cut, train, model, shop)]
    last = next(rehearsals_of(_log(table, model, shop)))  # its window is the last 60 days
    return known, list(asked(last, table, model, shop))


def asked(cut: Rehearsal, table: pa.Table, model: Model, shop: Shop) -> Iterator[Example]:
    """Yield the examples of a rehearsal that hold anything wanted."""
    assume, config = shop.settings.assume, shop.config
    school = School(table=table, model=model, config=config, assume=assume, media=(), worth=HeadsConfig())
    found = rehearse(cut, table, model, school.stage(cut.before), config, assume)
    return (one for one in found if one.targets[:, 0].any())


def _log(table: pa.Table, model: Model, shop: Shop) -> Interactions:
    return interactions(table, model.catalogue, shop.config)


def _scored(scorer: LinearScorer | BoostedScorer, one: Example) -> tuple[Floats, NDArray[np.bool_]]:
    return scorer.score(one.features), one.targets[:, 0]


def report(known: Sequence[Example], later: Sequence[Example]) -> None:
    """Print everything."""
    started = process_time()
    scorer = fit_scorer(known, NAMES, seed=0)
    print(f"{scorer.origin} in {process_time() - started:.1f} s of CPU: {scorer.report}")
    linear = fit_scorer(known, NAMES, seed=0, trees=False)
    against(f"the last {DAYS} days, {len(later)} shoppers, as chosen", measured(scorer, later), measured(linear, later))
    ablation(known, later)
    calibration(scorer, known, later)
    speed(scorer)


def main() -> None:
    with Shop.open(workplace() / "retail") as shop:
        shop.import_file(data("online-retail/transactions.parquet"))
        report(*gathered(shop))


if __name__ == "__main__":
    main()

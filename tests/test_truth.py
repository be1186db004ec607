"""On a shop whose truth is known: the persona finds it, and pays where there is taste, not where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from likeness.evaluate import EvaluateConfig, Report
from likeness.measure import measure
from likeness.shop import Shop
from likeness.simulate import SimulateConfig, SyntheticShop, simulate

CONFIG = EvaluateConfig(budget=1, baselines=("popularity", "popularity, 7 days"), resamples=200)


def opened(folder: Path, synthetic: SyntheticShop) -> Shop:
    shop = Shop.open(folder)
    shop.put_items(synthetic.items)
    for table in synthetic.events():
        shop.store.append_table(shop.shop_id, table)
    return shop


def report(folder: Path, *, taste: bool) -> Report:
    with opened(folder, simulate(SimulateConfig(shoppers=300, items=200, days=150, taste=taste), seed=21)) as shop:
        return measure(shop, days=30, config=CONFIG)


def ratio(found: Report, task: str, against: str) -> tuple[float, float, float]:
    """Return the headline ratio of likeness over another recommender, with its interval."""
    table = found.table(task)
    best = next(
        c.ratio
        for c in table.comparisons
        if c.recommender == "likeness" and c.metric == table.headline and c.against == against
    )
    assert best.value is not None and best.low is not None and best.high is not None
    return best.value, best.low, best.high


def test_personalised_beats_popularity_where_there_is_taste(tmp_path: Path) -> None:
    found = report(tmp_path / "shop", taste=True)
    for task in ("all", "new"):
        assert ratio(found, task, "likeness, no persona")[1] > 1.3, task


def test_and_does_not_where_taste_is_random(tmp_path: Path) -> None:
    found = report(tmp_path / "shop", taste=False)
    value, low, _high = ratio(found, "new", "likeness, no persona")
    assert low <= 1.05
    assert value == pytest.approx(1.0, abs=0.25)


def test_facets_recover_the_latent_persona(tmp_path: Path) -> None:
    synthetic = simulate(SimulateConfig(shoppers=200, items=200, drift_share=0.0), seed=4)
    truth = synthetic.truth
    found = []
    with opened(tmp_path / "shop", synthetic) as shop:
        shop.fit()
        categories = truth.categories
        for number, who in enumerate(truth.shoppers):
            state = shop.state(who)
            facet = state.facets.get("category")
            if facet is None or state.visits.estimate() < 10:
                continue
            counts = [facet.entries[name].sums[2] if name in facet.entries else 0.0 for name in categories]
            found.append(np.corrcoef(counts, truth.category[0, number])[0, 1])
    assert np.median(found) > 0.65

"""The whole table: on a shop whose truth is known, and against an independent scorer."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from pydantic import ValidationError
from rich.console import Console

from likeness.errors import LikenessError
from likeness.evaluate import EvaluateConfig, Report, Split, evaluate, last_out, show, time_split
from likeness.evaluate.baselines import Facts, content_family, sasrec_family
from likeness.evaluate.baselines.history import OWN_HISTORY
from likeness.evaluate.bootstrap import ratio, resampled_means
from likeness.evaluate.splits import bought_pairs, codes, new_only
from likeness.evaluate.table import comparison_lines
from likeness.evaluate.tasks import baseline_lists, tasks
from likeness.simulate import SimulateConfig, SyntheticShop, simulate
from likeness.types import DAY, Catalogue, Interactions, Item

Tools = tuple[Callable[[SyntheticShop], Interactions], Callable[[Sequence[Item]], Catalogue]]
SCORER = (
    Path(os.environ.get("LIKENESS_DATA", Path(__file__).parents[3] / "shared" / "data")).parent
    / "bench"
    / "score_recs.py"
)


def world(taste: bool, tools: Tools) -> tuple[SyntheticShop, Split, Catalogue]:
    shop = simulate(SimulateConfig(shoppers=700, items=400, impressions=0.0, taste=taste), seed=11)
    log = tools[0](shop)
    return shop, time_split(log, log.end - 45 * DAY, 45), tools[1](shop.items)


@pytest.fixture(scope="module")
def tools(interactions_of: object, catalogue_of: object) -> Tools:
    return interactions_of, catalogue_of  # type: ignore[return-value]


@pytest.fixture(scope="module")
def tasteful(tools: Tools) -> tuple[SyntheticShop, Split, Catalogue]:
    return world(True, tools)


def oracle(shop: SyntheticShop) -> Callable[[str, float, int, bool], Sequence[int]]:
    """Recommend by the latent category and brand preferences of the moment."""
    truth = shop.truth
    place = {name: code for code, name in enumerate(truth.shoppers)}

    def recommend(shopper: str, time: float, n: int, exclude_seen: bool) -> Sequence[int]:
        s = np.array([place[shopper]], np.int32)
        phase = truth.phase(s, np.array([time]))[0]
        shelf = truth.items
        liking = np.log(truth.category[phase, s[0], shelf.category]) + 0.5 * np.log(
            truth.brand[phase, s[0], shelf.brand]
        )
        liking += shelf.popularity + 0.7 * shelf.quality - 0.8 * np.abs(truth.tier[s[0]] - shelf.tier)
        liking[shelf.launch > time] = -np.inf
        return np.argsort(-liking, kind="stable")[:n].tolist()

    return recommend


def at_random(shopper: str, time: float, n: int, exclude_seen: bool) -> Sequence[int]:
    return np.random.default_rng(int(shopper[1:])).permutation(400)[:n].tolist()


@pytest.fixture(scope="module")
def report(tasteful: tuple[SyntheticShop, Split, Catalogue]) -> Report:
    shop, split, catalogue = tasteful
    return evaluate(split, catalogue, {"oracle": oracle(shop), "random": at_random})


def value(report: Report, task: str, name: str, metric: str) -> float:
    found = report.table(task).row(name).metrics[metric].value
    assert found is not None
    return found


def test_taste_pays_where_there_is_taste(report: Report) -> None:
    popular = value(report, "all", "popularity", "ndcg@10")
    assert popular > 2 * value(report, "all", "random", "ndcg@10")
    for name in ("oracle", "own history", "item-kNN", "item-kNN, recent", "EASE", "iALS"):
        assert value(report, "all", name, "ndcg@10") > 1.3 * popular, name
    new = value(report, "new", "popularity", "recall@20")
    for name in ("oracle", "item-kNN", "EASE", "iALS"):
        assert value(report, "new", name, "recall@20") > 1.2 * new, name


def test_taste_does_not_pay_where_there_is_none(tools: Tools) -> None:
    _, split, catalogue = world(False, tools)
    table = evaluate(split, catalogue, {}).table("new")
    popular = table.row("popularity").metrics["recall@20"]
    assert popular.value is not None
    assert popular.value > 0.05
    for name in ("item-kNN", "item-kNN, recent", "EASE", "iALS"):
        found = table.row(name).metrics["recall@20"].value
        assert found is not None
        assert found < 1.05 * popular.value, name


def test_every_row_has_every_interval_and_they_hold_the_mean(report: Report) -> None:
    for table in report.tables:
        assert len(table.rows) == 10
        for row in table.rows:
            assert set(row.metrics) == {
                "ndcg@10", "recall@10", "recall@20", "mrr@10", "novelty@10", "tail_share@10", "calibration@10",
                "ndcg@10, debiased", "recall@20, debiased", "recall@20, by item",
            }  # fmt: skip
            for found in row.metrics.values():
                assert found.low is not None and found.value is not None and found.high is not None
                assert found.low - 1e-9 <= found.value <= found.high + 1e-9
            assert set(row.slices) >= {"warm", "heavy", "head", "tail"}


def test_best_baseline_is_named_and_compared_in_pairs(report: Report) -> None:
    for table in report.tables:
        for c in table.comparisons:
            if c.best_baseline:
                best = max((row.metrics[c.metric].value or 0, row.recommender) for row in table.rows if row.baseline)
                assert c.against == best[1]
            ours, theirs = (
                table.row(c.recommender).metrics[c.metric].value,
                table.row(c.against).metrics[c.metric].value,
            )
            assert c.ratio.value == pytest.approx((ours or 0) / (theirs or 1))
        assert any("the best baseline" in line for line in comparison_lines(table))
        assert {(c.recommender, c.against) for c in table.comparisons if not c.best_baseline} == {("oracle", "random")}


def test_slices_add_up(report: Report, tasteful: tuple[SyntheticShop, Split, Catalogue]) -> None:
    table = report.table("all")
    sizes = table.slice_sizes
    assert sizes["cold"] + sizes["warm"] + sizes["heavy"] == table.shoppers == len(tasteful[1].targets)
    row = table.row("EASE")
    parts = [
        (row.slices[name]["ndcg@10"].value or 0.0) * sizes[name]
        for name in ("cold", "warm", "heavy")
        if name in row.slices
    ]
    assert sum(parts) / table.shoppers == pytest.approx(row.metrics["ndcg@10"].value)


def test_tuning_is_stated(report: Report) -> None:
    assert {t.baseline for t in report.tuned} == {row.recommender for row in report.tables[0].rows if row.baseline}
    for t in report.tuned:
        assert 1 <= t.tried <= report.budget == 6
        assert t.score is not None


def test_the_report_repeats_itself_and_reads_back(tasteful: tuple[SyntheticShop, Split, Catalogue]) -> None:
    _, split, catalogue = tasteful
    config = EvaluateConfig(baselines=("popularity", "iALS", "item-kNN"), resamples=50, budget=2)
    one, two = (evaluate(split, catalogue, {}, config).to_json() for _ in range(2))
    assert one == two
    assert msgspec.json.decode(one, type=Report).to_json() == one


def test_the_future_changes_no_list(tasteful: tuple[SyntheticShop, Split, Catalogue], tools: Tools) -> None:
    shop, split, catalogue = tasteful
    log = tools[0](shop)
    config = EvaluateConfig(baselines=("popularity, 7 days", "item-kNN, recent"), resamples=5, budget=1)
    later = replace(log, row=np.where(log.time >= split.cutoff + 45 * DAY / 2, 0, log.row))
    other = replace(time_split(later, split.cutoff, 45), targets=split.targets)
    assert evaluate(other, catalogue, {}, config).to_json() == evaluate(split, catalogue, {}, config).to_json()


def test_looking_ahead_is_refused(tasteful: tuple[SyntheticShop, Split, Catalogue], tools: Tools) -> None:
    shop, split, catalogue = tasteful
    with pytest.raises(LikenessError, match="look ahead"):
        evaluate(replace(split, train=tools[0](shop)), catalogue, {})


def test_last_out_without_times(tasteful: tuple[SyntheticShop, Split, Catalogue], tools: Tools) -> None:
    shop, _, catalogue = tasteful
    log = tools[0](shop)
    start = np.searchsorted(log.shopper, log.shopper)
    positions = replace(log, time=(np.arange(len(log)) - start) * DAY, end=1e6 * DAY, clock="position")
    config = EvaluateConfig(baselines=("popularity", "popularity, 7 days", "item-kNN"), resamples=20, shoppers=200)
    report = evaluate(last_out(positions), catalogue, {"random": at_random}, config)
    assert report.protocol == "last-out"
    assert report.left_out == {"popularity, 7 days": "the log has no times"}
    assert report.table("all").shoppers == 200
    assert report.table("all").wanted == 1.0
    assert value(report, "all", "item-kNN", "ndcg@10") > value(report, "all", "random", "ndcg@10")


def test_more_baselines_can_be_brought_and_what_was_tried_is_kept(
    tasteful: tuple[SyntheticShop, Split, Catalogue],
) -> None:
    _, split, catalogue = tasteful
    vectors = np.eye(int(catalogue.category.max()) + 1, dtype=np.float32)[catalogue.category]
    config = EvaluateConfig(baselines=("popularity", "content", "SASRec"), resamples=20, budget=3)
    report = evaluate(split, catalogue, {}, config, extra=(content_family(vectors), sasrec_family(None)))
    assert report.left_out == {"SASRec": "it needs torch"}
    assert {row.recommender for row in report.table("all").rows} == {"popularity", "content"}
    for tuned in report.tuned:
        assert len(tuned.trials) == tuned.tried <= 3
        assert tuned.score == max(trial.score for trial in tuned.trials)
        assert tuned.chosen in [trial.settings for trial in tuned.trials]


def test_tables_are_printed(report: Report) -> None:
    sink = io.StringIO()
    show(report, Console(file=sink, width=220))
    text = sink.getvalue()
    for word in ("popularity, 7 days", "best baseline", "cold", "tail", "Steck", "half_life_days", "1,000 resamples"):
        assert word in text


def test_a_lone_short_log_still_reports(log_of: Callable[..., Interactions], five_items: Catalogue) -> None:
    rows = [("a", 0, 11.0), ("a", 1, 12.0), ("b", 0, 11.0), ("b", 2, 15.0), ("c", 1, 16.0), ("d", 3, 11.5)]
    split = time_split(log_of(rows), 14 * DAY, 4)
    report = evaluate(split, five_items, {}, EvaluateConfig(resamples=20))
    assert report.table("all").shoppers == 2
    with pytest.raises(ValidationError):
        EvaluateConfig.model_validate({"ks": 3})


@pytest.mark.data
@pytest.mark.skipif(not SCORER.is_file(), reason="no independent scorer beside the data")
def test_same_numbers_as_an_independent_scorer(
    tasteful: tuple[SyntheticShop, Split, Catalogue], report: Report, tmp_path: Path
) -> None:
    shop, split, catalogue = tasteful
    for task, targets in (("all", split.targets), ("new", new_only(split, len(catalogue)))):
        recs, truth = tmp_path / "recs.csv", tmp_path / "truth.csv"
        recommend = oracle(shop)
        with recs.open("w") as out:
            out.write("user_id,item_id,rank\n")
            for name, time in zip(targets.shoppers, targets.time, strict=True):
                out.writelines(f"{name},{row},{rank}\n" for rank, row in enumerate(recommend(name, time, 20, False), 1))
        with truth.open("w") as out:
            out.write("user_id,item_id\n")
            out.writelines(f"{targets.shoppers[s]},{row}\n" for s, row in zip(targets.owner, targets.rows, strict=True))
        done = subprocess.run(
            [sys.executable, SCORER, recs, truth, "--k", "10,20"], capture_output=True, text=True, check=True
        )
        metrics = report.table(task).row("oracle").metrics
        for line in done.stdout.splitlines()[1:]:
            name, *numbers = line.replace("[", " ").replace("]", " ").replace(",", " ").split()
            if name in metrics:
                ours = (metrics[name].value, metrics[name].low, metrics[name].high)
                assert ours == pytest.approx([float(x) for x in numbers], abs=6e-6), (task, name)


def test_the_cases_above_can_fail(report: Report) -> None:
    """A recommender compared with itself has ratio one and an interval of no width; a worse one is below it."""
    draws = resampled_means(np.random.default_rng(0).random((50, 1)), seed=1, resamples=20)[:, 0]
    assert ratio(0.5, 0.5, draws, draws).low == 1.0
    worse = [c for c in report.table("all").comparisons if c.recommender == "random" and c.best_baseline]
    assert all((c.ratio.high or 0) < 1 for c in worse)
    assert all((c.difference.high or 0) < 0 for c in worse)


def test_new_only_holds_nothing_bought_before(tasteful: tuple[SyntheticShop, Split, Catalogue]) -> None:
    _, split, catalogue = tasteful
    fresh = new_only(split, len(catalogue))
    known = {tuple(pair) for pair in bought_pairs(split.train).tolist()}
    code = codes(split.train, fresh.shoppers)[fresh.owner]
    assert not known & set(zip(code.tolist(), fresh.rows.tolist(), strict=True))
    assert 0 < len(fresh.rows) < len(split.targets.rows)


def test_new_means_new_for_baselines_too(tasteful: tuple[SyntheticShop, Split, Catalogue]) -> None:
    _, split, catalogue = tasteful
    facts = Facts(train=split.train, n_items=len(catalogue))
    known = {tuple(pair) for pair in bought_pairs(split.train).tolist()}
    repeats = {}
    for task in tasks(split, len(catalogue), None, 7):
        ((_, scores),) = OWN_HISTORY.fit(facts, OWN_HISTORY.grid(facts)[:1], 7)
        lists = baseline_lists(scores, facts, task, catalogue.available, 20)
        code = np.repeat(codes(split.train, task.targets.shoppers), 20)
        repeats[task.name] = len(known & set(zip(code.tolist(), lists.ravel().tolist(), strict=True)))
    assert repeats["all"] > 500
    assert repeats["new"] == 0


def test_what_is_not_available_is_not_listed(tasteful: tuple[SyntheticShop, Split, Catalogue]) -> None:
    _, split, catalogue = tasteful
    facts = Facts(train=split.train, n_items=len(catalogue))
    ((_, scores),) = OWN_HISTORY.fit(facts, OWN_HISTORY.grid(facts)[:1], 7)
    lists = baseline_lists(scores, facts, tasks(split, len(catalogue), None, 7)[0], np.arange(400) >= 200, 20)
    assert lists.min() == 200

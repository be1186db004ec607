from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from likeness.errors import ConfigError, StoreError  # noqa: E402
from likeness.recall.sequence import Sequential  # noqa: E402
from likeness.testing.recall import SmallShop, request_of, shelf, small_shop  # noqa: E402
from likeness.train import lessons  # noqa: E402
from likeness.train import sequence as training  # noqa: E402
from likeness.train.examples import sequences  # noqa: E402
from likeness.train.export_sequence import WEIGHTS, export, read_weights  # noqa: E402
from likeness.train.first import main_directions, new_net  # noqa: E402
from likeness.train.initial import company_vectors  # noqa: E402
from likeness.train.judge import all_logits, logits_after  # noqa: E402
from likeness.train.plans import Plan, Settings  # noqa: E402
from likeness.train.sasrec import fit_sasrec  # noqa: E402
from likeness.train.sequence import fit_net, train_sequence  # noqa: E402

SMALL = {"width": 16, "layers": 1, "longest": 8, "places": 32, "rows": 4, "warm_up": 5, "epochs": 3}
TINY = Settings(**SMALL)  # type: ignore[arg-type]
COSINE = Settings(**(SMALL | {"width": 8, "temperature": 0.1}))  # type: ignore[arg-type]


@pytest.fixture
def tiny_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "PLANS", {"balanced": Plan((TINY, COSINE), 1e9, 60.0, 60.0)})


def ndcg_of(shop: SmallShop, settings: Settings, vectors: np.ndarray) -> float:  # type: ignore[type-arg]
    _, report = fit_net(sequences(shop.log, shop.catalogue.band), vectors, settings, seed=3)
    assert report.best is not None
    return report.best


@pytest.mark.usefixtures("tiny_plans")
def test_train_serve_refresh(tmp_path: Path) -> None:
    shop, seen = small_shop(), list[tuple[str, float, float | None]]()
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    show = lambda *said: seen.append(said)  # noqa: E731
    report = train_sequence(shop.log, shop.catalogue, shop.vectors, first, effort="balanced", progress=show)
    assert report.members == 2 and report.steps > 0
    again = train_sequence(shop.log, shop.catalogue, shop.vectors, second, effort="balanced", start=first)
    assert np.isnan(again.validation) and again.steps > 0
    one, other = (Sequential.load(folder, shop.catalogue) for folder in (first, second))
    before, after = (source.recall(request_of(shop, 5), 40) for source in (one, other))
    assert before.scores.tolist() != after.scores.tolist()  # it has learnt
    common = np.isin(before.rows[:10], after.rows[:10]).mean()
    assert common >= 0.5  # and forgotten little
    with pytest.raises(StoreError):
        train_sequence(shop.log, shop.catalogue, shop.vectors, second, effort="balanced", start=tmp_path)
    positions = small_shop(clock="position")
    anew = train_sequence(positions.log, shop.catalogue, shop.vectors, second, effort="balanced", start=tmp_path)
    assert np.isnan(anew.validation) and anew.steps > again.steps / 2  # of the earlier net it needs nothing


def test_the_graph_says_what_the_nets_say(tmp_path: Path) -> None:
    shop = small_shop()
    told = sequences(shop.log, shop.catalogue.band)
    nets = [new_net(told, shop.vectors, settings, 1).eval() for settings in (TINY, COSINE)]
    for net in nets:
        for layer in net.encoder.layers:
            torch.nn.init.normal_(layer.near)  # type: ignore[arg-type]
        torch.nn.init.normal_(net.encoder.gap.weight)
    export(nets, TINY.longest, "time", tmp_path)
    source, chosen = Sequential.load(tmp_path, shop.catalogue), np.array([7])
    mean = sum(logits_after(net, told, chosen, TINY)[0] for net in nets) / 2
    wanted = mean - np.log(np.exp(mean).sum())
    np.testing.assert_allclose(source._said(request_of(shop, 7))[0], wanted, rtol=1e-4, atol=1e-4)
    assert read_weights(tmp_path, 1).keys() == nets[1].state_dict().keys()
    with pytest.raises(StoreError):
        read_weights(tmp_path, 2)
    (tmp_path / WEIGHTS).write_bytes(b"x")
    with pytest.raises(StoreError):
        read_weights(tmp_path, 0)


def test_same_seed_same_net() -> None:
    shop = small_shop()
    told = sequences(shop.log, shop.catalogue.band)
    one, other = (fit_net(told, shop.vectors, TINY, seed=3)[0].state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns_what_is_there_with_text_and_without() -> None:
    shop = small_shop(shoppers=200)
    longer = Settings(**(SMALL | {"epochs": 8, "learning_rate": 3e-3}))  # type: ignore[arg-type]
    chance = 0.12  # NDCG@10 of any order among the thirty items or so that are left
    assert ndcg_of(shop, longer, shop.vectors) > 1.5 * chance
    assert ndcg_of(shop, longer, np.zeros_like(shop.vectors)) > 1.5 * chance


def test_an_item_nobody_met_has_its_place_by_its_text() -> None:
    shop = small_shop(shoppers=200)
    new = 39  # on the shelf of items 4, 9, 14, ...
    vectors = shop.vectors.copy()
    told = sequences(shop.log, shop.catalogue.band)
    told = told.taken(np.flatnonzero(told.tokens.row != new))
    longer = Settings(**(SMALL | {"epochs": 8, "learning_rate": 3e-3, "free_dropout": 0.3}))  # type: ignore[arg-type]
    net, _ = fit_net(told, vectors, longer, seed=3)
    items = torch.nn.functional.normalize(net.items().detach(), dim=1)
    alike = (items @ items[new]).numpy()
    own = np.arange(40) % 5 == new % 5
    own[new] = False
    assert alike[own].mean() > alike[~own & (np.arange(40) != new)].mean() + 0.2


def test_a_large_catalogue_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = small_shop(shoppers=200)
    monkeypatch.setattr(lessons, "FULL", 10)
    monkeypatch.setattr(lessons, "SAMPLED", 64)
    longer = Settings(**(SMALL | {"epochs": 8, "learning_rate": 3e-3}))  # type: ignore[arg-type]
    assert ndcg_of(shop, longer, shop.vectors) > 0.18


def test_logits_leave_out_what_was_met() -> None:
    shop = small_shop()
    told = sequences(shop.log, shop.catalogue.band)
    net = new_net(told, shop.vectors, TINY, 0).eval()
    for begin, logits in all_logits(net, told, TINY, block=7):
        for k, said in enumerate(logits):
            mine = told.tokens.row[told.start[begin + k] : told.start[begin + k + 1]]
            assert np.flatnonzero(np.isneginf(said)).tolist() == sorted(mine.tolist())


def test_first_vectors_know_company() -> None:
    shop = small_shop(shoppers=300)
    found = company_vectors(sequences(shop.log, shop.catalogue.band), 40, 8)
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    alike, same = unit @ unit.T, np.equal.outer(np.arange(40) % 5, np.arange(40) % 5) & ~np.eye(40, dtype=bool)
    assert alike[same].mean() > alike[~same & ~np.eye(40, dtype=bool)].mean() + 0.2
    assert company_vectors(sequences(small_shop(shoppers=-1).log, shop.catalogue.band), 40, 8).shape == (40, 8)


def test_text_directions_leave_no_text_at_zero() -> None:
    vectors = np.vstack([np.eye(5, 300, dtype=np.float32), np.zeros((1, 300), np.float32)])
    turned = main_directions(vectors)
    assert turned.shape == (6, 128)
    assert not turned[5].any() and turned[:5].any(axis=1).all()


def test_a_larger_log_gets_fewer_epochs() -> None:
    shop = small_shop()
    told = sequences(shop.log, shop.catalogue.band)
    one = (len(told.tokens.row) - len(told)) * 40 * TINY.width  # the work of an epoch
    plans = [(3.5, False, 3), (2.5, False, 2), (0.1, False, 2), (99.0, False, 3), (99.0, True, 5), (6.2, True, 3)]
    for share, refresh, epochs in plans:
        config = lessons.loop_config(told, TINY, 40, work=share * one, seconds=None, refresh=refresh)
        assert config.epochs == epochs and config.steps is not None and config.steps % epochs == 0


def test_weights_of_another_catalogue_are_refused() -> None:
    shop = small_shop()
    told = sequences(shop.log, shop.catalogue.band)
    other = new_net(told, np.ones((41, 16), np.float32), TINY, 0).state_dict()
    with pytest.raises(StoreError, match="another"):
        fit_net(told, shop.vectors, TINY, seed=0, known=other, hold_out=False)


@pytest.mark.usefixtures("tiny_plans")
def test_a_log_without_sequences_is_refused(tmp_path: Path) -> None:
    quiet = small_shop(shoppers=-1)
    with pytest.raises(ConfigError, match="two items"):
        train_sequence(quiet.log, quiet.catalogue, quiet.vectors, tmp_path, effort="balanced")


def test_sasrec_scores_shoppers_by_code() -> None:
    shop = small_shop()
    scores = fit_sasrec(shop.log, 40, {**SMALL, "width": 16.0}, 0)
    said = scores(np.array([5, -1, 0, 5]))
    assert said.shape == (4, 40) and said.dtype == np.float32 and np.isfinite(said).all()
    assert not said[1].any() and said[0].any()
    np.testing.assert_allclose(said[0], said[3], rtol=1e-5)
    with pytest.raises(ConfigError, match="depth"):
        fit_sasrec(shop.log, len(shelf(40)), {"depth": 2}, 0)

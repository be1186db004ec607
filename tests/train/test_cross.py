"""The cross-encoder learns from lists, is MiniLM below, and its int8 graph ranks as the net does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from likeness.errors import ConfigError, InputError, StoreError  # noqa: E402
from likeness.nets.cross import CrossEncoder, Upper  # noqa: E402
from likeness.rank.cross import CrossColumn  # noqa: E402
from likeness.rank.distilled import WordsColumn, loudness  # noqa: E402
from likeness.testing.recall import request_of, small_shop  # noqa: E402
from likeness.train.config import LoopConfig  # noqa: E402
from likeness.train.cross import (  # noqa: E402
    CrossConfig,
    Lists,
    _batch,
    cross_encoder,
    export_upper,
    fit_cross,
    lower_layers,
    quantised,
    score_lists,
    shelf_states,
)
from likeness.train.distil_cross import DistilConfig, distil, faded, pupil_scores  # noqa: E402
from likeness.types import Pool  # noqa: E402

DIM, TOKENS, ITEMS, KINDS = 24, 4, 60, 6
LOOP = LoopConfig(epochs=4, learning_rate=3e-3, warm_up=5, device="cpu", precision="float32", log_steps=5)
CONFIG = CrossConfig(tokens=TOKENS, history=3, lists=8, negatives=5, loop=LOOP)


def shelf() -> CrossEncoder:
    """Items of six kinds; the states of a kind are alike."""
    torch.manual_seed(0)
    kinds = torch.randn(KINDS, TOKENS, DIM)
    states = kinds[torch.arange(ITEMS) % KINDS] + 0.5 * torch.randn(ITEMS, TOKENS, DIM)
    return CrossEncoder(Upper(DIM, 48, 2, 3), states, torch.ones(ITEMS, TOKENS, dtype=torch.bool))


def lists(count: int = 160, seed: int = 0) -> Lists:
    """After an item of one kind comes one of the next kind: likeness alone would be wrong."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, KINDS, count)
    tens = rng.integers(0, ITEMS // KINDS, (count, 3))
    histories = (tens * KINDS + kind[:, None]).astype(np.int32)
    wanted = (rng.integers(0, ITEMS // KINDS, count) * KINDS + (kind + 1) % KINDS).astype(np.int32)
    drawn = np.array([rng.permutation(ITEMS)[:12] for _ in range(count)], np.int32)
    same = drawn % KINDS == ((kind + 1) % KINDS)[:, None]
    candidates = np.where(same, -1, drawn).astype(np.int32)
    candidates[:, 4] = wanted
    return Lists(histories=histories, candidates=candidates, wanted=wanted)


def first(scores: np.ndarray, some: Lists) -> float:
    best = some.candidates[np.arange(len(some)), scores.argmax(axis=1)]
    return float((best == some.wanted).mean())


@pytest.fixture(scope="module")
def taught() -> CrossEncoder:
    encoder = shelf()
    fit_cross(encoder, lists(), None, CONFIG, seed=1)
    return encoder


def test_it_learns_what_follows_what(taught: CrossEncoder) -> None:
    new = lists(60, seed=9)
    before, after = score_lists(shelf(), new, CONFIG), score_lists(taught, new, CONFIG)
    assert first(before, new) < 0.4 < 0.8 < first(after, new)
    assert np.isneginf(after[new.candidates < 0]).all() and np.isfinite(after[new.candidates >= 0]).all()


def test_same_seed_same_net(taught: CrossEncoder) -> None:
    again = shelf()
    fit_cross(again, lists(), None, CONFIG, seed=1)
    for one, other in zip(taught.upper.parameters(), again.upper.parameters(), strict=True):
        assert torch.equal(one, other)


def test_batches_hold_the_wanted_item_first_and_never_twice() -> None:
    some = lists(8)
    _, candidates = _batch(some, CONFIG, np.random.default_rng(0))
    assert (candidates[:, 0].numpy() == some.wanted).all() and candidates.shape == (8, 6)
    for row in candidates.tolist():
        real = [item for item in row if item >= 0]
        assert len(set(real)) == len(real)


def test_the_exported_graph_agrees(taught: CrossEncoder, tmp_path: Path) -> None:
    new = lists(60, seed=9)
    wanted = score_lists(taught, new, CONFIG)
    kept = shelf_states(taught)
    close = {}
    plain = export_upper(taught)
    for graph in (plain, quantised(plain)):
        column = CrossColumn(graph, *kept, history=3)
        _top_and_disk(column, tmp_path, near=1e-3 if graph is plain else 0.3)
        said = np.full(wanted.shape, -np.inf)
        for number in range(len(new)):
            there = new.candidates[number] >= 0
            said[number, there] = column.score(new.candidates[number][there], new.histories[number])
        real = np.isfinite(wanted)
        close[graph is plain] = np.corrcoef(said[real], wanted[real])[0, 1]
        assert abs(first(said, new) - first(wanted, new)) <= 0.05
    assert close[True] > 0.999 and close[False] > 0.99


def _top_and_disk(column: CrossColumn, folder: Path, near: float) -> None:
    """Only the best of the first stage are read, scoring nearly as among more; saved and loaded it agrees."""
    shop = small_shop()
    request = request_of(shop, 0)
    rows = np.arange(6, dtype=np.int32)
    shape = (6, 1)
    pool = Pool(
        sources=("a",), rows=rows, scores=np.ones(shape), ranks=np.ones(shape), because=np.full(shape, -1, np.int32)
    )
    whole = column.describe(pool, request)[:, 0]
    top = column.top(pool, request, np.array([0.0, 5, 1, 4, 3, 2]), k=3)
    assert np.isnan(top).tolist() == [True, False, True, False, False, True]
    np.testing.assert_allclose(top[[1, 3, 4]], whole[[1, 3, 4]], atol=near)
    column.save(folder)
    catalogue = replace(shop.catalogue, items=shop.catalogue.items[:1] * ITEMS)
    again = CrossColumn.load(folder, catalogue)
    assert (again.describe(pool, request)[:, 0] == whole).all()
    with pytest.raises(StoreError, match="the catalogue"):
        CrossColumn.load(folder, shop.catalogue)
    (folder / "cross.json").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        CrossColumn.load(folder, catalogue)


def test_the_pupil_follows_the_teacher() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.normal(size=(KINDS, 16))
    vectors = (kinds[np.arange(ITEMS) % KINDS] + 0.2 * rng.normal(size=(ITEMS, 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    config = DistilConfig(rank=8, hard=0.0, loop=LOOP.model_copy(update={"epochs": 60, "learning_rate": 0.03}))
    some, new = lists(300), lists(60, seed=9)
    kind = (some.histories[:, :1] + 1) % KINDS
    teacher = np.where(some.candidates < 0, -np.inf, np.where(some.candidates % KINDS == kind, 3.0, -3.0))
    for given in (teacher, None):
        left, right = distil(vectors, some, given, config, seed=1)
        assert left.shape == right.shape == (16, 8)
        assert first(pupil_scores(vectors, new, left, right, config), new) > 0.7
    column = WordsColumn(vectors @ left, vectors @ right, fading=config.fading)
    said = column.score(new.candidates[0][:5], new.histories[0])
    there = new.candidates[0][:5] >= 0
    np.testing.assert_allclose(
        said[there], pupil_scores(vectors, new, left, right, config)[0, :5][there], rtol=1e-3, atol=1e-3
    )


def test_fading_is_the_same_in_training_and_serving() -> None:
    vectors = np.eye(3, dtype=np.float32)
    histories = np.array([[2, 0, -1], [1, -1, -1]], np.int32)
    found = faded(vectors, histories, DistilConfig(fading=2.0))
    np.testing.assert_allclose(found[0, [2, 0]], loudness(2, 2.0), rtol=1e-6)
    np.testing.assert_allclose(found[1], [0, 1, 0])


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="3, 2 and 3"):
        Lists(histories=np.zeros((3, 1), int), candidates=np.zeros((2, 1), int), wanted=np.zeros(3, int))


def test_below_it_is_minilm() -> None:
    """The states are the hidden states of the packaged model, layer for layer."""
    pytest.importorskip("transformers")
    from safetensors.torch import load_file
    from transformers import AutoModel

    from likeness.train.export_minilm import packaged_weights

    try:
        folder = packaged_weights()
    except ConfigError:
        pytest.skip("the package with MiniLM's weights is not installed")
    config = CrossConfig(tokens=8, layers=2)
    ids = torch.tensor([[101, 2417, 7953, 6166, 102, 0, 0, 0], [101, 2829, 8198, 1999, 6301, 3557, 2417, 102]])
    mask = ids > 0
    model = AutoModel.from_pretrained(str(folder), add_pooling_layer=False, local_files_only=True).eval()
    with torch.no_grad():
        wanted = model(input_ids=ids, attention_mask=mask.long(), output_hidden_states=True).hidden_states[4]
        found = lower_layers(load_file(folder / "model.safetensors"), config)(ids, mask)
    torch.testing.assert_close(found[mask], wanted[mask], atol=1e-4, rtol=1e-4)
    encoder = cross_encoder(["red lipstick", "brown boots in leather", "red lip gloss"], CrossConfig(tokens=8))
    some = Lists(histories=np.array([[0]]), candidates=np.array([[1, 2]]), wanted=np.array([2]))
    scores = score_lists(encoder, some, CrossConfig(tokens=8, loop=LOOP))
    assert scores[0, 1] > scores[0, 0]

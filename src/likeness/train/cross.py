"""Fine-tuning the text cross-encoder: MiniLM's upper layers learn which product's words follow a history's words."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from pydantic import BaseModel, ConfigDict, Field
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from likeness.errors import InputError
from likeness.nets.cross import CrossEncoder, Lower, Upper, bert_layers
from likeness.nets.losses import full_softmax
from likeness.train.config import LoopConfig
from likeness.train.device import autocast, choose_device
from likeness.train.export_minilm import OPSET, packaged_weights
from likeness.train.loop import LoopReport, Progress, fit_loop
from likeness.types import Floats, Rows, Vectors

DEPTH, DIM, INNER = 6, 384, 1536  # of MiniLM
ENCODE_AT_ONCE = 256  # texts


class CrossConfig(BaseModel):
    """Settings of the cross-encoder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: int = Field(default=20, ge=4, le=256, description="Longest text, in word pieces with the two marks.")
    history: int = Field(default=4, ge=1, description="Latest items of the history that are read.")
    layers: int = Field(default=2, ge=1, le=5, description="Upper layers: learnt, and run per history and item.")
    negatives: int = Field(default=7, ge=1, description="Wrong candidates beside the right one.")
    lists: int = Field(default=8, ge=1, description="Lists of a batch.")
    loop: LoopConfig = Field(
        default=LoopConfig(
            epochs=2, learning_rate=2e-4, warm_up=50, average=0.99, seconds=600, schedule="cosine", steps=700
        ),
        description="The training loop.",
    )


@dataclass(frozen=True, kw_only=True)
class Lists:
    """What a shopper had, what was proposed, and what came next; N of them."""

    histories: Rows  # (N, M) catalogue rows, latest first, -1 none
    candidates: Rows  # (N, K) catalogue rows proposed, best first, -1 none
    wanted: Rows  # (N,) catalogue row of the next item, among the candidates or not

    def __post_init__(self) -> None:
        """Check that the parts are of the same shoppers."""
        if not len(self.histories) == len(self.candidates) == len(self.wanted):
            sizes = f"{len(self.histories)}, {len(self.candidates)} and {len(self.wanted)}"
            raise InputError(f"histories, candidates and wanted have {sizes} rows.", remedy="Give one row each.")

    def __len__(self) -> int:
        """Return N."""
        return len(self.wanted)

    def part(self, rows: NDArray[np.intp] | slice) -> Lists:
        """Return some of the lists."""
        return Lists(histories=self.histories[rows], candidates=self.candidates[rows], wanted=self.wanted[rows])


def cross_encoder(texts: Sequence[str], config: CrossConfig) -> CrossEncoder:
    """Return the untrained cross-encoder over the texts of a catalogue, in row order.

    Raises ConfigError when MiniLM's package is absent.
    """
    weights = load_file(packaged_weights() / "model.safetensors")
    lower = lower_layers(weights, config)
    upper = Upper(DIM, INNER, config.layers, config.history)
    upper.load_state_dict(bert_layers(weights, DEPTH - config.layers, config.layers), strict=False)
    states, mask = _encoded(lower, texts, config)
    return CrossEncoder(upper, states, mask)


def lower_layers(weights: dict[str, Tensor], config: CrossConfig) -> Lower:
    """Return MiniLM's embeddings and lower layers, not learning."""
    words = weights["embeddings.word_embeddings.weight"]
    lower = Lower(len(words), config.tokens, DIM, INNER, DEPTH - config.layers)
    positions = weights["embeddings.position_embeddings.weight"][: config.tokens]
    given = {
        "tokens.weight": words,
        "positions.weight": positions + weights["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": weights["embeddings.LayerNorm.weight"],
        "norm.bias": weights["embeddings.LayerNorm.bias"],
    }
    lower.load_state_dict(given | bert_layers(weights, 0, DEPTH - config.layers))
    return lower.eval().requires_grad_(False)


def fit_cross(
    encoder: CrossEncoder,
    lists: Lists,
    validate: Callable[[CrossEncoder], float] | None,
    config: CrossConfig,
    folder: Path | None = None,
    *,
    seed: int,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> LoopReport:
    """Train the upper layers by a softmax over the right item and wrong candidates of its list (Gao et al. 2021).

    Raises what `fit_loop` raises.
    """

    def batches(epoch: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        order = rng.permutation(len(lists))
        for start in range(0, len(order) - config.lists + 1, config.lists):
            yield _batch(lists.part(order[start : start + config.lists]), config, rng)

    def judge(model: nn.Module) -> float:
        return validate(cast(CrossEncoder, model)) if validate is not None else 0.0

    watched = judge if validate is not None else None
    return fit_loop(encoder, batches, _loss, watched, config.loop, folder, seed=seed, progress=progress, clock=clock)


@torch.no_grad()
def score_lists(encoder: CrossEncoder, lists: Lists, config: CrossConfig, *, at_once: int = 4) -> Floats:
    """Return (N, K) scores of every candidate, -inf where there is none."""
    device = choose_device(config.loop.device)
    encoder.to(device).eval()
    parts = []
    for start in range(0, len(lists), at_once):
        some = lists.part(slice(start, start + at_once))
        histories = torch.from_numpy(some.histories[:, : config.history].astype(np.int64)).to(device)
        candidates = torch.from_numpy(some.candidates.astype(np.int64)).to(device)
        with autocast(device, config.loop.precision):
            parts.append(encoder(histories, candidates).double().cpu().numpy())
    return np.concatenate(parts) if parts else np.empty(lists.candidates.shape)


def export_upper(encoder: CrossEncoder) -> bytes:
    """Return the upper layers as an ONNX graph: `history, history_mask, items, items_mask` of one list to `scores`.

    The numbers of items and of the history's items are free.
    """
    upper = encoder.upper.cpu().float().eval()
    shape = (1, 2, encoder.states.shape[1], upper.judge.in_features)
    states, mask = torch.zeros(shape), torch.ones(shape[:3], dtype=torch.bool)
    free = {1: torch.export.Dim.DYNAMIC}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "plain.onnx"
        program = torch.onnx.export(
            upper,
            kwargs={"history": states, "history_mask": mask, "items": states.clone(), "items_mask": mask.clone()},
            input_names=["history", "history_mask", "items", "items_mask"],
            output_names=["scores"],
            dynamic_shapes=dict.fromkeys(("history", "history_mask", "items", "items_mask"), free),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
        assert program is not None
        onnx.save(program.model_proto, path)
        return path.read_bytes()


def quantised(graph: bytes) -> bytes:
    """Return an ONNX graph with int8 weights per channel; activations are quantised per call (Jacob et al. 2018)."""
    with tempfile.TemporaryDirectory() as scratch:
        plain, small = Path(scratch) / "plain.onnx", Path(scratch) / "small.onnx"
        plain.write_bytes(graph)
        quantize_dynamic(plain, small, weight_type=QuantType.QInt8, per_channel=True)
        return small.read_bytes()


def shelf_states(encoder: CrossEncoder) -> tuple[NDArray[np.int8], Vectors, NDArray[np.int16]]:
    """Return what serving keeps of every item: states (n, L, D) int8, scales (n, L) and numbers of tokens (n,)."""
    states = encoder.states[:-1].float().cpu().numpy()
    scales = np.abs(states).max(axis=2) / 127
    whole = np.rint(states / np.maximum(scales, 1e-12)[:, :, None]).astype(np.int8)
    return whole, scales.astype(np.float32), encoder.mask[:-1].sum(dim=1).cpu().numpy().astype(np.int16)


def _loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    scores: Tensor = model(*batch)  # (B, 1 + negatives), the right one first
    return full_softmax(scores, torch.zeros(len(scores), dtype=torch.int64, device=scores.device))


def _batch(lists: Lists, config: CrossConfig, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return histories (B, M) and candidates (B, 1 + negatives), the right one first, none twice."""
    usable = (lists.candidates >= 0) & (lists.candidates != lists.wanted[:, None])
    chance = np.where(usable, rng.random(usable.shape), 2.0)
    drawn = np.argsort(chance, axis=1)[:, : config.negatives]
    wrong = np.where(np.take_along_axis(usable, drawn, axis=1), np.take_along_axis(lists.candidates, drawn, axis=1), -1)
    candidates = np.column_stack([lists.wanted, wrong]).astype(np.int64)
    histories = lists.histories[:, : config.history].astype(np.int64)
    return torch.from_numpy(histories), torch.from_numpy(candidates)


@torch.no_grad()
def _encoded(lower: Lower, texts: Sequence[str], config: CrossConfig) -> tuple[Tensor, Tensor]:
    """Return lower states (n, L, D) as float16 and the mask (n, L) of texts."""
    tokenizer = Tokenizer.from_file(str(packaged_weights() / "tokenizer.json"))
    tokenizer.enable_truncation(config.tokens)
    tokenizer.enable_padding(length=config.tokens)
    made = tokenizer.encode_batch_fast(list(texts))
    ids = torch.tensor([text.ids for text in made]).reshape(len(made), config.tokens)
    mask = torch.tensor([text.attention_mask for text in made]).reshape(len(made), config.tokens).bool()
    device = choose_device(config.loop.device)
    lower = lower.to(device)
    parts = []
    for start in range(0, len(ids), ENCODE_AT_ONCE):
        rows = slice(start, start + ENCODE_AT_ONCE)
        with autocast(device, config.loop.precision):
            parts.append(lower(ids[rows].to(device), mask[rows].to(device)).half().cpu())
    return torch.cat(parts) * mask[:, :, None], mask

"""A text cross-encoder as an optional stage: how well a product's words follow the words of what a shopper had lately.

The graph holds the upper layers of a transformer in int8; what the lower layers say of every product is kept beside it,
so that a slate runs the upper layers once over the history and once over the candidates. Trained and exported by
`likeness.train.cross`; `docs/decisions/cross-encoder.md` tells what it costs and brings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import MissingExtra, StoreError
from likeness.types import Catalogue, Floats, Pool, Request, Rows, Vectors

GRAPH, STATES, ABOUT = "cross.onnx", "cross.safetensors", "cross.json"
TOP = 50  # candidates that are read; the stage costs in proportion


class _About(msgspec.Struct, frozen=True, kw_only=True):
    history: int
    format: int = 1


class CrossColumn:
    """The column "cross:score" of products, by onnxruntime.

    A product alone scores as it does among others, but for rounding: in an int8 graph the numbers of one call share
    their scales, which moves a score by some hundredths of the scores' range.
    """

    name = "cross"
    columns = ("score",)

    def __init__(
        self,
        graph: bytes,
        states: NDArray[np.int8],
        scales: Vectors,
        lengths: NDArray[np.int16],
        *,
        history: int,
        threads: int = 1,
    ) -> None:
        """Keep an ONNX graph, and per product states (n, L, D), scales (n, L) and numbers of tokens (n,).

        `history` is how many of a shopper's latest items are read. Raises MissingExtra without onnxruntime.
        """
        self._graph, self._states, self._scales, self._lengths = graph, states, scales, lengths
        self._history = history
        self._session = _session(graph, threads)

    def score(self, rows: Rows, history: Rows) -> Floats:
        """Return (n,) scores of catalogue rows (n,) after the rows of a history, latest first; 0 without a history."""
        if not len(rows) or not len(history):
            return np.zeros(len(rows))
        past, past_mask = self._read(history[: self._history])
        items, items_mask = self._read(rows)
        given = {"history": past, "history_mask": past_mask, "items": items, "items_mask": items_mask}
        scores: Floats = self._session.run(None, given)[0][0].astype(np.float64)
        return scores

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 1) of the pool's rows."""
        return self.score(pool.rows, _history(request))[:, None]

    def top(self, pool: Pool, request: Request, first: Floats, k: int = TOP) -> Floats:
        """Return (n,) scores of the `k` candidates with the highest `first` (n,), ties by place; NaN for the others."""
        out = np.full(len(pool.rows), np.nan)
        chosen = np.argsort(-first, kind="stable")[:k]
        out[chosen] = self.score(pool.rows[chosen], _history(request))
        return out

    def save(self, folder: Path) -> None:
        """Write three files into an existing folder."""
        (folder / GRAPH).write_bytes(self._graph)
        save_file({"states": self._states, "scales": self._scales, "lengths": self._lengths}, folder / STATES)
        (folder / ABOUT).write_bytes(msgspec.json.encode(_About(history=self._history)))

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        remedy = "Train the cross-encoder again."
        try:
            about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=_About)
            kept = load_file(folder / STATES)
            states, scales, lengths = kept["states"], kept["scales"], kept["lengths"]
            graph = (folder / GRAPH).read_bytes()
        except (OSError, SafetensorError, KeyError, msgspec.MsgspecError) as broken:
            raise StoreError(f"the cross-encoder in {folder} cannot be read: {broken}.", remedy=remedy) from broken
        if len(states) != len(catalogue):
            found = f"{len(states)} items, the catalogue {len(catalogue)}"
            raise StoreError(f"the cross-encoder in {folder} is of {found}.", remedy=remedy)
        return cls(graph, states, scales, lengths, history=about.history)

    def _read(self, rows: Rows) -> tuple[Vectors, NDArray[np.bool_]]:
        """Return lower states (1, n, L, D) and their mask (1, n, L)."""
        states = self._states[rows].astype(np.float32) * self._scales[rows][:, :, None]
        mask = np.arange(states.shape[1]) < self._lengths[rows][:, None]
        return states[None], mask[None]


def _history(request: Request) -> Rows:
    """Return the page's items, where there is a page, else the shopper's latest that were not rejected."""
    if len(request.context):
        return request.context
    return request.taste.rows[request.taste.weights[:, -1] > 0]


def _session(graph: bytes, threads: int) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as missing:
        raise MissingExtra("the cross-encoder", "minilm") from missing
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

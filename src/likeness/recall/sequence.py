"""Sequence: what comes next after a history, as a trained net reads it; numpy and onnxruntime, no torch."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any, Self

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from likeness.errors import MissingExtra, StoreError
from likeness.recall.links import allowed_rows, best
from likeness.recall.tokens import TOUCHED, Tokens, chosen_tokens, tokens_of
from likeness.types import Candidates, Catalogue, Clock, Floats, Pool, Request, Rows, Vectors

GRAPH, ITEMS, CONFIG = "encoder.onnx", "items.safetensors", "config.json"
FORMAT = "likeness-sequence-1"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What serving must know of a net."""

    format: str
    items: int
    width: int  # of an item vector, all encoders side by side
    longest: int  # tokens read
    clock: Clock


class Sequential:
    """A source over a trained sequence net; made by `load` from the folder its training wrote."""

    name = "sequence"
    columns = ("score",)  # logarithm of the item's probability to be the next one, all items taking part

    def __init__(self, graph: bytes, items: Vectors, bias: Vectors, config: Config, catalogue: Catalogue) -> None:
        """Keep the graph, item vectors (n, d) and biases (n,); nothing is run yet."""
        self._graph, self._items, self._bias, self._config = graph, items, bias, config
        self._available, self._bands = catalogue.available, catalogue.band
        self._session: Any = None
        self._lock = Lock()
        self._latest: tuple[Request, Floats | None, Tokens] | None = None  # a slate asks twice about one request

    def recall(self, request: Request, n: int) -> Candidates:
        """Return at most `n` items that come next, none of the history itself; nothing for a stranger."""
        said, tokens = self._said(request)
        if said is None:
            return Candidates(source=self.name, rows=np.empty(0, np.int32), scores=np.empty(0))
        allowed = allowed_rows(request, self._available).copy()
        allowed[request.taste.rows] = allowed[request.context] = False
        rows = best(said, allowed, n, above=-np.inf)
        scores = said[rows]
        return Candidates(source=self.name, rows=rows, scores=scores, because=self._nearest(tokens, rows))

    def describe(self, pool: Pool, request: Request) -> Floats:
        """Return (n, 1) of the pool's rows; an item of the history counts as any other, a stranger's are all 0."""
        said, _ = self._said(request)
        if said is None:
            return np.zeros((len(pool.rows), 1))
        told = said[pool.rows]
        met = np.isin(pool.rows, np.concatenate([request.taste.rows, request.context]))
        told[met] = -np.log(len(self._items))  # a net is never asked about these
        return told[:, None]

    def save(self, folder: Path) -> None:
        """Write three files into an existing folder."""
        (folder / GRAPH).write_bytes(self._graph)
        save_file({"items": self._items, "bias": self._bias}, folder / ITEMS)
        (folder / CONFIG).write_bytes(msgspec.json.encode(self._config))

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """Read what training or `save` wrote. Raises StoreError when it is missing, damaged or of another catalogue."""
        try:
            config = msgspec.json.decode((folder / CONFIG).read_bytes(), type=Config)
            tensors, graph = load_file(folder / ITEMS), (folder / GRAPH).read_bytes()
            items, bias = tensors["items"], tensors["bias"]
        except (OSError, msgspec.MsgspecError, SafetensorError, KeyError) as broken:
            raise StoreError(f"the net in {folder} cannot be read: {broken}.", remedy="Fit the shop again.") from broken
        if (config.format, config.items) != (FORMAT, len(catalogue)) or items.shape != (config.items, config.width):
            found = f"{config.format}, {items.shape} for {config.items} items; the catalogue has {len(catalogue)}"
            raise StoreError(f"the net in {folder} is of {found}.", remedy="Fit the shop again.")
        return cls(graph, items, bias, config, catalogue)

    def _said(self, request: Request) -> tuple[Floats | None, Tokens]:
        """Return the logarithms of probability (n,), None for a stranger, and the tokens they were read from."""
        latest = self._latest
        if latest is not None and latest[0] is request:
            return latest[1], latest[2]
        tokens = self._tokens(request)
        said = self._scores(tokens) if len(tokens.row) else None
        self._latest = (request, said, tokens)
        return said, tokens

    def _scores(self, tokens: Tokens) -> Floats:
        feed = {
            name: column[None] for name, column in (("kind", tokens.kind), ("gap", tokens.gap), ("band", tokens.band))
        }
        vector = self._run({"vectors": self._items[tokens.row][None], **feed})  # (d,)
        logits = self._items @ vector + self._bias
        top = logits.max()
        said: Floats = (logits - (top + np.log(np.exp(logits - top).sum()))).astype(np.float64)
        return said

    def _tokens(self, request: Request) -> Tokens:
        """Return the latest tokens of a request; the items of the page being looked at come last, as just touched."""
        taste, page = request.taste, request.context
        kept = ~np.isin(taste.rows, page)
        fresh, none = np.full(len(page), np.nextafter(taste.time, np.inf)), np.zeros(len(page))
        row = np.concatenate([taste.rows[kept], page]).astype(np.int64)
        tokens = tokens_of(
            np.zeros(len(row), np.int64),
            row,
            np.concatenate([taste.last[kept], fresh]),
            np.concatenate([taste.bought[kept], none]),
            np.concatenate([taste.weights[kept, -1], none]),
            bands=self._bands,
            clock=self._config.clock,
        )
        return chosen_tokens(tokens, slice(-self._config.longest, None))

    def _nearest(self, tokens: Tokens, rows: Rows) -> Rows:
        """Return (n,): the token of the history most like each row, what was disliked left out; -1 where none is."""
        spoke = tokens.row[tokens.kind <= TOUCHED]
        if not len(spoke):
            return np.full(len(rows), -1, np.int32)
        alike = self._items[rows] @ self._items[spoke].T  # (n, t)
        nearest: Rows = spoke[alike.argmax(axis=1)].astype(np.int32)
        return nearest

    def _run(self, feed: dict[str, Any]) -> Vectors:
        """Return what the graph says (d,); its session is made once, by whoever comes first."""
        with self._lock:
            if self._session is None:
                self._session = _session(self._graph)
        told: Vectors = self._session.run(None, feed)[0][0]
        return told


def _session(graph: bytes) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as missing:
        raise MissingExtra("a sequence net", "learn") from missing
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

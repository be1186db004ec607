"""Writing a trained sequence net: the encoders as one ONNX graph, the items as a matrix, the weights to go on from."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import onnx
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from likeness.errors import StoreError
from likeness.nets.sequence import Net
from likeness.recall.sequence import CONFIG, FORMAT, GRAPH, ITEMS, Config
from likeness.recall.tokens import BANDS, GAPS, KINDS
from likeness.types import Clock

WEIGHTS = "weights.safetensors"  # tensors named `<member>/<weight>`
OPSET = 18


class Serving(nn.Module):
    """Encoders side by side: item vectors (1, T, d) of all of them in, one vector (1, d) out."""

    def __init__(self, nets: Sequence[Net]) -> None:
        """Share the weights of trained nets."""
        super().__init__()
        self.nets = nn.ModuleList(nets)
        self.widths = [net.tower.free.embedding_dim for net in nets]

    def forward(self, vectors: Tensor, kind: Tensor, gap: Tensor, band: Tensor) -> Tensor:
        """Return the vector whose product with an item's is the mean of the members' logits, biases apart."""
        segment = torch.zeros_like(kind)
        parts = torch.split(vectors, self.widths, dim=-1)
        said = []
        for net, part in zip(self.nets, parts, strict=True):
            assert isinstance(net, Net)
            said.append(net.told(net.encoder(part, kind, gap, band, segment)[:, -1]) / len(parts))
        return torch.cat(said, dim=-1)


@torch.no_grad()
def export(nets: Sequence[Net], longest: int, clock: Clock, folder: Path) -> None:
    """Write the graph, the items, the weights and, last, the config into an existing folder."""
    serving = Serving(nets).eval()
    items = torch.cat([net.eval().items() for net in nets], dim=1).contiguous()
    bias = torch.stack([net.bias for net in nets]).mean(dim=0)
    width = items.shape[1]
    _export_graph(serving, width, longest, folder / GRAPH)
    save_file({"items": items, "bias": bias.contiguous()}, folder / ITEMS)
    kept = {f"{k}/{name}": value.contiguous() for k, net in enumerate(nets) for name, value in net.state_dict().items()}
    save_file(kept, folder / WEIGHTS)
    config = Config(format=FORMAT, items=len(items), width=width, longest=longest, clock=clock)
    (folder / CONFIG).write_bytes(msgspec.json.encode(config))


def read_weights(folder: Path, member: int) -> dict[str, Tensor]:
    """Return the weights of one member. Raises StoreError where they are missing or damaged."""
    prefix = f"{member}/"
    try:
        with safe_open(folder / WEIGHTS, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118 (no mapping)
            weights = {name.removeprefix(prefix): file.get_tensor(name) for name in names}
    except (OSError, SafetensorError) as broken:
        raise StoreError(f"the net in {folder} cannot be read: {broken}.", remedy="Train without start.") from broken
    if not weights:
        raise StoreError(f"the net in {folder} has no member {member}.", remedy="Train without start.")
    return weights


def _export_graph(serving: Serving, width: int, longest: int, path: Path) -> None:
    example = (
        torch.zeros(1, 3, width),
        *(torch.zeros(1, 3, dtype=torch.int64) for _ in (KINDS, GAPS, BANDS)),
    )
    tokens = torch.export.Dim("tokens", min=1, max=longest)
    with _quiet():
        program = torch.onnx.export(
            serving,
            example,
            input_names=["vectors", "kind", "gap", "band"],
            output_names=["told"],
            dynamic_shapes=({1: tokens}, {1: tokens}, {1: tokens}, {1: tokens}),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    onnx.save(program.model_proto, path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter from telling of libraries that are not there and of its own deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)

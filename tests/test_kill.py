"""Killed at any moment, a shop is consistent, and running the same commands again gives the same personas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from likeness.demo import write_files
from likeness.export import export
from likeness.shop import Shop
from likeness.simulate import SimulateConfig, simulate


def likeness(*words: object, kill_after: float | None = None) -> int | None:
    command = [sys.executable, "-m", "likeness", *map(str, words), "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            return process.wait(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            return None


def personas(folder: Path) -> bytes:
    with Shop.open(folder) as shop:
        export(shop, "personas", folder / "personas.parquet")
    return (folder / "personas.parquet").read_bytes()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_files(simulate(SimulateConfig(shoppers=150, items=120), 9), tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def undisturbed(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("calm") / "shop"
    assert likeness("import", folder, *files) == 0
    assert likeness("fit", folder) == 0
    return personas(folder)


@pytest.mark.parametrize("kill_after", [0.9, 1.4])
@pytest.mark.parametrize("command", ["import", "fit"])
def test_killed_and_run_again(
    files: list[Path], undisturbed: bytes, tmp_path: Path, command: str, kill_after: float
) -> None:
    folder = tmp_path / "shop"
    if command == "fit":
        assert likeness("import", folder, *files) == 0
    words = [folder, *files] if command == "import" else [folder]
    likeness(command, *words, kill_after=kill_after)
    assert likeness("import", folder, *files) == 0
    assert likeness("fit", folder) == 0
    assert personas(folder) == undisturbed

"""The shape of the house: dependencies go down only, torch stays in its rooms, files stay small, importing is cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "likeness"
FLOOR = {"types", "errors", "seeds", "schema", "ports", "stats"}

# Each part of the house and what it may import of ours; a part may always import itself.
MAY_IMPORT: dict[str, set[str]] = {
    "types": set(),
    "errors": set(),
    "seeds": set(),
    "schema": {"types"},
    "stats": set(),
    "nets": set(),
    "ports": {"types"},
    "settings": {"errors", "types"},
    "files": FLOOR,
    "events": FLOOR | {"files"},
    "catalog": FLOOR | {"files", "query"},
    "persona": FLOOR,
    "query": FLOOR,
    "encode": FLOOR,
    "recall": FLOOR | {"query"},
    "rank": FLOOR | {"query"},
    "explore": FLOOR,
    "stores": FLOOR,
    "simulate": FLOOR,
    "evaluate": FLOOR,
    "train": FLOOR | {"encode", "nets", "recall", "catalog"},
    "testing": FLOOR | {"persona", "files", "events", "stores", "recall", "catalog", "explore"},
}
# The composition root may name anything but testing.
ROOT = {
    "likeness",
    "shop",
    "fit",
    "model",
    "pipeline",
    "__main__",
    "explain",
    "erase",
    "measure",
    "demo",
    "cli",
    "show",
    "learn",
    "rehearse",
    "export",
    "batch",
    "deep",
    "workers",
    "readings",
    "exploring",
    "scorers",
    "live",
    "media",
    "serving",
    "starter",
    "progress",
}


def imports(path: Path) -> set[str]:
    """Every module imported anywhere in the file: at the top, inside functions, under TYPE_CHECKING."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def part_of(path: Path) -> str:
    first = path.relative_to(SRC).parts[0]
    return "likeness" if first == "__init__.py" else first.removesuffix(".py")


FILES = sorted(SRC.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_dependencies_go_down_only(path: Path) -> None:
    part = part_of(path)
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("likeness.")} - {part}
    ours &= {part_of(other) for other in FILES}
    if part in ROOT:
        assert "testing" not in ours
    else:
        assert part in MAY_IMPORT, f"{part}: give it a floor in MAY_IMPORT"
        assert ours <= MAY_IMPORT[part], f"{path.relative_to(SRC)} imports {sorted(ours - MAY_IMPORT[part])}"


def test_torch_stays_in_nets_and_train() -> None:
    outside = [path for path in FILES if part_of(path) not in {"nets", "train"}]
    assert not [path for path in outside if any(name.split(".")[0] == "torch" for name in imports(path))]


def test_no_pickle() -> None:
    forbidden = {"pickle", "dill", "joblib", "shelve"}
    assert not [path for path in FILES if any(name.split(".")[0] in forbidden for name in imports(path))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            doc = node.body[0]
            is_doc = isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant)
            start = (doc.end_lineno or node.lineno) if is_doc else node.lineno
            assert (node.end_lineno or start) - start < 60, f"{path.name}:{node.name} is too long"


def test_importing_is_cheap() -> None:
    code = "import sys, likeness; print(*sorted({'torch', 'duckdb', 'pyarrow', 'scipy', 'ibis'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

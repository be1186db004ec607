"""Where the real data lies, and how memory and shops are measured; shared by the benchmarks."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from tempfile import mkdtemp


def data(name: str) -> Path:
    """Return the path of a data file, or end with the reason why there is none."""
    path = Path(os.environ.get("LIKENESS_DATA", Path(__file__).parents[2] / "shared" / "data")) / name
    if not path.exists():
        sys.exit(f"{path} does not exist: set LIKENESS_DATA, see bench/README.md")
    return path


def workplace() -> Path:
    """Return a new temporary folder."""
    return Path(mkdtemp(prefix="likeness-bench-"))


def peak_gib() -> float:
    """Return the highest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

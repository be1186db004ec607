"""Run every benchmark in turn: `python bench/run.py [NAME ...]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = (
    "import_retail", "retail", "sequences", "search_esci", "observe", "batch_fold", "killed", "simulate", "baselines",
    "cold", "cross_encoder", "explore", "graph", "images", "open_bandit", "ranker", "sequence_nets",
)  # fmt: skip


def main() -> int:
    failed = []
    for name in sys.argv[1:] or NAMES:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, HERE / f"{name}.py"]).returncode:
            failed.append(name)
    print(f"\nfailed: {', '.join(failed) or 'none'}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())

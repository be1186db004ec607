"""Kill -9 `import` and `fit` at random moments, run them again, and compare the exported personas byte by byte.

    python bench/killed.py [MOMENTS] [UNTIL]

Online Retail up to UNTIL (a date), so that twenty rounds take minutes.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from data import data, workplace

MOMENTS, UNTIL = 20, "2010-04-01"


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "likeness", *map(str, words), "--json"]


def timed(words: list[str], codes: tuple[int, ...]) -> float:
    """Run to the end and return the seconds."""
    started = perf_counter()
    done = subprocess.run(words, stdout=subprocess.DEVNULL)
    assert done.returncode in codes, (words, done.returncode)
    return perf_counter() - started


def killed(words: list[str], after: float) -> bool:
    """Start, kill after so many seconds, and return whether it was still running."""
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(timeout=after)
            return False
        except subprocess.TimeoutExpired:
            process.kill()
            return True


def digest(folder: Path) -> str:
    out = folder.with_suffix(".parquet")
    timed(command("export", folder, "personas", "--out", out), (0,))
    return hashlib.sha256(out.read_bytes()).hexdigest()


def main(moments: int, until: str) -> int:
    base, rng = workplace(), random.Random(4)
    source = data("online-retail/transactions.parquet")
    calm = base / "shop"
    seconds = {
        "import": timed(command("import", calm, source, "--until", until), (0, 1)),
        "fit": timed(command("fit", calm), (0,)),
    }
    expected = digest(calm)
    print(f"undisturbed: {seconds}, personas {expected[:16]}", flush=True)
    wrong = 0
    for moment in range(moments):
        folder = base / f"{moment}" / "shop"
        folder.parent.mkdir()
        cut = "import" if moment % 2 == 0 else "fit"
        words = {"import": command("import", folder, source, "--until", until), "fit": command("fit", folder)}
        if cut == "fit":
            timed(words["import"], (0, 1))
        after = rng.uniform(0.3, seconds[cut])
        hit = killed(words[cut], after)
        timed(words["import"], (0, 1))
        timed(words["fit"], (0,))
        same = digest(folder) == expected
        wrong += not same
        print(
            f"{cut} killed after {after:.1f} s ({'running' if hit else 'done'}): {'same' if same else 'DIFFERENT'}",
            flush=True,
        )
    print(f"{moments - wrong} of {moments} identical")
    return wrong


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(int(given[0]) if given else MOMENTS, given[1] if len(given) > 1 else UNTIL))

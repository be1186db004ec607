"""The nets of a fit: trained once on what came before the rehearsals, then brought up to date step by step.

The first net learns what lies before the earliest rehearsal; each later one goes on from it with what has come since,
up to the one that serves. So the scorer learns from what a net says of purchases it has not seen, and serves with a net
made the same way. Nets are kept under the digest of all they were made from until the fit is in force: a fit that was
interrupted finds them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from likeness.progress import Progress
from likeness.recall.tempo import PURCHASE
from likeness.settings import Effort
from likeness.types import Catalogue, Interactions, Vectors

LEAST = 2_000  # purchases by shoppers with more than one: with fewer there is nothing for a net to learn
NEEDED = ("torch", "onnx", "onnxscript")  # of the extra `learn`
FINISHED = "config.json"  # the last file that a training writes


@dataclass(frozen=True)
class Chosen:
    """The effort a fit takes, and why it is not the one asked for ("" when it is)."""

    effort: Effort
    why: str = ""


@dataclass(frozen=True)
class Nets:
    """Folders of trained nets: one per rehearsal, in their order, and the one that serves."""

    before: tuple[Path | None, ...]
    final: Path | None


def choose_effort(wanted: Effort, log: Interactions, befores: Sequence[Interactions] = ()) -> Chosen:
    """Return the effort to take: the fast one without torch, or with too little in the log or before a rehearsal."""
    if wanted == "fast":
        return Chosen("fast")
    if lacking := [name for name in NEEDED if find_spec(name) is None]:
        return Chosen("fast", f"{wanted} needs {', '.join(lacking)}: pip install 'likeness[learn]'")
    if (found := min(_sequences(known) for known in (*befores, log))) < LEAST:
        return Chosen(
            "fast", f"{wanted} needs {LEAST:,} purchases by shoppers with more than one, found were {found:,}"
        )
    return Chosen(wanted)


def train_nets(
    logs: Sequence[Interactions],
    log: Interactions,
    catalogue: Catalogue,
    vectors: Vectors,
    workshop: Path,
    effort: Effort,
    progress: Progress,
) -> Nets:
    """Train the nets of the rehearsals' `logs` and of the whole `log`, earliest first; none when the effort is fast.

    `workshop` keeps them between an interrupted fit and the next one.
    """
    if effort == "fast":
        return Nets((None,) * len(logs), None)
    from likeness.train.sequence import train_sequence  # torch is loaded here and nowhere else

    order = sorted(range(len(logs)), key=lambda i: len(logs[i]))
    made: dict[int, Path] = {}
    start: Path | None = None
    name = blake2b(vectors.tobytes() + catalogue.band.tobytes() + effort.encode(), digest_size=12).hexdigest()
    for i in [*order, len(logs)]:
        known = logs[i] if i < len(logs) else log
        name = _digest(known, name)
        folder = workshop / name
        if not (folder / FINISHED).exists():
            folder.mkdir(parents=True, exist_ok=True)
            train_sequence(known, catalogue, vectors, folder, effort=effort, start=start, progress=progress)
        start = made[i] = folder
    return Nets(tuple(made[i] for i in range(len(logs))), made[len(logs)])


def _sequences(log: Interactions) -> int:
    """Return the number of purchases by shoppers with more than one."""
    bought = log.shopper[(log.event == PURCHASE) & (log.shopper >= 0) & (log.row >= 0)]
    counts = np.bincount(bought)
    return int(counts[counts > 1].sum())


def _digest(log: Interactions, before: str) -> str:
    digest = blake2b(before.encode(), digest_size=12)
    for column in (log.shopper, log.row, log.event, log.time, log.weight):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()

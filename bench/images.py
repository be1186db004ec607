"""How well pictures of one kind of clothing find each other: each photograph's neighbours among all others.

    python bench/images.py --data DATA      reads DATA/clothing-images/{labels.csv,*.jpg}

Leave-one-out precision@5 and @10 of the same class and the class most of 7 neighbours have, with 95 % bootstrap
intervals over photographs; for chance, a plain colour histogram, each part of the descriptor, and the whole of it as
the encoder gives it and as the source `looks` reads it (centred on the mean of the catalogue).
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from pathlib import Path

import numpy as np
from PIL import Image

from likeness.encode.image import load_image_encoder
from likeness.encode.picture_descriptor import SIDE
from likeness.encode.picture_open import open_picture
from likeness.encode.picture_parts import parts_of
from likeness.recall.looks import centred

NEIGHBOURS = 7


def plain_histogram(path: Path) -> np.ndarray:
    """Return the 8 x 8 x 8 histogram of RGB over the whole picture, square-rooted, of length 1."""
    picture = Image.open(path).convert("RGB").resize((SIDE, SIDE))
    level = np.asarray(picture).reshape(-1, 3).astype(int) // 32
    counts = np.bincount(level @ [64, 8, 1], minlength=512)
    return np.sqrt(counts / counts.sum())


def judged(vectors: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return (n, 3): precision@5, precision@10 and whether the neighbours name the right class."""
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -np.inf)
    order = np.argsort(-alike, axis=1, kind="stable")
    same = classes[order] == classes[:, None]
    votes = [np.bincount(classes[near[:NEIGHBOURS]], minlength=classes.max() + 1) for near in order]
    right = [
        vote[own] == vote.max() and (vote == vote.max()).sum() == 1 for vote, own in zip(votes, classes, strict=True)
    ]
    return np.column_stack([same[:, :5].mean(axis=1), same[:, :10].mean(axis=1), right])


def line(name: str, found: np.ndarray) -> str:
    """Return one line of the table with intervals."""
    drawn = np.random.default_rng(0).integers(0, len(found), (1000, len(found)))
    low, high = np.quantile(found[drawn].mean(axis=1), [0.025, 0.975], axis=0)
    cells = [f"{m:.3f} [{a:.3f}, {b:.3f}]" for m, a, b in zip(found.mean(axis=0), low, high, strict=True)]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument(
        "--data", type=Path, default=os.environ.get("LIKENESS_DATA"), required="LIKENESS_DATA" not in os.environ
    )
    folder = asked.parse_args().data / "clothing-images"
    with (folder / "labels.csv").open(encoding="utf-8") as labels:
        rows = list(csv.DictReader(labels))
    files, classes = [row["file"] for row in rows], np.unique([row["class"] for row in rows], return_inverse=True)[1]
    encoder = load_image_encoder(root=folder)
    encoder.encode(files[:5])
    start, cpu = time.perf_counter(), time.process_time()
    looked = encoder.look(files)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    share = np.bincount(classes) / len(classes)
    chance = ((np.bincount(classes) - 1) / (len(classes) - 1) * share).sum()
    print(f"{len(files)} photographs, {len(share)} classes, unused: {looked.counts or 'none'}, chance {chance:.3f}\n")
    print("| | precision@5 | precision@10 | class of 7 neighbours |\n|---|---|---|---|")
    print(line("plain colour histogram", judged(np.array([plain_histogram(folder / file) for file in files]), classes)))
    parts = [parts_of(open_picture(file, folder, SIDE)) for file in files]
    for name in parts[0]:
        print(line(name, judged(np.array([part[name] for part in parts]), classes)))
    print(line("whole", judged(looked.vectors, classes)))
    print(line("whole, centred as `looks` does", judged(centred(looked.vectors), classes)))
    print(f"\n{len(files) / wall:.0f} photographs a second, {cpu / len(files) * 1e3:.1f} ms of processor time each")


if __name__ == "__main__":
    main()

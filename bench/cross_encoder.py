"""A text cross-encoder and its distilled pupil as re-rankers of the 50 best of `together`, on sequences with titles.

Run: OMP_NUM_THREADS=1 python bench/cross_encoder.py [amazon-beauty] [--folder FOLDER] [--seconds 600] [--shoppers 8000]

Each shopper's last visible item is the test, the one before chooses the mix, and the three before that are learnt from;
each list of candidates comes from links fitted on what lies before it. The re-ranker sees only lists that hold the
wanted item: in the others every order is worth 0, and they count as that.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import process_time

import numpy as np
from data import peak_gib, workplace
from lists import Fold, fold, gains, joined, world

from likeness.encode import load_encoder
from likeness.nets.cross import CrossEncoder
from likeness.rank.cross import CrossColumn
from likeness.rank.distilled import WordsColumn
from likeness.seeds import rng_of
from likeness.train.cross import (
    CrossConfig,
    Lists,
    cross_encoder,
    export_upper,
    fit_cross,
    quantised,
    score_lists,
    shelf_states,
)
from likeness.train.distil_cross import DistilConfig, distil, pupil_scores
from likeness.types import Floats, Vectors

TIMES = {"cross:score": 1, "words:score": 200}  # repeats, the short one being short
SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)  # of the other score, in standard deviations


def main() -> None:
    args = arguments()
    folder = Path(args.folder) if args.folder else workplace()
    catalogue, sequences = world(args.name)
    titles = [item.title for item in catalogue.items]
    *learnt, choose, test = (fold(catalogue, sequences, back, args.shoppers, folder) for back in (5, 4, 3, 2, 1))
    learn = joined([part.lists for part in learnt])
    print(f"lists with the wanted item: {len(learn):,} to learn from", end="")
    print("".join(f", {len(part.lists):,} of {part.asked:,} shoppers" for part in (choose, test)), flush=True)
    config = CrossConfig()
    config = config.model_copy(update={"loop": config.loop.model_copy(update={"seconds": args.seconds})})
    encoder = cross_encoder(titles, config)
    print(f"texts encoded, {process_time():.0f} s of processor", flush=True)
    spent = process_time()
    report = fit_cross(encoder, learn, None, config, folder / "run", seed=args.seed, clock=process_time)
    losses = [round(point.value, 3) for point in report.curve if point.name == "loss"]
    print(f"trained {report.steps} steps, {process_time() - spent:.0f} s of processor, losses {losses}", flush=True)
    chosen, tested = (score_lists(encoder, part.lists, config) for part in (choose, test))
    table(choose, test, "cross-encoder", chosen, tested)
    serving(encoder, test, tested, config, folder)
    distilled(encoder, titles, learn, choose, test, config, args)
    fresh = cross_encoder(titles, config)
    table(choose, test, "not fine-tuned", *(score_lists(fresh, part.lists, config) for part in (choose, test)))
    print(f"{process_time():.0f} s of processor, peak {peak_gib():.2f} GiB")


def serving(encoder: CrossEncoder, test: Fold, tested: Floats, config: CrossConfig, folder: Path) -> None:
    """Export, save, load, and print cost and agreement."""
    column = CrossColumn(quantised(export_upper(encoder)), *shelf_states(encoder), history=config.history)
    (folder / "cross").mkdir(exist_ok=True)
    column.save(folder / "cross")
    size = sum(path.stat().st_size for path in (folder / "cross").iterdir()) / 2**20
    print(f"int8: {size:.0f} MiB on disk")
    agreement(column, test, tested)
    cost("cross:score", column, test)


def distilled(
    encoder: CrossEncoder,
    titles: list[str],
    learn: Lists,
    choose: Fold,
    test: Fold,
    config: CrossConfig,
    args: argparse.Namespace,
) -> None:
    """Print the pupil with its teacher, and two pupils that had none."""
    small = DistilConfig()
    vectors = load_encoder().encode(titles)
    some = learn.part(rng_of("taught").choice(len(learn), min(args.taught, len(learn)), replace=False))
    teacher = score_lists(encoder, some, config)
    for name, lists, said in (
        (f"pupil of the cross-encoder, {len(some):,} lists", some, teacher),
        (f"no teacher, the same {len(some):,} lists", some, None),
        (f"no teacher, all {len(learn):,} lists", learn, None),
    ):
        left, right = distil(vectors, lists, said, small, seed=args.seed)
        scores = [pupil_scores(vectors, part.lists, left, right, small) for part in (choose, test)]
        table(choose, test, name, *scores)
    cost("words:score", WordsColumn(vectors @ left, vectors @ right, fading=small.fading), test)
    start = [cosines(vectors, part.lists, small) for part in (choose, test)]
    table(choose, test, "cosine of static vectors", *start)


def cosines(vectors: Vectors, lists: Lists, config: DistilConfig) -> Floats:
    """Return what the pupil starts from."""
    one = np.eye(vectors.shape[1], dtype=np.float32)
    return pupil_scores(vectors, lists, one, one, config)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", default="amazon-beauty")
    parser.add_argument("--folder", default="")
    parser.add_argument("--seconds", type=float, default=600.0)  # of processor, for training
    parser.add_argument("--taught", type=int, default=1500)  # lists scored by the teacher for its pupil
    parser.add_argument("--shoppers", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def table(choose: Fold, test: Fold, name: str, chosen: Floats, tested: Floats) -> None:
    """Print base order, this score alone, and the mix whose share is the best on the fold before."""
    tried = {share: gains(choose, mixed(choose.base, chosen, share)).mean() for share in SHARES}
    share = max(tried, key=lambda share: tried[share])
    base, alone = gains(test, test.base), gains(test, tested)
    mix = gains(test, mixed(test.base, tested, share))
    print(f"{name}: alone {alone.mean():.4f}, base {base.mean():.4f} {spread(base)}", end=", ")
    print(f"mix at {share} {mix.mean():.4f}, gain {(mix - base).mean():+.4f} {spread(mix - base)}", end="; ")
    print(f"the fold before {max(tried.values()):.4f} against {tried[0.0]:.4f}", flush=True)


def mixed(base: Floats, other: Floats, share: float) -> Floats:
    return scaled(base) + share * scaled(other)


def scaled(scores: Floats) -> Floats:
    """Return scores of each list with mean 0 and deviation 1; nothing stays nothing."""
    finite = np.where(np.isfinite(scores), scores, np.nan)
    mean, deviation = np.nanmean(finite, axis=1, keepdims=True), np.nanstd(finite, axis=1, keepdims=True)
    return np.nan_to_num((finite - mean) / np.maximum(deviation, 1e-9), nan=-1e9)


def spread(values: Floats) -> str:
    return f"± {1.96 * values.std() / len(values) ** 0.5:.4f}"


def cost(name: str, column: CrossColumn | WordsColumn, test: Fold) -> None:
    """Print milliseconds per slate of 50 candidates, one thread."""
    taken = []
    for number in range(60):
        history, rows = test.lists.histories[number], test.lists.candidates[number]
        started = process_time()
        for _ in range(TIMES[name]):
            column.score(rows[rows >= 0], history[history >= 0])
        taken.append(1e3 * (process_time() - started) / TIMES[name])
    median, high = np.percentile(taken[10:], [50, 90])
    print(f"{name}: {median:.3f} ms of processor a slate, p90 {high:.3f}")


def agreement(column: CrossColumn, test: Fold, wanted: Floats) -> None:
    """Print how far the int8 graph ranks as the trained net does, on real lists with their labels."""
    some = slice(0, 300)
    said = np.full(wanted[some].shape, -np.inf)
    for number in range(len(said)):
        history, rows = test.lists.histories[number], test.lists.candidates[number]
        said[number, rows >= 0] = column.score(rows[rows >= 0], history[history >= 0])
    part = Fold(test.lists.part(some), test.base[some], len(said))
    both = np.isfinite(said) & np.isfinite(wanted[some])
    close = np.corrcoef(said[both], wanted[some][both])[0, 1]
    small, large = gains(part, said).mean(), gains(part, wanted[some]).mean()
    print(
        f"int8 against the net: correlation {close:.4f}, NDCG@10 of {len(said)} lists {small:.4f} against {large:.4f}"
    )


if __name__ == "__main__":
    main()

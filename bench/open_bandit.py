"""What another policy's log says of a policy's value: python bench/open_bandit.py  (Open Bandit data, under a minute).

Saito et al., Open Bandit Dataset and Pipeline, NeurIPS Datasets 2021: fashion recommendations at three places, one log
of a uniform policy and one of Bernoulli Thompson sampling (BTS) per campaign, 10,000 rows of each, each row one place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from data import data
from numpy.typing import NDArray

from likeness.evaluate import counterfactual as cf
from likeness.evaluate.bootstrap import Interval
from likeness.explore import noise
from likeness.explore.contextual import LinearThompson
from likeness.explore.linear import LinearSums, Ridge
from likeness.explore.policy import Places
from likeness.explore.posteriors import CLICKS, LOOKS, beta
from likeness.explore.thompson import Thompson
from likeness.types import Floats

PLACES, SEED, SAMPLES, SLIP, HEAVIEST = 3, 7, 256, 0.05, 20.0
STRENGTH = 500.0  # looks that a campaign's mean is worth against one item's own: a click in 200 looks says little


@dataclass(frozen=True)
class Log:
    """Rows of one campaign under one policy, in order of time."""

    item: NDArray[np.int64]
    place: NDArray[np.int64]  # 0-based
    click: Floats
    propensity: Floats
    affinity: Floats  # (n, A) of this shopper with every item
    items: Floats  # (A, d) one, price-like number and one-hot categories of the items

    def part(self, rows: NDArray[np.int64] | slice) -> Log:
        own = (x[rows] for x in (self.item, self.place, self.click, self.propensity, self.affinity))
        return Log(*own, self.items)

    def __len__(self) -> int:
        return len(self.item)


def read(policy: str, campaign: str) -> Log:
    base = data("open-bandit") / policy / campaign
    rows = pd.read_csv(base / f"{campaign}.csv.gz").sort_values("timestamp", kind="stable")
    items = pd.read_csv(base / "item_context.csv.gz").sort_values("item_id")
    kinds = pd.get_dummies(items[["item_feature_1", "item_feature_2", "item_feature_3"]]).to_numpy(float)
    kinds = kinds[:, kinds.sum(axis=0) >= 3]  # a category of one or two items says nothing another column does not
    known = np.column_stack([np.ones(len(items)), items["item_feature_0"], kinds])
    return Log(
        rows["item_id"].to_numpy(), rows["position"].to_numpy() - 1, rows["click"].to_numpy(float),
        rows["propensity_score"].to_numpy(), rows.filter(like="affinity").to_numpy(float), known,
    )  # fmt: skip


def counted(log: Log) -> Floats:
    """Return (A, 4) sums per item, every place looked at alike (clicks do not fall with the place here)."""
    sums = np.zeros((len(log.items), 4))
    sums[:, LOOKS] = np.bincount(log.item, minlength=len(sums))
    sums[:, CLICKS] = np.bincount(log.item, log.click, len(sums))
    return sums


def thompson(train: Log, test: Log) -> Floats:
    """Return (n, A) the chance of each item at each row's place: that of its rank in a sample, and slips."""
    items = len(train.items)
    a, b = beta(counted(train), np.full(items, train.click.mean()), strength=STRENGTH)
    keys = np.array([noise.key_of(str(i)) for i in range(items)], np.uint64)
    places = Places(scores=np.zeros(items), n=PLACES, keys=keys, posterior=(a, b))
    return ranked(Thompson(count=SAMPLES).every(places)[None])[0][test.place]


def linear(train: Log, test: Log) -> Floats:
    """Return (n, A) the same of linear Thompson over item categories, affinity and place."""
    seen = features(train)[np.arange(len(train)), train.item]
    sums = LinearSums(np.inf, seen.shape[1])
    sums.update(seen, train.click, time=0.0)  # type: ignore[arg-type]
    policy = LinearThompson(ridge=Ridge.read(sums, ridge=30.0), noise=float(train.click.std()), count=64)
    asked = features(test)
    result = np.empty(asked.shape[:2])
    for start in range(0, len(test), 500):
        part = slice(start, start + 500)
        shares = ranked(asked[part] @ policy.coefficients)  # (n, 3, A)
        result[part] = shares[np.arange(len(shares)), test.place[part]]
    return result


def features(log: Log) -> Floats:
    """Return (n, A, d): what is known of the items, and this shopper's affinity with them."""
    n = len(log)
    return np.concatenate([np.broadcast_to(log.items, (n, *log.items.shape)), log.affinity[:, :, None]], axis=2)


def ranked(scores: Floats) -> Floats:
    """Return (n, PLACES, A): how many of the samples (n, A, J) put an item at a place, slips mixed in."""
    n, items, count = scores.shape
    best = np.argsort(-scores, axis=1, kind="stable")[:, :PLACES]  # (n, 3, J)
    cell = (np.arange(n)[:, None, None] * PLACES + np.arange(PLACES)[None, :, None]) * items + best
    shares = np.bincount(cell.ravel(), minlength=n * PLACES * items).reshape(n, PLACES, items) / count
    return (1 - SLIP) * shares + SLIP / items


def uniform(_: Log, test: Log) -> Floats:
    return np.full((len(test), len(test.items)), 1 / len(test.items))


def frequencies(train: Log, test: Log) -> Floats:
    """Return (n, A) how often the log's own policy showed each item at the place; its law itself is not in the data."""
    items = len(train.items)
    cell = np.bincount(train.place * items + train.item, minlength=PLACES * items).reshape(PLACES, items) + 0.5
    return (cell / cell.sum(axis=1, keepdims=True))[test.place]


def rewards(log: Log) -> Floats:
    """Return (n, A) expected clicks per item, for each row from the other fold: what a row says is not used on it."""
    fold = np.arange(len(log)) % 2
    result = np.empty((len(log), len(log.items)))
    for k in (0, 1):
        train = log.part(np.flatnonzero(fold != k))
        a, b = beta(counted(train), np.full(len(log.items), train.click.mean()), strength=STRENGTH)
        result[fold == k] = a / (a + b)
    return result


def estimates(log: Log, target: Floats, seed: int = SEED) -> dict[str, Interval]:
    """Return the value of the policy whose law is `target` (n, A), by every estimator."""
    rows, expected = np.arange(len(log)), rewards(log)
    t, q, v = target[rows, log.item], expected[rows, log.item], cf.direct(expected, target)
    r, p = log.click, log.propensity
    taken = (target.cumsum(axis=1) < np.random.default_rng(seed).random((len(log), 1))).sum(axis=1)
    terms = {
        "IPS": cf.ips(r, p, t),
        "SNIPS": cf.snips(r, p, t),
        "DM": cf.direct_method(v),
        "DR": cf.doubly_robust(r, p, t, q, v),
        "SNDR": cf.self_normalised_dr(r, p, t, q, v),
        "switch-DR": cf.switch_dr(r, p, t, q, v, heaviest=HEAVIEST),
    }
    if np.ptp(p) == 0:
        terms = {"replay": cf.replay(r, taken == log.item), **terms}
    return cf.compare(terms, seed=seed)


def line(name: str, found: Interval, truth: Interval | None = None) -> str:
    """Return one row of a table, in clicks per thousand places."""
    if found.value is None or found.low is None or found.high is None:
        return f"| {name} | - | - | |"
    error = f"{found.value / truth.value - 1:+.0%}" if truth is not None and truth.value else ""
    return f"| {name} | {1e3 * found.value:.2f} | {1e3 * found.low:.2f} to {1e3 * found.high:.2f} | {error} |"


def on_policy(log: Log) -> Interval:
    ones = np.ones(len(log))
    return cf.estimate(cf.ips(log.click, ones, ones), seed=SEED)


def show(title: str, log: Log, target: Floats, truth: Interval | None) -> None:
    w = cf.weights(log.propensity, target[np.arange(len(log)), log.item])
    print(f"\n{title}: {len(log):,} rows, {log.click.sum():.0f} clicks, weights up to {w.max():.0f}, "
          f"effective rows {cf.effective_size(w):,.0f}")  # fmt: skip
    print("| estimator | clicks per 1,000 | 95 % interval | against the truth |\n|---|---|---|---|")
    for name, found in estimates(log, target).items():
        print(line(name, found, truth))


def main() -> None:
    for campaign in ("men", "women"):
        logs = {policy: read(policy, campaign) for policy in ("random", "bts")}
        truths = {policy: on_policy(log) for policy, log in logs.items()}
        print(
            f"\n## {campaign}: on-policy values\n\n| policy | clicks per 1,000 | 95 % interval | |\n|---|---|---|---|"
        )
        for policy, truth in truths.items():
            print(line(policy, truth))
        random, bts = logs["random"], logs["bts"]
        show("BTS from the uniform log", random, frequencies(bts, random), truths["bts"])
        show("uniform from the BTS log", bts, uniform(bts, bts), truths["random"])
        half = len(random) // 2
        train, test = random.part(slice(0, half)), random.part(slice(half, None))
        for name, law in (("uniform", uniform), ("Thompson", thompson), ("linear Thompson", linear)):
            show(
                f"{name}, learnt on the first half of the uniform log, valued on the second",
                test,
                law(train, test),
                None,
            )


if __name__ == "__main__":
    main()

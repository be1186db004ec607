"""Regret of exploration policies in the simulated shop: python bench/explore.py [SLATES] [SEEDS] [WORLD]

A home page of ten places, 120 bestsellers, 500 shoppers. Every policy is told the same: who asks (a persona estimated
from 20 past events, and its kind), which items there are with category, brand and price tier, how likely each place is
looked at, and what was clicked; clicks arrive in batches of 50 slates. Regret is against whoever knows every true
chance. Every family's setting is chosen on one world and measured on others.

WORLD is steady, changing (half-way drifting shoppers change and items take another quality) or cold (no past events).
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from likeness.explore import lottery
from likeness.explore.contextual import LinearThompson
from likeness.explore.linear import LinearSums, Ridge
from likeness.explore.policy import Places
from likeness.explore.probes import Probes
from likeness.explore.thompson import Thompson
from likeness.seeds import rng_of
from likeness.simulate import SimulateConfig
from likeness.simulate.clicks import ClickWorld, answer, click_world
from likeness.types import Floats, Rows

PLACES, BATCH, SHOPPERS, ITEMS = 10, 50, 500, 400
Slates = NDArray[np.intp]


class Beliefs(Protocol):
    """What is estimated from the answers so far: a Beta posterior per shopper and item."""

    def posterior(self, shopper: Rows) -> tuple[Floats, Floats]:
        """Return (B, m) a and b."""
        ...

    def learn(self, shopper: Rows, shown: Slates, clicked: Floats) -> None:
        """Take in the answers to slates (B, n)."""
        ...


class Rates:
    """Clicks per look of each item within each kind of shopper, shrunk to the overall rate: the textbook's arms."""

    def __init__(self, world: ClickWorld, fade: float, *, strength: float = 10.0) -> None:
        self.kind, self.look, self.fade, self.strength = world.segment, world.look(PLACES), fade, strength
        self.clicks, self.looks = (np.zeros((len(world.truth.personas), len(world.pool))) for _ in range(2))

    def posterior(self, shopper: Rows) -> tuple[Floats, Floats]:
        rate = (self.clicks.sum() + 0.2) / (self.looks.sum() + 10.0)
        clicks, looks = self.clicks[self.kind[shopper]], self.looks[self.kind[shopper]]
        return self.strength * rate + clicks, self.strength * (1 - rate) + np.maximum(looks - clicks, 0.0)

    def learn(self, shopper: Rows, shown: Slates, clicked: Floats) -> None:
        self.clicks *= self.fade
        self.looks *= self.fade
        cell = (self.kind[shopper][:, None], shown)
        np.add.at(self.clicks, cell, clicked)
        np.add.at(self.looks, cell, np.broadcast_to(self.look, shown.shape))


class Lifts:
    """The persona's expectation times gamma lifts: of the item, of this shopper's category, of this shopper's brand."""

    def __init__(self, world: ClickWorld, fade: float, *, strengths: tuple[float, ...] = (3.0, 3.0, 3.0)) -> None:
        self.believed, self.look, self.fade, self.strengths = world.believed, world.look(PLACES), fade, strengths
        m = len(world.pool)
        self.columns = (np.arange(m), world.category, world.brand)[: len(strengths)]
        sizes = [(1, m), (SHOPPERS, len(world.truth.categories)), (SHOPPERS, len(world.truth.brands))]
        self.sums = [np.zeros((2, *size)) for size in sizes[: len(strengths)]]  # clicks and expected clicks

    def _factors(self, shopper: Rows) -> list[tuple[Floats, Floats]]:
        """Return (B, m) shape and mean of every lift."""
        found = []
        for sums, column, strength in zip(self.sums, self.columns, self.strengths, strict=True):
            row = shopper if sums.shape[1] > 1 else np.zeros_like(shopper)
            clicks, expected = sums[:, row[:, None], column[None, :]]
            found.append((strength + clicks, (strength + clicks) / (strength + expected)))
        return found

    def _read(self, shopper: Rows) -> tuple[Floats, Floats, list[tuple[Floats, Floats]]]:
        factors = self._factors(shopper)
        mean = np.minimum(self.believed[shopper] * np.prod([lift for _, lift in factors], axis=0), 0.95)
        shape = 1.0 / np.sum([1.0 / a for a, _ in factors], axis=0)  # relative variances add
        return mean, shape, factors

    def posterior(self, shopper: Rows) -> tuple[Floats, Floats]:
        mean, shape, _ = self._read(shopper)
        return shape, shape * (1 - mean) / mean

    def learn(self, shopper: Rows, shown: Slates, clicked: Floats) -> None:
        mean, _, factors = self._read(shopper)
        at = np.arange(len(shopper))[:, None]
        for sums, column, (_, lift) in zip(self.sums, self.columns, factors, strict=True):
            sums *= self.fade
            row = shopper if sums.shape[1] > 1 else np.zeros_like(shopper)
            cell = (row[:, None], column[shown])
            np.add.at(sums[0], cell, clicked)
            np.add.at(sums[1], cell, self.look * mean[at, shown] / lift[at, shown])


class Policy(Protocol):
    """Fills slates and learns from the answers."""

    def fill(self, shopper: Rows, rng: np.random.Generator) -> Slates: ...
    def learn(self, shopper: Rows, shown: Slates, clicked: Floats) -> None: ...


@dataclass
class Blind:
    """Random slates, or with `scores` (S, m) a fixed order of them: whoever never learns."""

    items: int
    scores: Floats | None = None

    def fill(self, shopper: Rows, rng: np.random.Generator) -> Slates:
        scores = rng.random((len(shopper), self.items)) if self.scores is None else self.scores[shopper]
        return np.argsort(-scores, axis=1, kind="stable")[:, :PLACES]

    def learn(self, shopper: Rows, shown: Slates, clicked: Floats) -> None:
        pass


@dataclass
class Epsilon:
    """Best mean first, each place blind with probability `epsilon`."""

    beliefs: Beliefs
    epsilon: float

    def fill(self, shopper: Rows, rng: np.random.Generator) -> Slates:
        a, b = self.beliefs.posterior(shopper)
        mean = a / (a + b)
        return lottery.draw_many(mean + 1e-9 * rng.random(mean.shape), PLACES, self.epsilon, rng)

    def learn(self, shopper: Rows, shown: Slates, clicked: Floats) -> None:
        self.beliefs.learn(shopper, shown, clicked)


@dataclass
class Boltzmann(Epsilon):
    """Plackett-Luce over log mean; `epsilon` is the temperature."""

    def fill(self, shopper: Rows, rng: np.random.Generator) -> Slates:
        a, b = self.beliefs.posterior(shopper)
        drawn = np.log(a / (a + b)) + self.epsilon * rng.gumbel(size=a.shape)
        return np.argsort(-drawn, axis=1, kind="stable")[:, :PLACES]


@dataclass
class Sampled(Epsilon):
    """Thompson sampling with the shipped samples; `width` narrows the posterior (Chapelle and Li 2011, section 3)."""

    width: float = 1.0
    kinds: Rows | None = None  # (S,) noise is an item's own within each, None: one for all
    turn: int = 0

    def fill(self, shopper: Rows, rng: np.random.Generator) -> Slates:
        a, b = self.beliefs.posterior(shopper)
        self.turn += 1
        kind = np.zeros(len(shopper), int) if self.kinds is None else self.kinds[shopper]
        keys = (kind[:, None] * 1_000_003 + np.arange(a.shape[1]) + 1).astype(np.uint64)
        places = Places(scores=a, n=PLACES, keys=keys * np.uint64(0x2545F4914F6CDD1D), posterior=(a, b))
        policy = Thompson(width=self.width, salt=self.turn // 4)
        drawn = policy.one(places, rng.integers(policy.count, size=(len(shopper), 1)))  # type: ignore[arg-type]
        return lottery.draw_many(drawn, PLACES, self.epsilon, rng)


class Linear:
    """Ridge over persona features and one coefficient per item: linear Thompson sampling, LinUCB, or ε-greedy."""

    def __init__(self, world: ClickWorld, fade: float, kind: str, width: float) -> None:
        self.features, self.look, self.kind, self.width = world.features, world.look(PLACES), kind, width
        self.known, self.items = world.features.shape[2], len(world.pool)
        self.sums = LinearSums(-1.0 / np.log2(fade) if fade < 1 else np.inf, self.known + self.items)
        self.time, self.ridge = 0.0, Ridge.read(self.sums, ridge=1.0)

    def fill(self, shopper: Rows, rng: np.random.Generator) -> Slates:
        x, f = self.features[shopper], self.known
        if self.kind == "thompson":
            policy = LinearThompson(ridge=self.ridge, noise=self.width, salt=int(self.time))
            theta = policy.coefficients[:, rng.integers(policy.count, size=len(shopper))].T
            return lottery.draw_many(np.einsum("bmf,bf->bm", x, theta[:, :f]) + theta[:, f:], PLACES, 0.0, rng)
        scores = x @ self.ridge.mean[:f] + self.ridge.mean[f:]
        if self.kind == "epsilon":
            return lottery.draw_many(scores, PLACES, self.width, rng)
        c = self.ridge.covariance
        spread = np.einsum("bmf,fg,bmg->bm", x, c[:f, :f], x, optimize=True) + 2 * np.einsum("bmf,fm->bm", x, c[:f, f:])
        spread = np.sqrt(np.maximum(spread + np.diag(c)[f:], 0.0))
        return lottery.draw_many(scores + self.width * spread, PLACES, 0.0, rng)

    def learn(self, shopper: Rows, shown: Slates, clicked: Floats) -> None:
        rows = np.zeros((shown.size, self.known + self.items))
        rows[:, : self.known] = self.features[shopper[:, None], shown].reshape(shown.size, -1)
        rows[np.arange(shown.size), self.known + shown.ravel()] = 1.0
        self.time += 1.0
        self.sums.update(rows * np.tile(self.look, len(shopper))[:, None], clicked.ravel(), time=self.time)  # type: ignore[arg-type]
        self.ridge = Ridge.read(self.sums, ridge=1.0)


@dataclass
class Probing(Epsilon):
    """Best mean first, with interest probes where this shopper's liking of a category is uncertain."""

    world: ClickWorld | None = None

    def fill(self, shopper: Rows, rng: np.random.Generator) -> Slates:
        assert self.world is not None and isinstance(self.beliefs, Lifts)
        a, b = self.beliefs.posterior(shopper)
        mean, sums, policy = a / (a + b), self.beliefs.sums[1], Probes(share=0.1, cap=self.epsilon, slip=0.0)
        result = np.empty((len(shopper), PLACES), np.intp)
        for row, who in enumerate(shopper):
            order = np.argsort(-mean[row], kind="stable")
            clicks, expected = sums[0, who], sums[1, who]
            places = Places(
                scores=mean[row][order], n=PLACES, group=self.world.category[order], examined=self.beliefs.look,
                interest=(1.0 + clicks, 4.0 + np.maximum(4.0 * expected, 0.0)),
            )  # fmt: skip
            result[row] = order[policy.draw(places, rng)]
        return result


def regret(world: ClickWorld, policy: Policy, slates: int, seed: int, *, change: float) -> Floats:
    """Return (slates,) the expected clicks given up at each slate."""
    rng, own = rng_of("visits", seed), rng_of("policy", seed)
    best = [world.best(phase, PLACES) for phase in (0, 1)]
    lost = np.empty(slates)
    for start in range(0, slates, BATCH):
        b = min(BATCH, slates - start)
        shopper, dice = rng.integers(0, SHOPPERS, b).astype(np.int32), rng.random((b, PLACES, 2))
        phase = int(start >= change * slates)
        shown = policy.fill(shopper, own)
        lost[start : start + b] = best[phase][shopper] - world.value(phase, shopper, shown)  # type: ignore[arg-type]
        clicked, _ = answer(world, phase, shopper, shown, dice)  # type: ignore[arg-type]
        policy.learn(shopper, shown, clicked.astype(np.float64))
    return lost


EPSILONS, WIDTHS = (0.0, 0.003, 0.01, 0.03, 0.1), (0.1, 0.25, 0.5, 1.0)


def policies(world: ClickWorld, fade: float) -> dict[str, dict[str, Callable[[], Policy]]]:
    """Return per family the settings to choose from."""
    m, w, f = len(world.pool), world, fade

    def grid(values: tuple[float, ...], make: Callable[[float], Policy]) -> dict[str, Callable[[], Policy]]:
        return {f"{value:g}": (lambda v=value: make(v)) for value in values}  # type: ignore[misc]

    return {
        "random": {"": lambda: Blind(m)},
        "persona alone, never learns": {"": lambda: Blind(m, w.believed)},
        "epsilon-greedy, rate per item and kind": grid(EPSILONS, lambda v: Epsilon(Rates(w, f), v)),
        "Thompson, rate per item and kind": grid(WIDTHS, lambda v: Sampled(Rates(w, f), 0.0, v, w.segment)),
        "epsilon-greedy, linear": grid(EPSILONS, lambda v: Linear(w, f, "epsilon", v)),
        "linear Thompson": grid((0.01, 0.03, 0.1, 0.2), lambda v: Linear(w, f, "thompson", v)),
        "LinUCB": grid((0.01, 0.03, 0.1, 0.2), lambda v: Linear(w, f, "ucb", v)),
        "epsilon-greedy, lifts": grid(EPSILONS, lambda v: Epsilon(Lifts(w, f), v)),
        "Boltzmann, lifts": grid((0.01, 0.03, 0.1, 0.3), lambda v: Boltzmann(Lifts(w, f), v)),
        "Thompson, lifts": grid(WIDTHS, lambda v: Sampled(Lifts(w, f), 0.002, v)),
        "probes, lifts": grid((0.01, 0.03), lambda v: Probing(Lifts(w, f), v, w)),
    }


def world_of(name: str, seed: int) -> tuple[ClickWorld, float, float]:
    """Return a world, when it changes, and how much a count fades in a batch per slate of the run."""
    world = click_world(SimulateConfig(shoppers=SHOPPERS, items=ITEMS), seed, past=0 if name == "cold" else 20)
    return world, 0.5 if name == "changing" else 1.0, 0.2 if name == "changing" else np.inf


def measured(name: str, seed: int, family: str, setting: str, slates: int) -> Floats:
    """Return (slates,) the cumulated regret of one policy in one world."""
    world, change, half_life = world_of(name, seed)
    fade = 0.5 ** (BATCH / (half_life * slates))
    start = time.perf_counter()
    lost = regret(world, policies(world, fade)[family][setting](), slates, seed, change=change).cumsum()
    spent = time.perf_counter() - start
    at = "\t".join(f"{lost[round(share * slates) - 1]:.0f}" for share in (0.01, 0.1, 0.3, 1.0))
    print(f"{name}\t{seed}\t{family}\t{setting}\t{at}\t{spent:.0f} s", flush=True)
    return lost


def table(name: str, chosen: Mapping[str, str], slates: int, seeds: range) -> None:
    """Measure each family with its setting and print regret and the ratio to each kind of ε-greedy."""
    ends = {f: [float(measured(name, s, f, v, slates)[-1]) for s in seeds] for f, v in chosen.items()}
    peers = [family for family in ends if family.startswith("epsilon")]
    print(f"\n{name}, {slates:,} slates\n| policy | setting | regret |" + "".join(f" / {p} |" for p in peers))
    print("|---" * (3 + len(peers)) + "|")
    for family, lost in ends.items():
        ratios = [spread([x / y for x, y in zip(lost, ends[peer], strict=True)], 2) for peer in peers]
        print(f"| {family} | {chosen[family]} | {spread(lost, 0)} | " + " | ".join(ratios) + " |")


def spread(values: list[float], digits: int) -> str:
    """Return the mean with its 95 % t-interval over worlds, as mean ± half its width."""
    t = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78}.get(len(values), 2.0)
    half = t * statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{statistics.mean(values):,.{digits}f} ± {half:,.{digits}f}"


def main() -> None:
    slates, seeds = (int(sys.argv[k]) if len(sys.argv) > k else default for k, default in ((1, 100_000), (2, 3)))
    for name in sys.argv[3:] or ("steady", "changing", "cold"):
        grids = policies(world_of(name, 1)[0], 1.0)
        tuned = {f: {v: measured(name, 1, f, v, slates)[-1] for v in values} for f, values in grids.items()}
        chosen = {family: min(ends, key=ends.__getitem__) for family, ends in tuned.items()}
        table(name, chosen, slates, range(2, 2 + seeds))


if __name__ == "__main__":
    main()

"""The search: seeded, bounded, and resumed as if it had not been cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("optuna")

from likeness.errors import ConfigError, StoreError
from likeness.train.search import Choice, Reals, Setting, Wholes, search

SPACE = {"x": Reals(-4, 4), "n": Wholes(1, 64, log=True), "kind": Choice(("plain", "odd"))}


def hill(settings: dict[str, Setting]) -> float:
    x, n = float(settings["x"] or 0), int(settings["n"] or 0)
    return -((x - 1) ** 2) - abs(n - 8) / 8 - (settings["kind"] == "odd")


def test_it_finds_the_hill_and_lists_the_trials() -> None:
    report = search(hill, SPACE, seed=1, trials=40)
    assert report.ended == "trials" and len(report.trials) == 40
    assert report.value == max(trial.value or -99 for trial in report.trials) > -0.6
    assert hill(report.best) == report.value and report.best["kind"] == "plain"


def test_first_is_tried_first() -> None:
    first = {"x": 1.0, "n": 8, "kind": "plain"}
    report = search(hill, SPACE, seed=1, trials=3, first=first)
    assert report.trials[0].settings == first and report.value == 0.0


def test_seeds() -> None:
    def table(seed: int) -> list[dict[str, Setting]]:
        return [trial.settings for trial in search(hill, SPACE, seed=seed, trials=12).trials]

    assert table(1) == table(1) != table(2)


def test_resumed_it_gives_the_same_table(tmp_path: Path) -> None:
    calls: list[int] = []

    def dying(settings: dict[str, Setting]) -> float:
        calls.append(1)
        if len(calls) in (5, 11):
            raise KeyboardInterrupt
        return hill(settings)

    whole = search(hill, SPACE, seed=1, trials=14)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            search(dying, SPACE, seed=1, trials=14, folder=tmp_path)
    resumed = search(dying, SPACE, seed=1, trials=14, folder=tmp_path)
    assert [(t.settings, t.value) for t in resumed.trials] == [(t.settings, t.value) for t in whole.trials]
    with pytest.raises(StoreError, match="another space or seed"):
        search(hill, SPACE, seed=2, trials=14, folder=tmp_path)


def test_seconds_bound_it() -> None:
    ticks = iter(range(1000))
    report = search(hill, SPACE, seed=1, trials=99, seconds=4.0, clock=lambda: float(next(ticks)))
    assert report.ended == "seconds" and len(report.trials) == 4


def test_a_failed_trial_is_kept_and_passed_over() -> None:
    def picky(settings: dict[str, Setting]) -> float:
        if settings["kind"] == "odd":
            raise ConfigError("odd is not allowed.")
        return hill(settings)

    report = search(picky, SPACE, seed=1, trials=12)
    assert report.best["kind"] == "plain"
    assert [trial.value is None for trial in report.trials] == [trial.error != "" for trial in report.trials]
    assert any(trial.error for trial in report.trials)
    with pytest.raises(ConfigError, match="all 3 trials failed"):
        search(picky, {**SPACE, "kind": Choice(("odd",))}, seed=1, trials=3)

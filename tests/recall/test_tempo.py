from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from likeness.errors import StoreError
from likeness.recall.tempo import SHORTEST, USUAL, Tempo
from likeness.testing.recall import small_shop
from likeness.types import DAY


def test_pace_is_the_median_gap_between_purchase_days() -> None:
    log = small_shop(shoppers=1, visits=3).log
    kept = log.shopper == 0
    visits = np.repeat([10.0, 24.0, 80.0], 3) * DAY
    columns = ("row", "event", "weight", "session", "quantity", "value", "shopper")
    mine = replace(log, time=visits, **{name: getattr(log, name)[kept] for name in columns})
    assert Tempo.of(mine).pace == 35 * DAY  # of 14 and 56


def test_gaps_do_not_run_from_one_shopper_to_the_next() -> None:
    log = small_shop(shoppers=2, visits=2).log
    kept = log.shopper >= 0
    visits = np.repeat([10.0, 20.0, 90.0, 130.0], 3) * DAY
    columns = ("row", "event", "weight", "session", "quantity", "value", "shopper")
    assert Tempo.of(replace(log, time=visits, **{name: getattr(log, name)[kept] for name in columns})).pace == 25 * DAY


def test_positions_step_by_one() -> None:
    assert Tempo.of(small_shop(clock="position").log) == Tempo(pace=SHORTEST, unit=5.0)


def test_nobody_came_twice() -> None:
    assert Tempo.of(small_shop(visits=1).log).pace == USUAL
    assert Tempo.of(small_shop(items=0).log) == Tempo(pace=USUAL, unit=1.0)


def test_it_survives_the_disk(tmp_path: Path) -> None:
    tempo = Tempo(pace=12345.0, unit=5.0)
    tempo.save(tmp_path)
    assert Tempo.load(tmp_path) == tempo
    with pytest.raises(StoreError):
        Tempo.load(tmp_path / "nowhere")

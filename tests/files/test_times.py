"""Times as people write them: read to UTC, or refused with a reason."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from likeness.files.times import Clock, time_of, times

UTC = Clock(ZoneInfo("UTC"), day_first=False)
SHANGHAI = Clock(ZoneInfo("Asia/Shanghai"), day_first=True)
NOON = dt.datetime(2011, 10, 9, 16, 22, tzinfo=dt.UTC).timestamp()
DAY = dt.datetime(2011, 10, 9, tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    "value",
    [
        *(NOON, int(NOON), int(NOON * 1e3), int(NOON * 1e6), int(NOON * 1e9), str(int(NOON)), f"{NOON:.1f}"),
        *("2011-10-09T16:22:00Z", "2011-10-09 16:22", "2011-10-10T00:22:00+08:00", "2011-10-10 00:22:00 +0800"),
        *(
            "20111009T162200Z",
            "20111009162200",
            "201110091622",
            "10/9/2011 16:22",
            "10/9/2011 4:22 PM",
            "10/9/11 16:22",
        ),
        *(
            "9.10.2011 16:22",
            "2011/10/9 16:22:00",
            "2011年10月9日 16时22分",
            "2011年10月9日下午4:22",
            "2011年10月9日16:22:00",
        ),
        *("9 Oct 2011 16:22", "Oct 9, 2011 4:22 PM", "Sun, 09 Oct 2011 16:22:00 GMT", "２０１１-10-09 16:22"),
        *("平成23年10月9日 16時22分", "民国100年10月9日 16:22", "พ.ศ. 2554-10-09 16:22", "H23.10.9 16:22"),
        dt.datetime(2011, 10, 9, 16, 22),
    ],
    ids=str,
)
def test_reads(value: object) -> None:
    assert time_of(value, clock=UTC) == NOON


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("9/10/2554", "Buddhist"),
        ("2554-10-09", "Buddhist"),
        ("1432-11-11", "calendar"),
        ("1390/07/17", "calendar"),
        ("2011-13-01", "month"),
        ("2011-02-30", "day"),
        ("13/9/2011", "month/day"),
        ("2011-10-09T25:00:00Z", "time of day"),
        ("yesterday", "known form"),
        ("x" * 100, "too long"),
        (5, "after 1990"),
        (-1.0, "after 1990"),
        (10**400, "too large"),
        ("1e400", "after 1990"),
        (True, "bool"),
        ([1], "list"),
        ({}, "dict"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_refuses_with_a_reason(value: object, why: str) -> None:
    answer = time_of(value, clock=UTC)
    assert isinstance(answer, str)
    assert why in answer


@pytest.mark.parametrize("seconds", [631_152_000, 999_999_999, 1_700_000_000, 4_102_444_800])
@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
def test_units_are_told_by_size(seconds: int, unit: int) -> None:
    assert time_of(seconds * unit, clock=UTC) == pytest.approx(seconds)
    assert time_of(str(seconds * unit), clock=UTC) == pytest.approx(seconds)


def test_zone_and_day_first() -> None:
    assert time_of("9/10/2011", clock=SHANGHAI) == DAY - 8 * 3600
    assert time_of("2011-10-09", clock=SHANGHAI) == DAY - 8 * 3600
    assert time_of("2011-10-09T00:00:00Z", clock=SHANGHAI) == DAY
    assert isinstance(time_of("10/13/2011", clock=SHANGHAI), str)


@pytest.mark.parametrize("value", [None, "", "   ", float("nan")])
def test_missing_is_not_an_error(value: object) -> None:
    answer = times([value, NOON], 2, UTC)
    assert np.isnan(answer.seconds[0])
    assert not answer.reasons
    assert answer.seconds[1] == NOON


def test_columns_of_every_type_agree() -> None:
    stamps = [dt.datetime(2011, 10, 9, 16, 22), None]
    columns = [
        pa.array(stamps, pa.timestamp("us")),
        pa.array(stamps, pa.timestamp("ns", "UTC")),
        pa.array([int(NOON), None]),
        pa.array([NOON * 1e3, None]),
        pa.array(["2011-10-09 16:22", None]),
        [int(NOON), None],
        ["2011-10-09 16:22", None],
        [10**400, "x", int(NOON), None][2:],
    ]
    for column in columns:
        answer = times(column, 2, UTC)
        assert answer.seconds[0] == NOON
        assert np.isnan(answer.seconds[1])
        assert not answer.reasons
    shanghai = times(columns[0], 2, SHANGHAI)
    assert shanghai.seconds[0] == NOON - 8 * 3600


def test_reasons_point_at_their_rows() -> None:
    answer = times(["2011-10-09", "never", 3, None, "2011-10-09"], 5, UTC)
    assert sorted(answer.reasons) == [1, 2]
    assert list(np.flatnonzero(np.isnan(answer.seconds))) == [1, 2, 3]

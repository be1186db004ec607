from __future__ import annotations

import pytest

from likeness.stats import Latest


def test_the_last_word_holds_whatever_arrives_after():
    x = Latest()
    x.update("personalise", True, time=10.0, event_id="e1")
    x.update("personalise", False, time=20.0, event_id="e2")
    x.update("personalise", True, time=15.0, event_id="e3")
    assert x.get("personalise") is False
    assert x.get("advertise") is None
    assert x.get("advertise", False) is False


def test_equal_times_are_decided_by_the_id():
    a, b = Latest(), Latest()
    a.update("size", "M", time=1.0, event_id="e1")
    b.update("size", "L", time=1.0, event_id="e2")
    assert a.merge(b).get("size") == b.merge(a).get("size") == "L"


def test_the_keys_written_last_are_kept():
    x = Latest(2)
    for time, key in enumerate("abc"):
        x.update(key, time, time=float(time))
    assert sorted(x.values) == ["b", "c"]


def test_bad_settings_and_times_are_refused():
    with pytest.raises(ValueError, match="capacity 0"):
        Latest(0)
    with pytest.raises(ValueError, match="time inf"):
        Latest().update("a", 1, time=float("inf"))

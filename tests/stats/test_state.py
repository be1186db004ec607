from __future__ import annotations

import msgspec
import pytest

from likeness.stats import Beta, DecayedSum, HeavyHitters, State


def test_states_nest_in_states_and_encode_as_one():
    class Pair(State, array_like=True, tag="pair1"):
        sums: DecayedSum
        keys: HeavyHitters

    pair = Pair(DecayedSum((10.0,)), HeavyHitters((10.0,), 4))
    pair.sums.update(time=1.0)
    pair.keys.update("a", time=1.0, event_id="e1")
    assert Pair.decode(pair.encode()) == pair


def test_another_kind_names_both():
    with pytest.raises(ValueError, match=r"tagged 'sum1': Beta reads only 'beta1'.*rebuild"):
        Beta.decode(DecayedSum((10.0,)).encode())


def test_another_version_names_both():
    tag, *fields = msgspec.msgpack.decode(DecayedSum((10.0,)).encode())
    assert tag == "sum1"
    with pytest.raises(ValueError, match="tagged 'sum2': DecayedSum reads only 'sum1'"):
        DecayedSum.decode(msgspec.msgpack.encode(["sum2", *fields]))


def test_damage_is_named():
    with pytest.raises(ValueError, match="is not a whole DecayedSum"):
        DecayedSum.decode(msgspec.msgpack.encode(["sum1", ["x"], None, []]))


def test_bytes_do_not_depend_on_the_order_of_keys():
    a, b = HeavyHitters((10.0,)), HeavyHitters((10.0,))
    for key in "abc":
        a.update(key, time=1.0)
        b.update("cab"["abc".index(key)], time=1.0)
    assert a.encode() == b.encode()

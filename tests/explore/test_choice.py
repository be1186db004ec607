"""Every name of the setting gives its policy; others are refused."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from likeness.errors import ConfigError
from likeness.explore.choice import PolicyName, policy_of
from likeness.explore.linear import LinearSums, Ridge
from likeness.explore.policy import decide
from likeness.testing.policy import small_places


@pytest.mark.parametrize("name", get_args(PolicyName))
def test_every_name_fills_slates(name: str) -> None:
    policy = policy_of(name, salt=3, ridge=Ridge.read(LinearSums(np.inf, 3), ridge=1.0))
    assert policy.name == ("epsilon" if name == "greedy" else name)
    order, propensities = decide(policy, small_places(20, 5), np.random.default_rng(0))
    assert len(set(order.tolist())) == 5 and (propensities > 0).all()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown"):
        policy_of("best")
    with pytest.raises(ConfigError, match="answers"):
        policy_of("linear-thompson")

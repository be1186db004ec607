"""From the setting `policy` to a policy; what each reads of `Places` beside scores."""

from __future__ import annotations

from typing import Literal, get_args

from likeness.errors import ConfigError
from likeness.explore.contextual import LinearThompson, LinUCB
from likeness.explore.greedy import GREEDY, EpsilonGreedy
from likeness.explore.linear import Ridge
from likeness.explore.plackett import PlackettLuce
from likeness.explore.policy import Policy
from likeness.explore.probes import Probes
from likeness.explore.thompson import Thompson

PolicyName = Literal["greedy", "epsilon", "plackett-luce", "thompson", "linear-thompson", "lin-ucb", "probes"]


def policy_of(name: str, *, salt: int = 0, ridge: Ridge | None = None) -> Policy:
    """Return the policy of a name; ConfigError for another, or for a linear one without the `ridge` it reads.

    `salt` decides the posterior samples: the same for a model's version, so that propensities can be computed again.
    """
    if name in ("linear-thompson", "lin-ucb"):
        if ridge is None:
            raise ConfigError(
                f"policy {name!r} needs answers to learn from.", remedy="Log slates first, or use probes."
            )
        return LinearThompson(ridge=ridge, salt=salt) if name == "linear-thompson" else LinUCB(ridge=ridge)
    policies: dict[str, Policy] = {
        "greedy": GREEDY,
        "epsilon": EpsilonGreedy(),
        "plackett-luce": PlackettLuce(),
        "thompson": Thompson(salt=salt),
        "probes": Probes(),
    }
    if name not in policies:
        raise ConfigError(f"policy {name!r} is unknown.", remedy=f"Use one of {', '.join(get_args(PolicyName))}.")
    return policies[name]

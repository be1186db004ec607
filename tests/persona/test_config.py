from __future__ import annotations

import pytest

from likeness.errors import ConfigError
from likeness.persona.config import CAPACITIES, EVENT_WEIGHTS, PersonaConfig, persona_config
from likeness.persona.facts import Facts
from likeness.types import EVENT_NAMES


def test_every_event_has_a_weight() -> None:
    assert set(EVENT_WEIGHTS) == set(EVENT_NAMES)


def test_given_weights_and_bounds_fill_up_with_the_defaults() -> None:
    config = persona_config({"event_weights": {"view_item": 0.5}, "capacities": {"brand": 9}})
    assert config.event_weights == {**EVENT_WEIGHTS, "view_item": 0.5}
    assert config.capacities == {**CAPACITIES, "brand": 9}


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"ridge": 1.0}, "ridge"),
        ({"event_weights": {"stare": 1.0}}, "stare"),
        ({"event_weights": {"search": float("nan")}}, "finite"),
        ({"capacities": {"item": 0}}, "at least 1"),
        ({"half_lives": [3600.0, 60.0]}, "ascend"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"purposes": {"hours": "fun"}}, "fun"),
        ({"drift_alpha": 2.0}, "drift_alpha"),
    ],
)
def test_a_setting_outside_its_rule_is_refused_by_name(table: dict, named: str) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        persona_config(table)
    assert "Known settings" in caught.value.remedy


def test_a_purpose_for_no_statistic_is_refused() -> None:
    with pytest.raises(ConfigError, match="aura"):
        Facts(PersonaConfig(purposes={"aura": "measure"}))

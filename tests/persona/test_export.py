from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from likeness.persona.arrow import PERSONA_SCHEMA, persona_rows, persona_table
from likeness.persona.config import PersonaConfig
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_events
from likeness.persona.record import Persona, json_schema
from likeness.persona.state import PersonaState
from likeness.persona.view import view
from likeness.types import DAY, Catalogue, Event

CONFIG = PersonaConfig()


@pytest.fixture
def persona(catalogue: Catalogue) -> Persona:
    events = [
        Event(event_id=f"e{n}", event="purchase", time=n * DAY, user_id="u", item_id=item, quantity=1.0, value=9.0)
        for n, item in enumerate(("m1", "m2", "m1", "l1"))
    ]
    stars = Event(event_id="r", event="review", time=3 * DAY, user_id="u", item_id="m1", rating=5.0)
    return view(fold_events([*events, stars], Facts(CONFIG, catalogue)), "u", 4 * DAY, CONFIG, catalogue=catalogue)


def test_the_published_schema_is_the_one_personas_follow() -> None:
    published = Path(__file__).parents[2] / "docs" / "persona.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == json_schema()


def test_a_persona_survives_its_json(persona: Persona) -> None:
    assert msgspec.json.decode(msgspec.json.encode(persona), type=Persona) == persona


def test_one_row_per_claim(persona: Persona) -> None:
    table = persona_table([persona, persona])
    assert table.schema == PERSONA_SCHEMA and len(table) == 2 * len(list(persona_rows(persona)))
    rows = table.slice(0, len(table) // 2).to_pylist()
    acme = next(row for row in rows if row["kind"] == "brand" and row["value"] == "Acme")
    assert acme["strength"] == persona.interests["brand"][0].strength and acme["number"] is None
    spent = next(row for row in rows if row["kind"] == "spent")
    assert spent["number"] == 36.0 and spent["evidence"] == ["e3", "e2", "e1"]
    assert {row["part"] for row in rows} == {"interests", "favourites", "habits", "spending", "drift", "rating"}


def test_nobody_has_no_rows() -> None:
    empty = view(PersonaState.empty(CONFIG), None, 0.0, CONFIG)
    assert len(persona_table([empty])) == 0 and persona_table([]).schema == PERSONA_SCHEMA

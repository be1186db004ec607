from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from rich.console import Console

from likeness.persona.card import bar, card, dots, shade
from likeness.persona.config import PersonaConfig
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_events
from likeness.persona.record import Rhythm
from likeness.persona.sentences import Sentences, many, plain
from likeness.persona.state import PersonaState
from likeness.persona.view import view
from likeness.types import DAY, Catalogue, Clock, Event

START = datetime(2024, 9, 9, 10, tzinfo=UTC).timestamp()  # a Monday


def printed(
    catalogue: Catalogue, events: list[Event], clock: Clock = "time", day: float = 26.0, **fields: object
) -> str:
    config = PersonaConfig(clock=clock)
    state = fold_events(events, Facts(config, catalogue))
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    time = START + day * DAY if clock == "time" else day * DAY
    console.print(card(view(state, "u1", time, config, catalogue=catalogue)))
    return console.export_text()


def history(start: float = START) -> list[Event]:
    buys = [(0, "m1"), (12, "m1"), (24, "m1"), (24, "l1"), (25, "t1")]
    events = [
        Event(
            event_id=f"b{day}{item}",
            event="purchase",
            time=start + day * DAY,
            user_id="u1",
            session_id=f"s{day}",
            item_id=item,
            quantity=2.0,
            value=16.0,
            currency="GBP",
        )
        for day, item in buys
    ]
    look = Event(event_id="q", event="search", time=start + 25 * DAY, user_id="u1", session_id="s25", query="red mug")
    no = Event(
        event_id="n", event="not_interested", time=start + 25 * DAY, user_id="u1", session_id="s25", item_id="t1"
    )
    return [*events, look, no]


def test_the_card_says_what_matters(catalogue: Catalogue) -> None:
    text = printed(catalogue, history())
    sentences = " ".join(text.replace("│", " ").split())  # lines wrap
    for part in (
        "7 events, Sep 9 to Oct 4.",
        "Red mug",
        "buys every ~12 days, next ~Oct 15",
        "“red mug” 1×",
        "£80.00 in 4 orders: £20.00, 1.2 lines each.",
        "A piece costs about £7.92.",
        "No sign that taste has moved.",
        "✓ personalise",
    ):
        assert part in sentences, part
    assert all(len(line) <= 88 for line in text.splitlines())


def test_categories_stand_below_what_holds_them(catalogue: Catalogue) -> None:
    lines = [line.strip("│ ").split("█")[0].rstrip() for line in printed(catalogue, history()).splitlines()]
    assert (
        lines.index("Home")
        < lines.index("Mugs")
        < next(i for i, line in enumerate(lines) if line.startswith("Outdoor"))
    )


def test_the_week_is_seven_shaded_lines(catalogue: Catalogue) -> None:
    lines = printed(catalogue, history()).splitlines()
    week = {line[3:6]: line[7:55] for line in lines if re.match(r"│  (Mon|Tue|Wed|Thu|Fri|Sat|Sun) ", line)}
    assert list(week) == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert week["Mon"][20:22] == "▓▓" or week["Mon"][20:22] == "██"
    assert set(week["Sun"]) == {" "}


def test_positions_name_no_date(catalogue: Catalogue) -> None:
    text = printed(catalogue, history(start=0.0), clock="position")
    assert "buys every ~12 positions" in text
    assert not re.search(
        r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|ago|days?|week|19\d\d|20\d\d)\b", text
    )


def test_what_is_withheld_is_named_and_not_shown(catalogue: Catalogue) -> None:
    refusal = Event(event_id="c", event="consent", time=START, user_id="u1", consent={"measure": False})
    text = printed(catalogue, [*history(), refusal])
    assert "✗ measure" in text and "Left out for want of consent" in text
    assert "in 4 orders" not in text and "7 events" not in text and "Mon" not in text


def test_nobody_has_a_card_too() -> None:
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(card(view(PersonaState.empty(PersonaConfig()), None, 0.0, PersonaConfig())))
    assert "Nothing is known" in console.export_text()


def test_markup_in_titles_is_text(catalogue: Catalogue) -> None:
    events = [Event(event_id="1", event="purchase", time=START, user_id="u1", item_id="[bold]x[/bold][/]")]
    assert "[bold]x[/bold][/]" in printed(catalogue, events)


@pytest.mark.parametrize(
    ("due", "text"),
    [(0.5, "every ~12 days, next ~Oct 3"), (1.5, "every ~12 days, was due ~Oct 3")],
)
def test_a_rhythm_says_when(due: float, text: str) -> None:
    at = datetime(2024, 10, 3, tzinfo=UTC).timestamp()
    persona = view(PersonaState.empty(PersonaConfig()), None, at, PersonaConfig())
    rhythm = Rhythm(gap=12.0, spread=1.0, gaps=4, next_expected=at, due=due)
    assert Sentences(persona).rhythm(rhythm) == text


def test_another_year_is_named() -> None:
    persona = view(PersonaState.empty(PersonaConfig()), None, START, PersonaConfig())
    assert Sentences(persona).date(START) == "Sep 9"
    assert Sentences(persona).date(START - 366 * DAY) == "Sep 9 2023"


def test_small_words() -> None:
    assert (bar(1.0, 4), bar(0.5, 4), bar(0.03, 4), bar(0.0, 4)) == ("████", "██", "▏", "")
    assert [shade(share) for share in (0.0, 0.01, 0.3, 0.6, 1.0)] == [" ", "░", "▒", "▓", "█"]
    assert (dots(0.0), dots(0.5), dots(1.0)) == ("○○○○○", "●●○○○", "●●●●●")
    assert (many(1, "day"), many(2.5, "day"), many(1234, "day")) == ("1 day", "2.5 days", "1,234 days")
    assert (plain(9.96), plain(0.04)) == ("10", "0")

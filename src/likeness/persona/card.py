"""The persona on a terminal: bars for interests, a heat map of the week, and sentences for the rest."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from likeness.persona.facts import BANDS, PATH, prefixes
from likeness.persona.record import Favourite, Persona
from likeness.persona.sentences import Sentences
from likeness.types import Facet

BAR = 18  # cells of a whole bar
SHADES = " ░▒▓█"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TITLES = {
    "category": "Interests",
    "brand": "Brands",
    "attribute": "Traits",
    "price_band": "Price band",
    "kind": "Kinds",
}
_EIGHTHS = " ▏▎▍▌▋▊▉"
_ROWS = {"category": 8, "brand": 4, "attribute": 5, "price_band": 5, "kind": 4}
_WIDTH = 30
_TITLE, _SPAN = 22, 37


def card(persona: Persona) -> Panel:
    """Return the card of a persona, for `rich.console.Console.print`; it shows no date where the log has none."""
    say = Sentences(persona)
    title = f"[bold]{escape(persona.shopper or 'anonymous')}[/bold]"
    body = Group(*_sections(persona, say)) if persona.known else Text("Nothing is known of this shopper yet.")
    return Panel(body, title=title, subtitle=escape(say.consent()), padding=(1, 2), width=88)


def _sections(persona: Persona, say: Sentences) -> Iterator[RenderableType]:
    yield Text(say.seen(), style="dim")
    shown = {kind: values for kind, values in persona.interests.items() if kind != "kind" or len(values) > 1}
    for kind, values in shown.items():
        yield from _headed(TITLES.get(kind, kind), _bars(values, _ROWS.get(kind, 4)))
    if persona.favourites:
        yield from _headed("Favourites", _favourites(persona.favourites[:6], say))
    if persona.searches:
        yield from _headed("Searches", Text(say.searches()))
    if persona.habits is not None:
        yield from _headed("Week", _week(persona.habits.week))
        yield Text(say.habits())
    if persona.spending is not None:
        yield from _headed("Spending", Text(say.spending()))
    if persona.drift is not None:
        yield from _headed("Drift", Text(say.drift()))
    if persona.withheld:
        yield Text(f"\nLeft out for want of consent: {', '.join(persona.withheld)}.", style="dim italic")
    yield Text("\n●●●●● confidence: how much evidence stands behind a line; × counts events.", style="dim")


def _headed(title: str, body: RenderableType) -> tuple[RenderableType, RenderableType]:
    return Text(f"\n{title}", style="bold"), body


def _bars(facets: Sequence[Facet], rows: int) -> Table:
    """One line per value: name, bar of its share, share, confidence, events. Dislikes come last, in red."""
    liked = [facet for facet in facets if facet.strength > 0.0][:rows]
    disliked = [facet for facet in facets if facet.strength < 0.0][:2]
    top = max((abs(facet.strength) for facet in (*liked, *disliked)), default=1.0)
    table = _grid(_WIDTH, BAR)
    for name, facet in (*ordered(liked), *((facet.value, facet) for facet in disliked)):
        style = "green" if facet.strength > 0.0 else "red"
        share = f"{facet.strength:.0%}"
        table.add_row(escape(name), Text(bar(abs(facet.strength) / top, BAR), style=style), share, *_grounds(facet))
    return table


def ordered(facets: Sequence[Facet]) -> list[tuple[str, Facet]]:
    """Return (name, facet): bands by price, categories each below the one that holds it, the rest as given."""
    if facets and facets[0].kind == "price_band":
        return [(facet.value, facet) for facet in sorted(facets, key=lambda facet: BANDS.index(facet.value))]
    place = {facet.value: (-facet.strength, facet.value) for facet in facets}
    shown = sorted(facets, key=lambda facet: [place[path] for path in prefixes(facet.value) if path in place])
    return [(_indented(facet.value, place), facet) for facet in shown]


def _indented(path: str, shown: Container[str]) -> str:
    above = [prefix for prefix in prefixes(path) if prefix in shown and prefix != path]
    return "  " * len(above) + (path.removeprefix(above[-1] + PATH) if above else path)


def _favourites(favourites: Sequence[Favourite], say: Sentences) -> Table:
    table = _grid(_TITLE, _SPAN)
    for favourite in favourites:
        table.add_row(escape(favourite.title), say.favourite(favourite), "", *_grounds(favourite.facet))
    return table


def _grid(first: int, second: int) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=first, no_wrap=True, overflow="ellipsis")
    table.add_column(width=second, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right")
    table.add_column(style="cyan")
    table.add_column(justify="right", style="dim")
    return table


def _grounds(facet: Facet) -> tuple[str, str]:
    return dots(facet.confidence), f"{facet.count}×"


def _week(week: Sequence[Sequence[float]]) -> Table:
    """Seven lines of 24 cells, two characters each, shaded by the hour's share of the busiest one's."""
    top = max(max(day) for day in week)
    table = Table.grid(padding=(0, 1))
    table.add_row("", Text("".join(f"{hour:<6}" for hour in range(0, 24, 3)), style="dim"))
    for name, day in zip(WEEKDAYS, week, strict=True):
        table.add_row(name, Text("".join(shade(share / top) * 2 for share in day), style="green"))
    return table


def bar(share: float, width: int) -> str:
    """Return a bar for a share of 0 to 1, in eighths of a cell."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def shade(share: float) -> str:
    """Return a block for a share of 0 to 1; anything above nothing shows."""
    return SHADES[0] if share <= 0.0 else SHADES[min(4, 1 + int(share * 4))]


def dots(confidence: float) -> str:
    """Return five dots, filled by confidence."""
    filled = round(5 * confidence)
    return "●" * filled + "○" * (5 - filled)

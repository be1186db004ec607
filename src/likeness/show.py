"""What is printed for people: previews, reports, slates, reasons, receipts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from likeness.erase import Receipt
from likeness.evaluate import Report
from likeness.evaluate import show as show_report
from likeness.events.load import FileKind, ImportReport
from likeness.explain import in_words
from likeness.fit import FitReport
from likeness.persona.card import card as persona_card
from likeness.persona.record import Persona
from likeness.shop import Shop
from likeness.types import Facet, Slate, SlateItem


def preview(console: Console, name: str, kind: FileKind) -> None:
    """Show how the first rows of a file were understood, and what was assumed."""
    console.print(f"[bold]{escape(name)}[/]: {kind.kind}, format {kind.format}")
    if kind.mapping:
        taken = ", ".join(f"{field}={column}" for field, column in kind.mapping.items())
        console.print(f"  [dim]columns: {escape(taken)}[/]")
    rows = kind.preview[:3]
    columns = [
        column for column in dict.fromkeys(field for row in rows for field in row) if any(map(_get(column), rows))
    ]
    if columns:
        grid = Table(*columns, box=None, header_style="dim", padding=(0, 1))
        for row in rows:
            grid.add_row(*(escape(row.get(column, "")[:24]) for column in columns))
        console.print(grid)
    for note in kind.notes:
        console.print(f"  [dim]{escape(note)}[/]")


def _get(column: str) -> Callable[[dict[str, str]], str]:
    return lambda row: row.get(column, "")


def imported(console: Console, report: ImportReport) -> None:
    """Show the counts of an import, rule by rule."""
    known = " (imported before; nothing was done)" if report.known else ""
    console.print(
        f"{report.rows:,} rows = {report.accepted:,} accepted + {report.repaired:,} repaired + "
        f"{report.quarantined:,} quarantined{known}"
    )
    for rule, count in report.to_json()["rules"].items():
        console.print(f"  {count:>9,}  {rule}")
    if report.quarantined:
        console.print("  Each row with its line, rule and value: likeness export SHOP quarantine --out rows.parquet")
    if report.already_logged and not report.known:
        console.print(f"  {report.already_logged:>9,}  were in the log already")
    if report.later:
        console.print(f"  {report.later:>9,}  left out: not before --until")


def fitted(console: Console, report: FitReport) -> None:
    """Show what a fit learnt and how long each step took."""
    card = report.card
    console.print(
        f"Model {card.version}: {card.events:,} events, {card.items:,} items, {card.shoppers:,} shoppers, "
        f"encoder {card.encoder_version}, effort {card.effort}, scorer {report.scorer}"
    )
    if card.effort_note:
        console.print(f"Effort {card.effort} was taken: {card.effort_note}")
    console.print("  " + " · ".join(f"{step} {seconds:.1f} s" for step, seconds in report.seconds.items()))


def evaluation(console: Console, report: Report) -> None:
    """Show the tables of an evaluation."""
    show_report(report, console)


def stats(console: Console, numbers: dict[str, Any]) -> None:
    """Show what a shop holds."""
    for name in (
        "shop",
        "clock",
        "events",
        "shoppers",
        "some_shoppers",
        "items_given",
        "rows",
        "accepted",
        "repaired",
        "quarantined",
    ):
        value = numbers[name]
        shown = f"{value:,}" if isinstance(value, int) else ", ".join(value) if isinstance(value, list) else value
        console.print(f"{name:>13}  {shown}", markup=False)
    model = numbers["model"]
    console.print(f"{'model':>13}  {f'{model.version}, {model.items:,} items' if model else 'none: run fit'}")


def receipt(console: Console, done: Receipt) -> None:
    """Show what an erasure removed and where traces stay."""
    kept = "and the persona" if done.persona else "no persona was kept"
    console.print(f"Erased {escape(done.shopper)}: {done.events:,} rows, {done.slates:,} slates, {kept}.")
    if done.models_with_traces:
        console.print(f"  Sums in model {', '.join(done.models_with_traces)} still count them. {done.remedy}")


def card(console: Console, persona: Persona) -> None:
    """Show a persona as a card."""
    console.print(persona_card(persona))


def evidence(console: Console, persona: Persona) -> None:
    """Show every facet with the event ids behind it, whole, so that they can be looked up."""
    for facet in facets_of(persona):
        name = escape(f"{facet.kind}={facet.value}")
        console.print(f"[bold]{name}[/] {facet.strength:+.2f}, confidence {facet.confidence:.2f}, {facet.count} events")
        for event_id in facet.evidence:
            console.print(f"    {event_id}", markup=False, soft_wrap=True)


def facets_of(persona: Persona) -> list[Facet]:
    """Return every facet of a persona, kind by kind."""
    found = [facet for facets in persona.interests.values() for facet in facets]
    found += [favourite.facet for favourite in persona.favourites]
    return [*found, *persona.searches, *persona.terms]


def slate(console: Console, shop: Shop, shown: Slate) -> None:
    """Show a slate with the words of its reasons."""
    catalogue = shop.model.catalogue
    language = "zh" if any("一" <= sign <= "鿿" for sign in shown.query.text or "") else "en"
    for place in shown.items:
        item = catalogue.items[catalogue.row_of[place.item_id]]
        price = f"{item.price:,.2f}" if item.price is not None else ""
        title = escape(item.title or item.item_id)
        console.print(f"{place.rank:>3}  [bold]{title}[/]  [dim]{escape(item.item_id)}  {price}[/]")
        words = dict.fromkeys(in_words(reason, catalogue, language) for reason in place.reasons)
        if words:
            console.print(f"     [dim]{escape(' · '.join(words))}[/]")
    if not shown.items:
        console.print("Nothing fits. Take away a filter, or search for something else.")
    console.print(f"[dim]likeness explain {escape(str(shop.folder))} {shown.request_id}[/]", soft_wrap=True)


def explanation(console: Console, shop: Shop, shown: Slate) -> None:
    """Show everything that is known of why a slate was what it was."""
    when = "" if shop.clock == "position" else f" at {datetime.fromtimestamp(shown.query.time, UTC):%Y-%m-%d %H:%M} UTC"
    asked = f"search {shown.query.text!r}" if shown.query.text else f"slot {shown.query.slot}"
    console.print(
        f"{asked} by {shown.query.user_id or 'nobody in particular'}{when}, model {shown.model}", markup=False
    )
    for place in shown.items:
        _explain_place(console, shop, place)


def _explain_place(console: Console, shop: Shop, place: SlateItem) -> None:
    catalogue = shop.model.catalogue
    row = catalogue.row_of.get(place.item_id)
    title = catalogue.items[row].title if row is not None else ""
    console.print(
        f"{place.rank:>3}  [bold]{title}[/] {place.item_id}  score {place.score:.3f}  p {place.propensity:.3f}"
    )
    proposed = ", ".join(f"{name} {score:.3f}" for name, score in place.sources.items())
    console.print(f"     proposed by {proposed or 'a rule'}")
    for reason in place.reasons:
        because = f" because of {reason.because}" if reason.because else ""
        events = f" ({' '.join(reason.evidence)})" if reason.evidence else ""
        said = f"     {reason.contribution:+.3f} {reason.kind} {reason.name}{because}{events}"
        console.print(said, markup=False, soft_wrap=True)

"""Commands that ask: persona, search, recommend, explain."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from likeness import show
from likeness.batch import recommend_file, search_file
from likeness.cli.app import JsonFlag, ShopArg, app, open_shop, out, print_json, progress, seconds
from likeness.errors import InputError


class View(StrEnum):
    """How a persona is printed."""

    card = "card"
    json = "json"
    vector = "vector"
    evidence = "evidence"


At = Annotated[str | None, typer.Option("--at", help="As of this moment: only what happened before it counts.")]
User = Annotated[str | None, typer.Option("--user", help="Whose persona ranks.")]
Where = Annotated[str | None, typer.Option("--where", help="Filter, e.g. 'price < 20 and brand == \"Acme\"'.")]


@app.command()
def persona(
    shop: ShopArg,
    user: Annotated[str, typer.Argument(metavar="USER")],
    view: Annotated[View, typer.Option(help="card, json, vector or evidence.")] = View.card,
    at: At = None,
    json: JsonFlag = False,
) -> None:
    """Show what is known of one shopper, and why."""
    with open_shop(shop) as opened:
        read = opened.persona(user, at=seconds(at))
        if view is View.vector:
            print_json(read.vectors)
        elif json and view is View.evidence:
            print_json(show.facets_of(read))
        elif json or view is View.json:
            print_json(read)
        elif view is View.evidence:
            show.evidence(out, read)
        else:
            show.card(out, read)


@app.command()
def search(
    shop: ShopArg,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", show_default=False)] = None,
    user: User = None,
    n: Annotated[int | None, typer.Option("-n", "--n", min=1, max=1000, help="How many; 10, or 100 to a file.")] = None,
    where: Where = None,
    queries: Annotated[Path | None, typer.Option(help="TSV with a column `query`: answer them all.")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Where to write the run of --queries.")] = None,
    json: JsonFlag = False,
) -> None:
    """Search the catalogue, ranked for one shopper if --user is given."""
    with open_shop(shop) as opened:
        if queries is not None:
            target = _needed(to, "--out RUN.tsv", "--queries")
            with progress(quiet=json) as report:
                done = search_file(
                    opened, queries, target, n=n or 100, user=user, where=where, workers=None, progress=report
                )
            _wrote(done, target, json=json)
        elif text is None or not text.strip():
            raise InputError("nothing to search for.", remedy='Give TEXT, e.g. likeness search SHOP "red mug".')
        else:
            slate = opened.search(text, user=user, n=n or 10, where=where)
            print_json(slate) if json else show.slate(out, opened, slate)


@app.command()
def recommend(
    shop: ShopArg,
    user: Annotated[str | None, typer.Argument(metavar="USER", show_default=False)] = None,
    n: Annotated[int | None, typer.Option("-n", "--n", min=1, max=1000, help="How many items; the slot's own.")] = None,
    slot: Annotated[str, typer.Option(help="Where it will be shown; see docs/slots.md.")] = "home",
    exclude_seen: Annotated[bool | None, typer.Option("--exclude-seen", help="Leave out what the shopper met.")] = None,
    item: Annotated[
        list[str] | None, typer.Option("--item", help="An item of the page or the basket; may be repeated.")
    ] = None,
    where: Where = None,
    users: Annotated[Path | None, typer.Option(help="One user id per line: recommend to them all.")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="CSV, TSV or Parquet to write for --users.")] = None,
    json: JsonFlag = False,
) -> None:
    """Recommend to one shopper, with reasons, or to many at once."""
    with open_shop(shop) as opened:
        if (to is None) != (users is None) or (users is not None and user is not None):
            raise InputError("--users and --out go together, without USER.", remedy="Give USER, or --users and --out.")
        if users is not None:
            target = _needed(to, "--out RECS.parquet", "--users")
            with progress(quiet=json) as report:
                options: dict[str, Any] = {"n": n, "slot": slot, "exclude_seen": exclude_seen, "where": where}
                done = recommend_file(opened, users, target, **options, workers=None, progress=report)
            _wrote(done, target, json=json)
        elif user is None:
            raise InputError("nobody to recommend to.", remedy="Give USER, or --users FILE --out RECS.parquet.")
        else:
            page = tuple(item or ())
            slate = opened.recommend(user, n=n, slot=slot, exclude_seen=exclude_seen, where=where, context_items=page)
            print_json(slate) if json else show.slate(out, opened, slate)


@app.command()
def explain(
    shop: ShopArg, request_id: Annotated[str, typer.Argument(metavar="REQUEST_ID")], json: JsonFlag = False
) -> None:
    """Say why a slate was what it was: sources, features, history, rules, propensities."""
    with open_shop(shop) as opened:
        slate = opened.explain(request_id)
        print_json(slate) if json else show.explanation(out, opened, slate)


def _needed(value: Path | None, option: str, because: str) -> Path:
    if value is None:
        raise InputError(f"{because} needs a file to write to.", remedy=f"Add {option}.")
    return value


def _wrote(rows: dict[str, float], target: Path, *, json: bool) -> None:
    if json:
        print_json({**rows, "out": str(target)})
    else:
        out.print(f"{rows['asked']:,.0f} asked, {rows['rows']:,.0f} rows in {target} ({rows['per_second']:,.0f}/s)")

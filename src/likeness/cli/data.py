"""Commands that move data: init, import, validate, fit, export, stats, erase."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from likeness import show
from likeness.cli.app import (
    EffortOption,
    JsonFlag,
    ShopArg,
    Until,
    app,
    err,
    open_shop,
    out,
    print_json,
    progress,
    seconds,
)
from likeness.errors import FormatError, InputError
from likeness.events.load import FileKind, ImportReport, sniff
from likeness.export import export as export_table
from likeness.files.report import total
from likeness.files.source import files_of
from likeness.shop import Shop, check_file

Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files or folders.", show_default=False)]
FormatName = Annotated[
    str,
    typer.Option(
        "--format",
        help="auto, likeness, ga4, segment, personalize, retail-api, ubi, recbole, order-lines or sequences.",
    ),
]
Mapping = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Name a column yourself; may be repeated.")
]


class As(StrEnum):
    """What a file holds."""

    auto = "auto"
    events = "events"
    items = "items"


class Table(StrEnum):
    """What can be exported."""

    personas = "personas"
    events = "events"
    items = "items"
    quarantine = "quarantine"


AsKind = Annotated[As, typer.Option("--as", help="What the files hold; auto looks.")]


@app.command()
def init(
    shop: ShopArg,
    timezone: Annotated[str | None, typer.Option(help="IANA time zone for habits.")] = None,
    encoder: Annotated[str | None, typer.Option(help="Text encoder; see the settings page.")] = None,
    json: JsonFlag = False,
) -> None:
    """Make an empty shop with a commented likeness.toml."""
    written = Shop.init(shop, timezone=timezone, encoder=encoder)
    if json:
        print_json({"shop": str(shop), "settings": str(written)})
    else:
        out.print(f"Made {shop}. Settings: {written}")


@app.command("import")
def import_(
    shop: ShopArg,
    files: Files,
    as_: AsKind = As.auto,
    format_: FormatName = "auto",
    map_: Mapping = None,
    until: Until = None,
    json: JsonFlag = False,
) -> None:
    """Read events and items into the shop; ends with 1 when rows were quarantined."""
    with open_shop(shop, create=True) as opened, progress(quiet=json) as report:
        results = []
        for path in _each(files):
            kind = _kind(path, as_, format_, map_, until)
            if not json:
                show.preview(err, path.name, kind)
            results.append(opened.import_file(path, kind, progress=report))
    _finish(results, json=json)


@app.command()
def media(
    shop: ShopArg,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Parquet, NDJSON or CSV of item_id, kind, vector.")],
    json: JsonFlag = False,
) -> None:
    """Read vectors of pictures, sound or video that were made elsewhere."""
    with open_shop(shop) as opened:
        report = opened.import_media(file)
    if json:
        print_json(report)
    else:
        out.print(f"{file.name}: read {report.read}, the shop has {report.kept}")


@app.command()
def validate(
    files: Files, as_: AsKind = As.auto, format_: FormatName = "auto", map_: Mapping = None, json: JsonFlag = False
) -> None:
    """Do everything import does, without writing."""
    with progress(quiet=json) as report:
        results = []
        for path in _each(files):
            kind = _kind(path, as_, format_, map_, None)
            if not json:
                show.preview(err, path.name, kind)
            results.append(check_file(path, kind, progress=report))
    _finish(results, json=json)


@app.command()
def fit(
    shop: ShopArg,
    until: Until = None,
    encoder: Annotated[str | None, typer.Option(help="Text encoder; see the settings page.")] = None,
    effort: EffortOption = None,
    json: JsonFlag = False,
) -> None:
    """Learn from the log: catalogue, themes, indexes, item-to-item, nets, scorers, personas."""
    with open_shop(shop, encoder=encoder, effort=effort) as opened, progress(quiet=json) as report:
        fitted = opened.fit(until=seconds(until), progress=report)
    if json:
        print_json(fitted)
    else:
        show.fitted(out, fitted)


@app.command()
def export(
    shop: ShopArg,
    table: Annotated[Table, typer.Argument(help="What to write.", show_default=False)],
    to: Annotated[Path, typer.Option("--out", help="The Parquet file to write.", show_default=False)],
    json: JsonFlag = False,
) -> None:
    """Write personas, events, items or the quarantine as Parquet."""
    with open_shop(shop) as opened, progress(quiet=json) as report:
        rows = export_table(opened, table.value, to, progress=report)
    if json:
        print_json({"table": table.value, "out": str(to), "rows": rows})
    else:
        out.print(f"{rows:,} rows of {table.value} in {to}")


@app.command()
def stats(shop: ShopArg, json: JsonFlag = False) -> None:
    """Say what the shop holds."""
    with open_shop(shop) as opened:
        numbers = opened.stats()
    if json:
        print_json(numbers)
    else:
        show.stats(out, numbers)


@app.command()
def erase(shop: ShopArg, user: Annotated[str, typer.Argument(metavar="USER")], json: JsonFlag = False) -> None:
    """Remove a shopper from log, personas, slates and quarantine, and print the receipt."""
    with open_shop(shop) as opened:
        receipt = opened.erase(user)
    if json:
        print_json(receipt)
    else:
        show.receipt(out, receipt)


def _pairs(options: list[str] | None) -> dict[str, str]:
    pairs = [option.partition("=") for option in options or []]
    for field, equals, column in pairs:
        if not (field and equals and column):
            raise InputError(f"--map {field}{equals}{column} is not FIELD=COLUMN.", remedy="Write --map user_id=Kunde")
    return {field: column for field, _, column in pairs}


def _each(paths: list[Path]) -> list[Path]:
    """Return every file; a folder's files are each looked at by themselves."""
    return [path for given in paths for path in (files_of(given) if given.is_dir() else [given])]


def _kind(path: Path, as_: As, format_: str, map_: list[str] | None, until: str | None) -> FileKind:
    if not path.exists():
        raise FormatError(f"{path} does not exist.", remedy="Check the path.")
    now = datetime.now(UTC).timestamp()
    return sniff(path, as_.value, format_, _pairs(map_), until=seconds(until), latest=now)


def _finish(results: list[ImportReport], *, json: bool) -> None:
    added = total(results)
    if json:
        print_json(added.to_json())
    else:
        show.imported(out, added)
    raise typer.Exit(added.exit_code)

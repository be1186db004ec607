"""What every command shares: the application, the options, opening a shop, printing, progress, failing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from likeness.errors import InputError, LikenessError
from likeness.shop import Shop

app = typer.Typer(
    name="likeness",
    help="A living portrait of every shopper: personas, search, recommendation and reasons from a shop's own logs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(emoji=False)
err = Console(stderr=True, emoji=False)

ShopArg = Annotated[Path, typer.Argument(metavar="SHOP", help="The shop's folder.", show_default=False)]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Until = Annotated[str | None, typer.Option("--until", help="Only what happened before this time (RFC 3339 or a date).")]
Many = Annotated[int, typer.Option("-n", "--n", min=1, max=1000, help="How many items.")]
EffortOption = Annotated[str | None, typer.Option("--effort", help="fast, balanced or best; see the settings page.")]


class Report(Protocol):
    """A callback of long work: which step, how much is done, of how much."""

    def __call__(self, step: str, done: float, total: float | None) -> None:
        """Show it."""
        ...


def open_shop(folder: Path, *, create: bool = False, **settings: Any) -> Shop:
    """Open the shop in `folder` with settings given on the command line; those that are None were not given."""
    return Shop.open(folder, create=create, **{name: value for name, value in settings.items() if value is not None})


def print_json(value: Any) -> None:
    """Print one value as one line of JSON."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def seconds(text: str | None) -> float | None:
    """Read a time given by a person. Raises InputError naming the accepted forms."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        remedy = "Write 2011-10-09, 2011-10-09T12:00:00 (UTC) or 2011-10-09T12:00:00+08:00."
        raise InputError(f"time {text!r} is not understood.", remedy=remedy) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@contextmanager
def progress(*, quiet: bool) -> Iterator[Report]:
    """Show bars with the time left on a terminal's standard error, and nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, disable=quiet or not err.is_terminal, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: float, total: float | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield report


def fail(error: LikenessError, *, as_json: bool) -> int:
    """Print what went wrong and how to mend it, and return the exit code."""
    if as_json:
        print_json({"error": {"type": type(error).__name__, "what": error.what, "remedy": error.remedy}})
    else:
        err.print(f"[bold red]error[/] {type(error).__name__}: ", end="")
        err.print(error.what, markup=False, highlight=False)
        if error.remedy:
            err.print(f"  → {error.remedy}", markup=False, highlight=False)
    return 2

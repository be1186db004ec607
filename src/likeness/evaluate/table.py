"""The report in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as Grid

from likeness.evaluate.bootstrap import Interval
from likeness.evaluate.report import Report, Row, Table

TITLES = {"all": "The next purchases", "new": "The next purchases the shopper never made before"}


def show(report: Report, console: Console) -> None:
    """Print every table, the comparisons, the slices and what was tried."""
    for table in report.tables:
        console.print(_grid(table, report))
        console.print(_slice_grid(table))
        for line in comparison_lines(table):
            console.print(line, highlight=False)
    console.print(_tuning(report))
    for name, reason in report.left_out.items():
        console.print(f"{name}: left out, {reason}.", highlight=False)
    console.print(
        f"Every item ranked; {report.resamples:,} resamples of shoppers, seed {report.seed}, 95 % intervals. "
        "Calibration: KL from the category distribution of the past purchases (Steck 2018), lower is closer.",
        style="dim",
        highlight=False,
    )


def comparison_lines(table: Table) -> list[str]:
    """Return one sentence per comparison."""
    lines = []
    for c in table.comparisons:
        what = "the best baseline, " if c.best_baseline else ""
        lines.append(f"{c.metric}: {c.recommender} / {what}{c.against} = {_cell(c.ratio, digits=3)}")
    return lines


def _cell(value: Interval, *, digits: int = 4) -> str:
    if value.value is None or value.low is None or value.high is None:
        return "-"
    return f"{value.value:.{digits}f} [{value.low:.{digits}f}, {value.high:.{digits}f}]"


def _short(row: Row, metric: str, digits: int) -> str:
    value = row.metrics[metric].value
    return "-" if value is None else f"{value:.{digits}f}"


def _grid(table: Table, report: Report) -> Grid:
    """Return the main table: accuracy with intervals, then what the lists are like."""
    when = (
        "each shopper's last purchase held out" if report.days is None else f"the {report.days:g} days after the cutoff"
    )
    grid = Grid(title=f"{TITLES[table.task]}: {when}, {table.shoppers:,} shoppers", title_justify="left")
    names = list(table.rows[0].metrics) if table.rows else []
    wide, narrow = names[:4], names[4:]
    grid.add_column("recommender")
    for name in [*wide, *narrow, "coverage"]:
        grid.add_column(name.replace("_", " "), justify="right", no_wrap=name in wide)
    order = sorted(table.rows, key=lambda row: -(row.metrics[table.headline].value or 0))
    for row in order:
        cells = [_cell(row.metrics[name]) for name in wide] + [_short(row, name, 2) for name in narrow]
        grid.add_row(row.recommender, *cells, f"{row.coverage:.1%}", style=None if row.baseline else "bold")
    return grid


def _slice_grid(table: Table) -> Grid:
    """Return the headline measure by slice."""
    grid = Grid(title=f"{table.headline} by slice", title_justify="left")
    grid.add_column("recommender")
    for name, size in table.slice_sizes.items():
        grid.add_column(f"{name} ({size:,})", justify="right", no_wrap=True)
    for row in table.rows:
        cells = [_cell(row.slices[s][table.headline]) if s in row.slices else "-" for s in table.slice_sizes]
        grid.add_row(row.recommender, *cells, style=None if row.baseline else "bold")
    return grid


def _tuning(report: Report) -> Grid:
    """Return what was tried and chosen for each baseline."""
    grid = Grid(title=f"Baselines: at most {report.budget} settings each, on the window before", title_justify="left")
    for name in ("baseline", "task", "tried", "chosen", "score"):
        grid.add_column(name)
    for t in report.tuned:
        chosen = ", ".join(
            f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}" for key, value in t.chosen.items()
        )
        score = "not tuned" if t.score is None else f"{t.measure} {t.score:.4f}"
        grid.add_row(t.baseline, t.task, str(t.tried), chosen, score)
    return grid

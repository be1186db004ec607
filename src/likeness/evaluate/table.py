"""The report in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid

from likeness.evaluate.bootstrap import Interval
from likeness.evaluate.debiased import CLIP, GAMMA
from likeness.evaluate.metrics import DEEP, K
from likeness.evaluate.report import Report, Row, Table
from likeness.evaluate.tune import Tuned

COLD = ("ndcg@10", "recall@10", "recall@20")
DEBIASED = (f"ndcg@{K}, debiased", f"recall@{DEEP}, debiased", f"recall@{DEEP}, by item")
TAIL = ("ndcg@10", "recall@20", "tail_share@10", "novelty@10", "ndcg@10, debiased", "recall@20, by item")
ACCURACY = 4  # the first so many measures say how often the list was right
TITLES = {"all": "The next purchases", "new": "The next purchases the shopper never made before"}


def show(report: Report, console: Console) -> None:
    """Print every table, the comparisons, the slices and what was tried."""
    for table in report.tables:
        console.print(_accuracy(table, report))
        console.print(_slices(table))
        console.print(_character(table))
        console.print(_debiased(table))
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


def show_cold(table: Table, tuned: Sequence[Tuned], console: Console) -> None:
    """Print the table of a cold start, the comparisons, and what the peers were set to."""
    console.print(_cold(table))
    for line in comparison_lines(table):
        console.print(line, highlight=False)
    for t in tuned:
        console.print(f"  {t.baseline}: {_chosen(t)}, {_worth(t)} before", style="dim", highlight=False)


def show_tail(table: Table, console: Console) -> None:
    """Print what lists gain in the tail and lose in accuracy, row by row; the first row is the yardstick."""
    names = [name for name in TAIL if name in _names(table)]
    grid = _empty(f"{table.task}: {table.shoppers:,} shoppers", [*names, "coverage", "ndcg@10 lost [95 %]"])
    lost = {c.against: c.ratio for c in table.comparisons if c.metric == f"ndcg@{K}" and not c.best_baseline}
    for row in table.rows:
        cells = [_short(row, name, 3) for name in names]
        grid.add_row(row.recommender, *cells, f"{row.coverage:.0%}", _loss(lost.get(row.recommender)))
    console.print(grid)


def _loss(ratio: Interval | None) -> str:
    """Return by how much the other side of a ratio first / other falls short of the first."""
    if ratio is None or ratio.value is None or ratio.low is None or ratio.high is None:
        return "-"
    return f"{1 - 1 / ratio.value:.1%} [{1 - 1 / ratio.low:.1%}, {1 - 1 / ratio.high:.1%}]"


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
    return _plain(row.metrics[metric].value, digits)


def _plain(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _accuracy(table: Table, report: Report) -> Grid:
    """Return the main table: the headline measure with its interval, and the other measures of accuracy."""
    when = "each shopper's last purchase" if report.days is None else f"the {report.days:g} days after the cutoff"
    others = [name for name in _names(table)[:ACCURACY] if name != table.headline]
    grid = _empty(f"{TITLES[table.task]}: {when}, {table.shoppers:,} shoppers", [f"{table.headline} [95 %]", *others])
    for row in _ranked(table):
        cells = [_cell(row.metrics[table.headline], digits=3), *(_short(row, name, 3) for name in others)]
        grid.add_row(row.recommender, *cells, style=None if row.baseline else "bold")
    return grid


def _cold(table: Table) -> Grid:
    """Return accuracy with intervals."""
    names = [name for name in _names(table) if name in COLD]
    grid = _empty(f"{table.task}: {table.shoppers:,} shoppers", [f"{name} [95 %]" for name in names])
    for row in _ranked(table):
        cells = [_cell(row.metrics[name]) for name in names]
        grid.add_row(row.recommender, *cells, style=None if row.baseline else "bold")
    return grid


def _character(table: Table) -> Grid:
    """Return what the lists are like: how far from the beaten track, and how close to the shopper's own taste."""
    names = [name for name in _names(table)[ACCURACY:] if name not in DEBIASED]
    grid = _empty("What the lists are like", [*(name.replace("_", " ") for name in names), "coverage"])
    for row in _ranked(table):
        cells = [_short(row, name, 2) for name in names]
        grid.add_row(row.recommender, *cells, f"{row.coverage:.0%}", style=None if row.baseline else "bold")
    return grid


def _debiased(table: Table) -> Grid:
    """Return the measures that naming the popular does not raise."""
    names = [name for name in _names(table) if name in DEBIASED]
    title = (
        f"Without popularity's favour: inverse propensities ~ popularity^-{GAMMA:g}, at most {CLIP:g}; mean over items"
    )
    grid = _empty(title, [f"{name} [95 %]" for name in names])
    for row in _ranked(table):
        cells = [_cell(row.metrics[name], digits=3) for name in names]
        grid.add_row(row.recommender, *cells, style=None if row.baseline else "bold")
    return grid


def _slices(table: Table) -> Grid:
    """Return the headline measure by slice of shoppers and of items."""
    slices = list(table.slice_sizes)
    grid = _empty(f"{table.headline} by slice", [f"{name}\n{table.slice_sizes[name]:,}" for name in slices])
    for row in _ranked(table):
        cells = [_plain(row.slices[s][table.headline].value, 4) if s in row.slices else "-" for s in slices]
        grid.add_row(row.recommender, *cells, style=None if row.baseline else "bold")
    return grid


def _empty(title: str, columns: list[str]) -> Grid:
    grid = Grid(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    grid.add_column("recommender", no_wrap=True)
    for name in columns:
        grid.add_column(name, justify="right", no_wrap=True)
    return grid


def _names(table: Table) -> list[str]:
    return list(table.rows[0].metrics) if table.rows else []


def _ranked(table: Table) -> list[Row]:
    return sorted(table.rows, key=lambda row: -(row.metrics[table.headline].value or 0))


def _tuning(report: Report) -> Grid:
    """Return what was tried and chosen for each baseline."""
    grid = Grid(
        title=f"Baselines: at most {report.budget} settings each, on the window before",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    for name in ("baseline", "task", "tried", "chosen", "score"):
        grid.add_column(name)
    for t in report.tuned:
        grid.add_row(t.baseline, t.task, str(t.tried), _chosen(t), _worth(t))
    return grid


def _chosen(t: Tuned) -> str:
    return ", ".join(
        f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}" for key, value in t.chosen.items()
    )


def _worth(t: Tuned) -> str:
    return "not tuned" if t.score is None else f"{t.measure} {t.score:.4f}"

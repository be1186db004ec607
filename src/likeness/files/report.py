"""What an import did: counts that add up to the rows, rule by rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from likeness.types import Clock

OnProgress = Callable[[str, float, float | None], None]
"""Called after every chunk with the file's name, the bytes done and the bytes in all."""


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one file, or of several added up: accepted + repaired + quarantined = rows."""

    file: str
    kind: Literal["events", "items"]
    format: str
    rows: int = 0
    accepted: int = 0
    repaired: int = 0
    quarantined: int = 0
    already_logged: int = 0  # events that were in the log before
    later: int = 0  # rows at or after `until`, left out of every other count
    rules: dict[str, int] = {}
    seconds: float = 0.0
    clock: Clock = "time"
    known: bool = False  # the file had been imported before; nothing was done

    def __post_init__(self) -> None:
        """Hold the promise that every row is accounted for."""
        if self.accepted + self.repaired + self.quarantined != self.rows:
            raise AssertionError(f"the counts of {self.file} do not add up: {self}")

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values, most telling rules first."""
        rules = dict(sorted(self.rules.items(), key=lambda rule: (-rule[1], rule[0])))
        return msgspec.to_builtins(msgspec.structs.replace(self, rules=rules, seconds=round(self.seconds, 3)))  # type: ignore[no-any-return]

    @property
    def exit_code(self) -> int:
        """Return 0 when nothing was quarantined, else 1."""
        return 1 if self.quarantined else 0


def report_of(
    file: str, kind: Literal["events", "items"], format: str, counts: Mapping[str, int], **more: Any
) -> ImportReport:
    """Return a report from counts as `ImportState` keeps them ("rule:<name>" for the rules)."""
    rules = {name.removeprefix("rule:"): n for name, n in counts.items() if name.startswith("rule:")}
    plain = {
        name: n for name, n in counts.items() if not name.startswith("rule:") and name in ImportReport.__struct_fields__
    }
    return ImportReport(file=file, kind=kind, format=format, rules=rules, **plain, **more)  # type: ignore[arg-type]


def total(reports: list[ImportReport]) -> ImportReport:
    """Return several reports added up."""
    counts: dict[str, int] = {}
    for report in reports:
        for name in ("rows", "accepted", "repaired", "quarantined", "already_logged", "later"):
            counts[name] = counts.get(name, 0) + getattr(report, name)
        for rule, n in report.rules.items():
            counts[f"rule:{rule}"] = counts.get(f"rule:{rule}", 0) + n
    kinds = {report.kind for report in reports}
    formats = {report.format for report in reports}
    return report_of(
        ", ".join(report.file for report in reports),
        kinds.pop() if len(kinds) == 1 else "events",
        formats.pop() if len(formats) == 1 else "mixed",
        counts,
        seconds=sum(report.seconds for report in reports),
        clock="position" if any(report.clock == "position" for report in reports) else "time",
        known=bool(reports) and all(report.known for report in reports),
    )

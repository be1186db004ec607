"""The page on importing lists every rule as the code has it."""

from __future__ import annotations

from pathlib import Path

from likeness.catalog import read
from likeness.events import rules
from likeness.files.options import FORMATS

PAGE = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")


def test_every_rule_is_on_the_page() -> None:
    for rule in rules.RULES:
        assert f"| `{rule.name}` | {rule.what} | {rule.status} |" in PAGE
    for rule in read.RULES:
        assert f"`{rule.name}`" in PAGE


def test_every_format_is_on_the_page() -> None:
    assert all(f"| `{name}` |" in PAGE for name in FORMATS if name != "auto")

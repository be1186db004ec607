"""docs/settings.md is what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_is_made_from_the_table() -> None:
    page = runpy.run_path(str(DOCS / "make.py"))["settings_page"]()
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == page, "run: make docs"

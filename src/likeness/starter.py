"""The settings file of a new shop: every setting with its help, commented out, and examples of the other tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from likeness.errors import ConfigError
from likeness.settings import FILE_NAME, load_settings, settings_table

EXAMPLES = (
    "",
    "# What events say about liking an item, in views; see docs/settings.md for the rest.",
    "# [persona.event_weights]",
    "# purchase = 5.0",
    "",
    "# Merchandising: action is boost, bury, drop or pin.",
    "# [[rules]]",
    '# name = "season opening"',
    '# action = "boost"',
    """# where = 'category == "Garden" and price < 50'""",
)


def write_settings(folder: Path, settings: Mapping[str, str | None]) -> Path:
    """Make the folder with a commented settings file and return that file's path; ConfigError if it is there."""
    path = folder / FILE_NAME
    if path.exists():
        raise ConfigError(f"{path} exists.", remedy="Edit it, or choose another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    given = {name: value for name, value in settings.items() if value is not None}
    load_settings(folder, given)
    lines = ["# Settings of this shop. A line without '#' is in force; the values shown are the defaults."]
    for name, default, help_text in settings_table():
        shown = f'{name} = "{given[name]}"' if name in given else f"# {name} = {_toml(default)}"
        lines += ["", f"# {help_text}", shown]
    path.write_text("\n".join([*lines, *EXAMPLES]) + "\n", encoding="utf-8")
    return path


def _toml(default: str) -> str:
    """Return a default as TOML shows it."""
    return {"True": "true", "False": "false"}.get(default, default.replace("'", '"'))

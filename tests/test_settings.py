"""One table feeds file, environment and command line, and refuses what it does not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from likeness.errors import ConfigError
from likeness.settings import Settings, load_settings, settings_table


def test_defaults_without_a_file(tmp_path: Path) -> None:
    assert load_settings(tmp_path, environ={}).settings == Settings()


def test_command_line_over_environment_over_file(tmp_path: Path) -> None:
    (tmp_path / "likeness.toml").write_text('timezone = "Asia/Shanghai"\ncandidates = 50\nexplore = 0.1\n')
    loaded = load_settings(tmp_path, {"explore": 0.3}, {"LIKENESS_EXPLORE": "0.2", "LIKENESS_CANDIDATES": "60"})
    assert (loaded.settings.timezone, loaded.settings.candidates, loaded.settings.explore) == ("Asia/Shanghai", 60, 0.3)


def test_component_tables_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "likeness.toml").write_text('[persona]\nridge = 2.0\n[[rules]]\nname = "x"\n')
    assert dict(load_settings(tmp_path, environ={}).tables) == {"persona": {"ridge": 2.0}, "rules": [{"name": "x"}]}


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("candidates = 1", "candidates = 1"),
        ('timezone = "Mars/Base"', "Mars/Base"),
        ("colour = 3", "colour = 3"),
        ("explore = = 3", r"likeness\.toml"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "likeness.toml").write_text(text)
    with pytest.raises(ConfigError, match=match):
        load_settings(tmp_path, environ={})


def test_a_bad_variable_names_itself(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="LIKENESS_EXPLORE"):
        load_settings(tmp_path, environ={"LIKENESS_EXPLORE": "much"})


def test_every_setting_is_documented() -> None:
    assert all(name and help_text.endswith(".") for name, _default, help_text in settings_table())

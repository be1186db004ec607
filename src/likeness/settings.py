"""System settings: one table (name, default, help) for the file, the environment, the command line and the docs.

Order of precedence: command line, then environment (`LIKENESS_<NAME>`), then `likeness.toml` in the shop's folder,
then the default. Other tables of that file (`[persona]`, `[[rules]]`, ...) configure components: `Loaded.tables`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from likeness.errors import ConfigError
from likeness.types import PURPOSES

FILE_NAME = "likeness.toml"
TABLES = ("persona", "rules", "slots", "worth")  # of components
ENV_PREFIX = "LIKENESS_"
Effort = Literal["fast", "balanced", "best"]
Policy = Literal["greedy", "epsilon", "plackett-luce", "thompson", "probes"]


class Settings(BaseModel):
    """Settings of one shop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shop_id: str = Field("", description="Name of the shop in every key; empty means the folder's name.")
    timezone: str = Field("UTC", description="IANA time zone in which habits (hour, weekday) are counted.")
    encoder: str = Field(
        "static", description="Text encoder: static, minilm, sentence-transformers:NAME or openai:MODEL; read by `fit`."
    )
    images: str = Field(
        "",
        description="Encoder of the pictures whose paths the items give: descriptor, sentence-transformers:NAME, or "
        "empty for none; read by `fit`.",
    )
    effort: Effort = Field(
        "balanced",
        description="What `fit` spends: fast (no nets, under a minute), balanced (minutes) or best (up to an hour). "
        "Nets need the extra `learn`; without it fast is taken and said.",
    )
    consent_default: bool = Field(
        True, description="Whether a purpose a shopper never spoke about counts as granted; false is opt-in."
    )
    log_slates: bool = Field(True, description="Whether every answer is written to the log under its request_id.")
    explore: float = Field(
        0.0, ge=0, le=1, description="Share of recommendation slates whose order is explored; propensities are kept."
    )
    policy: Policy = Field(
        "plackett-luce",
        description="How explored slates are drawn: greedy, epsilon, plackett-luce, thompson (from answers to logged "
        "slates) or probes (asks about categories the persona is unsure of).",
    )
    threads: int = Field(
        1, ge=0, description="Threads of linear algebra in this process: 1 answers fastest; 0 leaves them as they are."
    )
    candidates: int = Field(100, ge=10, le=5000, description="How many candidates each source may propose.")
    max_per_category: int = Field(
        0, ge=0, description="Most items of one category in a slate; 0 means no cap. Search slates are never capped."
    )
    diversity: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Weight of dissimilarity (MMR) in recommendation slates; 0 keeps the ranker's order.",
    )

    @property
    def assume(self) -> tuple[str, ...]:
        """Purposes that count as granted until a shopper says otherwise."""
        return PURPOSES if self.consent_default else ()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("not an IANA time zone such as Europe/London or Asia/Shanghai")
        return value


@dataclass(frozen=True)
class Loaded:
    """Validated settings and the component tables of the same file."""

    settings: Settings
    tables: Mapping[str, Any]


def load_settings(
    folder: Path, overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> Loaded:
    """Read the settings of a shop's folder; a missing file means defaults.

    Raises ConfigError naming the key, its value, the rule and the place it came from.
    """
    path = folder / FILE_NAME
    document = _read(path)
    known = set(Settings.model_fields)
    tables = {key: value for key, value in document.items() if key in TABLES}
    values = {key: value for key, value in document.items() if key not in tables}
    for key, value in tables.items():
        if not isinstance(value, list if key == "rules" else dict):
            raise ConfigError(
                f"{path}: {key} = {value!r}: it is no table.", remedy="See docs/settings.md for its keys."
            )
    origin = dict.fromkeys(values, str(path))
    variables = os.environ if environ is None else environ
    for name in known:
        if (variable := ENV_PREFIX + name.upper()) in variables:
            values[name], origin[name] = variables[variable], variable
    for name, value in (overrides or {}).items():
        values[name], origin[name] = value, "command line"
    try:
        return Loaded(Settings.model_validate(values), tables)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise ConfigError(
            f"{origin.get(name, path)}: {name} = {values.get(name)!r}: {first['msg']}.",
            remedy=f"Known settings: {', '.join(sorted(known))}.",
        ) from error


def settings_table() -> list[tuple[str, str, str]]:
    """Return (name, default, help) of every setting, in order."""
    return [(name, repr(field.default), field.description or "") for name, field in Settings.model_fields.items()]


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}.", remedy="Mend the file; it is TOML in UTF-8.") from error

"""How a file is to be read: the options of `import` and `validate`, and the words they accept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from likeness.errors import ConfigError

As = Literal["auto", "events", "items"]

FORMATS = (
    "auto",
    "likeness",
    "ga4",
    "segment",
    "personalize",
    "retail-api",
    "ubi",
    "recbole",
    "order-lines",
    "sequences",
)

NOT_PRODUCTS = (
    r"post(age)?|dot(com)?( postage)?|carriage|shipping|delivery|c\d",  # carriage of every kind
    r"d|discount|m|manual|b|s|samples?|adjust\w*|bank charges?|amazon ?fee|cruk( commission)?|fees?",  # book-keeping
    r"test\w*|gift(_.*)?|(gift )?vouchers?(_.*)?",  # test articles and vouchers
)
"""Item codes of order lines that are no product: regular expressions, whole match, upper and lower case alike."""


NOBODY = ("0", "-1")
"""Customers of order lines that are none: how many tills and exports write a sale to a stranger."""


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the user says about a file; everything has a default that is told from the file itself."""

    as_: As = "auto"  # what its rows are
    format: str = "auto"  # one of FORMATS
    mapping: dict[str, str] = {}  # field -> column; "=text" is the same text for every row
    until: float | None = None  # rows at or after this time are left out, as if the file ended before them
    latest: float | None = None  # a time after this is impossible (pass the present); default the year 2100
    timezone: str = "UTC"  # of times that name none
    day_first: bool | None = None  # whether 3/4/2011 is the third of April; default told from the file
    currency: str | None = None  # of rows that name none
    encoding: str | None = None  # default told from the file
    not_products: tuple[str, ...] | None = None  # default NOT_PRODUCTS for order lines, nothing for other formats
    nobody: tuple[str, ...] | None = None  # user ids that mean nobody; default NOBODY for order lines
    chunk_rows: int = 50_000  # rows of one transaction

    def __post_init__(self) -> None:
        """Refuse what cannot be carried out.

        Raises:
            ConfigError: an unknown format or time zone, a currency that is no ISO 4217 code, a bad expression.
        """
        if self.format not in FORMATS:
            raise ConfigError(f"Format {self.format!r} is not known.", remedy=f"Use one of: {', '.join(FORMATS)}.")
        if self.as_ not in ("auto", "events", "items"):
            raise ConfigError(f"Rows cannot be read as {self.as_!r}.", remedy="Use one of: auto, events, items.")
        if self.currency is not None and re.fullmatch("[A-Z]{3}", self.currency) is None:
            raise ConfigError(f"Currency {self.currency!r} is no ISO 4217 code.", remedy="Use three capitals like EUR.")
        if self.chunk_rows < 1:
            raise ConfigError(f"chunk_rows is {self.chunk_rows}.", remedy="Use at least 1.")
        _check_zone(self.timezone)
        _check_patterns(self.not_products or ())


def parse_mapping(pairs: tuple[str, ...] | list[str]) -> dict[str, str]:
    """Return `field -> column` from texts like `user_id=Customer ID`.

    Raises:
        ConfigError: a text without `=`, or the same field twice.
    """
    mapping: dict[str, str] = {}
    for pair in pairs:
        field, sign, column = pair.partition("=")
        if not sign or not field.strip() or not column.strip() or field.strip() in mapping:
            raise ConfigError(
                f"{pair!r} maps nothing, or a field twice.", remedy="Write --map field=Column, once a field."
            )
        mapping[field.strip()] = column.strip()
    return mapping


def check_mapping(mapping: Mapping[str, str], fields: tuple[str, ...], header: tuple[str, ...]) -> None:
    """Refuse a mapping that names an unknown field, or a column that is not there.

    Raises:
        ConfigError: with the known fields, or the file's columns.
    """
    for field, column in mapping.items():
        if field not in fields and not field.startswith("attribute:"):
            raise ConfigError(f"There is no field {field!r}.", remedy=f"Map one of: {', '.join(fields)}.")
        if not column.startswith("=") and header and column not in header:
            raise ConfigError(f"There is no column {column!r}.", remedy=f"The columns are: {', '.join(header[:40])}.")


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"Time zone {name!r} is not known.", remedy="Use an IANA name like Europe/London.") from error


def _check_patterns(patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ConfigError(f"{pattern!r} is no regular expression: {error}.", remedy="Mend or drop it.") from error

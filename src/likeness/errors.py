"""The tree of errors; every message names the value, the rule it broke and the remedy.

LikenessError
├── InputError          a file, row, event, item or query that cannot be understood
│   ├── FormatError     a file whose format cannot be told or read
│   └── FilterError     a filter expression that cannot be parsed
├── ConfigError         a setting or option outside its rule
│   └── MissingExtra    an optional dependency that is not installed
├── NotFoundError       a shop, shopper, item, request or model that does not exist
│   └── NotFittedError  something that exists only after `fit`
├── StoreError          a store that cannot be opened, or holds another version
└── ConsentError        a reading for which the shopper gave no consent
"""

from __future__ import annotations


class LikenessError(Exception):
    """Anything this package raises on purpose.

    `what` names the value and the rule, `remedy` the way out; both are shown.
    """

    def __init__(self, what: str, *, remedy: str = "") -> None:
        """Keep both parts, and join them for `str()`."""
        super().__init__(f"{what} {remedy}".strip())
        self.what = what
        self.remedy = remedy


class InputError(LikenessError):
    """A file, row, event, item or query that cannot be understood."""


class FormatError(InputError):
    """A file whose format cannot be told or read."""


class FilterError(InputError):
    """A filter expression that cannot be parsed."""


class ConfigError(LikenessError):
    """A setting or option outside its rule."""


class MissingExtra(ConfigError):
    """An optional dependency that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        """Name the feature that was asked for and the extra that brings it."""
        remedy = f"Install it: pip install 'likeness[{extra}]'"
        super().__init__(f"{feature} needs an optional dependency.", remedy=remedy)


class NotFoundError(LikenessError):
    """A shop, shopper, item, request or model that does not exist."""


class NotFittedError(NotFoundError):
    """Something that exists only after `fit`."""


class StoreError(LikenessError):
    """A store that cannot be opened, or that holds another version."""


class ConsentError(LikenessError):
    """A reading for which the shopper gave no consent."""

"""Likeness draws a living portrait of every shopper, and searches, recommends and explains with it.

>>> import likeness
>>> shop = likeness.open("my-shop")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from likeness.errors import LikenessError
    from likeness.shop import Shop
    from likeness.types import Event, Item, Query, Slate

__version__ = "0.1.0"
__all__ = ["Event", "Item", "LikenessError", "Query", "Shop", "Slate", "open"]

_HOMES = {
    "Event": "likeness.types",
    "Item": "likeness.types",
    "LikenessError": "likeness.errors",
    "Query": "likeness.types",
    "Shop": "likeness.shop",
    "Slate": "likeness.types",
}


def open(folder: Path | str, **settings: Any) -> Shop:
    """Open the shop in `folder`, making it if it is not there; see `Shop.open`."""
    opened: Shop = __getattr__("Shop").open(folder, **settings)
    return opened


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module 'likeness' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

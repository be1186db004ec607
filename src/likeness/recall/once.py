"""Once per request: what several columns of one request need is worked out when first asked for, and then kept.

A request is recalled for and described by the same source in turn, so that only the latest one is remembered, per
thread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import local
from typing import Generic, TypeVar, cast

from likeness.types import Request

Value = TypeVar("Value")


class Once(Generic[Value]):
    """Remembers values of the latest request by key."""

    def __init__(self) -> None:
        """Start empty."""
        self._latest = local()

    def __call__(self, request: Request, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value kept for this very request and key, made by `make` when there is none."""
        if getattr(self._latest, "request", None) is not request:
            self._latest.request, self._latest.values = request, {}
        values = self._latest.values
        if key not in values:
            values[key] = make()
        return cast(Value, values[key])

"""What all statistics share: a compact versioned form, and refusals that name the value, the rule and the remedy."""

from __future__ import annotations

from functools import cache
from math import isfinite
from typing import Any, Self

import msgspec

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")  # equal states give equal bytes, whatever their dicts' order


class State(msgspec.Struct, array_like=True):
    """A statistic's fields as one msgpack array whose first element is the tag: kind and version, such as ``sum1``."""

    def encode(self) -> bytes:
        """The state as msgpack bytes; equal states give equal bytes."""
        return _ENCODER.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The state that `encode` wrote; ValueError for another kind, an unknown version or damaged bytes."""
        try:
            state: Self = _decoder(cls).decode(data)
        except msgspec.MsgspecError as error:
            raise ValueError(_refusal(cls, data, error)) from error
        return state


@cache
def _decoder(kind: type[Any]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)


def _refusal(kind: type[State], data: bytes, error: Exception) -> str:
    expected = kind.__struct_config__.tag
    try:
        found = msgspec.msgpack.decode(data, type=list[Any])[0]
    except (msgspec.MsgspecError, IndexError):
        found = None
    if found != expected:
        what = f"state tagged {found!r}: {kind.__name__} reads only {expected!r} (kind and version)"
    else:
        what = f"state of {len(data)} bytes is not a whole {kind.__name__}: {error}"
    return f"{what}; read it with the version that wrote it, or rebuild it from the event log"


def require_same(left: State, right: State, *settings: str) -> None:
    """Raise ValueError unless both statistics were made with equal `settings` (names of their fields)."""
    for name in settings:
        mine, theirs = getattr(left, name), getattr(right, name)
        if mine != theirs:
            raise ValueError(
                f"{type(left).__name__}.{name} {mine!r} meets {theirs!r}: only statistics with equal settings combine; "
                f"rebuild one of them with the other's {name}"
            )


def require_finite(**values: float) -> None:
    """Raise ValueError for the first of `values` that is not a finite number."""
    for name, value in values.items():
        if not isfinite(value):
            raise ValueError(f"{name} {value!r} is not a finite number; clean the event before it reaches a statistic")

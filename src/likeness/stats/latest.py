"""The last word per key, for what shoppers declare: consent, sizes, preferences."""

from __future__ import annotations

from typing import Self

from msgspec import field

from likeness.stats.state import State, require_finite, require_same

Scalar = bool | int | float | str | None
Written = tuple[float, str, Scalar]  # time (s), tie-break id, value


class Latest(State, array_like=True, tag="latest1"):
    """A last-writer-wins register per key: the value with the greatest (time, id) holds, whatever the order of arrival.

    An id belongs to one event, so (time, id) decides; equal pairs with unequal values are decided by the value's text.
    Beyond `capacity` keys the ones written last are kept: give what must never be crowded out a register of its own.
    """

    capacity: int = 256
    values: dict[str, Written] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the settings; ValueError names the one that cannot be."""
        if self.capacity < 1:
            raise ValueError(f"capacity {self.capacity}: a register keeps at least one key")

    def update(self, key: str, value: Scalar, *, time: float, event_id: str = "") -> None:
        """Write `value` under `key`; an earlier write than the one held changes nothing."""
        require_finite(time=time)
        self._write(key, (time, event_id, value))

    def merge(self, other: Self) -> Self:
        """The last word of both for every key."""
        require_same(self, other, "capacity")
        both = type(self)(self.capacity, dict(self.values))
        for key, written in other.values.items():
            both._write(key, written)
        return both

    def get(self, key: str, default: Scalar = None) -> Scalar:
        """The value that holds under `key`."""
        return self.values[key][2] if key in self.values else default

    def _write(self, key: str, written: Written) -> None:
        held = self.values.get(key)
        if held is None or _rank(written) > _rank(held):
            self.values[key] = written
            if len(self.values) > self.capacity:
                del self.values[min(self.values, key=lambda k: (*self.values[k][:2], k))]


def _rank(written: Written) -> tuple[float, str, str]:
    time, event_id, value = written
    return time, event_id, f"{type(value).__name__} {value!r}"

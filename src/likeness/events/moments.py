"""Moments that can be: what `import` quarantines as an impossible time is refused when it is observed."""

from __future__ import annotations

from collections.abc import Iterable

from likeness.errors import InputError
from likeness.types import Event

TOO_LATE = 4_102_444_800.0  # 2100-01-01


def check_moments(events: Iterable[Event]) -> None:
    """Raise InputError for an event whose time lies before 1970 or after 2099."""
    for event in events:
        if not 0.0 <= event.time < TOO_LATE:
            what = f"event {event.event_id!r} has time {event.time}, which is no moment from 1970 to 2099."
            raise InputError(what, remedy="Give seconds since 1970, not milliseconds.")

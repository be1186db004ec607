"""How long work reports: a step's name, how much is done, and of how much."""

from __future__ import annotations

from time import perf_counter
from typing import Protocol


class Progress(Protocol):
    """Called as work goes on; `total` is None while it is unknown."""

    def __call__(self, step: str, done: float, total: float | None) -> None:
        """Take note."""
        ...


def silent(step: str, done: float, total: float | None) -> None:
    """Take no note."""


class Clockwork:
    """Times the steps of long work and reports each as it ends."""

    def __init__(self, name: str, steps: int, progress: Progress = silent) -> None:
        """Expect `steps` steps of the work called `name`."""
        self.seconds: dict[str, float] = {}
        self._name = name
        self._steps = steps
        self._progress = progress
        self._since = perf_counter()
        progress(name, 0, steps)

    def done(self, step: str) -> None:
        """Note that a step has ended."""
        now = perf_counter()
        self.seconds[step] = round(now - self._since, 3)
        self._since = now
        self._progress(self._name, len(self.seconds), self._steps)

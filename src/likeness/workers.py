"""Many questions answered by several processes, each with the shop opened for itself."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from likeness.shop import Shop

Asked = tuple[str, dict[str, Any]]
"""A name and the options of types.Query."""
Answered = tuple[str, list[str], list[float]]
"""The name, item ids and scores."""
CHUNK = 200  # questions handed to a worker at once
WORTH = 1_000  # questions; below, starting processes costs more than it gives
_shop: Shop | None = None  # of a worker process


def answers(shop: Shop, asked: Sequence[Asked], workers: int | None) -> Iterator[Answered]:
    """Yield the answers in the order of the questions; nothing is logged.

    `workers` None is one per core where there is enough to do. A shop whose store is not in its folder is asked by this
    process alone.
    """
    count = (os.cpu_count() or 1) if workers is None and len(asked) >= WORTH else workers or 1
    if count < 2 or not shop.on_disk:
        for name, options in asked:
            yield name, *shop.ranked(**options)
        return
    chunks = [asked[first : first + CHUNK] for first in range(0, len(asked), CHUNK)]
    given = (shop.folder, shop.settings.model_dump())
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=_open, initargs=given) as pool:
        for answered in pool.map(_answer, chunks):
            yield from answered


def _open(folder: Path, settings: dict[str, Any]) -> None:
    global _shop
    _shop = Shop.open(folder, create=False, **settings)


def _answer(asked: Sequence[Asked]) -> list[Answered]:
    assert _shop is not None
    return [(name, *_shop.ranked(**options)) for name, options in asked]

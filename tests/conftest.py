"""What several tests share: a tiny catalogue made by hand, and the folder of real data when there is one."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("LIKENESS_EFFORT", "fast")  # nets have tests of their own

import numpy as np
import pytest

from likeness.types import Catalogue, Item

ITEMS = (
    Item(
        item_id="m1",
        title="Red mug",
        categories=("Home", "Mugs"),
        brand="Acme",
        price=8.0,
        attributes={"colour": "red"},
    ),
    Item(
        item_id="m2",
        title="Blue mug",
        categories=("Home", "Mugs"),
        brand="Zen",
        price=12.0,
        attributes={"colour": "blue"},
    ),
    Item(item_id="l1", title="Desk lamp", categories=("Home", "Lamps"), brand="Acme", price=40.0),
    Item(item_id="t1", title="Tent for two", categories=("Outdoor",), price=120.0),
    Item(item_id="x1", title="Sold out mug", categories=("Home", "Mugs"), price=9.0, available=False),
)


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(
        items=ITEMS,
        category=np.array([0, 0, 1, 2, 0], np.int32),
        category_names=("Home > Mugs", "Home > Lamps", "Outdoor"),
        brand=np.array([0, 1, 0, -1, -1], np.int32),
        brand_names=("Acme", "Zen"),
        price=np.array([8.0, 12.0, 40.0, 120.0, np.nan]),
        band=np.array([0, 4, 2, 2, -1], np.int32),
        percentile=np.array([0.25, 0.75, 0.5, 0.5, np.nan]),
        available=np.array([True, True, True, True, False]),
    )


@pytest.fixture(scope="session")
def data_folder() -> Path:
    folder = Path(os.environ.get("LIKENESS_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no folder of real data; set LIKENESS_DATA")
    return folder

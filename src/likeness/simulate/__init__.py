"""A synthetic shop with known truth, for the demo, for tests and for what real data cannot show."""

from __future__ import annotations

from likeness.simulate.config import SimulateConfig, sized
from likeness.simulate.shop import SyntheticShop, simulate
from likeness.simulate.truth import ItemTruth, Truth

__all__ = ["ItemTruth", "SimulateConfig", "SyntheticShop", "Truth", "simulate", "sized"]

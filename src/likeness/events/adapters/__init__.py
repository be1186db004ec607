"""One module per format: raw rows to parts under our names."""

from __future__ import annotations

from likeness.events.adapters import (
    ga4,
    likeness,
    order_lines,
    personalize,
    recbole,
    retail_api,
    segment,
    sequences,
    ubi,
)
from likeness.events.parts import Adapt

ADAPTERS: dict[str, Adapt] = {
    "likeness": likeness.adapt,
    "ga4": ga4.adapt,
    "segment": segment.adapt,
    "personalize": personalize.adapt,
    "retail-api": retail_api.adapt,
    "ubi": ubi.adapt,
    "recbole": recbole.adapt,
    "order-lines": order_lines.adapt,
    "sequences": sequences.adapt,
}
"""Format -> adapter."""

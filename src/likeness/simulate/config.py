"""The size and habits of the synthetic shop."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

EVENTS_PER_VISIT = 6.2
"""Roughly how many log rows one visit leaves under the default settings (measured, give or take 12 %)."""


class SimulateConfig(BaseModel):
    """Everything that can be chosen about a synthetic shop; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shoppers: int = Field(default=1_000, ge=1, description="People with a stable id.")
    items: int = Field(default=600, ge=40, description="Size of the shelf; at least one item per leaf category.")
    visits_per_shopper: float = Field(default=24.0, gt=0, description="Mean visits per shopper, heavy-tailed.")
    start: float = Field(default=1_704_067_200.0, description="Seconds UTC (default: Monday 2024-01-01).")
    days: int = Field(default=365, ge=7, description="Length of the log.")
    taste: bool = Field(default=True, description="False: all share one preference, nobody repurchases.")
    drift_at: float = Field(
        default=0.6, ge=0, le=1, description="When drifting shoppers change, as a share of the period."
    )
    drift_share: float = Field(default=0.3, ge=0, le=1, description="Share of shoppers who change persona then.")
    focus: float = Field(
        default=0.75, ge=0, le=1, description="Share of a persona's interest that lies on its own categories."
    )
    visitor_share: float = Field(default=0.2, ge=0, le=1, description="Share of shoppers known by visitor_id only.")
    nameless_share: float = Field(default=0.03, ge=0, le=1, description="Share of visits with no id at all.")
    chinese_share: float = Field(
        default=0.4, ge=0, le=1, description="Share of shoppers who search and write in Chinese."
    )
    search_share: float = Field(default=0.5, ge=0, le=1, description="Share of lists that answer a search.")
    query_noise: float = Field(default=0.25, ge=0, le=1, description="Share of queries with a typo or a dropped word.")
    list_length: int = Field(default=10, ge=1, le=40, description="Items in a list.")
    position_bias: float = Field(default=0.8, ge=0, description="P(a place is looked at) = place ** -position_bias.")
    impressions: float = Field(
        default=0.1, ge=0, le=1, description="Share of lists whose shown items are logged (view_item_list)."
    )
    new_items: float = Field(default=0.15, ge=0, le=1, description="Share of items that appear during the period.")
    repurchase: float = Field(
        default=0.6, ge=0, lt=1, description="Chance that a used-up consumable is bought again, each time."
    )
    refund: float = Field(default=0.06, ge=0, le=1, description="Share of purchases returned at ordinary satisfaction.")
    review: float = Field(default=0.2, ge=0, le=1, description="Share of purchases that are reviewed.")
    currency: str = Field(default="EUR", description="Of every price.")


def sized(events: int, **changes: object) -> SimulateConfig:
    """Return settings whose log has about `events` rows (give or take 12 %), with shoppers and shelf in proportion.

    >>> sized(100_000).shoppers
    672
    """
    visits = 24.0
    shoppers = max(1, round(events / (EVENTS_PER_VISIT * visits)))
    items = int(min(5_000, max(400, 20 * shoppers**0.5)))
    base: dict[str, object] = {"shoppers": shoppers, "items": items, "visits_per_shopper": visits}
    return SimulateConfig.model_validate(base | changes)

"""What any recommender must beat, each tuned with the same small budget on an earlier window."""

from __future__ import annotations

from likeness.evaluate.baselines.content import content_family
from likeness.evaluate.baselines.ease import EASE
from likeness.evaluate.baselines.family import Family, Scores, Settings
from likeness.evaluate.baselines.history import OWN_HISTORY
from likeness.evaluate.baselines.ials import IALS
from likeness.evaluate.baselines.neighbours import ITEM_KNN, ITEM_KNN_RECENT
from likeness.evaluate.baselines.popular import POPULARITY, RECENT_POPULARITY
from likeness.evaluate.baselines.sasrec import FitSasrec, sasrec_family
from likeness.evaluate.baselines.shelf import Facts
from likeness.evaluate.baselines.slim import SLIM

FAMILIES: tuple[Family, ...] = (
    POPULARITY,
    RECENT_POPULARITY,
    OWN_HISTORY,
    ITEM_KNN,
    ITEM_KNN_RECENT,
    EASE,
    SLIM,
    IALS,
)

__all__ = ["FAMILIES", "Facts", "Family", "FitSasrec", "Scores", "Settings", "content_family", "sasrec_family"]

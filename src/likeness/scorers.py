"""The scorers of a fit, each learnt in rehearsals whose sources know only what was known then.

Three kinds of shopper are scored apart: those with a past, those of whom FEW items at most are known, and those of whom
nothing is. `docs/decisions/cold-start.md` says why.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa

from likeness.deep import Nets
from likeness.model import Model, Stage, fit_sources, recommend_stage
from likeness.persona.config import PersonaConfig
from likeness.ports import Scorer
from likeness.rank.boosted import BoostedScorer
from likeness.rank.features import NAMES
from likeness.rank.heads import Heads, HeadsConfig, fit_heads
from likeness.rank.linear import LinearScorer
from likeness.rank.strangers import fit_stranger
from likeness.rank.train import default_scorer, fit_scorer
from likeness.recall.popular import Popular
from likeness.rehearse import (
    Rehearsal,
    rehearse,
    rehearse_few,
    rehearse_fresh,
    rehearse_unknown,
    windows_of,
    without_some,
)
from likeness.types import Interactions, Vectors

Learnt = LinearScorer | BoostedScorer | Heads


@dataclass(frozen=True)
class Scorers:
    """One per kind of shopper."""

    known: Learnt
    few: Learnt
    unknown: Learnt


@dataclass(frozen=True, kw_only=True)
class School:
    """What every rehearsal needs beside itself."""

    table: pa.Table  # the whole log, EVENT_SCHEMA plus `cursor`
    model: Model
    config: PersonaConfig
    assume: Collection[str]  # purposes granted until a shopper says otherwise
    media: Sequence[Vectors]
    worth: HeadsConfig

    def stage(self, before: Interactions, net: Path | None = None) -> Stage:
        """Return a stage whose sources were fitted on what was known before."""
        model = self.model
        sources = fit_sources(before, model.catalogue, model.vectors, media=self.media, net=net)
        return recommend_stage(sources, model.catalogue, model.vectors, default_scorer())


def learn_scorers(rehearsals: Sequence[Rehearsal], nets: Nets, log: Interactions, school: School) -> Scorers:
    """Return the scorers learnt in these rehearsals; `nets` has one net per rehearsal, or none.

    Newcomers and new products are rehearsed without a net: one that has met them would speak too well of them. A log of
    positions is mostly of short histories: there the scorer for whole pasts serves newcomers too.
    """
    rest = school.table, school.model
    who = school.config, school.assume
    both = [(cut, school.stage(cut.before, net)) for cut, net in zip(rehearsals, nets.before, strict=True)]
    examples = chain.from_iterable(rehearse(cut, *rest, stage, *who) for cut, stage in both)
    if log.clock == "position":
        known = fit_heads(examples, NAMES, school.worth, seed=0)
        strangers = chain.from_iterable(rehearse_unknown(cut, school.model, stage, who[0]) for cut, stage in both)
        return Scorers(known, known, fit_scorer(strangers, NAMES, seed=0, trees=False))
    cold = without_some(rehearsals[0], len(school.model.catalogue))
    stage = school.stage(cold.before)
    fresh = rehearse_fresh(cold, *rest, stage, *who) if nets.final is None else ()
    known = fit_heads(chain(examples, fresh), NAMES, school.worth, seed=0)
    few: Learnt = fit_scorer(rehearse_few(cold, *rest, stage, *who), NAMES, seed=0, trees=False)
    columns = [f"popular:{name}" for name in Popular.columns]
    unknown = fit_stranger(windows_of(log, school.model.catalogue, school.config), columns, NAMES)
    few = known if origin_of(few) == "default" else few  # too little to learn newcomers from
    return Scorers(known, few, default_scorer() if unknown is None else unknown)


def origin_of(scorer: Scorer) -> str:
    """Return where a scorer comes from: "default", "fitted" or "boosted"; of several heads, the first one's."""
    if isinstance(scorer, Heads):
        return origin_of(scorer.heads[0].scorer)
    return str(getattr(scorer, "origin", "default"))

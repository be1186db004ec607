"""The contract of a persona as a whole: the laws of every statistic, and what only a persona promises.

    class TestPersona(PersonaContract):
        facts = Facts(PersonaConfig(), catalogue)
        items = ("m1", "l1", "unknown")

That is a whole test class: `facts` says what folding knows besides events, `items` which items the drawn events touch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likeness.errors import StoreError
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_columns, fold_events
from likeness.persona.state import PersonaState
from likeness.persona.taste import taste
from likeness.persona.view import view
from likeness.schema import EVENT_SCHEMA
from likeness.testing.stats import START, StatContract, times
from likeness.types import EVENT_NAMES, PURPOSES, Event

Drawn = dict[str, Any]
LATER = START + 4e7  # after every drawn event

LAW = settings(deadline=None, derandomize=True, max_examples=40, database=None, suppress_health_check=list(HealthCheck))


def event_table(events: Sequence[Event]) -> pa.Table:
    """Return a log table, EVENT_SCHEMA plus `cursor`, of events in this order."""
    rows = [msgspec.structs.asdict(event) for event in events]
    for row in rows:
        row["consent"] = None if row["consent"] is None else msgspec.json.encode(row["consent"]).decode()
    cursor = pa.array(range(1, len(rows) + 1), pa.int64())
    return pa.Table.from_pylist(rows, schema=EVENT_SCHEMA).append_column("cursor", cursor)


def drawn_events(items: Sequence[str], shopper: str = "u1") -> st.SearchStrategy[Event]:
    """Events of one shopper: every name, fields there or not, times often equal and out of order."""
    money = st.one_of(st.none(), st.integers(0, 4000).map(lambda cents: cents / 100))
    return st.builds(
        _named,
        event_id=st.just(""),
        event=st.one_of(st.sampled_from(EVENT_NAMES), st.just("purchase")),  # purchases feed the most
        time=times(),
        user_id=st.just(shopper),
        session_id=st.one_of(st.none(), st.sampled_from(("s1", "s2", "s3"))),
        item_id=st.one_of(st.none(), st.sampled_from(list(items))),
        query=st.one_of(st.none(), st.sampled_from(("red mug", "Mug mug", "灯", "  "))),
        quantity=st.one_of(st.none(), st.integers(0, 9).map(float)),
        value=money,
        currency=st.one_of(st.none(), st.just("GBP")),
        discount=money,
        rating=st.one_of(st.none(), st.integers(1, 5).map(float)),
        device=st.one_of(st.none(), st.sampled_from(("phone", "desktop"))),
        undoes=st.one_of(st.none(), st.just("e0")),
        consent=st.one_of(st.none(), st.dictionaries(st.sampled_from((*PURPOSES, "other")), st.booleans())),
    )


def _named(**fields: Any) -> Event:
    """An event with an id of its own: in a log no two different events share one."""
    content = hashlib.blake2b(repr(sorted(fields.items())).encode(), digest_size=6).hexdigest()
    return Event(**{**fields, "event_id": content})


class PersonaContract(StatContract):
    """Subclass with `facts` and the `items` that events touch."""

    facts: ClassVar[Facts]
    items: ClassVar[Sequence[str]]
    max_bytes = 400_000

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Derive the strategy of events from the items."""
        super().__init_subclass__(**keywords)
        cls.events = drawn_events(cls.items).map(lambda event: {"time": event.time, "event": event})

    # How the laws of statistics meet a persona

    def fresh(self) -> PersonaState:
        """A persona without events."""
        return PersonaState.empty(self.facts.config)

    def apply(self, statistic: Any, event: Drawn) -> None:
        """Bring one drawn event to the persona."""
        statistic.update(event["event"], self.facts)

    def batch(self, events: Sequence[Drawn]) -> Any:
        """The persona of a table of events, among those of somebody else."""
        others = [msgspec.structs.replace(event["event"], user_id="other") for event in events[::2]]
        table = event_table([*others, *(event["event"] for event in events)])
        found = {shopper: snapshot for shopper, snapshot in fold_columns(table, self.facts, at_once=3)}
        return PersonaState.decode(found["u1"].state) if "u1" in found else self.fresh()

    def reading(self, statistic: Any, time: float) -> Any:
        """Everything additive at `time`."""
        sums = {name: getattr(statistic, name).at(time) for name in ("mass", "rating", "spent", "refunded", "saved")}
        counts = {item: bought.count for item, bought in statistic.bought.items()}
        return {"facets": {kind: facet.at(time) for kind, facet in statistic.facets.items()}, "bought": counts, **sums}

    def strengths(self, statistic: Any, time: float) -> list[tuple[float, float]]:
        """(half-life, weight) pairs of every facet."""
        rows = [row for facet in statistic.facets.values() for row in facet.at(time).values()]
        return [pair for row in rows for pair in zip(statistic.half_lives, row, strict=True)]

    def test_unknown_versions_and_damaged_bytes_are_refused(self) -> None:
        """Another version, half a state and no state raise StoreError."""
        whole = self.fresh().encode()
        tag, *fields = msgspec.msgpack.decode(whole)
        for damaged in (msgspec.msgpack.encode([f"{tag}0", *fields]), whole[: len(whole) // 2], b"", b"\x91\xc0"):
            with pytest.raises(StoreError):
                PersonaState.decode(damaged)

    # What only a persona promises

    @LAW
    @given(data=st.data())
    def test_a_rebuild_gives_the_same_bytes_for_any_order_of_rows(self, data: st.DataObject) -> None:
        """Shuffled tables and other sizes of blocks give equal bytes."""
        events = [drawn["event"] for drawn in data.draw(st.lists(self.events, max_size=12, unique_by=_identity))]
        shuffled = data.draw(st.permutations(events))
        one, two = (
            {shopper: found.state for shopper, found in fold_columns(event_table(order), self.facts, at_once=size)}
            for order, size in ((events, 100), (shuffled, 1))
        )
        assert one == two

    @LAW
    @given(data=st.data())
    def test_every_reading_is_well_formed(self, data: st.DataObject) -> None:
        """Strengths lie in -1 to 1, confidences in 0 to 1, all numbers are finite, and the JSON is readable."""
        state = self.fold(self.draw(data))
        persona = view(state, "u1", LATER, self.facts.config, catalogue=self.facts.catalogue)
        decoded = msgspec.json.decode(msgspec.json.encode(persona), type=type(persona))
        assert decoded == persona
        for facet in (facet for values in persona.interests.values() for facet in values):
            assert -1.0 - 1e-9 <= facet.strength <= 1.0 + 1e-9
            assert 0.0 <= facet.confidence <= 1.0
            assert facet.count == 0 or facet.evidence

    @LAW
    @given(data=st.data())
    def test_without_consent_nothing_is_read(self, data: st.DataObject) -> None:
        """Refusing every purpose leaves the consent itself, in the view and in the taste."""
        denial = Event(event_id="z", event="consent", time=LATER, user_id="u1", consent=dict.fromkeys(PURPOSES, False))
        state = fold_events([*(drawn["event"] for drawn in self.draw(data)), denial], self.facts)
        persona = view(state, "u1", LATER, self.facts.config, catalogue=self.facts.catalogue)
        assert not any(persona.consent.values())
        assert not (persona.interests or persona.favourites or persona.searches or persona.terms)
        assert (persona.habits, persona.spending, persona.drift, persona.rating, persona.events) == (None,) * 5
        if self.facts.catalogue is not None:
            assert not taste(state, "u1", LATER, self.facts.catalogue, self.facts.config).known

    def test_a_refund_takes_its_purchase_back(self) -> None:
        """A purchase undone at once leaves no weight; an event of dislike leaves less than none."""
        item = self.items[0]
        bought = Event(event_id="a", event="purchase", time=START, user_id="u1", item_id=item)
        undone = Event(event_id="b", event="refund", time=START, user_id="u1", item_id=item, undoes="a")
        disliked = Event(event_id="c", event="not_interested", time=START, user_id="u1", item_id=item)
        weights = [
            fold_events(events, self.facts).facets["item"].at(START)[item][0]
            for events in ([bought], [bought, undone], [bought, undone, disliked])
        ]
        assert weights[0] > 0.0 and np.isclose(weights[1], 0.0) and weights[2] < 0.0


def _identity(drawn: Drawn) -> str:
    event: Event = drawn["event"]
    return event.event_id

"""A small shop in which it is known what replaces what and what goes with what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from likeness.catalog.graph import BETWEEN_ITEMS, KEPT, RELATIONS, build_graph, load_graph, save_graph
from likeness.catalog.pairs import company
from likeness.catalog.relations import Met
from likeness.errors import StoreError
from likeness.seeds import rng_of
from likeness.testing.recall import small_shop
from likeness.types import DAY, EVENT_NAMES, Catalogue, Graph, Interactions, Item, Vectors

PURCHASE, VIEW = EVENT_NAMES.index("purchase"), EVENT_NAMES.index("view_item")
TEAS, MUGS, KETTLE, DESCALER, PINK, BLUE, OTHERS = (0, 1, 2), (3, 4), 5, 6, 7, 8, tuple(range(9, 16))
NAMES = ("tea", "tea", "tea", "mug", "mug", "kettle", "descaler", "plate pink", "plate blue", *7 * ["thing"])
Line = tuple[int, int, int, float, int]  # shopper, session, event, day, row


def catalogue() -> Catalogue:
    items = tuple(
        Item(item_id=f"i{k}", title=name, attributes={"colour": "red"} if k in (0, 3) else {})
        for k, name in enumerate(NAMES)
    )
    n = len(items)
    return Catalogue(
        items=items,
        category=np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, *7 * [-1]], np.int32),
        category_names=("Food > Tea", "Kitchen"),
        brand=np.array([0, *(n - 1) * [-1]], np.int32),
        brand_names=("Acme",),
        price=np.ones(n),
        band=np.zeros(n, np.int32),
        percentile=np.ones(n),
        available=np.ones(n, bool),
    )


def vectors() -> Vectors:
    """One direction per kind of thing, and a little of one's own: a cosine of 0.9 within, 0 between."""
    kinds = [0, 0, 0, 1, 1, 2, 3, 4, 4, *range(5, 12)]
    made = np.zeros((len(kinds), 12 + len(kinds)), np.float32)
    for row, kind in enumerate(kinds):
        made[row, [kind, 12 + row]] = 0.9**0.5, 0.1**0.5
    return made


def lines() -> list[Line]:
    """Orders hold a tea and its mug; teas take turns; plates come in both colours; who has a kettle descales it."""
    rng, found = rng_of("tea shop"), list[Line]()
    for shopper in range(60):
        for visit in range(6):
            session, day = 10 * shopper + visit, 30.0 * visit + shopper / 10
            tea = TEAS[(shopper + visit) % 3]
            bought = [tea, MUGS[tea > 0], int(rng.choice(OTHERS))]
            bought += [PINK, BLUE] if rng.random() < 0.3 else []
            bought += ([KETTLE] if visit == 0 else [DESCALER] if visit == 2 else []) if shopper % 2 else []
            found += [(shopper, session, PURCHASE, day, row) for row in bought]
            found += [
                (shopper, session, VIEW, day, TEAS[(shopper + visit + 1) % 3]),
                (shopper, session, VIEW, day, tea),
            ]
    return found


def log_of(found: list[Line], n: int = 60) -> Interactions:
    shopper, session, event, day, row = np.array(sorted(found, key=lambda line: (line[0], line[3], line[1]))).T
    nothing = np.full(len(row), np.nan)
    return Interactions(
        shoppers=tuple(map(str, range(n))),
        shopper=shopper.astype(np.int32),
        row=row.astype(np.int32),
        event=event.astype(np.int8),
        time=day * DAY,
        weight=np.where(event == PURCHASE, 5.0, 1.0),
        session=session.astype(np.int64),
        quantity=nothing,
        value=nothing,
        end=200 * DAY,
    )


LOG, SHELF, VECTORS = log_of(lines()), catalogue(), vectors()
GRAPH = build_graph(LOG, SHELF, VECTORS)


def led(relation: str, row: int, graph: Graph = GRAPH) -> list[int]:
    return [int(node) for node in graph.target[graph.edges(relation, row)]]


@pytest.mark.parametrize("tea", TEAS)
def test_what_does_the_same_job_in_turn_is_a_substitute(tea: int) -> None:
    assert set(led("substitute", tea)) == set(TEAS) - {tea}
    assert set(led("complement", tea)).isdisjoint(TEAS)


def test_what_shares_orders_and_does_another_job_is_a_complement() -> None:
    for tea, mug in zip(TEAS, (MUGS[0], MUGS[1], MUGS[1]), strict=True):
        assert led("complement", tea)[0] == mug and mug not in led("substitute", tea)


def test_orders_outweigh_texts() -> None:
    """Plates of two colours read alike, but whoever buys one buys the other along."""
    assert led("complement", PINK)[0] == BLUE and BLUE not in led("substitute", PINK)
    assert led("bought_together", BLUE)[0] == PINK


def test_what_might_be_both_is_what_it_is_bought_as() -> None:
    """Likelier than not to do the same job (0.73), yet surely bought along: a complement, and that alone."""
    alike = VECTORS.copy()
    alike[BLUE] = 0.8 * alike[PINK] + 0.6 * np.eye(alike.shape[1], dtype=np.float32)[-1]
    once = [(s, 10 * s, PURCHASE, 0.0, row) for s in range(20) for row in (PINK, BLUE)]
    then = [(s, 10 * s + 1, PURCHASE, 30.0, (PINK, BLUE)[s % 2]) for s in range(20)]
    rest = [(s, 10 * s + v, PURCHASE, 30.0 * v, row) for s in range(20, 60) for v in range(6) for row in (9 + s % 7, 3)]
    graph = build_graph(log_of([*once, *then, *rest]), SHELF, alike)
    assert BLUE in led("complement", PINK, graph) and BLUE not in led("substitute", PINK, graph)


def test_what_comes_after_has_a_direction() -> None:
    assert DESCALER in led("bought_after", KETTLE) and KETTLE not in led("bought_after", DESCALER)


def test_to_and_fro_is_no_direction() -> None:
    """Half the shoppers begin with one, half with the other, and all take turns."""
    swaying = [(s, 10 * s + v, PURCHASE, 30.0 * v, 9 + (s + v) % 2) for s in range(20) for v in range(6)]
    apart = [(s, 10 * s + v, PURCHASE, 30.0 * v, 11 + s % 5) for s in range(20, 60) for v in range(6)]
    graph = build_graph(log_of([*swaying, *apart]), SHELF, VECTORS)
    assert not led("bought_after", 9, graph) and not led("bought_after", 10, graph)


def test_what_was_only_looked_at_leads_to_what_was_bought_instead() -> None:
    follows = {tea: TEAS[(TEAS.index(tea) - 1) % 3] for tea in TEAS}  # the tea after the one bought is looked at
    assert all(led("viewed_then_bought", tea)[0] == other for tea, other in follows.items())
    silent = replace(LOG, event=np.full(len(LOG), PURCHASE, np.int8))
    assert not led("viewed_then_bought", 0, build_graph(silent, SHELF, VECTORS))


def test_without_texts_behaviour_speaks_alone() -> None:
    graph = build_graph(LOG, SHELF, np.zeros_like(VECTORS))
    assert set(TEAS[1:]) <= set(led("substitute", TEAS[0], graph))
    assert MUGS[0] in led("complement", TEAS[0], graph) and BLUE in led("complement", PINK, graph)
    assert MUGS[0] not in led("substitute", TEAS[0], graph)


def test_without_a_log_texts_are_substitutes_and_nothing_is_a_complement() -> None:
    none = np.zeros(len(LOG), bool)
    columns = ("shopper", "row", "event", "time", "weight", "session", "quantity", "value")
    graph = build_graph(replace(LOG, **{name: getattr(LOG, name)[none] for name in columns}), SHELF, VECTORS)
    assert set(led("substitute", TEAS[0], graph)) == set(TEAS[1:])
    assert not any(led("complement", row, graph) for row in range(len(SHELF)))


def test_in_a_log_of_positions_what_follows_is_a_complement() -> None:
    apart = replace(
        LOG, session=np.arange(len(LOG)), time=np.arange(len(LOG), dtype=np.float64) % 40 * DAY, clock="position"
    )
    graph = build_graph(apart, SHELF, VECTORS)
    assert not len(graph.target[graph.edges("bought_together", PINK)])
    assert any(led("complement", row, graph) for row in range(len(SHELF)))


def test_values_are_edges_too() -> None:
    values = {name: [GRAPH.values[node - GRAPH.n_items] for node in led(name, 0)] for name in RELATIONS[-3:]}
    assert values == {
        "in_category": [("category", "Food > Tea")],
        "of_brand": [("brand", "Acme")],
        "has_attribute": [("colour", "red")],
    }
    assert not led("of_brand", 1)


def test_edges_are_bounded_ordered_and_sure() -> None:
    shop = small_shop(items=120, shoppers=80)
    graph = build_graph(shop.log, shop.catalogue, shop.vectors)
    assert ((graph.confidence >= 0) & (graph.confidence <= 1)).all() and (graph.weight > 0).all()
    for relation in BETWEEN_ITEMS:
        for row in range(120):
            cut = graph.edges(relation, row)
            assert cut.stop - cut.start <= KEPT and row not in graph.target[cut]
            assert (np.diff(graph.weight[cut]) <= 0).all()
    assert max(len(led("substitute", row, graph)) for row in range(120)) > 10
    assert graph.edges("unheard of", 3) == slice(0, 0)


def test_one_order_proves_nothing() -> None:
    graph = build_graph(log_of([(0, 0, PURCHASE, 1.0, 9), (0, 0, PURCHASE, 1.0, 10)], 1), SHELF, VECTORS)
    assert not led("bought_together", 9, graph)
    assert Met(np.array([1.0]), np.array([1e-6])).sure[0] < 0.9 < Met(np.array([4.0]), np.array([0.5])).sure[0]


def test_what_everybody_buys_goes_with_nothing() -> None:
    """A bag in every order shares them all, and tells nothing."""
    bagged = [*lines(), *{(s, session, PURCHASE, day, 15) for s, session, _, day, _ in lines()}]
    graph = build_graph(log_of(bagged), SHELF, VECTORS)
    assert not any(15 in led("bought_together", row, graph) for row in range(15))


def test_chance_allows_for_the_size_of_orders() -> None:
    """In one huge order everything meets everything just as often as it should."""
    huge = [(0, 0, PURCHASE, 1.0, row) for row in range(16)]
    met = company(log_of(huge, 1), 16, 30 * DAY).together
    lead, follow = np.nonzero(~np.eye(16, dtype=bool))
    np.testing.assert_allclose(met.expected(lead, follow), met.block(np.arange(16)).toarray()[lead, follow], rtol=0.07)


def test_what_a_few_huge_orders_hold_goes_with_nothing_much() -> None:
    """Independence of orders would expect 0.4 meetings of two items that five wholesale orders hold."""
    rng = rng_of("wholesale")
    huge = [(0, order, PURCHASE, 1.0, row) for order in range(5) for row in range(40)]
    small = [
        (1, order, PURCHASE, 1.0, int(row)) for order in range(5, 405) for row in rng.choice(100, 2, replace=False)
    ]
    met = company(log_of([*huge, *small], 2), 100, 30 * DAY).together
    fade = met.weight / 405
    assert met.expected(np.array([0]), np.array([1]))[0] > 4.0 * fade


def test_rows_are_mere_names() -> None:
    """The same shop with its rows shuffled has the same edges."""
    order = rng_of("shuffle").permutation(len(SHELF))  # new row k holds old row order[k]
    place = np.argsort(order)
    shelf = replace(
        SHELF, items=tuple(SHELF.items[k] for k in order), category=SHELF.category[order], brand=SHELF.brand[order]
    )
    graph = build_graph(replace(LOG, row=place[LOG.row].astype(np.int32)), shelf, VECTORS[order])
    for relation in BETWEEN_ITEMS:
        for row in range(len(SHELF)):
            assert sorted(order[led(relation, int(place[row]), graph)]) == sorted(led(relation, row)), relation


def test_themes_are_no_evidence() -> None:
    """A shelf that the orders themselves made says nothing; one that was given does."""
    given = replace(SHELF, items=tuple(replace_item(item) for item in SHELF.items))
    other = replace(SHELF, category=np.zeros(len(SHELF), np.int32))
    same = build_graph(LOG, other, VECTORS)
    assert (
        same.confidence[same.edges("substitute", 0)].tolist() == GRAPH.confidence[GRAPH.edges("substitute", 0)].tolist()
    )
    shelved = build_graph(LOG, given, VECTORS)
    assert (shelved.confidence[shelved.edges("substitute", 0)] > GRAPH.confidence[GRAPH.edges("substitute", 0)]).all()


def replace_item(item: Item) -> Item:
    return Item(item_id=item.item_id, title=item.title, categories=("Given",), attributes=item.attributes)


def test_saved_and_loaded_it_is_the_same(tmp_path: Path) -> None:
    save_graph(GRAPH, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    save_graph(build_graph(LOG, SHELF, VECTORS), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    loaded = load_graph(tmp_path, SHELF)
    assert loaded.relations == GRAPH.relations and loaded.values == GRAPH.values
    for name in ("start", "target", "weight", "support", "confidence"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(GRAPH, name))
        assert getattr(loaded, name).dtype == getattr(GRAPH, name).dtype


def test_a_graph_of_another_catalogue_is_refused(tmp_path: Path) -> None:
    save_graph(GRAPH, tmp_path)
    with pytest.raises(StoreError, match="16 items"):
        load_graph(tmp_path, small_shop().catalogue)
    with pytest.raises(StoreError):
        load_graph(tmp_path / "nowhere", SHELF)


def test_an_empty_shop_has_an_empty_graph(tmp_path: Path) -> None:
    shop = small_shop(items=0)
    graph = build_graph(shop.log, shop.catalogue, shop.vectors)
    assert graph.start.shape == (len(RELATIONS), 1) and not len(graph.target)
    save_graph(graph, tmp_path)
    assert not len(load_graph(tmp_path, shop.catalogue).target)

from __future__ import annotations

import numpy as np

from likeness.catalog.paths import Paths
from likeness.types import Catalogue, Graph

RELATIONS = ("complement", "substitute", "of_brand")


def graph_of(edges: dict[tuple[str, int], list[tuple[int, float]]]) -> Graph:
    """Five items; nodes 5 and 6 are the brands Acme and Zen."""
    start, target, sure = [], list[int](), list[float]()
    for relation in RELATIONS:
        ends = [len(target)]
        for row in range(5):
            for node, confidence in edges.get((relation, row), []):
                target.append(node)
                sure.append(confidence)
            ends.append(len(target))
        start.append(ends)
    one = np.ones(len(target), np.float32)
    return Graph(
        relations=RELATIONS,
        n_items=5,
        values=(("brand", "Acme"), ("brand", "Zen")),
        start=np.array(start, np.int64),
        target=np.array(target, np.int32),
        weight=one,
        support=one,
        confidence=np.array(sure, np.float32),
    )


GRAPH = graph_of(
    {
        ("complement", 0): [(2, 0.9)],
        ("complement", 2): [(3, 0.5)],
        ("substitute", 1): [(0, 0.8)],
        ("of_brand", 0): [(5, 1.0)],
        ("of_brand", 1): [(6, 1.0)],
        ("of_brand", 2): [(5, 1.0)],
        ("of_brand", 3): [(5, 1.0)],
    }
)


def test_one_step_forward_and_back(catalogue: Catalogue) -> None:
    paths = Paths(GRAPH)
    assert paths.between(0, 2)[0].told(GRAPH, catalogue) == "Red mug -complement-> Desk lamp"
    (back,) = paths.between(0, 1)
    assert back.told(GRAPH, catalogue) == "Red mug <-substitute- Blue mug" and back.strength == np.float32(0.8)


def test_two_steps_over_an_item_or_a_value(catalogue: Catalogue) -> None:
    told = [path.told(GRAPH, catalogue) for path in Paths(GRAPH).between(0, 3)]
    assert told == [
        "Red mug -complement-> Desk lamp -complement-> Tent for two",
        "Red mug -of_brand-> Acme <-of_brand- Tent for two",
    ]


def test_a_single_step_comes_first_and_no_more_than_asked() -> None:
    found = Paths(GRAPH).between(0, 2)
    assert [len(path.relations) for path in found] == [1, 2]
    assert len(Paths(GRAPH).between(0, 2, most=1)) == 1


def test_a_common_value_says_less_than_a_rare_one() -> None:
    rare = graph_of({("of_brand", 0): [(5, 1.0), (6, 1.0)], ("of_brand", 1): [(5, 1.0), (6, 1.0)],
                     ("of_brand", 2): [(6, 1.0)], ("of_brand", 3): [(6, 1.0)]})  # fmt: skip
    assert [path.nodes[1] for path in Paths(rare).between(0, 1)] == [5, 6]


def test_both_lead_to_the_same_item() -> None:
    graph = graph_of({("complement", 0): [(2, 0.9)], ("substitute", 1): [(2, 0.9)]})
    (path,) = Paths(graph).between(0, 1)
    assert path.nodes == (0, 2, 1) and path.forward == (True, False) and path.relations == ("complement", "substitute")


def test_strangers_and_oneself() -> None:
    assert Paths(GRAPH).between(0, 4) == () == Paths(GRAPH).between(2, 2)

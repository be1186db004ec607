from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from likeness.evaluate.cold import Question, ask_peers, cold_table, demand, held_out, named_shelf, strangers_of
from likeness.evaluate.metrics import DEEP
from likeness.evaluate.splits import targets_of
from likeness.types import Catalogue, Interactions, Item, Vectors

LogOf = Callable[..., Interactions]


def question(log_of: LogOf, **more: object) -> Question:
    """Return a question about `new`, of whom one event is known: item 0, which reads like item 4 and sells with 1."""
    bought = [(f"s{k}", row, float(day)) for k in range(6) for row, day in ((0, k), (1, k + 0.1))]
    train = log_of([*bought, *((f"t{k}", 3, 6.0) for k in range(5))])
    vectors: Vectors = np.eye(5, dtype=np.float32)
    vectors[4] = [0.8, 0, 0, 0, 0.6]
    given = {
        "name": "1 event known",
        "train": train,
        "known": log_of([("new", 0, 6.5)]),
        "targets": targets_of(["new"], np.array([4], np.int32), 7.0),
        "vectors": vectors,
        "allowed": np.ones(5, bool),
    }
    return Question(**(given | more))  # type: ignore[arg-type]


def test_each_peer_reads_what_it_should(log_of: LogOf) -> None:
    lists, tuned = ask_peers(question(log_of, exclude_seen=True), None)
    assert lists["popularity"][0, :2].tolist() == [1, 3]  # 6 and 5 purchases; item 0 is known
    assert lists["item-kNN, recent"][0, 0] == 1
    assert lists["content"][0, 0] == 4
    assert all(t.score is None for t in tuned)
    assert all(0 not in lists[name][0] for name in lists)


def test_somebody_unknown_gets_popularity_from_everybody(log_of: LogOf) -> None:
    lists, _ = ask_peers(question(log_of, known=log_of([])), None)
    assert all(set(rows[0, :2].tolist()) == {0, 1} and rows[0, 2] == 3 for rows in lists.values())


def test_a_text_stands_for_the_past(log_of: LogOf) -> None:
    asked = np.eye(5, dtype=np.float32)[[2]]
    lists, _ = ask_peers(question(log_of, known=log_of([]), texts=("two",), asked=asked), None)
    assert lists["content"][0, 0] == 2


def test_only_what_is_allowed_is_listed(log_of: LogOf) -> None:
    lists, _ = ask_peers(question(log_of, allowed=np.arange(5) > 2), None)
    assert all(set(rows[0].tolist()) == {3, 4, -1} for rows in lists.values())


def test_settings_are_chosen_on_the_earlier_question(log_of: LogOf) -> None:
    """Earlier, the popular was wanted after item 0, whatever read like it."""
    earlier = question(log_of, targets=targets_of(["new"], np.array([1], np.int32), 7.0), exclude_seen=True)
    _, tuned = ask_peers(question(log_of, exclude_seen=True), earlier)
    content = next(t for t in tuned if t.baseline == "content")
    assert content.chosen["popularity"] == 1.0 and content.score == 1.0 and content.tried > 1


def test_demand_fades(log_of: LogOf) -> None:
    asked = question(log_of)
    assert demand(asked, None).tolist() == [6, 6, 0, 5, 0]
    assert demand(asked, 1.0)[3] > demand(asked, 1.0)[0]


def test_strangers_have_enough_to_be_cut(log_of: LogOf) -> None:
    log = log_of([(f"s{k:02}", row, float(row)) for k in range(40) for row in range(1 + k % 5)])
    targets = targets_of(list(log.shoppers), np.zeros(40, np.int32), 9.0)
    found = strangers_of(targets, log, least=3, share=0.5, limit=100, seed=1)
    assert len(found) == 12  # half of the 24 with three or more
    assert all(int(name[1:]) % 5 >= 2 for name in found.shoppers)
    assert len(strangers_of(targets, log, least=3, share=0.5, limit=5, seed=1)) == 5


def test_held_out_items_are_drawn_not_cut_off() -> None:
    out = held_out(1000, 0.1, seed=3)
    assert out.sum() == 100 and np.flatnonzero(out)[:50].max() > 20 and out[500:].sum() > 30
    assert (out != held_out(1000, 0.1, seed=4)).any()


def test_a_shelf_is_named_by_one_of_what_was_wanted(catalogue_of: Callable[[Sequence[Item]], Catalogue]) -> None:
    paths = [("Home", "Mugs"), ("Home", "Mugs"), ("Toys",), ()]
    shelf = catalogue_of([Item(item_id=str(k), categories=path) for k, path in enumerate(paths)])
    targets = targets_of(["a", "a", "a", "b"], np.array([0, 1, 2, 3], np.int32), 0.0)
    kept, texts = named_shelf(targets, shelf, seed=0)
    assert kept.shoppers == ("a",) and kept.rows.tolist() in ([0, 1], [2])
    assert texts == (("Home Mugs",) if len(kept.rows) == 2 else ("Toys",))


def test_the_table_holds_ours_against_the_best_peer(log_of: LogOf, five_items: Catalogue) -> None:
    asked = question(log_of)
    peers, _ = ask_peers(asked, None)
    ours = np.full((1, DEEP), -1, np.int32)
    ours[0, 0] = 4
    table = cold_table(asked, {"ours": ours}, peers, five_items, seed=0, resamples=20)
    assert table.row("ours").metrics["ndcg@10"].value == 1.0
    assert table.headline == "ndcg@10"
    assert {c.against for c in table.comparisons} <= set(peers)

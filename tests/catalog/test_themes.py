from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from likeness.catalog.themes import Baskets, Themes, induce_themes

MADE = ("retro", "daisy", "skull", "paisley", "butterfly", "strawberry", "botanical", "polka", "owl", "rose")
THINGS = ("lunch bag", "photo frame", "alarm clock", "tea towel")
NO_BASKETS = Baskets(item=np.zeros(0, np.int64), basket=np.zeros(0, np.int64))


def titles_of(things: Sequence[str] = THINGS) -> list[str]:
    return [f"{made} {thing} {colour}" for thing in things for made in MADE for colour in ("red", "blue")]


def induce(titles: Sequence[str], baskets: Baskets = NO_BASKETS) -> Themes:
    return induce_themes(titles, [f"id{row}" for row in range(len(titles))], baskets)


def purity(themes: Themes, truth: Sequence[int]) -> float:
    """Share of the items whose theme mostly holds what they are."""
    pairs = Counter(zip(themes.code.tolist(), truth, strict=True))
    return sum(max(n for (theme, _), n in pairs.items() if theme == code) for code in set(themes.code)) / len(truth)


def test_things_of_a_kind_share_a_theme_that_bears_their_name() -> None:
    themes = induce(titles_of())
    truth = [row // 20 for row in range(80)]
    assert purity(themes, truth) > 0.9
    assert set(THINGS) <= {part for name in themes.names for part in name.split(", ")}
    assert list(themes.names) == sorted(set(themes.names))


def test_chinese_titles_are_named_in_chinese() -> None:
    made = ("复古", "可爱", "森林", "经典", "北欧", "日式", "卡通", "商务", "家用", "便携")
    titles = [f"{word}{thing}" for thing in ("不锈钢保温杯", "纯棉毛巾", "蓝牙耳机") for word in made]
    themes = induce(titles)
    assert purity(themes, [row // 10 for row in range(30)]) > 0.9
    assert any("耳机" in name for name in themes.names)
    assert any("毛巾" in name for name in themes.names)


def test_items_without_titles_are_grouped_by_what_they_go_with() -> None:
    rng = np.random.default_rng(3)
    kind = np.arange(60) % 3
    item = np.concatenate([rng.choice(np.flatnonzero(kind == b % 3), 4, replace=False) for b in range(300)])
    themes = induce([""] * 60, Baskets(item=item, basket=np.repeat(np.arange(300), 4)))
    assert purity(themes, kind.tolist()) > 0.9
    assert all(name.startswith("id") for name in themes.names)


def test_an_item_of_which_nothing_is_known_has_no_theme() -> None:
    themes = induce([*titles_of(), "", "!!"])
    assert themes.code[-2:].tolist() == [-1, -1]
    assert themes.code[:-2].min() >= 0


@pytest.mark.parametrize("titles", [[], ["mug"], ["", ""], ["mug", "mug", "mug"], ["a b c", "数", "🫖"]])
def test_tiny_shelves(titles: list[str]) -> None:
    themes = induce(titles)
    assert len(themes.code) == len(titles)
    assert all(-1 <= code < len(themes.names) for code in themes.code)


def test_the_same_shelf_has_the_same_themes() -> None:
    first, second = induce(titles_of()), induce(titles_of())
    assert first.names == second.names
    assert first.code.tobytes() == second.code.tobytes()

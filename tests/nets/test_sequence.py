from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from likeness.nets.items import ItemTower  # noqa: E402
from likeness.nets.sequence import Net, Shape  # noqa: E402

ITEMS, WIDTH = 12, 8


def net(temperature: float | None = None) -> Net:
    torch.manual_seed(0)
    shape = Shape(WIDTH, 2, 2, 6, 0.3, 0.2, 3, 9, 6)
    made = Net(shape, ItemTower(ITEMS, WIDTH, torch.randn(ITEMS, 5), free_dropout=0.5), temperature=temperature)
    for layer in made.encoder.layers:
        torch.nn.init.normal_(layer.near)  # type: ignore[arg-type]
    for table in (made.encoder.kind, made.encoder.gap, made.encoder.band):
        torch.nn.init.normal_(table.weight)
    return made.eval()


def tokens(rows: list[int]):  # type: ignore[no-untyped-def]
    row = torch.tensor([rows])
    return [row, row % 3, row % 9, row % 6, torch.zeros_like(row)]


def test_what_comes_later_changes_nothing_before() -> None:
    made = net()
    items = made.items()
    one, other = made(items, *tokens([1, 2, 3, 4])), made(items, *tokens([1, 2, 7, 9]))
    torch.testing.assert_close(one[:, :2], other[:, :2])
    assert not torch.allclose(one[:, 2], other[:, 2])


def test_histories_in_one_row_do_not_see_each_other() -> None:
    made = net()
    items = made.items()
    packed = tokens([1, 2, 3, 4, 5])
    packed[4] = torch.tensor([[0, 0, 1, 1, 1]])
    both = made(items, *packed)
    torch.testing.assert_close(both[:, :2], made(items, *tokens([1, 2])), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(both[:, 2:], made(items, *tokens([3, 4, 5])), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("feature", [1, 2, 3])
def test_every_token_feature_is_read(feature: int) -> None:
    made = net()
    changed = tokens([1, 2, 3])
    changed[feature] = (changed[feature] + 1) % 3
    assert not torch.allclose(made(made.items(), *tokens([1, 2, 3])), made(made.items(), *changed))


def test_order_counts() -> None:
    made = net()
    assert not torch.allclose(
        made(made.items(), *tokens([1, 2, 3]))[:, -1], made(made.items(), *tokens([2, 1, 3]))[:, -1]
    )


def test_with_a_temperature_logits_are_bounded() -> None:
    made = net(temperature=0.1)
    logits = made(made.items(), *tokens([1, 2, 3])) @ made.items().T
    assert float(logits.detach().abs().max()) <= 10.0 + 1e-4


def test_free_parts_are_dropped_whole_and_only_in_training() -> None:
    tower = ItemTower(200, WIDTH, torch.randn(200, 5), free_dropout=0.5)
    assert tower.project is not None
    torch.testing.assert_close(tower.eval()(), tower.free.weight + tower.project(tower.text))
    text_alone = torch.isclose(tower.train()(), tower.project(tower.text)).all(dim=1)
    assert 60 < int(text_alone.sum()) < 140


def test_without_text_there_is_the_free_part_alone() -> None:
    tower = ItemTower(5, WIDTH, None, free_dropout=0.0)
    torch.testing.assert_close(tower(), tower.free.weight)

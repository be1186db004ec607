from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from likeness.nets.softmax import CHUNK, fused_softmax  # noqa: E402


def plain(hidden, items, bias, targets, weights):  # type: ignore[no-untyped-def]
    each = torch.nn.functional.cross_entropy(hidden @ items.T + bias, targets, reduction="none")
    return (each * weights).sum() / weights.sum()


def given(n: int = CHUNK + 9, v: int = 31, d: int = 6):  # type: ignore[no-untyped-def]
    draw = torch.Generator().manual_seed(3)
    tensors = [torch.randn(n, d, generator=draw), torch.randn(v, d, generator=draw), torch.randn(v, generator=draw)]
    for tensor in tensors:
        tensor.requires_grad_()
    return *tensors, torch.randint(0, v, (n,), generator=draw), torch.rand(n, generator=draw)


def test_value_and_gradients_are_those_of_the_plain_softmax() -> None:
    one, other = given(), given()
    value, wanted = fused_softmax(*one, half=False), plain(*other)
    (2 * value).backward()
    (2 * wanted).backward()
    torch.testing.assert_close(value, wanted)
    for mine, theirs in zip(one[:3], other[:3], strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-4, atol=1e-6)


def test_half_precision_is_near() -> None:
    one, other = given(), given()
    value, wanted = fused_softmax(*one, half=True), plain(*other)
    value.backward()
    wanted.backward()
    torch.testing.assert_close(value, wanted, rtol=2e-2, atol=2e-2)
    torch.testing.assert_close(one[1].grad, other[1].grad, rtol=5e-2, atol=5e-3)


def test_by_hand() -> None:
    hidden, items = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    value = fused_softmax(hidden, items, torch.zeros(2), torch.tensor([0]), torch.ones(1), half=False)
    assert float(value) == pytest.approx(0.31326169)  # log(1 + e^-1)

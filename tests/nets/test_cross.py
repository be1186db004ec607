"""The cross-encoder's arithmetic: shared histories, padding, and the layers it was made from."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from likeness.nets.cross import CrossEncoder, Layer, Upper, hiding  # noqa: E402

DIM, INNER, TOKENS = 24, 48, 5


def upper(history: int = 3) -> Upper:
    torch.manual_seed(0)
    net = Upper(DIM, INNER, 2, history).eval()
    torch.nn.init.normal_(net.judge.weight)
    torch.nn.init.normal_(net.place)
    return net


def masks(*lengths: int) -> torch.Tensor:
    return torch.arange(TOKENS) < torch.tensor(lengths)[:, None]


@torch.no_grad()
def test_reading_beside_a_history_is_attention_over_both() -> None:
    torch.manual_seed(1)
    layer = Layer(DIM, INNER).eval()
    items, context = torch.randn(1, 2, TOKENS, DIM), torch.randn(1, 7, DIM)
    mask, context_mask = masks(5, 3)[None], torch.arange(7)[None] < 6
    found = layer.beside(items, hiding(mask), context, hiding(context_mask))
    for number in range(2):
        both = torch.cat([items[:, number], context], dim=1)
        query, key, value = layer.split(layer.query(items[:, number])), layer.key(both), layer.value(both)
        kept = torch.cat([mask[:, number], context_mask], dim=1)[:, None, None, :]
        read = torch.nn.functional.scaled_dot_product_attention(
            query, layer.split(key), layer.split(value), attn_mask=kept
        )
        torch.testing.assert_close(found[:, number], layer.finish(items[:, number], read), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_an_item_scores_alone_as_among_others() -> None:
    net, states = upper(), torch.randn(1, 6, TOKENS, DIM)
    mask = masks(5, 4, 3, 5, 2, 1)[None]
    together = net(states[:, :2], mask[:, :2], states[:, 2:], mask[:, 2:])
    alone = [net(states[:, :2], mask[:, :2], states[:, i : i + 1], mask[:, i : i + 1]) for i in range(2, 6)]
    torch.testing.assert_close(together, torch.cat(alone, dim=1), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_padding_says_nothing_and_the_order_of_the_history_matters() -> None:
    net, states = upper(), torch.randn(4, TOKENS, DIM)
    encoder = CrossEncoder(net, states, masks(5, 4, 3, 5))
    spoilt = states.clone()
    spoilt[1, 4:], spoilt[2, 3:] = 99.0, -99.0
    other = CrossEncoder(net, spoilt, masks(5, 4, 3, 5))
    history, rows = torch.tensor([[0, 1, -1]]), torch.tensor([[2, 3, -1]])
    scores = encoder(history, rows)
    torch.testing.assert_close(scores[:, :2], other(history, rows)[:, :2], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(scores[:, :2], encoder(torch.tensor([[0, 1]]), rows)[:, :2], atol=1e-4, rtol=1e-4)
    assert scores[0, 2] == -torch.inf
    assert not torch.allclose(scores[:, :2], encoder(torch.tensor([[1, 0]]), rows)[:, :2], atol=1e-3)
    assert torch.isfinite(encoder(torch.tensor([[-1, -1]]), rows)[:, :2]).all()

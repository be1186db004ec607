"""Filter expressions over the catalogue, e.g. `price < 80 and brand in ("Acme", "Zen") and not "sale" in title`.

The grammar is a small part of Python's: `and`, `or`, `not`, comparisons, `in`, names, strings, numbers, tuples.
Names are `item_id title category brand price band kind available`, and any attribute of an item, by its own name.
`category == "Home"` is true of everything below Home, and of a level called Home anywhere in a path. A comparison
with something an item does not have is false.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likeness.errors import FilterError
from likeness.types import Catalogue, Item

Mask = NDArray[np.bool_]
Value = str | float | bool | tuple["Value", ...] | None

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
FIELDS = ("item_id", "title", "category", "brand", "price", "band", "kind", "available")
_REMEDY = 'Use == to compare. Write something like: price < 80 and brand == "Acme" and "red" in title'


class Where:
    """A parsed filter; `mask` answers for a whole catalogue."""

    def __init__(self, text: str) -> None:
        """Parse `text`. Raises FilterError naming the part that is not understood."""
        self.text = text
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise FilterError(f"filter {text[:200]!r}: {error}.", remedy=_REMEDY) from error
        _check(self._tree, text)

    def mask(self, catalogue: Catalogue) -> Mask:
        """Return (n_items,) true where the filter holds. Raises FilterError for a name that no item has."""
        attributes = {name for item in catalogue.items for name in item.attributes}
        named = {part.id for part in ast.walk(self._tree) if isinstance(part, ast.Name)}
        if unknown := sorted(named - attributes - set(FIELDS)):
            known = ", ".join([*FIELDS, *sorted(attributes)[:20]])
            raise FilterError(
                f"filter {self.text[:200]!r}: no item has {', '.join(unknown)}.",
                remedy=f"Known names: {known}. Put words in quotes.",
            )
        rows = enumerate(catalogue.items)
        return np.fromiter((bool(_value(self._tree, catalogue, row, item)) for row, item in rows), bool, len(catalogue))


@lru_cache(maxsize=256)
def where(text: str) -> Where:
    """Return the parsed filter, from a cache when it was seen before."""
    return Where(text)


def _check(node: ast.expr, text: str) -> None:
    allowed = (ast.BoolOp, ast.UnaryOp, ast.Compare, ast.Name, ast.Constant, ast.Tuple, ast.List)
    for part in ast.walk(node):
        if isinstance(part, ast.expr) and not isinstance(part, allowed):
            raise FilterError(f"filter {text[:200]!r}: {ast.unparse(part)!r} is not allowed.", remedy=_REMEDY)
        if isinstance(part, ast.UnaryOp) and not isinstance(part.op, ast.Not | ast.USub):
            raise FilterError(f"filter {text[:200]!r}: {ast.unparse(part)!r} is not allowed.", remedy=_REMEDY)
        if isinstance(part, ast.cmpop) and type(part) not in _COMPARE:
            raise FilterError(f"filter {text[:200]!r}: use == and != to compare.", remedy=_REMEDY)


def _value(node: ast.expr, catalogue: Catalogue, row: int, item: Item) -> Value:
    match node:
        case ast.Constant(value=str() | int() | float() as constant):
            return constant
        case ast.Name(id=name):
            return _field(name, catalogue, row, item)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(_value(part, catalogue, row, item) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return not _value(inner, catalogue, row, item)
        case ast.UnaryOp(operand=inner):
            number = _value(inner, catalogue, row, item)
            return -number if isinstance(number, int | float) else None
        case ast.BoolOp(op=op, values=parts):
            results = (bool(_value(part, catalogue, row, item)) for part in parts)
            return all(results) if isinstance(op, ast.And) else any(results)
        case ast.Compare():
            return _compare(node, catalogue, row, item)
        case _:
            return None


def _compare(node: ast.Compare, catalogue: Catalogue, row: int, item: Item) -> bool:
    left = _value(node.left, catalogue, row, item)
    is_category = isinstance(node.left, ast.Name) and node.left.id == "category"
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = _value(comparator, catalogue, row, item)
        if left is None or right is None:
            return False
        if is_category and isinstance(op, ast.Eq | ast.NotEq) and isinstance(right, str):
            below = f" > {right} > " in f" > {left} > "
            holds = below == isinstance(op, ast.Eq)
        else:
            holds = _holds(op, left, right)
        if not holds:
            return False
        left = right
    return True


def _holds(op: ast.cmpop, left: Value, right: Value) -> bool:
    try:
        return bool(_COMPARE[type(op)](left, right))
    except TypeError:  # a word against a number: not comparable, hence false
        return False


def _field(name: str, catalogue: Catalogue, row: int, item: Item) -> Value:
    match name:
        case "item_id" | "title" | "kind" | "brand":
            return getattr(item, name)  # type: ignore[no-any-return]
        case "available":
            return bool(catalogue.available[row])
        case "price":
            return None if np.isnan(catalogue.price[row]) else float(catalogue.price[row])
        case "band":
            return None if catalogue.band[row] < 0 else int(catalogue.band[row])
        case "category":
            code = int(catalogue.category[row])
            return catalogue.category_names[code] if code >= 0 else None
        case _:
            return item.attributes.get(name)

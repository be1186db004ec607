"""The rules of cleaning, in order: the first that speaks against an event decides. Whole columns at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likeness.events.draft import Draft, Mask, flags, mask_of
from likeness.events.fields import EVENT_OF, IDS, NUMBERS
from likeness.files.rule import READING, Rule
from likeness.files.times import EARLIEST, LATEST
from likeness.types import EVENT_NAMES

LONGEST_ID = 256
LONGEST_TEXT = 20_000
HIDDEN = (
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x{9f}\\x{200b}\\x{200e}\\x{200f}"
    "\\x{202a}-\\x{202e}\\x{2060}-\\x{2069}\\x{feff}\\x{fffd}]"
)
"""Control, zero-width and direction characters: they make one id look like another."""

ITEMLESS = ("search", "support_message", "consent")
COUNTED = ("purchase", "refund", "add_to_cart", "remove_from_cart")
PAID = ("purchase", "refund")
ASIDES = ("query", "text", "device", "currency", "title", "brand", "category")

RULES = (
    *READING,
    Rule("hidden_characters", "control, zero-width or direction characters, taken out of ids and texts", "repaired"),
    Rule(
        "unreadable_id", "an id that is a list, object or truth value, or is longer than 256 characters", "quarantined"
    ),
    Rule("unreadable_number", "quantity, price or value is no number, or is beyond ±1e12", "quarantined"),
    Rule("unreadable_consent", "consent that is not understood, or to an unknown purpose", "quarantined"),
    Rule("dropped_field", "rating, discount, position or another aside that makes no sense, emptied", "repaired"),
    Rule("unknown_event", "no event this shop knows", "quarantined"),
    Rule("missing_time", "no time", "quarantined"),
    Rule("unreadable_time", "a time in no known form or calendar", "quarantined"),
    Rule("impossible_time", "a time before 1990, or after the present", "quarantined"),
    Rule("missing_item", "an event about an item without its id", "quarantined"),
    Rule("missing_query", "a search without words", "quarantined"),
    Rule("missing_consent", "a consent event without consent, or of nobody", "quarantined"),
    Rule("adjustment", "an order line that adjusts the books (invoice A…)", "quarantined"),
    Rule("not_a_product", "postage, manual lines, fees, samples, vouchers, tests (see NOT_PRODUCTS)", "quarantined"),
    Rule("non_positive_quantity", "nothing or less than nothing bought or put into the cart", "quarantined"),
    Rule("non_positive_price", "bought for nothing or less than nothing", "quarantined"),
    Rule("currency", "a currency that is no ISO 4217 code, emptied", "repaired"),
    Rule("duplicate", "the same event again in the same file", "quarantined"),
    Rule("bot_like", "a session that browses faster than people do, or says it is a robot", "quarantined"),
    Rule("outlier_quantity", "a quantity far beyond all others (robust z-score), capped", "repaired"),
    Rule("outlier_price", "a unit price far above the item's others (robust z-score), capped", "repaired"),
    Rule("anonymous", "nobody's event: kept for the statistics of items", "noted"),
    Rule("cancellation", "a cancelled order line, kept as a refund", "noted"),
    Rule("refund_unmatched", "a refund whose purchase is not in the log", "noted"),
    Rule("note_not_title", "a description that is a note (damaged, lost, ?), not used as a title", "noted"),
)
"""Every rule by name, with what it does to a row."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the rules need to know from the options."""

    latest: float = LATEST
    not_products: tuple[str, ...] = ()
    nobody: tuple[str, ...] = ()
    by_position: bool = False


Check = Callable[[Draft, Limits], None]


def hidden_characters(draft: Draft, limits: Limits) -> None:
    """Take hidden characters out of every id and text, and cut texts of absurd length."""
    for field, values in draft.text.items():
        if field == "consent" or not _suspicious(values):
            continue
        found = flags(pc.match_substring_regex(values, HIDDEN))
        if found.any():
            draft.mend("hidden_characters", found & draft.alive, draft.shown(field, found & draft.alive))
            clean = pc.utf8_trim_whitespace(pc.replace_substring_regex(values, HIDDEN, ""))
            draft.text[field] = pc.if_else(pc.equal(clean, ""), pa.scalar(None, pa.string()), clean)


def _suspicious(values: pa.Array) -> bool:
    """Look at the bytes at once: only control bytes and certain lead bytes can hold a hidden character."""
    data = values.buffers()[2]
    if data is None or values.null_count == len(values):
        return False
    seen = np.bincount(np.frombuffer(data, np.uint8), minlength=256) if len(data) else np.zeros(256, np.int64)
    return bool(seen[:9].any() or seen[11:13].any() or seen[14:32].any() or seen[[0x7F, 0xC2, 0xE2, 0xEF]].any())


def unreadable_fields(draft: Draft, limits: Limits) -> None:
    """Set aside events whose ids, amounts or consent cannot be read; empty what is an aside."""
    for field in (*IDS, "quantity", "price", "value", "consent"):
        rule = (
            "unreadable_number" if field in NUMBERS else "unreadable_consent" if field == "consent" else "unreadable_id"
        )
        bad = mask_of(draft.faults[field], len(draft))
        if field in IDS:
            bad |= flags(pc.greater(pc.utf8_length(draft.text[field]), LONGEST_ID))
        _drop(draft, rule, bad, field)


def dropped_fields(draft: Draft, limits: Limits) -> None:
    """Empty asides that make no sense: a rating outside 1 to 5, a negative discount or amount, a place below 1."""
    number = draft.number
    with np.errstate(invalid="ignore"):
        odd = {
            "rating": (number["rating"] < 1) | (number["rating"] > 5),
            **{field: number[field] < 0 for field in ("discount", "quantity", "price", "value")},
            "position": (number["position"] < 1) | (number["position"] > 1e9) | (number["position"] % 1 > 0),
        }
    for field in (*odd, *ASIDES):
        bad = mask_of(draft.faults[field], len(draft)) | odd.get(field, np.zeros(len(draft), np.bool_))
        if field in odd:
            number[field][bad] = np.nan
        else:
            bad |= _shorten(draft, field)
        if (bad & draft.alive).any():
            draft.mend("dropped_field", bad & draft.alive, draft.shown(field, bad & draft.alive))


def _shorten(draft: Draft, field: str) -> Mask:
    long = flags(pc.greater(pc.binary_length(draft.text[field]), LONGEST_TEXT))
    if long.any():
        draft.text[field] = pc.utf8_slice_codeunits(draft.text[field], 0, LONGEST_TEXT // 4)
    return long


def known_event(draft: Draft, limits: Limits) -> None:
    """Bring event names to ours, and set aside events that are none of a shop's."""
    names = draft.text["event"]
    if not pc.all(pc.is_in(names, pa.array(EVENT_NAMES)), skip_nulls=False).as_py():
        codes = pc.dictionary_encode(names)
        words = [EVENT_OF.get(re.sub(r"[\W_]+", "", name.casefold())) for name in codes.dictionary.to_pylist()]
        draft.text["event"] = pa.array(words, pa.string()).take(codes.indices)
    _drop(draft, "unknown_event", ~draft.has("event"), "event")


def sane_time(draft: Draft, limits: Limits) -> None:
    """Set aside events without a time, or with one that cannot be."""
    unread = np.zeros(len(draft), np.bool_)
    unread[list(draft.late)] = True
    hit = unread & draft.alive
    reasons = [
        f"{value}: {draft.late[i]}"
        for value, i in zip(draft.shown("time", hit), np.flatnonzero(hit).tolist(), strict=True)
    ]
    draft.drop("unreadable_time", hit, reasons)
    _drop(draft, "missing_time", ~draft.has("time"), "time")
    if not limits.by_position:
        _drop(
            draft, "impossible_time", (draft.number["time"] < EARLIEST) | (draft.number["time"] > limits.latest), "time"
        )


def complete(draft: Draft, limits: Limits) -> None:
    """Set aside events that lack what they are about."""
    item, query = draft.has("item_id"), draft.has("query")
    _drop(draft, "missing_item", ~item & ~draft.is_event(*ITEMLESS), "item_id")
    _drop(draft, "missing_query", ~query & draft.is_event("search"), "query")
    nobody = flags(pc.is_null(draft.shopper()))
    _drop(draft, "missing_consent", draft.is_event("consent") & (nobody | ~draft.has("consent")), "consent")


def lost_by_format(draft: Draft, limits: Limits) -> None:
    """Set aside what the adapter ruled out."""
    for rule, places in draft.parts.lost.items():
        _drop(draft, rule, mask_of(places, len(draft)), "session_id")


def nobody(draft: Draft, limits: Limits) -> None:
    """Read ids that stand for no one as missing."""
    if limits.nobody:
        strangers = pc.is_in(draft.text["user_id"], pa.array(limits.nobody))
        draft.text["user_id"] = pc.if_else(strangers, pa.scalar(None, pa.string()), draft.text["user_id"])


def not_a_product(draft: Draft, limits: Limits) -> None:
    """Set aside lines whose code is no product's."""
    if limits.not_products:
        pattern = rf"(?i)^(?:{'|'.join(f'(?:{one})' for one in limits.not_products)})$"
        _drop(draft, "not_a_product", flags(pc.match_substring_regex(draft.text["item_id"], pattern)), "item_id")


def positive_amounts(draft: Draft, limits: Limits) -> None:
    """Set aside purchases of nothing or for nothing. A refund's amounts are written without sign."""
    refund = draft.is_event("refund")
    for field in ("quantity", "price", "value"):
        draft.number[field] = np.where(refund, np.abs(draft.number[field]), draft.number[field])
    _drop(draft, "non_positive_quantity", (draft.number["quantity"] <= 0) & draft.is_event(*COUNTED), "quantity")
    for field in ("price", "value"):
        _drop(draft, "non_positive_price", (draft.number[field] <= 0) & draft.is_event(*PAID), field)
    price, quantity, value = draft.number["price"], draft.number["quantity"], draft.number["value"]
    draft.number["value"] = np.where(np.isnan(value), price * np.where(np.isnan(quantity), 1.0, quantity), value)


_SIGNS = {"£": "GBP", "€": "EUR", "₹": "INR", "₩": "KRW", "₽": "RUB", "元": "CNY", "RMB": "CNY", "人民币": "CNY"}


def currency(draft: Draft, limits: Limits) -> None:
    """Write currencies as ISO 4217 codes, and empty what is none."""
    given = draft.text["currency"]
    if given.null_count == len(given):
        return
    codes = pc.dictionary_encode(given)
    names = [_SIGNS.get(name, name).upper() for name in codes.dictionary.to_pylist()]
    known = [name if re.fullmatch("[A-Z]{3}", name) else None for name in names]
    draft.text["currency"] = pa.array(known, pa.string()).take(codes.indices)
    emptied = draft.alive & flags(pc.is_valid(given)) & ~draft.has("currency")
    draft.mend("currency", emptied, draft.shown("currency", emptied))


def _drop(draft: Draft, rule: str, mask: Mask, field: str) -> None:
    hit = mask & draft.alive
    if hit.any():
        draft.drop(rule, hit, draft.shown(field, hit))


CHECKS: tuple[Check, ...] = (
    hidden_characters,
    unreadable_fields,
    known_event,
    sane_time,
    complete,
    nobody,
    lost_by_format,
    not_a_product,
    positive_amounts,
    dropped_fields,
    currency,
)
"""The rules that need no memory, in order; duplicates, robots and outliers follow (see memory.py)."""

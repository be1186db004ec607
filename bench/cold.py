"""Cold start: shoppers of whom 0, 1 or 3 events are known, products held out entirely; `--tail`: the long tail's price.

`python bench/cold.py [retail|beauty ...] [--only strangers|fresh] [--tail] [--shoppers N] [--back WINDOWS]
[--folder SHOPS]`. Strangers: shoppers drawn at random, of whom nothing at all is in the training log; they are asked
knowing nothing, their last event, or their last three before the moment of asking. Held out: a random tenth of the
products without any event, their text and price kept. Peers are tuned one window (or item) earlier; `--back 1` asks
everything a window earlier, for choosing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from data import data, workplace
from rich.console import Console

from likeness.catalog.build import build_catalogue
from likeness.catalog.text import meaning_text
from likeness.encode import load_encoder
from likeness.evaluate.cold import Question, ask_peers, cold_table, held_out, named_shelf, strangers_of
from likeness.evaluate.metrics import DEEP
from likeness.evaluate.splits import Split, Targets, last_out, time_split
from likeness.evaluate.table import show_cold, show_tail
from likeness.fit import read_log
from likeness.learn import learn
from likeness.model import Model
from likeness.persona.facts import Facts
from likeness.persona.fold import fold_columns
from likeness.persona.interactions import interactions
from likeness.persona.state import PersonaState
from likeness.persona.taste import taste
from likeness.pipeline import ask, propose
from likeness.ports import Encoder
from likeness.progress import Clockwork, silent
from likeness.query.normalise import words as words_of
from likeness.rank.longtail import LongTail, promoted
from likeness.rehearse import history
from likeness.shop import Shop
from likeness.types import DAY, EVENT_NAMES, Catalogue, Interactions, Item, Query, Rows

FILES = {
    "retail": ("online-retail/transactions.parquet",),
    "beauty": ("amazon-beauty/items.tsv", "amazon-beauty/sequences.tsv"),
}
PURCHASE = EVENT_NAMES.index("purchase")
WINDOW = 60.0  # days asked about, where there are times
SHARE, LEAST = 0.5, 3  # of the shoppers with so many events, the strangers
OUT = 0.1  # of the products held out
KNOWN = (0, 1, 3)
SEED, RESAMPLES = 7, 1_000
NEW = (0.0, 1.0, 2.0, 3.0)  # log-odds added to products nobody has bought
STRENGTHS = (0.0, 0.1, 0.2, 0.4, 0.7, 1.0, 2.0)  # of the long tail's promotion


@dataclass(frozen=True)
class World:
    """A shop's log, and one moment (or each shopper's last item) to ask about."""

    shop: Shop
    table: pa.Table
    items: list[Item]
    catalogue: Catalogue
    shoppers: int  # asked at most

    @property
    def timed(self) -> bool:
        return self.shop.clock == "time"

    def log(self, table: pa.Table, until: float | None = None) -> Interactions:
        """Return a table's interactions; the end is `until`, or just after the last event of the whole log."""
        log = interactions(table, self.catalogue, self.shop.config, until)
        return log if until is not None else replace(log, end=self.end)

    @property
    def end(self) -> float:
        return float(np.nextafter(pc.max(self.table["time"]).as_py(), np.inf))

    def split(self, back: int) -> Split:
        """Return the split `back` windows (or items) before the last one."""
        log = self.log(self.table)
        if self.timed:
            return time_split(log, self.end - (1 + back) * WINDOW * DAY, WINDOW)
        split = last_out(log)
        return last_out(split.train) if back else split


def open_world(name: str, folder: Path, shoppers: int) -> World:
    shop = Shop.open(folder / name, effort="fast")
    if not shop.store.count(shop.shop_id):
        for path in FILES[name]:
            shop.import_file(data(path))
    table = read_log(shop.store, shop.shop_id, None)
    until = float(pc.max(table["time"]).as_py()) - WINDOW * DAY if shop.clock == "time" else None
    shelf = build_catalogue(
        shop.store.items(shop.shop_id),
        events=[table],
        observations=shop.store.observations(shop.shop_id),
        until=until,
        clock=shop.clock,
    )
    items = [_undated(item) for item in shelf.items]
    return World(shop, table, items, shelf, shoppers)


def _undated(item: Item) -> Item:
    """Return what a shop knows of an item before anybody bought it."""
    return Item(
        item_id=item.item_id,
        title=item.title,
        description=item.description,
        categories=item.categories,
        brand=item.brand,
        price=item.price,
        currency=item.currency,
        attributes=item.attributes,
        available=item.available,
    )


def shopper_of(table: pa.Table) -> pa.ChunkedArray:
    return pc.coalesce(table["user_id"], table["visitor_id"])


def without(table: pa.Table, shoppers: tuple[str, ...]) -> pa.Table:
    return table.filter(pc.invert(pc.fill_null(pc.is_in(shopper_of(table), pa.array(shoppers, pa.string())), False)))


def unsold(world: World, table: pa.Table, out: np.ndarray) -> pa.Table:
    """Return the log as if nobody had met some products."""
    names = pa.array([item.item_id for item, gone in zip(world.items, out, strict=True) if gone], pa.string())
    return table.filter(pc.invert(pc.fill_null(pc.is_in(table["item_id"], names), False)))


def before(world: World, split: Split) -> pa.Table:
    """Return the training part of the log: before the cutoff, or each shopper's events before the item asked about."""
    table = world.table
    if split.days is not None:
        return table.filter(pc.less(table["time"], split.cutoff))
    # ties in position do not occur: one position, one item
    place = pc.index_in(shopper_of(table), value_set=pa.array(split.targets.shoppers, pa.string()))
    limit = pc.fill_null(pc.take(pa.array(split.targets.time, pa.float64()), place), np.inf)
    return table.filter(pc.less(table["time"], limit))


def learnt(world: World, train: pa.Table, until: float | None, work: str) -> Model:
    started = perf_counter()
    model = learn(
        train,
        world.items,
        world.shop.store.observations(world.shop.shop_id).slice(0, 0),
        Path(work),
        settings=world.shop.settings,
        config=world.shop.config,
        until=until,
        version="cold",
        clockwork=Clockwork("learn", 5, silent),
        workshop=Path(work) / "nets",
    )
    print(f"  fitted in {perf_counter() - started:.0f} s", flush=True)
    return model


Scored = list[tuple[Rows, np.ndarray]]


def scored(world: World, model: Model, known: pa.Table, question: Question) -> Scored:
    """Return each shopper's candidates and scores, as the serving pipeline has them with the personas of `known`."""
    shop = world.shop
    states = {who: s.state for who, s in fold_columns(known, Facts(shop.config, model.catalogue, words_of))}
    texts = dict(zip(question.targets.shoppers, question.texts, strict=False))
    out = []
    for who, time in zip(question.targets.shoppers, question.targets.time.tolist(), strict=True):
        state = PersonaState.decode(states[who]) if who in states else PersonaState.empty(shop.config)
        someone = taste(state, who, time, model.catalogue, shop.config, vectors=model.vectors, assume=shop.assume)
        text = texts.get(who)
        query = Query(time=time, user_id=who, text=text, n=DEEP, exclude_bought=question.exclude_seen)
        request = ask(query, model, someone)
        request = replace(
            request, allowed=question.allowed if request.allowed is None else request.allowed & question.allowed
        )
        stage = model.stage(request)
        pool = propose(request, stage, shop.settings.candidates)
        out.append((pool.rows, stage.scorer.score(stage.features(pool, request))))
    return out


def lists(found: Scored, tail: LongTail, strength: float = 0.0, new: float = 0.0) -> Rows:
    """Return (S, DEEP) lists, best first."""
    out = np.full((len(found), DEEP), -1, np.int32)
    for place, (rows, scores) in enumerate(found):
        best = promoted(rows, scores, tail, strength, DEEP, new=new)
        out[place, : len(best)] = best
    return out


def bought(log: Interactions, n: int) -> np.ndarray:
    return np.bincount(log.row[(log.event == PURCHASE) & (log.row >= 0)], minlength=n).astype(float)


Asked = tuple[Question, pa.Table]


def strangers(world: World, back: int, vectors: np.ndarray) -> tuple[pa.Table, list[Asked], Split]:
    """Return the training log without the strangers, and a question per number of known events."""
    split = world.split(back)
    targets = strangers_of(split.targets, split.train, least=LEAST, share=SHARE, limit=world.shoppers, seed=SEED)
    every = before(world, split)
    on_sale = bought(world.log(every), len(world.items)) > 0
    train = without(every, targets.shoppers)
    limits = dict(zip(targets.shoppers, targets.time.tolist(), strict=True))
    learned = world.log(train, split.cutoff if world.timed else None)
    questions = []
    for keep in KNOWN:
        known = history(world.table, limits, keep)
        questions.append(
            (
                Question(
                    name=f"{keep} events known",
                    train=learned,
                    known=world.log(known),
                    targets=targets,
                    vectors=vectors,
                    allowed=on_sale,
                    exclude_seen=not world.timed,
                ),
                known,
            )
        )
    some, texts = named_shelf(targets, world.catalogue, SEED)
    asked = encoder(world).encode(texts)
    first, known = questions[0]
    questions.append(
        (replace(first, name="words of a shelf, nothing else known", targets=some, texts=texts, asked=asked), known)
    )
    return train, questions, split


def fresh(world: World, back: int, vectors: np.ndarray) -> tuple[pa.Table, list[Asked], Split]:
    """Return the training log without a tenth of the products, and questions about those products alone and all."""
    split = world.split(back)
    out = held_out(len(world.items), OUT, SEED)
    every = before(world, split)
    if back:  # tuning knows nothing of what is held out later: another tenth, of the rest
        every, split = _thinned(world, every, split, out)
        out = held_out(len(world.items), OUT, SEED + back) & ~out
    on_sale = bought(world.log(every), len(world.items)) > 0
    train = unsold(world, every, out)
    learned = world.log(train, split.cutoff if world.timed else None)
    only = split.targets.keep(out[split.targets.rows], unknown=False)
    some = _sample(only, world.shoppers)
    base = Question(
        name="",
        train=learned,
        known=learned,
        targets=some,
        vectors=vectors,
        allowed=on_sale,
        exclude_seen=not world.timed,
    )
    mixed = _sample(split.targets, world.shoppers)
    questions = [
        replace(base, name="held-out products, ranked among themselves", allowed=out & on_sale),
        replace(base, name="held-out products, ranked among all"),
        replace(base, name="all purchases, a tenth of the products held out", targets=mixed),
    ]
    return train, [(question, train) for question in questions], split


def _thinned(world: World, table: pa.Table, split: Split, out: np.ndarray) -> tuple[pa.Table, Split]:
    names = pa.array([item.item_id for item, gone in zip(world.items, out, strict=True) if gone], pa.string())
    targets = split.targets.keep(~out[split.targets.rows])
    return table.filter(pc.invert(pc.fill_null(pc.is_in(table["item_id"], names), False))), replace(
        split, targets=targets
    )


def _sample(targets: Targets, limit: int) -> Targets:
    chosen = np.zeros(len(targets), bool)
    chosen[np.random.default_rng(SEED).permutation(len(targets))[:limit]] = True
    return targets.only(chosen)


Make = Callable[[World, int, np.ndarray], tuple[pa.Table, list[Asked], Split]]


def tables(world: World, make: Make, vectors: np.ndarray, console: Console, back: int = 0) -> None:
    train, asked, split = make(world, back, vectors)
    tuning = {question.name: question for question, _ in make(world, back + 1, vectors)[1]}
    with TemporaryDirectory(prefix="likeness-") as work:
        model = learnt(world, train, split.cutoff if world.timed else None, work)
        for question, known in asked:
            found, tail = scored(world, model, known, question), LongTail(bought(question.train, len(world.items)))
            steps = NEW if "among all" in question.name or "tenth" in question.name else NEW[:1]
            ours = {f"likeness, new +{new:g}" if new else "likeness": lists(found, tail, new=new) for new in steps}
            peers, tuned = ask_peers(question, tuning[question.name])
            table = cold_table(question, ours, peers, world.catalogue, seed=SEED, resamples=RESAMPLES)
            show_cold(table, tuned, console)


def tail_curve(world: World, vectors: np.ndarray, console: Console, back: int) -> None:
    """Print what promotion of the long tail costs and buys."""
    split = world.split(back)
    train = before(world, split)
    question = Question(
        name="promotion of the long tail",
        train=world.log(train, split.cutoff if world.timed else None),
        known=world.log(train, split.cutoff if world.timed else None),
        targets=_sample(split.targets, world.shoppers),
        vectors=vectors,
        allowed=np.ones(len(world.items), bool),
        exclude_seen=not world.timed,
    )
    with TemporaryDirectory(prefix="likeness-") as work:
        model = learnt(world, train, split.cutoff if world.timed else None, work)
        found, tail = scored(world, model, train, question), LongTail(bought(question.train, len(world.items)))
    ours = {f"strength {s:g}": lists(found, tail, strength=s) for s in STRENGTHS}
    show_tail(cold_table(question, ours, {}, world.catalogue, seed=SEED, resamples=RESAMPLES), console)


def main() -> None:
    names = [name for name in sys.argv[1:] if name in FILES] or list(FILES)
    limit = int(sys.argv[sys.argv.index("--shoppers") + 1]) if "--shoppers" in sys.argv else 1_500
    folder = Path(sys.argv[sys.argv.index("--folder") + 1]) if "--folder" in sys.argv else workplace()
    back = int(sys.argv[sys.argv.index("--back") + 1]) if "--back" in sys.argv else 0
    console = Console(width=140)
    for name in names:
        started = perf_counter()
        world = open_world(name, folder, limit)
        print(f"\n{name}: {len(world.table):,} events, {len(world.items):,} products", flush=True)
        vectors = encoded(world)
        if "--tail" in sys.argv:
            tail_curve(world, vectors, console, back)
            continue
        for make in (strangers, fresh):
            if "--only" in sys.argv and make.__name__ not in sys.argv:
                continue
            tables(world, make, vectors, console, back)
        print(f"{name}: {perf_counter() - started:.0f} s")


def encoder(world: World) -> Encoder:
    return load_encoder(world.shop.settings.encoder)


def encoded(world: World) -> np.ndarray:
    return encoder(world).encode([meaning_text(item) for item in world.items])


if __name__ == "__main__":
    main()

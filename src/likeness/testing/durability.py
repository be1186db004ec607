"""The contract of a store that outlives its process: killed at any moment it loses nothing acknowledged and repeats
nothing, other processes see what is committed, and what is erased is on no disk page.

    class TestMyStore(StoreContract, DurableContract):
        opening = "from my.store import MyStore; store = MyStore(folder + '/shop.db')"
        def open(self, folder: Path) -> Store: ...
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from likeness.ports import Snapshot, Store
from likeness.schema import EVENT_SCHEMA
from likeness.testing.log import SHOP, Opened, event, observed, progress, quarantined, scanned, table
from likeness.testing.stores import slate

CHUNK, CHUNKS = 400, 40
ROWS = CHUNK * CHUNKS

_IMPORT = """
from likeness.testing.durability import import_chunks
for done in import_chunks(store):
    print(done, flush=True)
"""
_APPEND = """
from likeness.testing.log import event
for number in range(150):
    store.append("shop", [event(number), event(1000 * (1 + int(word)) + number, word)])
"""
_READ = """
from likeness.testing.log import scanned
for line in __import__("sys").stdin:
    print(len(scanned(store)), flush=True)
"""


def import_chunks(store: Store) -> Iterator[int]:
    """Append what is missing of a file of ROWS events, chunk by chunk, and yield the rows acknowledged so far."""
    known = store.import_state(SHOP, "file")
    start = 0 if known is None else known.next_line - 1
    for first in range(start, ROWS, CHUNK):
        events = [event(n, f"s{n % 97}", text="t" * (n % 50)) for n in range(first, first + CHUNK)]
        seen = observed(f"i{first % 7}", "A", 1, float(first), float(first))
        state = progress("file", first + CHUNK + 1, done=first + CHUNK == ROWS)
        refused = quarantined(None, f"row {first}")
        store.append_table(SHOP, table(events), quarantine=refused, observations=seen, state=state)
        yield first + CHUNK


class DurableContract(Opened):
    """Subclass with `open` and with `opening`: the code that makes `store` from the text `folder`."""

    opening: ClassVar[str]
    kills: ClassVar[int] = 5

    def test_it_is_all_there_when_opened_again(self, tmp_path: Path) -> None:
        """Whether or not it was closed."""
        store = self.open(tmp_path)
        store.append(SHOP, [event(1)])
        store.set_meta(SHOP, "clock", "time")
        again = self.open(tmp_path)
        assert (again.count(SHOP), again.meta(SHOP, "clock")) == (1, "time")
        store.close()
        again.close()
        assert self.open(tmp_path).of_shopper(SHOP, "ann") == [(1, event(1))]

    def test_killed_at_any_moment_it_loses_and_repeats_nothing(self, tmp_path: Path) -> None:
        """An import killed again and again leaves what an undisturbed one leaves."""
        (tmp_path / "calm").mkdir()
        calm, acknowledged = self.open(tmp_path / "calm"), 0
        list(import_chunks(calm))
        rng = random.Random(7)
        for kill in range(self.kills):
            acknowledged = self._import_and_die(tmp_path, rng.randrange(1, CHUNKS // self.kills), rng.random() * 0.02)
            store = self.open(tmp_path)
            state = store.import_state(SHOP, "file")
            assert state is not None, f"kill {kill}"
            assert store.count(SHOP) == state.next_line - 1 >= acknowledged, f"kill {kill}"
            store.close()
        store = self.open(tmp_path)
        list(import_chunks(store))
        assert _everything(store) == _everything(calm)

    def test_processes_append_side_by_side(self, tmp_path: Path) -> None:
        """Nothing is lost, nothing twice, even when all of them make the store at once."""
        running = [self._start(tmp_path, f"word = '{k}'" + _APPEND) for k in range(3)]
        assert [child.wait() for child in running] == [0] * 3
        store = self.open(tmp_path)
        assert len({row["event_id"] for row in scanned(store)}) == store.count(SHOP) == 150 + 3 * 150

    def test_another_process_sees_an_append_at_once(self, tmp_path: Path) -> None:
        """The read after the append that returned, however long the reader has been open."""
        store = self.open(tmp_path)
        with self._start(tmp_path, _READ) as reader:
            assert reader.stdin is not None
            assert reader.stdout is not None
            for number in range(1, 5):
                store.append(SHOP, [event(number)])
                reader.stdin.write(b"\n")
                reader.stdin.flush()
                assert int(reader.stdout.readline()) == number
            reader.stdin.close()

    def test_what_is_erased_is_in_no_file(self, tmp_path: Path) -> None:
        """Not in events, quarantine, import memory, personas or slates, and not in the leftovers of moved pages."""
        store, gone = self.open(tmp_path), [f"erase-me-{number:03}" for number in range(15)]
        shoppers = [*gone, *(f"let-me-stay-{number:03}" for number in range(90))]
        rng = random.Random(11)
        for turn in range(12):
            rng.shuffle(shoppers)
            fields = [{"session_id": f"{who}:1", "text": "x" * rng.randrange(90)} for who in shoppers]
            events = [event(1000 * turn + n, who, **fields[n]) for n, who in enumerate(shoppers)]
            refused = quarantined(None, f"a row of {gone[turn]}")
            store.append_table(SHOP, table(events), quarantine=refused, state=progress("d", turn, done=True))
            for who in rng.sample(shoppers, 12):
                store.put(SHOP, who, Snapshot(turn, who.encode() * 30))
                store.put_slate(slate(f"{turn}-{who}", who))
        store.append_table(SHOP, EVENT_SCHEMA.empty_table(), quarantine=quarantined(gone[0], gone[0]))
        others = [store.of_shopper(SHOP, who) for who in shoppers if who not in gone]
        for who in gone:
            store.erase_shopper(SHOP, who)
        left = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
        assert b"let-me-stay-001" in left
        assert [who for who in gone if who.encode() in left] == []
        assert [store.of_shopper(SHOP, who) for who in shoppers if who not in gone] == others

    def _start(self, folder: Path, code: str) -> subprocess.Popen[bytes]:
        path = f"import sys; sys.path[:0] = {sys.path!r}; folder = {str(folder)!r}"
        program = f"{path}\n{self.opening}\n{code}"
        return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _import_and_die(self, folder: Path, chunks: int, pause: float) -> int:
        """Kill an import after some chunks and a moment more; return the rows it had acknowledged by then."""
        acknowledged = 0
        with self._start(folder, _IMPORT) as child:
            assert child.stdout is not None
            for _, line in zip(range(chunks), child.stdout, strict=False):
                acknowledged = int(line)
            try:
                child.wait(pause)
            except subprocess.TimeoutExpired:
                child.kill()
            return max([acknowledged, *map(int, child.stdout.read().split())])


def _everything(store: Store) -> list[object]:
    readings: list[Callable[[], object]] = [
        lambda: scanned(store),
        lambda: store.observations(SHOP).to_pylist(),
        lambda: [part.to_pylist() for part in store.quarantine(SHOP)],
        lambda: store.imports(SHOP),
    ]
    return [read() for read in readings]

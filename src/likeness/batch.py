"""Files of questions in, files of answers out: searches for many queries, recommendations for many shoppers."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from likeness.errors import FormatError, InputError
from likeness.progress import Progress, silent
from likeness.shop import Shop
from likeness.workers import Asked, answers

WRITTEN = ("csv", "tsv", "parquet")


def search_file(
    shop: Shop,
    queries: Path,
    out: Path,
    *,
    n: int = 100,
    user: str | None = None,
    where: str | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
) -> dict[str, float]:
    """Answer every query of a TSV with a column `query`, and write `query, item_id, rank, score`.

    `workers` processes share the work, None: one per core where there is enough of it (a script that asks for several
    must be guarded by `if __name__ == "__main__"`). Returns asked, rows, seconds,
    per_second. Raises InputError when the file or its column is not there, FormatError
    for an ending that cannot be written.
    """
    texts = list(dict.fromkeys(_queries(queries)))
    options = {"n": n, "user_id": user, "where": where, "slot": "search"}
    return _write(shop, "query", [(text, {"text": text, **options}) for text in texts], out, workers, progress)


def recommend_file(
    shop: Shop,
    users: Path,
    out: Path,
    *,
    n: int | None = None,
    slot: str = "home",
    exclude_seen: bool | None = None,
    where: str | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
) -> dict[str, float]:
    """Recommend to every user id of a file, one per line, and write `user_id, item_id, rank, score`.

    Nothing is logged: a file of recommendations is not yet shown. Returns and raises as `search_file`.
    """
    if not users.exists():
        raise InputError(f"{users} does not exist.", remedy="Give a text file with one user id per line.")
    ids = list(
        dict.fromkeys(line.strip() for line in users.read_text(encoding="utf-8-sig").splitlines() if line.strip())
    )
    if ids[:1] == ["user_id"]:
        ids = ids[1:]
    options = {"n": n, "slot": slot, "exclude_seen": exclude_seen, "where": where, "explore": 0.0}
    return _write(shop, "user_id", [(user, {"user_id": user, **options}) for user in ids], out, workers, progress)


def _queries(path: Path) -> Iterator[str]:
    if not path.exists():
        raise InputError(f"{path} does not exist.", remedy="Give a TSV with a column `query`.")
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if "query" not in (rows.fieldnames or ()):
            raise InputError(f"{path}: no column `query` in {rows.fieldnames}.", remedy="Name one column `query`.")
        for row in rows:
            if text := (row["query"] or "").strip():
                yield text


def _write(
    shop: Shop, key: str, asked: Sequence[Asked], out: Path, workers: int | None, progress: Progress
) -> dict[str, float]:
    if out.suffix.lstrip(".") not in WRITTEN:
        raise FormatError(f"{out}: cannot write {out.suffix or 'no ending'}.", remedy=f"End it in one of {WRITTEN}.")
    started = perf_counter()
    columns: dict[str, list[Any]] = {key: [], "item_id": [], "rank": [], "score": []}
    for done, (name, ids, scores) in enumerate(answers(shop, asked, workers)):
        columns[key] += [name] * len(ids)
        columns["item_id"] += ids
        columns["rank"] += range(1, len(ids) + 1)
        columns["score"] += scores
        if done % 100 == 0:
            progress("answering", done, len(asked))
    seconds = perf_counter() - started
    schema = pa.schema([(key, pa.string()), ("item_id", pa.string()), ("rank", pa.int32()), ("score", pa.float64())])
    _save(pa.table(columns, schema), out)
    rows = len(columns[key])
    return {"asked": len(asked), "rows": rows, "seconds": seconds, "per_second": len(asked) / max(seconds, 1e-9)}


def _save(table: pa.Table, out: Path) -> None:
    """Write beside the target and rename: a reader sees a whole file or none."""
    work = out.with_name(f".{out.name}.part")
    if out.suffix == ".parquet":
        pq.write_table(table, work)
    elif out.suffix == ".tsv":  # as search engines write runs: no quoting, so that no field may hold a tab
        clean = [
            pc.replace_substring_regex(column, "[\t\r\n]", " ") if pa.types.is_string(column.type) else column
            for column in table.columns
        ]
        rows = zip(*(column.to_pylist() for column in clean), strict=True)
        lines = ["\t".join(map(str, row)) for row in [tuple(table.column_names), *rows]]
        work.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        options = pa_csv.WriteOptions(quoting_style="needed", quoting_header="none")
        pa_csv.write_csv(table, work, options)
    work.replace(out)

"""Which container a file is (NDJSON, JSON, CSV, Parquet, YAML), in which encoding, with which columns."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from likeness.errors import FormatError
from likeness.files.encoding import decode, encoding_of
from likeness.files.source import SAMPLE_BYTES, sample_of

Layout = Literal["ndjson", "json", "csv", "parquet", "yaml"]

_BY_SUFFIX: dict[str, Layout] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".inter": "csv",
    ".item": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".yaml": "yaml",
    ".yml": "yaml",
}
_DELIMITERS = {".tsv": "\t", ".tab": "\t", ".inter": "\t", ".item": "\t"}
_WRAPPERS = {"items", "products", "events", "data", "records", "rows", "results", "users", "catalog"}
_RECORDS = {"client_id", "app_instance_id", "event", "event_name", "eventType", "type", "user_id", "visitorId"}
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or spreadsheet",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"SQLite format 3": "a SQLite database",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"\x28\xb5\x2f\xfd": "zstd-compressed",
    b"BZh": "bzip2-compressed",
    b"\xfd7zXZ": "xz-compressed",
}


@dataclass(frozen=True, kw_only=True)
class Container:
    """How the bytes of a file become rows."""

    layout: Layout
    encoding: str = "utf-8"
    delimiter: str = ","
    header: tuple[str, ...] = ()  # names of the columns; empty where rows name their own
    has_header: bool = True  # whether the first line holds those names

    def headless(self) -> Container:
        """Return the same with columns named 1, 2, 3… and the first line as a row."""
        return replace(self, header=tuple(str(i + 1) for i in range(len(self.header))), has_header=False)


def container_of(path: Path, encoding: str | None = None) -> Container:
    """Tell a file's container from its name and its first bytes.

    Raises:
        FormatError: an empty file, or a kind of file that is not read.
    """
    sample = sample_of(path)
    _refuse(path, sample)
    encoding = encoding or encoding_of(sample)
    text = _text(sample, encoding)
    suffix = Path(path.name.removesuffix(".gz").lower()).suffix
    layout = "parquet" if sample.startswith(b"PAR1") else _BY_SUFFIX.get(suffix) or _layout_of(text)
    if layout == "parquet":
        return Container(layout="parquet", header=_parquet_header(path))
    if layout != "csv":
        return Container(layout="json" if layout == "ndjson" and _is_array(text) else layout, encoding=encoding)
    delimiter = _DELIMITERS.get(suffix) or delimiter_of(text)
    return Container(layout="csv", encoding=encoding, delimiter=delimiter, header=_header(text, delimiter))


def _refuse(path: Path, sample: bytes) -> None:
    if not sample.strip():
        raise FormatError(f"{path} is empty.", remedy="Name a file with rows.")
    if b"\n" not in sample and sample.strip().count(b"\r") > 0 and not sample.startswith(b"PAR1"):
        raise FormatError(
            f"{path} ends its lines with carriage returns.", remedy="Convert them: tr '\\r' '\\n' < IN > OUT."
        )
    for mark, what in _FOREIGN.items():
        if sample.startswith(mark):
            raise FormatError(f"{path} is {what}.", remedy="Save it as CSV, NDJSON or Parquet (gzip is fine).")


def _text(sample: bytes, encoding: str) -> str:
    if encoding.startswith(("utf-16", "utf-32")):
        return sample.decode(encoding, "replace")
    lines = sample.split(b"\n")
    whole = lines[:-1] if len(sample) >= SAMPLE_BYTES and len(lines) > 1 else lines
    return "\n".join(decode(line, encoding)[0] for line in whole).removeprefix("\ufeff")


def _layout_of(text: str) -> Layout:
    start = text.lstrip()
    lines = [line.strip() for line in start.split("\n") if line.strip()][:200]
    if len(lines) == 1 and _wraps(lines[0]):
        return "json"
    if sum(line.startswith("{") and line.endswith("}") for line in lines) * 2 > len(lines):
        return "ndjson"
    if start.startswith(("[", "{")):
        return "json"
    if re.match(r"(---\s*\n)?(- \w[^,\t\n]*: |- \w+:\n|\w[\w ]*:\s*\n\s*- )", start):
        return "yaml"
    return "csv"


def _is_array(text: str) -> bool:
    """Tell an array of objects that goes by the name of NDJSON: its lines are no values of their own."""
    lines = [line.strip() for line in text.lstrip().split("\n")[:50] if line.strip()]
    whole = sum(_parses(line) for line in lines)
    return re.match(r"\[\s*\{", text.lstrip()) is not None and (len(lines) == 1 or 4 * whole <= len(lines))


def _parses(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _wraps(line: str) -> bool:
    """Tell one object around a list of objects from one record that holds a list of its own."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    names = set(value) if isinstance(value, dict) else set()
    lists = [name for name in names & _WRAPPERS if isinstance(value[name], list) and value[name]]
    return len(lists) == 1 and isinstance(value[lists[0]][0], dict) and not names & _RECORDS


def delimiter_of(text: str) -> str:
    """Return the one of tab, comma, semicolon and bar that splits most lines into the same number of fields."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.split("\n")[:100] if line.strip()]

    def steadiness(mark: str) -> tuple[float, int]:
        counts = Counter(line.count(mark) for line in lines)
        number, times = counts.most_common(1)[0] if counts else (0, 0)
        return (times / max(1, len(lines)) if number else 0.0, number)

    return max("\t,;|", key=steadiness)


def _header(text: str, delimiter: str) -> tuple[str, ...]:
    first = next((line for line in text.split("\n") if line.strip()), "").rstrip("\r")
    names = next(csv.reader([first.replace("\0", "").replace("\r", " ")], delimiter=delimiter), [])
    return unique_names([name.strip() for name in names])


def unique_names(names: list[str]) -> tuple[str, ...]:
    """Return the names with unnamed ones called by their place and repeats numbered."""
    seen: Counter[str] = Counter()
    result = []
    for place, name in enumerate(names, 1):
        name = name or str(place)
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return tuple(result)


def _parquet_header(path: Path) -> tuple[str, ...]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return tuple(pq.ParquetFile(path).schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"{path} is no readable Parquet file: {error}.", remedy="Write it again.") from error

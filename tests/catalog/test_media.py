"""Vectors made elsewhere: every container, every kind, checked row by row, and the same after the disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from likeness.catalog.build import build_catalogue
from likeness.catalog.media import FILE, Media, load_media, read_media, save_media
from likeness.errors import FormatError, InputError, StoreError
from likeness.types import Item

ROWS = [
    {"item_id": "b", "kind": "image", "vector": [3.0, 4.0]},
    {"item_id": "a", "kind": "audio", "vector": [0.0, 0.0, 2.0]},
    {"item_id": "a", "kind": "image", "vector": [1.0, 0.0]},
    {"item_id": "elsewhere", "kind": "video", "vector": [1.0]},
]


def written(folder: Path, rows: list[dict[str, object]], suffix: str) -> Path:
    path = folder / f"vectors{suffix}"
    match suffix:
        case ".parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        case ".ndjson":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        case _:
            texts = [f'{row["item_id"]},{row["kind"]},"{json.dumps(row["vector"])}"' for row in rows]
            path.write_text("\n".join(["item_id,kind,vector", *texts]) + "\n")
    return path


def same(one: Media, other: Media) -> None:
    assert one.ids == other.ids
    assert one.vectors.keys() == other.vectors.keys()
    for kind, vectors in one.vectors.items():
        np.testing.assert_array_equal(vectors, other.vectors[kind])


@pytest.mark.parametrize("suffix", [".parquet", ".ndjson", ".csv"])
def test_every_container_gives_the_same_unit_vectors(tmp_path: Path, suffix: str) -> None:
    media = read_media(written(tmp_path, ROWS, suffix))
    assert media.ids == {"image": ("a", "b"), "audio": ("a",), "video": ("elsewhere",)}
    np.testing.assert_allclose(media.vectors["image"], [[1.0, 0.0], [0.6, 0.8]], rtol=1e-6)
    (tmp_path / "kept").mkdir()
    save_media(media, tmp_path / "kept")
    same(load_media(tmp_path / "kept"), media)


def test_numbers_between_spaces_are_a_vector(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("Item ID,Type,Embedding\na,Image,0.6 0.8\nb,image,[0.6; 0.8]\n")
    np.testing.assert_allclose(read_media(tmp_path / "v.csv").vectors["image"], [[0.6, 0.8]] * 2)


def test_views_of_one_item_count_as_their_mean_in_any_order(tmp_path: Path) -> None:
    views = [{"item_id": "a", "kind": "image", "vector": v} for v in ([2.0, 0.0], [0.0, 5.0])]
    media = read_media(written(tmp_path, views, ".ndjson"))
    np.testing.assert_allclose(media.vectors["image"], [[0.5**0.5] * 2], rtol=1e-6)
    same(read_media(written(tmp_path, views[::-1], ".ndjson")), media)


def test_vectors_find_their_rows_and_the_rest_are_zero(tmp_path: Path) -> None:
    catalogue = build_catalogue([Item(item_id=item, title=item) for item in ("x", "a", "b")])
    media = read_media(written(tmp_path, ROWS, ".ndjson"))
    np.testing.assert_allclose(media.of(catalogue, "image"), [[0, 0], [1, 0], [0.6, 0.8]], rtol=1e-6)
    assert media.of(catalogue, "other").shape == (3, 0)
    assert media.unknown(catalogue) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"item_id": "c", "kind": "smell", "vector": [1, 0]}', "kind 'smell'"),
        ('{"item_id": " ", "kind": "image", "vector": [1, 0]}', "an empty item_id"),
        ('{"kind": "image", "vector": [1, 0]}', "no item_id"),
        ('{"item_id": "c", "kind": "image"}', "no vector"),
        ('{"item_id": "c", "kind": "image", "vector": [1, 0, 0]}', "3 numbers, the image of line 1 has 2"),
        ('{"item_id": "c", "kind": "image", "vector": []}', "a vector of 0 numbers"),
        ('{"item_id": "c", "kind": "image", "vector": [0, 0]}', "no direction"),
        ('{"item_id": "c", "kind": "image", "vector": [1e999, 0]}', "no direction"),
        ('{"item_id": "c", "kind": "image", "vector": ["one", 0]}', "vector"),
        ('{"item_id": "c", "kind": "image", "vector": 7}', "vector '7'"),
        ('{"item_id": "c", "kind": "image", "vector": {"a": 1}}', "vector"),
        ('{"item_id": "c", "kind"', "malformed"),
    ],
)
def test_a_fault_names_file_line_rule_and_remedy(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "bad.ndjson"
    path.write_text('{"item_id": "a", "kind": "image", "vector": [1, 0]}\n\n' + line + "\n")
    with pytest.raises(InputError) as error:
        read_media(path)
    assert "bad.ndjson, line 3" in error.value.what and said in error.value.what
    assert error.value.remedy


def test_a_file_without_vectors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "head.csv").write_text("item_id,kind,vector\n")
    with pytest.raises(FormatError):
        read_media(tmp_path / "head.csv")
    with pytest.raises(FormatError):
        read_media(tmp_path / "none.csv")


def test_what_was_never_written_is_nothing_and_what_is_broken_is_said(tmp_path: Path) -> None:
    assert load_media(tmp_path) == Media()
    (tmp_path / FILE).write_bytes(b"broken")
    with pytest.raises(StoreError):
        load_media(tmp_path)
    save_media(Media({"image": ("a", "b")}, {"image": np.zeros((1, 2), np.float32)}), tmp_path)
    with pytest.raises(StoreError):
        load_media(tmp_path)

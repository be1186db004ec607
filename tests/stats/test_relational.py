"""The relational fold: the same expression on DuckDB, and on Spark where the `scale` extra is installed."""

from __future__ import annotations

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from likeness.stats.fold import fold_keys
from likeness.stats.relational import facet_sums

HALF_LIVES = (1800.0, 604800.0, float("inf"))
KEYS = ["shop_id", "shopper", "facet", "value"]
SUMS = ["sum_0", "sum_1", "sum_2"]


def table(n: int) -> pa.Table:
    rng = np.random.default_rng(11)
    return pa.table(
        {
            "shop_id": rng.choice(["a", "b"], n).tolist(),
            "shopper": [f"u{i}" for i in rng.integers(0, max(n // 50, 1), n)],
            "facet": rng.choice(["brand", "category"], n).tolist(),
            "value": [f"v{i}" for i in rng.integers(0, 20, n)],
            "time": 1.7e9 + rng.uniform(0.0, 1e7, n),
            "weight": rng.integers(-8, 16, n) / 4.0,
        }
    )


def on_duckdb(events: pa.Table) -> pa.Table:
    connection = duckdb.connect()
    connection.register("events", events)
    sums = facet_sums(ibis.duckdb.from_connection(connection).table("events"), HALF_LIVES)
    return sums.to_pyarrow().sort_by([(key, "ascending") for key in KEYS])


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_duckdb_gives_what_the_vectorised_fold_gives():
    events = table(5000)
    found = on_duckdb(events)
    columns = [np.array(events[key].to_pylist()) for key in KEYS]
    shopper = np.unique(np.char.add(columns[0], columns[1]), return_inverse=True)[1]
    facet = np.unique(np.char.add(columns[2], columns[3]), return_inverse=True)[1]
    fold = fold_keys(shopper, facet, events["time"].to_numpy(), events["weight"].to_numpy(), HALF_LIVES)
    assert len(found) == len(fold.keys)
    order = np.lexsort(
        (found["value"].to_pylist(), found["facet"].to_pylist(), *[found[k].to_pylist() for k in KEYS[1::-1]])
    )
    assert_close(np.column_stack([found[name].to_numpy()[order] for name in SUMS]), fold.at_reference(HALF_LIVES))
    assert found["count"].to_numpy()[order].tolist() == fold.counts.tolist()
    for name, column in (("first", fold.first), ("last", fold.last), ("reference", fold.reference[fold.group_rows()])):
        assert found[name].to_numpy()[order].tolist() == column.tolist()


@pytest.mark.scale
def test_spark_gives_what_duckdb_gives_on_100_000_events(tmp_path):
    from pyspark.sql import SparkSession

    events = table(100_000)
    pq.write_table(events, tmp_path / "events.parquet")
    options = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "4", "spark.driver.memory": "2g"}
    session = SparkSession.builder.master("local[2]").config(map=options).getOrCreate()
    try:
        spark = ibis.pyspark.connect(session)
        sums = facet_sums(spark.read_parquet(str(tmp_path / "events.parquet")), HALF_LIVES)
        found = sums.to_pyarrow().sort_by([(key, "ascending") for key in KEYS])
    finally:
        session.stop()
    expected = on_duckdb(events)
    for name in (*KEYS, "count", "first", "last", "reference"):
        assert found[name].to_pylist() == expected[name].to_pylist(), name
    for name in SUMS:
        assert_close(found[name].to_numpy(), expected[name].to_numpy())

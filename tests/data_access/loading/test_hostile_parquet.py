"""Parquet files of a few kilobytes that stand for gigabytes, and such as trip Arrow up: refused with a sentence."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access.loading import LoadRefused
from data_access.loading.pings import each_batch

TODAY = date(2024, 3, 1)
FIRST = 1_676_296_800_000
ROWS = 100_000
READ = """
import resource, sys
from data_access.loading import LoadRefused
from data_access.loading.pings import each_batch
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    for batch in each_batch(sys.argv[1], most_rows=16_000_000):
        pass
except LoadRefused as refusal:
    print(refusal)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def saved(path, device=None, rows=1, columns=None, **options):
    stamps = pa.array([FIRST + 1000 * i for i in range(rows)], pa.timestamp("ms", tz="UTC"))
    named = {"device": device, "time": stamps, "lon": [-1.13] * rows, "lat": [52.63] * rows} | (columns or {})
    pq.write_table(pa.table(named), path, **options)
    return path


def same(text: str, kind: pa.DataType | None = None, rows: int = ROWS) -> pa.Array:
    """One text in every row, held once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text], kind))


def refused(path, match: str) -> None:
    with pytest.raises(LoadRefused, match=match):
        list(each_batch(path, today=TODAY, most_rows=16_000_000))


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("column", ["device", "time"])
def test_one_long_text_in_a_hundred_thousand_rows_is_refused_and_never_repeated(tmp_path, column, stored):
    long = {column: same("x" * (128 << 10), pa.large_string())}
    path = saved(tmp_path / "p.parquet", same("v"), ROWS, long, store_schema=stored, compression="zstd")
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    said, grown = done.stdout.strip().splitlines()
    assert f"the column “{column}” holds a text of over 1,000 bytes" in said
    assert int(grown) < 200  # MB; every row with its own copy is 13 GB


def test_a_long_text_that_comes_late_is_refused_too(tmp_path):
    names = pa.array(["v"] * 5_000 + ["x" * 2_000])
    refused(saved(tmp_path / "p.parquet", names, 5_001), "over 1,000 bytes")


def test_what_is_no_cell_is_refused_in_a_wanted_column_and_left_alone_in_another(tmp_path):
    lists = pa.array([[1, 2]] * 3)
    found = list(each_batch(saved(tmp_path / "a.parquet", ["v"] * 3, 3, {"other": lists}), today=TODAY, most_rows=100))
    assert sum(batch.read for batch in found) == 3
    refused(saved(tmp_path / "b.parquet", lists, 3), "“device” holds neither numbers nor times nor texts")
    fixed = pa.array([b"1234"] * 3, pa.binary(4))
    refused(saved(tmp_path / "c.parquet", fixed, 3), "“device” holds neither")


def test_texts_written_as_differences_are_refused(tmp_path):
    path = saved(
        tmp_path / "p.parquet", pa.array(["x" * 999 + str(i % 10) for i in range(50)]), 50,
        use_dictionary=False, column_encoding={"device": "DELTA_BYTE_ARRAY"},
    )  # fmt: skip
    refused(path, "written as DELTA_BYTE_ARRAY")


def test_columns_that_unpack_to_more_than_may_be_loaded_are_refused_others_are_not_counted(tmp_path, monkeypatch):
    monkeypatch.setenv("MAX_LOAD_MB", "1")
    many = pa.array([f"{i:06}" for i in range(ROWS)])
    path = saved(tmp_path / "p.parquet", many, ROWS, compression="none", use_dictionary=False)
    refused(path, "unpacks to more than 1 MB")


def test_a_stream_may_be_of_any_length_as_long_as_its_parts_are_not(tmp_path, monkeypatch):
    """The command without a database reads on; the portal, which holds the whole, refuses."""
    monkeypatch.setenv("MAX_LOAD_MB", "1")
    many = pa.array([f"{i:06}" for i in range(ROWS)])
    path = saved(tmp_path / "p.parquet", many, ROWS, compression="none", use_dictionary=False, row_group_size=5_000)
    read = each_batch(path, provider="outreach", team="A")
    assert sum(batch.read for batch in read) == ROWS
    with pytest.raises(LoadRefused, match="unpacks to more than 1 MB"):
        list(each_batch(path, provider="outreach", team="A", most_rows=10 * ROWS))


def test_a_table_of_thousands_of_columns_is_refused(tmp_path):
    refused(saved(tmp_path / "p.parquet", ["v"], 1, {f"c{i}": [1] for i in range(600)}), "more than 500 columns")


@pytest.mark.parametrize("cut", [0.3, 0.6])
def test_damage_within_the_columns_is_a_refusal_whatever_it_trips(tmp_path, cut):
    path = saved(tmp_path / "p.parquet", [f"v{i}" for i in range(5_000)], 5_000, compression="none")
    data = bytearray(path.read_bytes())
    at = int(len(data) * cut)
    data[at : at + 3_000] = b"\xff" * 3_000
    path.write_bytes(bytes(data))
    with contextlib.suppress(LoadRefused):
        assert sum(batch.read for batch in each_batch(path, today=TODAY, most_rows=16_000_000)) == 5_000


@pytest.mark.parametrize("stamp", [2**63 - 1, -(2**63)])
def test_times_that_no_calendar_has_never_leave_as_an_error(tmp_path, stamp):
    times = pa.array([stamp, None], pa.timestamp("us"))
    path = saved(tmp_path / "p.parquet", ["v", "v"], 2, {"time": times})
    try:
        found = list(each_batch(path, today=TODAY, most_rows=100))
    except LoadRefused:
        return
    assert sum(len(batch.rejects) for batch in found) == 2

"""Small files that would fill the memory: refused with a sentence, and with little memory. Honest wide ones are read."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from data_access.loading import LoadOptions, LoadRefused
from data_access.loading.pings import each_batch
from data_access.loading.readers import crimes, pings
from data_access.loading.reading import Context
from data_access.loading.source_file import SourceFile, open_source
from domain.programme import parse_programme

TODAY = date(2024, 3, 1)
MOST = 64 << 20  # bytes; before these were refused they took gigabytes
CRIMES = "Crime Ref,Date From,Offence,Longitude,Latitude"
CRIME = "A1,2023-02-13 14:05,Theft,-1.13,52.63"
PINGS = "device,time,lon,lat"
PING = "van 1,2023-02-13T14:00:00Z,-1.13,52.63"
READERS = {"crimes": (crimes.read, CRIMES, CRIME), "pings": (pings.read, PINGS, PING)}


def context(data: bytes, **options: str) -> Context:
    return Context(SourceFile("rows.csv", data, "0" * 64), LoadOptions(**options), TODAY, parse_programme(PROGRAMME))


PROGRAMME = {
    "code": "T", "name": "T", "force": "F", "area_name": "A", "service": {"live_from": date(2022, 10, 1)},
    "providers": [{"code": "outreach", "name": "Street outreach", "kind": "partner", "staff_per_patrol": 2}],
}  # fmt: skip


def read(kind: str, data: bytes):
    said = {"provider": "outreach", "team": "1"} if kind == "pings" else {}
    return READERS[kind][0](context(data, **said))


def refused_with_little_memory(read_it, match: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(LoadRefused, match=match):
            read_it()
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", READERS)
def test_a_header_of_thousands_of_empty_columns_is_refused_before_any_row_is_read(kind, tmp_path):
    data = (READERS[kind][1] + "," * 9_000 + "\n").encode() + b"x\n" * 200_000
    refused_with_little_memory(lambda: read(kind, data), "more than 500 columns. Delete those")
    packed = tmp_path / "rows.csv.gz"
    packed.write_bytes(gzip.compress(data))
    with pytest.raises(LoadRefused, match="more than"):
        read(kind, open_source(packed).data)


@pytest.mark.parametrize("kind", READERS)
def test_a_file_of_rows_that_are_none_is_refused_and_nothing_is_made_as_wide_as_the_header(kind):
    data = (READERS[kind][1] + "," * 400 + "\n").encode() + b"x\n" * 150_000
    refused_with_little_memory(lambda: read(kind, data), "over 100,000 of its rows do not fit the header")


@pytest.mark.parametrize("kind", READERS)
def test_an_honest_table_of_many_columns_is_read(kind):
    _, head, row = READERS[kind]
    more = ",".join(f"extra {i}" for i in range(450))
    found = read(kind, f"{head},{more}\n{row}{',1' * 450}\nx\n".encode())
    assert found.rows.read == 2
    assert [r["reason"] for r in found.rows.rejects()] == [f"The row has 1 cells, the header {head.count(',') + 451}."]
    assert found.rows.rejects()[0]["raw"] == "x"


@pytest.mark.parametrize("kind", READERS)
def test_a_first_line_longer_than_any_header_is_refused_rather_than_read_in_part(kind):
    _, head, row = READERS[kind]
    data = f"{head},{'n' * 70_000}\n{row},1\n".encode()
    refused_with_little_memory(lambda: read(kind, data), "first line is longer than 65,536 characters")


def test_a_header_that_ends_just_within_what_is_looked_at_is_one(tmp_path):
    path = tmp_path / "pings.csv"
    head = PINGS + "," + "n" * (65_536 - len(PINGS) - 2) + "\n"
    path.write_text(head + PING + ",1\n")
    assert len(head) == 65_536
    assert sum(batch.read for batch in each_batch(path, today=TODAY)) == 1


def test_pings_of_which_nearly_all_are_rejected_are_refused_before_their_reasons_fill_the_memory(monkeypatch):
    monkeypatch.setenv("MAX_LOAD_MB", "16")  # a million rows, and a thirty-second of it rejects
    data = (PINGS + "\n").encode() + b"v,noon,1,2\n" * 40_000
    with pytest.raises(LoadRefused, match=r"were rejected, too many to keep. The latest: “noon”"):
        read("pings", data)


def sheet(cells: dict[str, object], rows: int) -> bytes:
    """A workbook whose rows after the header have one cell, written as few do: with no more than that."""
    book = Workbook()
    for at, value in cells.items():
        book.active[at] = value
    out = io.BytesIO()
    book.save(out)
    again = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as packed, zipfile.ZipFile(again, "w", zipfile.ZIP_STORED) as new:
        for name in packed.namelist():
            text = packed.read(name)
            if name == "xl/worksheets/sheet1.xml":
                text = text.replace(b"</sheetData>", b"<row><c><v>1</v></c></row>" * rows + b"</sheetData>")
            new.writestr(name, text)
    return again.getvalue()


HEAD_CELLS = {f"{get_column_letter(i)}1": name for i, name in enumerate(CRIMES.split(","), 1)}


def test_a_workbook_with_a_cell_in_its_last_column_is_refused():
    data = sheet({**HEAD_CELLS, "XFD1": "far"}, 30_000)
    refused_with_little_memory(lambda: crimes.read(context(data)), "“Sheet” has more than 500 columns")


def test_a_workbook_that_only_looks_wide_is_read():
    book = Workbook()
    for values in (CRIMES.split(","), CRIME.split(",")):
        book.active.append(values)
    book.active["XFD1"].number_format = "0.00"  # a format is no text
    out = io.BytesIO()
    book.save(out)
    assert crimes.read(context(out.getvalue())).rows.good.tolist() == [True]

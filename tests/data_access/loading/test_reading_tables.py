"""Text to rows: what makes a file unusable, what makes a row unusable, and what a rejected row still shows."""

from __future__ import annotations

import gzip
import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.loading import LoadRefused
from data_access.loading.source_file import SourceFile, open_source
from data_access.loading.table import GOOD, REJECTED, read_csv

HEAD = b"Month,Place,Crimes\n"


def table(content: bytes, required=("month", "place", "crimes")):
    return read_csv(SourceFile("file.csv", content, "0" * 64), required)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_separators_line_endings_and_encodings_read_alike(separator, ending, encoding):
    lines = ["MONTH_ |pla-ce|Crimes", "2023-01|Café £1|3", '2023-02|"x|y"|4'.replace("x|y", "x" + separator + "y")]
    text = ending.join(lines).replace("|", separator) + ending
    rows = table(text.encode(encoding))
    assert rows.column("place").tolist() == ["Café £1", f"x{separator}y"]
    assert rows.column("crimes").tolist() == ["3", "4"]
    assert rows.good.all()


def test_ragged_rows_are_rejected_one_by_one_with_their_text():
    rows = table(HEAD + b'2023-01,A\n2023-02,B,1\n\n2023-03,"C, c",2,extra\n2023-04,D,3,,\n')
    assert rows.state.tolist() == [REJECTED, GOOD, REJECTED, GOOD]
    first, second = rows.rejects()
    assert (first["row_number"], first["raw"]) == (2, "2023-01,A")
    # Row numbers are a spreadsheet's: the blank line counts.
    assert (second["row_number"], second["raw"]) == (5, '2023-03,"C, c",2,extra')
    assert "4 cells" in second["reason"]
    assert "3" in second["reason"]


def test_text_after_a_closing_quotation_mark_rejects_that_row_only():
    rows = table(HEAD + b'2023-01,"A"B,1\n2023-02,B,1\n')
    assert rows.state.tolist() == [REJECTED, GOOD]
    assert rows.rejects()[0]["raw"] == '2023-01,"A"B,1'


def test_a_cell_with_line_breaks_is_one_row_and_keeps_its_text():
    rows = table(HEAD + b'2023-01,"A\r\nB",1\n2023-02,B,x\n')
    rows.reject(rows.column("crimes") == "1", "crimes", "because")
    assert rows.read == 2
    assert rows.rejects()[0]["raw"] == '2023-01,"A\r\nB",1'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD, "no rows under it"),
        (b"month,place\n2023-01,A\n", "no column crimes"),
        (b"month,place,crimes,Crimes\n2023-01,A,1,2\n", "twice"),
        (HEAD + b"2023-01,A,1\n2023-02,B", "cut off"),
        (HEAD + b'2023-01,"A,1\n2023-02,B,1\n', "line 2"),
        (HEAD + b'2023-01,A,1\n2023-02,"B,1\n2023-03,"C",1\n', "line 3"),
        (HEAD + b"2023-01,A\0,1\n", "NUL"),
        ("month,place\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04whatever", "Excel"),
        (b"%PDF-1.7 ...", "PDF"),
        (HEAD + b"2023-01,\x81\x8d,1\n", "neither UTF-8 nor Windows-1252"),
        (bytes(range(1, 32)) * 20, "control characters"),
    ],
)
def test_what_cannot_be_trusted_as_a_whole_is_refused_and_says_why(content, said):
    with pytest.raises(LoadRefused, match=said):
        table(content)


def test_a_missing_column_is_refused_with_what_was_found_and_needed():
    with pytest.raises(LoadRefused) as refusal:
        table(b"Month;Town;Crimes\n2023-01;A;1\n")
    message = str(refusal.value)
    assert "no column place" in message
    assert "Month, Town, Crimes" in message
    assert "semicolon" in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n\n", "blank"),
        (gzip.compress(HEAD * 200, mtime=0)[:-30], "cut off"),
        (gzip.compress(HEAD * 200, mtime=0)[:9], "cut off"),
        (gzip.compress(HEAD, mtime=0)[:-8] + b"\0" * 8, "damaged"),
    ],
)
def test_empty_cut_off_and_damaged_files_are_refused(tmp_path, content, said):
    path = tmp_path / "file.csv.gz" if content.startswith(b"\x1f\x8b") else tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(LoadRefused, match=said):
        open_source(path)


def test_a_packed_copy_is_the_same_file(tmp_path):
    plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    plain.write_bytes(HEAD)
    packed.write_bytes(gzip.compress(HEAD[:10]) + gzip.compress(HEAD[10:]))
    assert open_source(plain).sha256 == open_source(packed).sha256


@pytest.mark.parametrize("zeros", [0, 1, 70_000, 140_000])
def test_several_members_and_the_zeros_after_them(tmp_path, zeros):
    path = tmp_path / "a.csv.gz"
    noise = random.Random(7).randbytes(200_000).hex().encode()
    path.write_bytes(gzip.compress(noise) + b"\0" * zeros + gzip.compress(HEAD) + b"\0" * zeros)
    assert open_source(path).data == noise + HEAD


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("MAX_LOAD_MB", "1")
    text = random.Random(7).randbytes(600_000).hex().encode()  # 1.2 MB, packs to half
    (tmp_path / "plain.csv").write_bytes(text)
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(text))
    for name in ("plain.csv", "packed.csv.gz"):
        with pytest.raises(LoadRefused, match="than 1 MB"):
            open_source(tmp_path / name)
    (tmp_path / "fits.csv").write_bytes(text[: 1 << 20])
    assert len(open_source(tmp_path / "fits.csv").data) == 1 << 20


def test_a_bomb_is_refused_before_it_goes_off(tmp_path):
    """A hundred kilobytes must not become a hundred megabytes, whatever the limit of size."""
    bomb = tmp_path / "bomb.csv.gz"
    with gzip.open(bomb, "wb") as handle:
        for _ in range(100):
            handle.write(b"2023-01,A,1\n" * 87_381)
    tracemalloc.start()
    with pytest.raises(LoadRefused, match="200 times"):
        open_source(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (bomb.stat().st_size * 200 + (1 << 20)) * 2.2
    small = tmp_path / "small.csv.gz"
    small.write_bytes(gzip.compress(HEAD + b"2023-01,A,1\n" * 80_000))
    assert len(open_source(small).data) > 200 * small.stat().st_size, "under a megabyte the ratio does not matter"


def test_reading_takes_a_few_times_the_file(tmp_path):
    """A megabyte of short rows used to take 34 MB."""
    content = HEAD + b"".join(b"2023-%02d,Anytown %d,%d\n" % (n % 12 + 1, n % 50, n % 300) for n in range(100_000))
    tracemalloc.start()
    rows = table(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows.read == 100_000
    assert peak < 10 * len(content)


def test_blank_rows_do_not_shift_the_numbers_or_texts_of_others():
    rows = table(b"\n" + HEAD + b'\n2023-01,"A\n\nB",1\n,,\n\r2023-02,C\n')
    assert rows.numbers.tolist() == [4, 7]
    assert rows.rejects()[0]["raw"] == "2023-02,C"
    assert rows.notes[0].startswith("4 rows without any text")


def test_missing_and_misnamed_files_are_refused(tmp_path):
    with pytest.raises(LoadRefused, match="no file"):
        open_source(tmp_path / "nowhere.csv")
    (tmp_path / "plain.gz").write_bytes(HEAD)
    with pytest.raises(LoadRefused, match="not gzip"):
        open_source(tmp_path / "plain.gz")
    with pytest.raises(LoadRefused, match="cannot be read"):
        open_source(tmp_path)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tail):
    try:
        rows = table(HEAD + b"2023-01,A,1\n" + tail)
    except LoadRefused:
        return
    assert rows.read == rows.count(GOOD) + rows.count(REJECTED)
    assert len(rows.rejects()) == rows.count(REJECTED)

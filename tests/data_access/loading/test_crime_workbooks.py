"""Crimes in Excel workbooks: the sheet, the header and the cells as people leave them; workbooks made to do harm."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from data_access import schema as s
from data_access.loading import LoadOptions, LoadRefused
from data_access.loading.mapping import Mapping
from data_access.loading.readers import crimes
from data_access.loading.reading import Context, Parsed
from data_access.loading.source_file import SourceFile

HEAD = ["Crime Ref", "Date From", "Offence", "Longitude", "Latitude"]
ROW = ["A1", datetime(2023, 2, 13, 14, 5), "Theft", -1.13, 52.63]


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def workbook(**sheets: list[list[Any]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return saved(book)


def patched(data: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The workbook with one of its parts rewritten."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as again:
        for name in packed.namelist():
            text = packed.read(name)
            again.writestr(name, change(text.decode()) if name == part else text)
    return out.getvalue()


FIRST = "xl/worksheets/sheet1.xml"


def parsed(data: bytes, **options: Any) -> Parsed:
    context = Context(SourceFile("crimes.xlsx", data, "0" * 64), LoadOptions(**options), date(2024, 3, 1), None)
    found = crimes.read(context)
    found.rows.finish_notes()
    return found


def reasons(found: Parsed) -> dict[int, str]:
    return {int(row["row_number"]): str(row["reason"]) for row in found.rows.rejects()}


def test_cells_are_read_as_their_reader_sees_them():
    book = Workbook()
    sheet = book.active
    sheet.append(HEAD)
    sheet.append([12345, datetime(2023, 7, 13, 0, 30), "Theft", -1.13, 52.63])
    sheet.append(["A2", date(2023, 2, 14), "Theft", "-1.13", "52.63"])
    sheet.append(["A3", datetime(2023, 2, 14), "Theft", "-1,13", "52,63"])
    sheet.append(["A4", "14/02/2023 09:30", " Theft ", None, ""])
    sheet["B4"].number_format = "dd/mm/yyyy hh:mm"  # midnight that is shown is midnight
    found = parsed(saved(book))
    assert found.rows.good.all()
    frame = found.frame
    assert frame["reference"].tolist() == ["12345", "A2", "A3", "A4"]
    assert frame["occurred_from"].iloc[0] == pd.Timestamp("2023-07-12 23:30")
    assert frame["local_minute"].fillna(-1).tolist() == [30, -1, 0, 570]
    assert frame["lon"].fillna(0).tolist() == [-1.13, -1.13, -1.13, 0]
    assert frame["offence_title"].tolist() == ["Theft"] * 4


def test_a_workbook_and_its_csv_are_the_same_crimes(door):
    rows = [[f"A{i}", f"2023-02-{i % 28 + 1:02d} {i % 24:02d}:05", f"Offence {i % 3}", -1.13, 52.63] for i in range(60)]
    text = "\n".join(",".join(map(str, row)) for row in [HEAD, *rows]) + "\n"
    as_dates = [[row[0], datetime.fromisoformat(row[1]), *row[2:]] for row in rows]
    result = door.load("crimes", workbook(Extract=[HEAD, *as_dates]), "crimes.xlsx")
    assert (result.read, result.loaded) == (60, 60)
    held = door.rows(s.crime).drop(columns=["id", "load_id"])
    again = door.load("crimes", text, "crimes.csv")
    assert (again.status, again.loaded) == ("replaced", 60)
    assert again.difference["by_month"] == {"2023-02": [60, 60]}
    pd.testing.assert_frame_equal(held, door.rows(s.crime).drop(columns=["id", "load_id"]))


def test_the_header_is_found_below_titles_and_rows_keep_their_numbers():
    book = Workbook()
    sheet = book.active
    sheet["A1"] = "Crimes with date and offence, force area, OFFICIAL"
    sheet.merge_cells("A1:E1")
    sheet["A2"], sheet["B2"] = "Date", date(2024, 2, 1)
    for at, row in ((5, HEAD), (6, ROW), (9, ["A2", "soon", "Theft", -1.13, 52.63]), (10, ROW)):
        for column, value in enumerate(row, 1):
            sheet.cell(at, column, value)
    sheet["H9"] = "a note beside the table"
    found = parsed(saved(book))
    assert found.rows.numbers.tolist() == [6, 9, 10]
    assert list(reasons(found)) == [9]
    assert found.rows.rejects()[0]["raw"].startswith("A2\tsoon\tTheft")
    assert any("header is row 5" in note for note in found.rows.notes)
    assert any(note.startswith("2 rows without any text") for note in found.rows.notes)


def test_the_only_sheet_with_the_columns_is_taken_else_one_must_be_named():
    notes = [["Read me"], ["This is about dates and offences"]]
    found = parsed(workbook(Notes=notes, Extract=[HEAD, ROW], Lookup=[["Code", "Offence"], [1, "Theft"]]))
    assert found.rows.read == 1
    assert any("Only the sheet “Extract” is loaded; left aside: Notes, Lookup" in note for note in found.rows.notes)
    two = workbook(January=[HEAD, ROW], February=[HEAD, ROW, ROW])
    with pytest.raises(LoadRefused, match=r"several sheets with the columns: January, February.*--sheet"):
        parsed(two)
    assert parsed(two, sheet="February").rows.read == 2
    assert parsed(two, mapping=Mapping(sheet=" february")).rows.read == 2
    with pytest.raises(LoadRefused, match=r"no sheet “March”. Sheets: January, February"):
        parsed(two, sheet="March")


def test_without_the_columns_the_sheets_and_the_nearest_header_are_listed():
    with pytest.raises(LoadRefused) as refusal:
        parsed(workbook(Notes=[["Read me"]], Extract=[["Ref", "When", "Offence", "Lon"], ["A1", 1, 2, 3]]))
    for said in (
        "no column for occurred_from",
        "Ref, When, Offence, Lon",
        "sheet “Extract”, row 1",
        "Sheets: Notes, Extract",
    ):
        assert said in str(refusal.value)
    with pytest.raises(LoadRefused, match=r"header \(row 1\) but no rows"):
        parsed(workbook(Extract=[HEAD]))
    with pytest.raises(LoadRefused, match="no text in any sheet"):
        parsed(workbook(A=[], B=[]))


def test_clocks_in_a_column_of_their_own():
    head = ["Date From", "Time From", "Offence", "Easting", "Northing"]
    rows = [[datetime(2023, 2, 13), time(14, 5), "Theft", 458900, 304100], [date(2023, 2, 13), "1405", "Theft", "458900", "304100"],
            [date(2023, 2, 13), None, "Theft", 458900.5, 304100.25]]  # fmt: skip
    found = parsed(workbook(X=[head, *rows]))
    assert found.rows.good.all()
    assert found.frame["local_minute"].fillna(-1).tolist() == [845, 845, -1]
    assert found.frame["lon"].nunique() == 2


def test_formulas_give_the_values_the_workbook_holds_and_say_when_it_holds_none():
    rows = [["A1", "=DATE(2023,2,13)", "Theft", -1.13, 52.63, "=1+1"], ["A2", "=NOW()", "Theft", -1.13, 52.63, 1]]
    data = workbook(X=[[*HEAD, "Check"], *rows, ROW])

    def worked_out(text: str) -> str:
        return text.replace("<f>DATE(2023,2,13)</f><v></v>", "<f>DATE(2023,2,13)</f><v>44970.5</v>").replace(
            "<f>DATE(2023,2,13)</f><v />", "<f>DATE(2023,2,13)</f><v>44970.5</v>")  # fmt: skip

    data = patched(data, FIRST, worked_out)
    # The cell is styled as a date, as Excel does it itself.
    data = patched(data, FIRST, lambda text: re.sub(r'<c r="B2"( s="\d+")?', f'<c r="B2" s="{style_of(text)}"', text))
    found = parsed(data)
    assert found.frame["occurred_from"].iloc[0] == pd.Timestamp("2023-02-13 12:00")
    said = reasons(found)
    assert list(said) == [3], "the formula of a column that is not wanted does not matter"
    assert "Date From: a formula without its value" in said[3]


def style_of(text: str) -> str:
    """The style of the real date in the last row."""
    found = re.search(r'<c r="B4" s="(\d+)"', text)
    assert found is not None
    return found[1]


def with_shared(text: str, number: int) -> str:
    """The offence of row 2 kept as Excel keeps texts: by number in a table of them."""
    changed = re.sub(r'<c r="C2".*?</c>', f'<c r="C2" t="s"><v>{number}</v></c>', text)
    assert changed != text
    return changed


def test_texts_in_the_shared_table_as_excel_writes_them():
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    table = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>x</t></si>'
        "<si><r><t>Bur</t></r><r><t>glary</t></r></si></sst>"
    )
    named = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    data = patched(workbook(X=[HEAD, ROW]), "[Content_Types].xml", lambda text: text.replace("</Types>", named))
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as packed:
        packed.writestr("xl/sharedStrings.xml", table)
    data = out.getvalue()
    found = parsed(patched(data, FIRST, lambda text: with_shared(text, 1)))
    assert found.frame["offence_title"].tolist() == ["Burglary"]


def test_dates_counted_from_1904_and_dates_that_no_calendar_has():
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    for row in (HEAD, ROW, ["A2", -5, "Theft", -1.13, 52.63], ["A3", 9e9, "Theft", -1.13, 52.63]):
        book.active.append(row)
    for cell in ("B3", "B4"):
        book.active[cell].number_format = "dd/mm/yyyy"
    found = parsed(saved(book))
    assert found.frame["occurred_from"].iloc[0] == pd.Timestamp("2023-02-13 14:05")
    assert 4 in reasons(found)
    assert "is not a date" in reasons(found)[4]


def test_errors_booleans_and_wild_numbers_reject_their_row():
    rows = [["A1", True, "Theft", -1.13, 52.63], ["A2", "#N/A", "Theft", -1.13, 52.63], ["A3", ROW[1], "Theft", 1e300, 52.63],
            ["A4", ROW[1], "Theft", "#DIV/0!", 52.63], ["A5", 44970.5, "Theft", -1.13, 52.63]]  # fmt: skip
    found = parsed(workbook(X=[HEAD, *rows, ROW]))
    assert list(reasons(found)) == [2, 3, 4, 5, 6]


def test_a_sheet_that_lies_about_its_size_takes_no_more_than_it_has():
    data = workbook(X=[HEAD, *[ROW] * 50])
    data = patched(data, FIRST, lambda text: re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"', text))
    tracemalloc.start()
    found = parsed(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.rows.read == 50
    assert peak < 20 << 20


def row_numbered(number: int) -> Callable[[str], str]:
    return lambda text: re.sub(r'r="(\w)3"', rf'r="\g<1>{number}"', text).replace('<row r="3"', f'<row r="{number}"')


def test_one_row_at_the_very_end_of_a_sheet_is_read():
    found = parsed(patched(workbook(X=[HEAD, ROW, ROW]), FIRST, row_numbered(1_048_576)))
    assert found.rows.numbers.tolist() == [2, 1_048_576]


def hostile() -> dict[str, tuple[bytes, str]]:
    good = workbook(X=[HEAD, ROW, ROW])
    entity = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    out = io.BytesIO(good)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/zeros.bin", b"\0" * (40 << 20))
    opendocument = io.BytesIO()
    with zipfile.ZipFile(opendocument, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", "<x/>")
    return {
        "entities in the sheet": (patched(good, FIRST, lambda text: entity + text.partition("?>")[2] if "?>" in text[:60] else entity + text), "document type"),
        "entities in the book": (patched(good, "xl/workbook.xml", lambda text: entity + text.split("?>")[-1]), "document type"),
        "bomb": (out.getvalue(), "200 times"),
        "row of a thousand million": (patched(good, FIRST, row_numbered(10**9)), "not in their order"),
        "rows backwards": (patched(good, FIRST, row_numbered(1)), "not in their order"),
        "cut off": (good[: len(good) // 2], "damaged"),
        "sheet cut off": (patched(good, FIRST, lambda text: text[:-60]), "damaged"),
        "row that is no number": (patched(good, FIRST, lambda text: text.replace('<row r="2"', '<row r="two"')), "damaged"),
        "text that is not there": (patched(good, FIRST, lambda text: with_shared(text, 99_999)), "damaged"),
        "no sheets": (patched(good, "xl/workbook.xml", lambda text: re.sub("<sheets>.*</sheets>", "<sheets/>", text)), "damaged|no text"),
        "OpenDocument": (opendocument.getvalue(), "not an Excel workbook"),
        "old Excel": (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old Excel"),
    }  # fmt: skip


HOSTILE = hostile()


@pytest.mark.parametrize("which", HOSTILE)
def test_workbooks_made_to_do_harm_or_damaged_are_refused_and_change_nothing(door, which):
    data, said = HOSTILE[which]
    before = door.everything()
    with pytest.raises(LoadRefused, match=said):
        door.load("crimes", data, "crimes.xlsx")
    assert door.everything() == before


def test_a_long_workbook_reads_with_little_memory():
    """Rows become columns as they come; the cells are never all held as openpyxl's objects."""
    rng = np.random.default_rng(3)
    rows = [
        [f"A{i}", f"2023-02-{i % 28 + 1:02d} 10:00", "Theft", round(float(v), 5), 52.63]
        for i, v in enumerate(rng.uniform(-2, -1, 3000))
    ]
    data = workbook(X=[HEAD, *rows])
    tracemalloc.start()
    found = parsed(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.rows.read == 3000
    assert peak < 12 << 20

"""ODS and XLSX as other programs read them: every figure of the return, built as the accessibility guidance asks."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import odfdo
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings

from reports.data_files.layout import LONG_LINE, numbered_tables, sheets
from reports.data_files.ods import to_ods
from reports.data_files.xlsx import to_xlsx
from reports.model import DataTable, ReturnContents, Section
from tests.reports.data_files.any_return import any_return
from tests.reports.data_files.every_text import texts_of

WRITERS = {"ods": to_ods, "xlsx": to_xlsx}
NUMBER = re.compile(r"[+−]?£?(0|[1-9]\d{0,2}(,\d{3})*)(\.\d+)?(%| minute| hours| km²)?")


@dataclass(frozen=True)
class Read:
    """A sheet as another program reads it."""

    cells: list[list[Any]]

    @property
    def title(self) -> str:
        return self.cells[0][0]

    def below(self, head: str) -> list[list[Any]]:
        """The rows under the head row that starts with ``head``."""
        at = next(at for at, row in enumerate(self.cells[1:], 1) if row[0] == head and (len(row) < 2 or row[1]))
        return self.cells[at:]


def read_ods(raw: bytes) -> dict[str, Read]:
    body = odfdo.Document(io.BytesIO(raw)).body
    return {
        table.name: Read([[_ods_value(cell) for cell in row.cells] for row in table.rows])
        for table in body.get_tables()
    }


def _ods_value(cell: odfdo.Cell) -> Any:
    if cell.type in ("float", "percentage", "currency"):
        return float(cell.get_attribute("office:value"))
    # odfdo 3.27 writes a link within a paragraph in Markdown.
    lines = [(p.get_element("text:a") or p).inner_text for p in cell.get_elements("text:p")]
    return "\n".join(lines) if lines else None


def read_xlsx(raw: bytes) -> dict[str, Read]:
    book = openpyxl.load_workbook(io.BytesIO(raw))
    return {page.title: Read([[cell.value for cell in row] for row in page.iter_rows()]) for page in book.worksheets}


READERS = {"ods": read_ods, "xlsx": read_xlsx}
both = pytest.mark.parametrize("kind", ["ods", "xlsx"])


@pytest.fixture(scope="session")
def files(rich: ReturnContents) -> dict[str, bytes]:
    return {kind: write(rich) for kind, write in WRITERS.items()}


@pytest.fixture(scope="session")
def books(files: dict[str, bytes]) -> dict[str, dict[str, Read]]:
    return {kind: READERS[kind](raw) for kind, raw in files.items()}


def clean(text: str) -> str:
    return text.replace("\x0b", " ").replace("\t", " ").replace("\r\n", "\n")


def expected(text: str) -> Any:
    """What the cell must hold, worked out apart from the code: the number of the printed text, else the text."""
    if not NUMBER.fullmatch(text):
        return clean(text) or None
    digits = re.sub(r"[^0-9.]", "", text.partition(" ")[0])
    value = Decimal(digits) / (100 if text.endswith("%") else 1)
    return float(-value if text.startswith("−") else value)


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, float):
        return isinstance(found, int | float) and not isinstance(found, bool) and float(found) == wanted
    return found == wanted and not isinstance(found, int | float)


@both
def test_every_text_and_number_of_the_return_is_there(
    rich: ReturnContents, books: dict[str, dict[str, Read]], kind: str
) -> None:
    cells = [cell for sheet in books[kind].values() for row in sheet.cells for cell in row if cell is not None]
    texts = {cell for cell in cells if isinstance(cell, str)}
    numbers = {float(cell) for cell in cells if not isinstance(cell, str)}
    lines = "\n".join(
        " ".join(str(row[0]) for row in s.cells if row[0] is not None) for s in books[kind].values()
    )  # a long line stands on several rows
    wanted = [text for text in texts_of(rich) if text]
    assert len(wanted) > 400
    lost = [t for t in wanted if expected(t) not in numbers and clean(t) not in texts and clean(t) not in lines]
    assert lost == []


@both
def test_every_table_cell_by_cell(rich: ReturnContents, books: dict[str, dict[str, Read]], kind: str) -> None:
    by_number = {name.split(" ")[0]: sheet for name, sheet in books[kind].items()}
    compared = 0
    for numbered in numbered_tables(rich):
        table = numbered.table
        found = by_number[numbered.number].below(table.head[0])
        assert [clean(h) for h in table.head if h] == [
            head for head, printed in zip(found[0], table.head, strict=False) if printed
        ] or numbered.section.letter == "Z"
        assert len(found) == len(table.rows) + 1
        for row, cells in zip(table.rows, found[1:], strict=True):
            for at, text in enumerate(row):
                wanted = clean(text) or None if table.column_class(at) == "text" else expected(text)
                assert same(cells[at], wanted), (numbered.number, row, at, cells[at], wanted)
                compared += isinstance(wanted, float)
    assert compared > 60


@both
def test_every_single_value_by_section(rich: ReturnContents, books: dict[str, dict[str, Read]], kind: str) -> None:
    for section in rich.sections:
        wanted = [(e.field.label, f.label, expected(f.value), f.note or None) for e in section.entries for f in e.facts]
        if wanted:
            sheet = next(s for s in books[kind].values() if s.title == f"{section.letter} {section.title}")
            found = [tuple(row[:4]) for row in sheet.below("Field")[1:]]
            assert found == wanted
    assert [row[1] for row in books[kind]["Summary"].below("Measure")[1:]] == [
        expected(h.value) for h in rich.headlines
    ]


@both
def test_people_s_words_come_whole(rich: ReturnContents, books: dict[str, dict[str, Read]], kind: str) -> None:
    cells = [cell for row in books[kind]["Z in words"].cells for cell in row]
    for entry in rich.sections[-1].entries:
        assert all(clean(text) in cells for _, text in entry.texts)
        assert set(entry.sentences) <= set(cells)
    assert rich.sections[-1].entries[0].stories[0].situation in books[kind]["Z Case studies"].below("Reference")[1]


@both
def test_the_cover_says_what_the_file_is(rich: ReturnContents, books: dict[str, dict[str, Read]], kind: str) -> None:
    names = list(books[kind])
    assert names[:5] == ["Cover", "Contents", "Notes", "Summary", "Summary in words"]
    cover = {row[0]: row[1] for row in books[kind]["Cover"].below("About")}
    assert books[kind]["Cover"].title == rich.title
    assert cover["Marking"] == "OFFICIAL-SENSITIVE"
    assert cover["Handling instruction"] == "Handle with care."
    assert cover["Demonstration data"] == "Yes: the figures are invented."
    assert cover["SHA-256 of the data"] == rich.data_sha256
    assert (cover["Period"], cover["Data as at"]) == (rich.period, rich.data_as_at)
    assert cover["Reason for the correction"] == "A file came late."
    notes = books[kind]["Notes"].below("Kind")
    assert [row[1:3] for row in notes if row[0] == "Symbol"] == [list(pair) for pair in rich.symbols]
    assert any("rounded" in row[2] for row in notes)
    # Every sheet that is printed alone says whose it is and how it is marked.
    assert all(any("OFFICIAL-SENSITIVE" in str(r[0]) for r in sheet.cells[:15]) for sheet in books[kind].values())


@both
def test_each_sheet_is_one_table_under_its_title(books: dict[str, dict[str, Read]], kind: str) -> None:
    """Nothing empty above or within a table, no line so long that it is read off the page, no shared names."""
    names = [name.casefold() for name in books[kind]]
    assert len(set(names)) == len(names)
    for name, sheet in books[kind].items():
        assert 1 <= len(name) <= 31
        assert not set(name) & set("[]:*?/\\")
        assert not name.startswith("'")
        assert not name.endswith("'")
        assert all(any(cell is not None for cell in row) for row in sheet.cells)
        above = [row for row in sheet.cells[1:] if all(cell is None for cell in row[1:])]
        assert all(len(row[0]) <= LONG_LINE * 2 for row in above if row[0] != "b")
        widest = max(len(row) for row in sheet.cells)
        assert any(sum(cell is not None for cell in row) == widest for row in sheet.cells[1:])


@both
def test_the_contents_lead_to_every_sheet(
    files: dict[str, bytes], books: dict[str, dict[str, Read]], kind: str
) -> None:
    if kind == "ods":
        body = odfdo.Document(io.BytesIO(files[kind])).body
        links = [(a.inner_text, a.get_attribute("xlink:href")) for a in body.get_elements("//text:a")]
        wanted = [(n, "#'" + n.replace("'", "''") + "'.A1") for n in books[kind] if n != "Contents"]
    else:
        page = openpyxl.load_workbook(io.BytesIO(files[kind]))["Contents"]
        links = [(c.value, c.hyperlink.location) for row in page.iter_rows() for c in row if c.hyperlink]
        wanted = [(n, "'" + n.replace("'", "''") + "'!A1") for n in books[kind] if n != "Contents"]
    assert links == wanted


def test_excel_tables_are_real_ones(files: dict[str, bytes]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    names, without = [], []
    for page in book.worksheets:
        assert not page.merged_cells.ranges
        assert page.freeze_panes is None
        without += [] if page.tables else [page.title]
        for table in page.tables.values():
            names.append(table.displayName)
            area = page[table.ref]
            heads = [cell.value for cell in area[0]]
            assert heads == [column.name for column in table.tableColumns]
            assert all(heads)
            assert len({head.casefold() for head in heads}) == len(heads)
            assert area[-1][0].row == page.max_row
            assert table.autoFilter is None
    assert len(set(names)) == len(names) == len(book.sheetnames) - 1
    assert without == ["Z2 No rows"]
    assert (book.properties.language, book.properties.title) == ("en-GB", book["Cover"]["A1"].value)


def test_ods_marks_heads_tables_language_and_title(files: dict[str, bytes], rich: ReturnContents) -> None:
    document = odfdo.Document(io.BytesIO(files["ods"]))
    body = document.body
    tables = body.get_tables()
    assert all(len(t.get_elements("table:table-header-rows/table:table-row")) == 1 for t in tables)
    ranges = body.get_elements("//table:database-range")
    assert len(ranges) == len(tables) - 1
    assert all(r.get_attribute("table:contains-header") in (True, "true") for r in ranges)
    named = {n.name: n for n in body.get_named_ranges()}
    assert named["Table_4"].get_values()[0] == ["Measure", "Value", "Detail"]
    assert (document.meta.title, document.meta.language) == (rich.title, "en-GB")
    styles = document.get_part("styles.xml").serialize()
    styles = styles.decode() if isinstance(styles, bytes) else styles
    assert 'fo:language="en" fo:country="GB"' in styles
    with zipfile.ZipFile(io.BytesIO(files["ods"])) as archive:
        assert b"-spanned" not in archive.read("content.xml"), "no merged cells"


@both
def test_nothing_is_a_formula(files: dict[str, bytes], kind: str) -> None:
    with zipfile.ZipFile(io.BytesIO(files[kind])) as archive:
        for name in archive.namelist():
            if not name.endswith(".xml"):
                continue
            top = ElementTree.fromstring(archive.read(name))
            assert not [e for e in top.iter() if e.tag.endswith("}f") or any(k.endswith("}formula") for k in e.attrib)]
    if kind == "xlsx":
        page = openpyxl.load_workbook(io.BytesIO(files[kind]))["Z1 Everything that a cell can"]
        cell = next(c for row in page.iter_rows() for c in row if c.value == "=1+1")
        assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_numbers_are_shown_as_they_are_printed(files: dict[str, bytes]) -> None:
    page = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))["Z1 Everything that a cell can"]
    formats = {c.value: c.number_format for row in page.iter_rows() for c in row if isinstance(c.value, int | float)}
    assert formats[-1234.5] == '"£"#,##0.00;"−""£"#,##0.00;"£"#,##0.00'
    assert formats[5] == '+#,##0;"−"#,##0;#,##0'
    assert formats[0.005] == '+#,##0.0%;"−"#,##0.0%;#,##0.0%'
    assert formats[1] == '#,##0" minute";"−"#,##0" minute";#,##0" minute"'


def test_ods_is_a_package_that_can_be_told_by_its_first_bytes(files: dict[str, bytes]) -> None:
    raw = files["ods"]
    assert raw[30:84] == b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        manifest = ElementTree.fromstring(archive.read("META-INF/manifest.xml"))
        listed = {e.get(f"{{{manifest.tag[1:].split('}')[0]}}}full-path") for e in manifest}
        assert listed | {"mimetype", "META-INF/manifest.xml"} == set(archive.namelist()) | {"/"}


def test_names_of_sheets_that_would_be_one_are_told_apart(rich: ReturnContents) -> None:
    table = DataTable("The very same caption that is longer than a name", ("H", "V"), (("a", "1"),))
    entry = replace(rich.sections[-1].entries[0], tables=(table,), charts=())
    twice = tuple(Section("Z", "Alike", (entry,)) for _ in range(2))
    names = [s.name for s in sheets(replace(rich, sections=twice))]
    assert len({n.casefold() for n in names}) == len(names)
    assert max(map(len, names)) <= 31


@both
def test_dates_are_those_of_the_data(rich: ReturnContents, kind: str) -> None:
    made = replace(rich, made_at=datetime(2024, 1, 5, 9, 30, 11))
    with zipfile.ZipFile(io.BytesIO(WRITERS[kind](made))) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2024, 1, 5, 9, 30, 10)}
        about = archive.read("meta.xml" if kind == "ods" else "docProps/core.xml").decode()
    assert about.count("2024-01-05T09:30:11Z") == 2


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_return())
def test_whatever_a_return_holds_both_files_open_and_agree(made: ReturnContents) -> None:
    """Control characters, empty tables, heads without a word: nothing that people type or lack stops a file."""
    made = replace(made, made_at=datetime(2024, 1, 5))
    laid_out = {sheet.name: sheet for sheet in sheets(made)}
    found = {kind: READERS[kind](write(made)) for kind, write in WRITERS.items()}
    for book in found.values():
        assert list(book) == list(laid_out)
        for name, sheet in laid_out.items():
            for row, cells in zip(sheet.rows, book[name].cells[sheet.head_row :], strict=True):
                assert len(row) == len(cells)
                assert all(
                    same(cell, float(value.stored) if getattr(value, "plain", "") else value.text or None)
                    for value, cell in zip(row, cells, strict=True)
                )

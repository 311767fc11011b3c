"""The return as an Excel workbook; every table is a real one, named, with its head row."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import Cell as ExcelCell
from openpyxl.styles import Alignment, Border, Font
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from domain.formats import MINUS
from reports.data_files.about import LANGUAGE, utc
from reports.data_files.layout import Cell, Link, Sheet, clean, sheets, stands_right, widths
from reports.data_files.packing import packed
from reports.data_files.printed import GBP, PER_CENT, Printed
from reports.model import ReturnContents
from settings import VERSION

_PLAIN, _BOLD = Font(name="Arial", size=12), Font(name="Arial", size=12, bold=True)
_TITLE = Font(name="Arial", size=16, bold=True)
_LINK = Font(name="Arial", size=12, underline="single", color="0563C1")
MAY_RUN = ("=", "+", "-", "@", "\t", "\r")
_LINE_POINTS, _TALLEST = 15.75, 409.0  # of Arial 12; what Excel allows


def to_xlsx(contents: ReturnContents) -> bytes:
    """The same contents give the same bytes."""
    book = Workbook()
    book.remove(book.active)
    book._named_styles["Normal"].font = _PLAIN  # what widths of columns are measured in; openpyxl has no public name
    for at, sheet in enumerate(sheets(contents), 1):
        _write(book.create_sheet(sheet.name), sheet, at)
    moment = utc(contents.made_at).replace(microsecond=0)
    about = book.properties
    about.title, about.language = clean(contents.title), LANGUAGE
    about.subject = clean(f"{contents.marking}. {contents.status}.")
    about.creator = about.lastModifiedBy = clean(contents.recipient or contents.force)
    about.description = clean(f"Hot spots reporting portal {VERSION}. Data {contents.data_sha256}.")
    about.created = about.modified = moment
    # Not Workbook.save, which writes the time of writing into the file.
    out = BytesIO()
    ExcelWriter(book, zipfile.ZipFile(out, "w")).save()
    with zipfile.ZipFile(out) as made:
        return packed([(info.filename, made.read(info)) for info in made.infolist()], moment)


def _write(page: Worksheet, sheet: Sheet, at: int) -> None:
    page["A1"].style = "Headline 1"  # which Excel calls Heading 1, so that a screen reader finds it
    page["A1"].border = Border()
    for number, line in enumerate(sheet.lines, 1):
        _text(page.cell(number, 1), line, _TITLE if number == 1 else _PLAIN)
    for column, head in enumerate(sheet.head, 1):
        cell = _text(page.cell(sheet.head_row, column), head, _BOLD)
        cell.alignment = _placed(sheet.is_numeric(column - 1), "bottom")
    for number, row in enumerate(sheet.rows, sheet.head_row + 1):
        for column, value in enumerate(row, 1):
            _fill(page.cell(number, column), value, sheet.is_numeric(column - 1))
    wide = widths(sheet)
    for number, texts in enumerate((sheet.head, *([c.text for c in row] for row in sheet.rows)), sheet.head_row):
        page.row_dimensions[number].height = _height(texts, wide)
    for column, width in enumerate(wide, 1):
        page.column_dimensions[get_column_letter(column)].width = width
    if sheet.rows:
        page.add_table(_table(sheet, at))
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", "9"  # A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _text(cell: ExcelCell, text: str, font: Font = _PLAIN) -> ExcelCell:
    """Whatever it starts with it is a text, and stays one when somebody edits the cell."""
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = text.startswith(MAY_RUN)
    cell.font = font
    return cell


def _fill(cell: ExcelCell, value: Cell, numeric: bool) -> None:
    cell.alignment = _placed(stands_right(value, numeric), "top")
    cell.font = _PLAIN
    if isinstance(value, Link):
        _text(cell, value.text, _LINK)
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"{quote_sheetname(value.sheet)}!A1")
    elif value.plain:
        cell.value = value.stored
        cell.number_format = number_format(value)
    elif value.text:
        _text(cell, value.text)


def _height(texts: Sequence[str], wide: Sequence[int]) -> float:
    """Enough for the longest cell: only Excel works heights out by itself, other programs let lines overlap."""
    lines = max(
        sum(max(1, math.ceil(len(line) / width)) for line in text.split("\n"))
        for text, width in zip(texts, wide, strict=True)
    )
    return min(_LINE_POINTS * lines, _TALLEST)


def _placed(right: bool, vertical: str) -> Alignment:
    """Numbers end a little before the column does, so that text beside them does not touch."""
    return Alignment(horizontal="right" if right else "left", vertical=vertical, wrap_text=True, indent=int(right))


def number_format(value: Printed) -> str:
    """Excel's code that shows the number as it is printed."""
    digits = "#,##0" + (f".{'0' * value.decimals}" if value.decimals else "")
    pound = '"£"' if value.unit == GBP else ""
    after = "%" if value.unit == PER_CENT else (f'" {value.unit_printed}"' if value.unit_printed else "")
    plain = f"{pound}{digits}{after}"
    return f'{"+" if value.plus else ""}{plain};"{MINUS}"{plain};{plain}'


def _table(sheet: Sheet, at: int) -> Table:
    last = get_column_letter(len(sheet.head))
    table = Table(displayName=f"Table_{at}", ref=f"A{sheet.head_row}:{last}{sheet.last_row}")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False, showFirstColumn=False)
    table._initialise_columns()  # openpyxl 3.1.5 makes them when saving too, then with filter buttons over the heads
    for column, head in zip(table.tableColumns, sheet.head, strict=True):
        column.name = head
    table.autoFilter = None
    return table

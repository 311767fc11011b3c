"""Excel workbooks into rows: the sheet that has the columns, the header wherever it stands, cells as text.

openpyxl reads the cells; before it does, one pass over the XML refuses what no workbook needs and finds what openpyxl
would pass over in silence: rows out of order, formulas without a value.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from xml.parsers import expat

import pandas as pd
from openpyxl import Workbook, load_workbook
from openpyxl.utils import column_index_from_string

from data_access.loading.records import MOST_COLUMNS, Columns, Record, check_header
from data_access.loading.result import LoadRefused
from data_access.loading.source_file import SourceFile, check_unpacked_size
from data_access.loading.table import KeysOf, Rows, reject_misfits, rows_word

HEADER_WITHIN = 40  # rows with text in which the header is looked for: titles and notes stand above it
MAX_ROWS = 1_048_576  # of a sheet, as Excel has it
_STEP = 1 << 16
_UNVALUED = "{}: a formula without its value. Open the workbook in Excel, save it, and load it again."


def read_workbook(file: SourceFile, sheet: str, keys_of: KeysOf, wanted: frozenset[str]) -> Rows:
    """The chosen sheet, or the only one that has the columns -> Rows; LoadRefused listing the sheets else.

    ``wanted`` are the columns (as ``keys_of`` calls them) in which a formula without a value matters.
    """
    looks = _inspect(file)
    book = _opened(file)
    try:
        name, number, header, keys = _found(file.name, book, sheet, keys_of)
        look = _look(book, name, looks)
        check_header(f"{file.name}, sheet “{name}”", look.last_column)
        unvalued = {
            row: [header[c - 1] for c in sorted(columns) if c <= len(keys) and keys[c - 1] in wanted]
            for row, columns in look.unvalued.items()
        }
        rows = _rows(file.name, book, name, number, keys, unvalued)
    except LoadRefused:
        raise
    except Exception:  # openpyxl raises whatever a damaged part makes it trip over
        raise _damaged(file.name) from None
    finally:
        book.close()
    aside = [title for title in _titles(book) if title != name]
    if aside:
        rows.notes.append(f"Only the sheet “{name}” is loaded; left aside: {', '.join(aside)[:600]}.")
    return rows


def first_rows(
    file: SourceFile, sheet: str, most: int, keys_of: KeysOf | None = None
) -> tuple[list[str], str, list[list[str]]]:
    """(sheets, the one to look at, its first rows from the header on); for a look before loading.

    The sheet and the header are those that ``read_workbook`` would take; where it would take none, the row with the
    most cells, so that somebody can say which of its cells are the columns.
    """
    _inspect(file)
    book = _opened(file)
    try:
        titles = _titles(book)
        wanted = [t for t in titles if t.strip().casefold() == sheet.strip().casefold()] or titles
        name, number = _taken(file.name, book, sheet, keys_of) or _likeliest(book, wanted)
        rows = islice(_each_row(book, name, number - 1), most) if name else iter(())
        return titles, name, [cells for _, cells in rows]
    except Exception:  # as in read_workbook
        raise _damaged(file.name) from None
    finally:
        book.close()


def _taken(file_name: str, book: Workbook, sheet: str, keys_of: KeysOf | None) -> tuple[str, int] | None:
    if keys_of is None:
        return None
    try:
        return _found(file_name, book, sheet, keys_of)[:2]
    except LoadRefused:
        return None


def _likeliest(book: Workbook, titles: list[str]) -> tuple[str, int]:
    best, most = ("", 1), 0
    for title in titles:
        for number, cells in islice(_each_row(book, title), HEADER_WITHIN):
            filled = sum(cell != "" for cell in cells)
            if filled > most:
                best, most = (title, number), filled
    return best


def _damaged(name: str) -> LoadRefused:
    return LoadRefused(f"{name} is damaged or not an Excel workbook (.xlsx). Save it as .xlsx or CSV UTF-8 again.")


def _opened(file: SourceFile) -> Workbook:
    try:
        return load_workbook(io.BytesIO(file.data), read_only=True, data_only=True, keep_links=False)
    except Exception:  # see above
        raise _damaged(file.name) from None


@dataclass
class _Look:
    """What openpyxl does not say of one sheet."""

    last_row: int = 0
    last_column: int = 0  # with a value
    in_order: bool = True
    unvalued: dict[int, set[int]] = field(default_factory=dict)  # row -> columns of formulas without a value


def _inspect(file: SourceFile) -> dict[str, _Look]:
    """A look at every sheet of the package; LoadRefused for bombs, document types and rows that no sheet has."""
    looks: dict[str, _Look] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as packed:
            entries = packed.infolist()
            check_unpacked_size(file.name, len(file.data), sum(entry.file_size for entry in entries))
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    with packed.open(entry) as part:
                        looks[entry.filename] = _looked(file.name, part, entry.filename)
    except LoadRefused:
        raise
    except Exception:  # zipfile and expat too have a dozen ways to say that a part is broken
        raise _damaged(file.name) from None
    return looks


def _looked(name: str, part: Any, path: str) -> _Look:
    look = _Look()
    in_sheet = path.startswith("xl/worksheets/")
    at = {"row": 0, "column": 0}
    cell = {"formula": False, "value": False, "text": False}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            row = int(float(attributes.get("r", at["row"] + 1)))
            look.in_order &= row > at["row"]
            at["row"], at["column"] = row, 0
            look.last_row = max(look.last_row, row)
        elif tag == "c":
            letters = attributes.get("r", "").rstrip("0123456789")
            at["column"] = column_index_from_string(letters) if letters else at["column"] + 1
            cell["formula"] = cell["value"] = False
            cell["text"] = attributes.get("t") == "str"  # of which an empty value is a value
        elif tag in ("f", "is"):
            cell["formula"] |= tag == "f"
            look.last_column = max(look.last_column, at["column"])
        elif tag == "v":
            look.last_column = max(look.last_column, at["column"])
            cell["value"] = cell["text"]
            parser.CharacterDataHandler = text

    def text(_: str) -> None:
        cell["value"] = True

    def end(tag: str) -> None:
        if tag == "v":
            parser.CharacterDataHandler = None
        elif tag == "c" and cell["formula"] and not cell["value"]:
            look.unvalued.setdefault(at["row"], set()).add(at["column"])

    def refuse(*_: object) -> None:
        raise LoadRefused(f"{name} holds a document type (DTD), which no workbook needs. Save it in Excel again.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    if in_sheet:
        parser.StartElementHandler, parser.EndElementHandler = start, end
    while block := part.read(_STEP):
        parser.Parse(block, False)
    parser.Parse(b"", True)
    if not look.in_order or look.last_row > MAX_ROWS:
        raise LoadRefused(f"{name}: the rows of a sheet are not in their order ({path}). Save it in Excel again.")
    return look


def _look(book: Workbook, name: str, looks: dict[str, _Look]) -> _Look:
    # openpyxl keeps the part's path to itself; 3.1.5 has it here, and without it formulas are merely not looked at.
    return looks.get(str(getattr(book[name], "_worksheet_path", "")).lstrip("/"), _Look())


def _titles(book: Workbook) -> list[str]:
    return [sheet.title for sheet in book.worksheets]


def _found(file_name: str, book: Workbook, wanted: str, keys_of: KeysOf) -> tuple[str, int, list[str], list[str]]:
    """(sheet, row number of the header, its cells, the names of its columns)."""
    titles = _titles(book)
    if wanted:
        same = [t for t in titles if t == wanted] or [
            t for t in titles if t.strip().casefold() == wanted.strip().casefold()
        ]
        if len(same) != 1:
            raise LoadRefused(f"{file_name} has no sheet “{wanted[:80]}”. Sheets: {', '.join(titles)[:600]}.")
        titles = same
    fit: list[tuple[str, int, list[str], list[str]]] = []
    problems: list[tuple[int, LoadRefused]] = []
    for title in titles:
        try:
            fit.append((title, *_header(file_name, book, title, keys_of, problems)))
        except LoadRefused:
            continue
    if len(fit) == 1:
        return fit[0]
    listed = f"Sheets: {', '.join(_titles(book))[:600]}."
    if fit:
        which = ", ".join(title for title, *_ in fit)[:600]
        raise LoadRefused(
            f"{file_name} has several sheets with the columns: {which}. Say which with --sheet NAME. {listed}"
        )
    if not problems:
        raise LoadRefused(f"{file_name} holds no text in {'that sheet' if wanted else 'any sheet'}. {listed}")
    raise LoadRefused(f"{max(problems, key=lambda p: p[0])[1]} {listed}")


def _header(
    file_name: str, book: Workbook, title: str, keys_of: KeysOf, problems: list[tuple[int, LoadRefused]]
) -> tuple[int, list[str], list[str]]:
    """The first row whose cells are the columns' names; why the row with the most cells is not goes to ``problems``."""
    here: list[tuple[int, LoadRefused]] = []
    for number, cells in islice(_each_row(book, title), HEADER_WITHIN):
        try:
            check_header(f"{file_name}, sheet “{title}”", len(cells))
            return number, cells, keys_of(cells, f"sheet “{title}”, row {number}")
        except LoadRefused as refusal:
            here.append((sum(cell != "" for cell in cells), refusal))
    problems += here
    raise LoadRefused(f"The sheet “{title}” has no header.")


def _each_row(book: Workbook, title: str, after: int = 0, width: int = 0) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells as text) of every row with text. A sheet may lie about how large it is, so it is not asked.

    Without a ``width`` a row is as wide as its own last text, and at most a column wider than may be.
    """
    sheet = book[title]
    sheet.reset_dimensions()
    each = sheet.iter_rows(min_row=after + 1, max_row=None, max_col=width or MOST_COLUMNS + 1)
    for number, cells in enumerate(each, after + 1):
        texts = [_text(cell) for cell in cells]
        while not width and texts and not texts[-1]:
            texts.pop()
        if any(texts):
            yield number, texts


def _text(cell: Any) -> str:
    """A cell as its reader sees it, near enough: whole numbers without .0, dates as YYYY-MM-DD HH:MM:SS."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip().replace("\0", "")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        shows_hours = "h" in str(cell.number_format or "").casefold()
        bare = value.time() == time() and not shows_hours
        return value.date().isoformat() if bare else value.isoformat(" ", "auto")
    if isinstance(value, timedelta):
        return (datetime.min + value).time().isoformat() if timedelta() <= value < timedelta(days=1) else str(value)
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _rows(
    file_name: str, book: Workbook, title: str, header_row: int, keys: list[str], unvalued: dict[int, list[str]]
) -> Rows:
    def records() -> Iterator[Record]:
        for number, cells in _each_row(book, title, header_row, len(keys)):
            named = unvalued.get(number)
            yield Record(cells, _UNVALUED.format(named[0][:60]) if named else "", number, 0, 0)

    columns = Columns(file_name, keys, records())
    if not columns.numbers:
        raise LoadRefused(f"{file_name}, sheet “{title}” has a header (row {header_row}) but no rows under it.")
    frame = pd.DataFrame({key: columns.take(i) for i, key in enumerate(keys)}, dtype=object, copy=False)
    rows = Rows(frame, columns.numbers, lambda i: "\t".join(frame.iloc[i]))
    blank = columns.numbers[-1] - header_row - len(columns.numbers)
    if blank:
        rows.notes.append(f"{rows_word(blank)} without any text were passed over.")
    if header_row > 1:
        rows.notes.append(f"The header is row {header_row} of the sheet “{title}”; what stands above it is left aside.")
    reject_misfits(rows, columns.problems)
    return rows

"""The return as CSV: one tidy file of everything, and a bundle with a file for each table beside it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

from domain.formats import safe_cell
from reports.data_files.about import HOW_TO_READ, file_stem, particulars
from reports.data_files.json_file import to_json
from reports.data_files.layout import numbered_tables
from reports.data_files.packing import packed
from reports.data_files.printed import GBP, Printed, read_printed, words_only
from reports.data_files.schema import SCHEMA_FILE, SCHEMA_NAME
from reports.model import DataTable, Entry, ReturnContents

FIGURES = "figures.csv"
_APOSTROPHE = "In CSV files, text that a spreadsheet could take for a formula has an apostrophe before it."
_SIGN_OF_UNIT = {GBP: "£"}


@dataclass(frozen=True)
class Record:
    """One line of the tidy file; the fields are its columns, in order."""

    section: str
    field: str
    table: str = ""
    row_label: str = ""
    column: str = ""
    text: str = ""
    number: str = ""
    unit: str = ""
    symbol: str = ""
    note: str = ""


def to_csv(contents: ReturnContents) -> bytes:
    """Everything in reading order, a value a line."""
    return _csv([tuple(Record.__dataclass_fields__), *(astuple(record) for record in records(contents))])


def to_csv_bundle(contents: ReturnContents, number: int = 1) -> bytes:
    """A ZIP of README.txt, the tidy file, one CSV a table, the JSON (named by version ``number``) and its schema."""
    tables = {_table_name(n.number, n.table): n.table for n in numbered_tables(contents)}
    if contents.corrections:
        tables = {"corrections.csv": contents.corrections, **tables}
    json_name = f"{file_stem(contents, number)}.json"
    parts = [
        ("README.txt", _readme(contents, json_name, tables).encode("utf-8-sig")),
        (FIGURES, to_csv(contents)),
        *((name, _table_csv(table)) for name, table in tables.items()),
        (json_name, to_json(contents)),
        (SCHEMA_NAME, SCHEMA_FILE.read_bytes()),
    ]
    return packed(parts, contents.made_at)


def records(contents: ReturnContents) -> Iterator[Record]:
    for p in particulars(contents):
        yield Record("return", p.key, row_label=p.label, text=p.text)
    for at, sentence in enumerate(contents.summary, 1):
        yield Record("summary", "sentences", row_label=str(at), text=sentence)
    for headline in contents.headlines:
        yield _value(Record("summary", "headlines", row_label=headline.label, note=headline.detail), headline.value)
    if contents.corrections:
        yield from _of_table("corrections", "corrections", contents.corrections)
    for section in contents.sections:
        for entry in section.entries:
            yield from _of_entry(section.letter, entry)
    for field, definition in contents.definitions:
        yield Record("notes", "definitions", row_label=field, text=definition)
    for symbol, meaning in contents.symbols:
        yield Record("notes", "symbols", row_label=symbol, text=meaning, symbol=symbol)
    for at, note in enumerate((*contents.notes, *HOW_TO_READ), 1):
        yield Record("notes", "notes", row_label=str(at), text=note)


def _of_entry(letter: str, entry: Entry) -> Iterator[Record]:
    key = entry.field.key
    yield Record(letter, key, row_label="Field", text=entry.field.label)
    for fact in entry.facts:
        yield _value(Record(letter, key, row_label=fact.label, note=fact.note), fact.value)
    for sentence in entry.sentences:
        yield Record(letter, key, row_label="Sentence", text=sentence)
    for heading, text in entry.texts:
        yield Record(letter, key, row_label=heading, text=text)
    for story in entry.stories:
        for part in ("theme", "title", "situation", "action", "outcome"):
            yield Record(letter, key, row_label=story.reference, column=part.capitalize(), text=getattr(story, part))
    for table in entry.tables:
        yield from _of_table(letter, key, table)
    for chart in entry.charts:
        yield Record(
            letter, key, chart.table.caption, "Chart in the PDF", chart.title, text=chart.reading, note=chart.caption
        )
        yield from _of_table(letter, key, chart.table)


def _of_table(letter: str, key: str, table: DataTable) -> Iterator[Record]:
    """A cell a line; a row without cells of its own keeps its label in a line of its own."""
    head_of_rows = table.head[0] if table.head else ""
    yield Record(letter, key, table.caption, "Heads", head_of_rows, text=" | ".join(table.head), note=table.note)
    for row in table.rows:
        label, *cells = row or ("",)
        if not cells:
            yield Record(letter, key, table.caption, label, head_of_rows, text=label)
        for at, cell in enumerate(cells, 1):
            head = table.head[at] if at < len(table.head) else f"Column {at + 1}"
            yield _value(Record(letter, key, table.caption, label, head), cell, table.column_class(at) == "text")


def _value(record: Record, text: str, words: bool = False) -> Record:
    value = words_only(text) if words else read_printed(text)
    columns = {"text": text, "number": value.plain, "unit": value.unit, "symbol": value.symbol}
    return Record(**{**record.__dict__, **columns})


def _csv(rows: Iterable[tuple[str, ...]]) -> bytes:
    """With a byte order mark, as the portal's other CSV files: without it Excel takes £ and − for something else."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _table_csv(table: DataTable) -> bytes:
    """Plain numbers where a column has one unit, which the head then says; else cells as printed."""
    width = max([len(table.head), *(len(row) for row in table.rows)], default=0)
    columns = [_column(table, at) for at in range(width)]
    return _csv(zip(*columns, strict=True))


def _column(table: DataTable, at: int) -> list[str]:
    head = table.head[at] if at < len(table.head) else f"Column {at + 1}"
    cells = [row[at] if at < len(row) else "" for row in table.rows]
    values = [Printed(c) if table.column_class(at) == "text" else read_printed(c) for c in cells]
    units = {v.unit for v in values if v.plain}
    if len(units) != 1:
        return [head, *cells]
    unit = units.pop()
    return [f"{head} ({_SIGN_OF_UNIT.get(unit, unit)})" if unit else head, *(v.plain or v.text for v in values)]


def _table_name(number: str, table: DataTable) -> str:
    """ "F1-recorded-crimes-by-hot-spot.csv"; the number makes it unique."""
    words = re.sub(r"[^a-z0-9]+", "-", table.caption.casefold()).strip("-")[:60].rstrip("-")
    start = re.sub(r"[^A-Za-z0-9]+", "-", number)
    return f"{start}-{words or 'table'}.csv"


def _readme(contents: ReturnContents, json_name: str, tables: dict[str, DataTable]) -> str:
    files = [
        (FIGURES, "everything in the return, a value a line"),
        *((name, f"table: {table.caption}") for name, table in tables.items()),
        (json_name, f"everything as JSON, of the shape that {SCHEMA_NAME} gives"),
        (SCHEMA_NAME, "the JSON's shape (JSON Schema, draft 2020-12)"),
    ]
    blocks = [
        [f"{p.label}: {p.text}" for p in particulars(contents)],
        ["Files", *(f"- {name}: {what}" for name, what in files)],
        ["How to read the numbers", *(f"- {line}" for line in (*HOW_TO_READ, _APOSTROPHE))],
        ["Symbols", *(f"- {symbol} {meaning}" for symbol, meaning in contents.symbols)],
        *([["Before using the figures", *(f"- {note}" for note in contents.notes)]] if contents.notes else []),
    ]
    return "\r\n\r\n".join("\r\n".join(block) for block in blocks) + "\r\n"

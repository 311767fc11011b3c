"""The sheets of a return, the same for ODS and XLSX: cover, contents, notes, summary, then one table a sheet.

Follows the Government Analysis Function's guidance for accessible spreadsheets: the title in A1, then lines on what the
sheet holds and where it comes from, then the head row and the rows; nothing merged, no empty row or column between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reports.data_files.about import HOW_TO_READ, particulars, standing_line
from reports.data_files.printed import Printed, read_printed, words_only
from reports.model import Chart, DataTable, Entry, ReturnContents, Section

NAME_LIMIT = 31  # characters that Excel takes
LONG_LINE = 120  # a longer line above a table is put on several rows, a sentence each
WIDEST, WRAPPED = 68, 22  # characters of the widest column, and of one that shares a page with others
PAGE = 136  # characters side by side that can still be read on a landscape page
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")
# What XML 1.0 cannot hold, and tabs, which LibreOffice drops; a vertical tab comes with text pasted from Word.
_NOT_IN_CELLS = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=\S)")
_LINKING = {"and", "the", "in", "by", "of", "to", "with", "beside", "from", "on", "a"}


@dataclass(frozen=True)
class Link:
    """A cell that leads to another sheet and shows its name."""

    sheet: str

    @property
    def text(self) -> str:
        return self.sheet


Cell = Printed | Link


@dataclass(frozen=True)
class Sheet:
    """``head`` has unique texts; every row has as many cells as the head."""

    name: str
    lines: tuple[str, ...]  # the first is the title, in A1
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def head_row(self) -> int:
        """Counted from 1."""
        return len(self.lines) + 1

    @property
    def last_row(self) -> int:
        return self.head_row + len(self.rows)

    def is_numeric(self, column: int) -> bool:
        return any(isinstance(cell, Printed) and cell.plain for cell in (row[column] for row in self.rows))


@dataclass(frozen=True)
class NumberedTable:
    """A table of the return with the name that its sheet and its CSV file carry ("F1")."""

    number: str
    section: Section
    entry: Entry
    table: DataTable
    chart: Chart | None = None


def numbered_tables(contents: ReturnContents) -> tuple[NumberedTable, ...]:
    """Every table in reading order, those of charts included; numbers begin anew in each section."""
    found = []
    for section in contents.sections:
        held = [
            (entry, table, chart)
            for entry in section.entries
            for table, chart in (*((t, None) for t in entry.tables), *((c.table, c) for c in entry.charts))
        ]
        found += [
            NumberedTable(f"{section.letter}{at}", section, entry, table, chart)
            for at, (entry, table, chart) in enumerate(held, 1)
        ]
    return tuple(found)


def sheets(contents: ReturnContents) -> tuple[Sheet, ...]:
    """In the order of the file; names are unique whatever the case of their letters."""
    cover = _sheet(
        contents, "Cover", contents.title, "This sheet says what this file is and whom to ask about it.",
        ("About", "Detail"), [(p.label, p.text) for p in particulars(contents)],
    )  # fmt: skip
    rest = [_notes(contents), *_summary(contents)]
    rest += [_corrections(contents, contents.corrections)] if contents.corrections else []
    for section in contents.sections:
        rest += _of_section(contents, section)
    named = _unique([cover, *rest])
    listed = _unique([cover, _contents(contents, tuple(named)), *rest])
    return tuple(_filled(sheet) for sheet in listed)


def _contents(contents: ReturnContents, others: tuple[Sheet, ...]) -> Sheet:
    made = _sheet(
        contents, "Contents", "Contents", "This sheet lists every other sheet; each name is a link to it.",
        ("Sheet", "What it holds"), [],
    )  # fmt: skip
    rows = tuple((Link(sheet.name), Printed(clean(sheet.lines[0]))) for sheet in others)
    return replace(made, rows=rows)


def _notes(contents: ReturnContents) -> Sheet:
    rows = [("Symbol", symbol, meaning) for symbol, meaning in contents.symbols]
    rows += [("Before using the figures", "This return", note) for note in contents.notes]
    rows += [("How to read", "Numbers in this file", text) for text in HOW_TO_READ]
    rows += [("Source", "All sheets", contents.source_note)] if contents.source_note else []
    rows += [("Definition", field, definition) for field, definition in contents.definitions]
    about = "This sheet explains the symbols, rounding, source and definitions of this file."
    return _sheet(contents, "Notes", "Notes", about, ("Kind", "Term", "Meaning"), rows)


def _summary(contents: ReturnContents) -> Iterator[Sheet]:
    if contents.headlines:
        rows = [(Printed(h.label), read_printed(h.value), Printed(h.detail)) for h in contents.headlines]
        about = "This sheet holds the headline numbers of the return."
        yield _sheet(contents, "Summary", "Summary", about, ("Measure", "Value", "Detail"), rows)
    if contents.summary:
        sentences = [(str(at), sentence) for at, sentence in enumerate(contents.summary, 1)]
        about = "This sheet holds the summary of the return, a sentence a row."
        yield _sheet(contents, "Summary in words", "Summary in words", about, ("Sentence", "What it says"), sentences)


def _of_section(contents: ReturnContents, section: Section) -> Iterator[Sheet]:
    where = f"section {section.letter}, {section.title}"
    title = f"{section.letter} {section.title}"
    facts = [
        (Printed(e.field.label), Printed(f.label), read_printed(f.value), Printed(f.note))
        for e in section.entries
        for f in e.facts
    ]
    if facts:
        about = f"This sheet holds the single values of {where}: one a row, by field."
        yield _sheet(contents, title, title, about, ("Field", "Figure", "Value", "Note"), facts)
    words = [(e.field.label, "Sentence", s) for e in section.entries for s in e.sentences]
    words += [(e.field.label, heading, text) for e in section.entries for heading, text in e.texts]
    if words:
        about = f"This sheet holds the text of {where}."
        yield _sheet(
            contents, f"{section.letter} in words", f"{title}, in words", about, ("Field", "Heading", "Text"), words
        )
    stories = [
        (s.reference, s.theme, s.title, s.situation, s.action, s.outcome) for e in section.entries for s in e.stories
    ]
    if stories:
        about = f"This sheet holds the case studies of {where}, one a row."
        head = ("Reference", "Theme", "Title", "Situation", "Action", "Outcome")
        yield _sheet(contents, f"{section.letter} Case studies", f"{title}: case studies", about, head, stories)
    yield from (_of_table(contents, n) for n in numbered_tables(contents) if n.section is section)


def _of_table(contents: ReturnContents, numbered: NumberedTable) -> Sheet:
    chart, section = numbered.chart, numbered.section
    lines = [
        f"This sheet holds one table, of “{numbered.entry.field.label}” in section {section.letter}, {section.title}.",
        *([f"Chart in the PDF: {chart.title}.", chart.reading, chart.caption] if chart else []),
    ]
    return _table_sheet(contents, f"{numbered.number} {numbered.table.caption}", lines, numbered.table)


def _corrections(contents: ReturnContents, table: DataTable) -> Sheet:
    lines = ["This sheet lists what this version changes.", contents.correction_reason]
    return replace(_table_sheet(contents, table.caption, lines, table), name="Corrections")


def _table_sheet(contents: ReturnContents, title: str, lines: list[str], table: DataTable) -> Sheet:
    words = [table.column_class(at) == "text" for at in range(max((len(r) for r in table.rows), default=0))]
    rows = [
        tuple((words_only if w else read_printed)(cell) for cell, w in zip(row, words, strict=False))
        for row in table.rows
    ]
    used = {cell.symbol for row in rows for cell in row if cell.symbol}
    symbols = [f"{symbol} {meaning}." for symbol, meaning in contents.symbols if symbol in used]
    return _sheet(contents, title, title, [*lines, table.note, contents.source_note, *symbols], table.head, rows)


def _sheet(
    contents: ReturnContents,
    name: str,
    title: str,
    about: str | Sequence[str],
    head: tuple[str, ...],
    rows: Sequence[tuple[str | Cell, ...]],
) -> Sheet:
    said = [*([about] if isinstance(about, str) else about), standing_line(contents)]
    lines = (title, *(row for line in said if line for row in _over_rows(line)))
    cells = tuple(tuple(words_only(c) if isinstance(c, str) else c for c in row) for row in rows)
    return Sheet(_short(name), lines, head, cells)


def _over_rows(line: str) -> tuple[str, ...]:
    """Lines above a table are not wrapped, so that the first column can be narrow."""
    if len(line) <= LONG_LINE:
        return (line,)
    found = [""]
    for sentence in _SENTENCE_END.split(line):
        if found[-1] and len(found[-1]) + len(sentence) >= LONG_LINE:
            found.append(sentence)
        else:
            found[-1] = f"{found[-1]} {sentence}".strip()
    return tuple(found)


def _filled(sheet: Sheet) -> Sheet:
    """Rows as wide as the head, heads unique and named, nothing in a text that a cell cannot hold."""
    width = max([1, len(sheet.head), *(len(row) for row in sheet.rows)])
    head = _unique_texts([*map(clean, sheet.head), *[""] * (width - len(sheet.head))])
    rows = tuple((*map(_clean_cell, row), *[Printed("")] * (width - len(row))) for row in sheet.rows)
    lines = [clean(line).replace("\n", " ") for line in sheet.lines]
    if not rows:
        lines.append("The table has no rows.")
    elif any(not cell.text for row in rows for cell in row):
        lines.append("A blank cell is blank in the return too.")
    return replace(sheet, lines=tuple(lines), head=head, rows=rows)


def _clean_cell(cell: Cell) -> Cell:
    return replace(cell, text=clean(cell.text)) if isinstance(cell, Printed) else cell


def clean(text: str) -> str:
    """What a cell or a property of the file can hold, with one kind of line end."""
    return _NOT_IN_CELLS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def _unique_texts(texts: list[str]) -> tuple[str, ...]:
    """Excel's tables want a name in every head, and no name twice."""
    found: list[str] = []
    for at, text in enumerate(texts, 1):
        plain = text.replace("\n", " ").strip() or f"Column {at}"
        found.append(_not_among(plain, {t.casefold() for t in found}, limit=255))
    return tuple(found)


def _unique(found: list[Sheet]) -> list[Sheet]:
    taken: set[str] = set()
    named = []
    for sheet in found:
        name = _not_among(sheet.name, taken, NAME_LIMIT)
        taken.add(name.casefold())
        named.append(replace(sheet, name=name))
    return named


def _not_among(text: str, taken: set[str], limit: int) -> str:
    candidate, at = text[:limit], 1
    while candidate.casefold() in taken:
        at += 1
        candidate = f"{text[: limit - len(str(at)) - 3]} ({at})"
    return candidate


def _short(name: str) -> str:
    """A sheet's name of whole words within Excel's limit and without what it refuses."""
    plain = " ".join(_NOT_IN_NAMES.sub(" ", clean(name)).split()).strip("'") or "Sheet"
    if len(plain) <= NAME_LIMIT:
        return plain
    before_comma = plain.rpartition(",")[0]
    if 0 < len(before_comma) <= NAME_LIMIT:
        return before_comma
    words = (plain[: NAME_LIMIT + 1].rpartition(" ")[0] or plain[:NAME_LIMIT]).split(" ")
    while len(words) > 2 and words[-1] in _LINKING:
        words.pop()
    return " ".join(words).rstrip(" ,;:-('")


def stands_right(cell: Cell, numeric: bool) -> bool:
    """Numbers, and the symbols that stand in place of one."""
    return isinstance(cell, Printed) and (bool(cell.plain) or (numeric and bool(cell.symbol)))


def widths(sheet: Sheet) -> tuple[int, ...]:
    """Of each column in characters: numbers whole, text wrapped, the sheet narrow enough to print."""
    found, least = [], []
    for at, head in enumerate(sheet.head):
        texts = [row[at].text for row in sheet.rows]
        longest = max((len(line) for text in texts for line in text.split("\n")), default=0)
        word = max((len(word) for text in (head, *texts) for word in text.split()), default=0)
        found.append(min(max(12, longest, word, len(head) // 2), WIDEST) + 2)
        least.append(min(max(WRAPPED, word), WIDEST) + 2)
    while sum(found) > PAGE and (at := _widest(found, least)) is not None:
        found[at] -= 1
    return tuple(found)


def _widest(found: list[int], least: list[int]) -> int | None:
    """The column that can best be narrower; None where none can."""
    free = [at for at in range(len(found)) if found[at] > least[at]]
    return max(free, key=lambda at: found[at], default=None)

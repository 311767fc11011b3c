"""Separated text in blocks of whole rows, of a bounded size; and a block's rows as texts where they are looked at singly."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from data_access.loading.pings.source import Stream
from data_access.loading.result import LoadRefused

BLOCK = 1 << 21
LONGEST_ROW = 1 << 24
LONGEST_CELL = 1 << 20  # an open quotation mark that far back was never closed
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")


class Unclosed(Exception):
    """A quotation mark is open: at the end of the text, so that more may close it, or for good.

    ``line`` counts from 0 within the text.
    """

    def __init__(self, line: int, for_good: bool) -> None:
        super().__init__(line)
        self.line, self.for_good = line, for_good


class Blocks:
    """A stream's bytes in blocks that end with a line; what a block leaves over begins the next."""

    def __init__(self, stream: Stream, size: int = BLOCK) -> None:
        self._stream = stream
        self._size = size
        self._space = bytearray(size)
        self._held = 0  # bytes at the front of the space that belong to the next block
        self.newline = b"\n" if b"\n" in stream.head else b"\r"
        self.ended = False
        self.whole_end = True  # whether the last line ends with a line ending

    def __iter__(self) -> Iterator[memoryview]:
        """Each block is gone when the next is asked for."""
        while not self.ended:
            filled = self._held + self._stream.readinto(memoryview(self._space)[self._held :])
            self.ended = filled < len(self._space)
            end = filled if self.ended else self._space.rfind(self.newline, 0, filled) + 1
            if not end and filled:
                self._grow()
                self._held = filled
                continue
            self._end, self._filled = end, filled
            if self.ended and end:
                self.whole_end = self._space[end - 1 : end] in (b"\n", b"\r")
            if end:
                yield memoryview(self._space)[:end]
            rest = self._filled - self._end
            self._space[:rest] = self._space[self._end : self._filled]
            self._held = rest

    def give_back(self, start: int) -> None:
        """The block was cut inside a quoted text that begins after ``start``: from there it comes again, with more."""
        self._end = start
        if not start:
            self._grow()

    def _grow(self) -> None:
        if len(self._space) >= LONGEST_ROW:
            raise LoadRefused(
                f"{self._stream.name}: a row is longer than {LONGEST_ROW >> 20} MB, so rows cannot be told apart: "
                "a quotation mark is opened and not closed, or the file is not a table."
            )
        # Not in place: a view of the old space may still be about.
        self._space = self._space + bytearray(len(self._space))


@dataclass
class TextRows:
    """Rows of a block that are not blank; ``numbers`` count the block's records, blank ones too, from 0."""

    text: str
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)  # of the text
    problems: dict[int, str] = field(default_factory=dict)
    records: int = 0
    lines: int = 0
    blank: int = 0

    def raw(self, row: int) -> str:
        start, end = self.spans[row]
        return self.text[start:end].rstrip("\r\n")


def text_rows(text: str, delimiter: str, width: int, full: int) -> TextRows:
    """The rows of a block of text; Unclosed when a quotation mark is not closed.

    ``width``: cells of the header; ``full``: those and the empty ones that every row has after them.
    """
    found, end, has_nul = TextRows(text), 0, "\0" in text

    def each_line() -> Iterator[str]:
        nonlocal end
        for line in _LINE.finditer(text):
            end = line.end()
            yield line[0]

    nothing = [""] * width  # of every row with a problem: it is rejected whatever is in it
    reader, start = csv.reader(each_line(), delimiter=delimiter, strict=True), 0
    while True:
        problem = ""
        try:
            row = next(reader)
        except StopIteration:
            return found
        except csv.Error as error:
            row, problem = [], f"The row cannot be read: {error}."
        several = reader.line_num - found.lines > 1
        at_end = "unexpected end" in problem
        if at_end or (several and (problem or len(row) not in (width, full))):
            raise Unclosed(found.lines, not at_end or end - start > LONGEST_CELL)
        if problem or any(map(str.strip, row)):
            if has_nul and "\0" in text[start:end]:
                problem = problem or "The row holds a NUL, which is no text."
            if problem or len(row) != width:
                row = _fitted(found, row, problem, nothing)
            found.rows.append(row)
            found.numbers.append(found.records)
            found.spans.append((start, end))
        else:
            found.blank += 1
        found.records += 1
        start, found.lines = end, reader.line_num


def _fitted(found: TextRows, row: list[str], problem: str, nothing: list[str]) -> list[str]:
    width = len(nothing)
    if not problem and (len(row) < width or any(map(str.strip, row[width:]))):
        problem = f"The row has {len(row)} cells, the header {width}."
    if not problem:
        return row[:width]
    found.problems[len(found.rows)] = problem
    return nothing

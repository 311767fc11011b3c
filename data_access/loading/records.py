"""Text with separators, record by record, into columns.

A list of lines, of rows or of cells of their own takes ten times the file; here a text that comes again is held once and
a row is gone as soon as its cells are in their columns.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from data_access.loading.result import LoadRefused

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_SHARED = 20_000  # different texts of a column that are looked for among those already held
_TOGETHER = 5_000  # rows turned into columns at a time


class Record(NamedTuple):
    cells: list[str]
    problem: str  # why the row cannot be read, or empty
    number: int  # line 1 is the header, as a spreadsheet shows it
    start: int  # first character of the text, and the one after the last
    end: int


def delimiter_of(text: str) -> str:
    """The separator that cuts the first line with text into the most cells."""
    head = next((line[0] for line in _LINE.finditer(text) if line[0].strip()), "").rstrip("\r\n")

    def width(delimiter: str) -> int:
        try:
            return len(next(csv.reader([head], delimiter=delimiter), []))
        except csv.Error:  # a first line of over 131,072 characters is no header in any separator
            return 0

    return max(DELIMITERS, key=width)


class Records:
    """Every record that is not blank; ``blank`` counts the others, ``lines`` the lines so far."""

    def __init__(self, name: str, text: str, delimiter: str) -> None:
        self._name, self._text, self._delimiter = name, text, delimiter
        self._end = 0
        self.blank = 0
        self.lines = 0

    def _each_line(self) -> Iterator[str]:
        for line in _LINE.finditer(self._text):
            self._end = line.end()
            yield line[0]

    def __iter__(self) -> Iterator[Record]:
        reader = csv.reader(self._each_line(), delimiter=self._delimiter, strict=True)
        number = start = first_width = 0
        while True:
            problem = ""
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                row, problem = [], f"The row cannot be read: {error}."
            number += 1
            several_lines = reader.line_num - self.lines > 1
            if problem and (several_lines or "unexpected end" in problem):
                raise LoadRefused(_unclosed(self._name, self.lines))
            if problem or any(cell.strip() for cell in row):
                if first_width and several_lines and len(row) != first_width:
                    raise LoadRefused(_unclosed(self._name, self.lines))
                first_width = first_width or len(row)
                yield Record(row, problem, number, start, self._end)
            else:
                self.blank += 1
            start, self.lines = self._end, reader.line_num


def _unclosed(name: str, lines_before: int) -> str:
    return (
        f"{name}, line {lines_before + 1:,}: a quotation mark is opened and not closed on that row, so the rows after "
        "it cannot be told apart. Close it (or double a mark meant as text) and load again."
    )


class Columns:
    """Records turned into columns of ``width``; ``problems`` says which rows did not fit and why."""

    def __init__(self, width: int, records: Iterator[Record]) -> None:
        self.numbers, self.starts, self.ends = array("q"), array("q"), array("q")
        self.problems: dict[int, str] = {}
        self._cells: list[list[str]] = [[] for _ in range(width)]
        self._seen: list[dict[str, str]] = [{} for _ in range(width)]
        together: list[list[str]] = []
        for record in records:
            together.append(self._fitted(record, width))
            self.numbers.append(record.number)
            self.starts.append(record.start)
            self.ends.append(record.end)
            if len(together) == _TOGETHER:
                self._add(together)
                together = []
        self._add(together)

    def _fitted(self, record: Record, width: int) -> list[str]:
        row = record.cells
        if len(row) == width and not record.problem:
            return row
        if record.problem:
            self.problems[len(self.numbers)] = record.problem
        elif len(row) < width or any(cell.strip() for cell in row[width:]):
            self.problems[len(self.numbers)] = f"The row has {len(row)} cells, the header {width}."
        return (row + [""] * width)[:width]

    def _add(self, rows: list[list[str]]) -> None:
        if not rows:
            return
        for cells, seen, new in zip(self._cells, self._seen, zip(*rows, strict=True), strict=True):
            held = seen.setdefault if len(seen) < _SHARED else seen.get
            cells += [held(cell, cell) for cell in new]

    def take(self, index: int) -> np.ndarray:
        """A column, once: it is not held here afterwards."""
        cells, self._cells[index] = self._cells[index], []
        return np.array(cells, dtype=object)

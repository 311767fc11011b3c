"""Text with separators, record by record, into columns.

A list of lines, of rows or of cells of their own takes ten times the file; here a text that comes again is held once and
a row is gone as soon as its cells are in their columns.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from data_access.loading.result import LoadRefused

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
MOST_COLUMNS = 500
LONGEST_HEADER = 1 << 16  # characters
MOST_MISFITS = 100_000  # rows with another number of cells than the header
MOST_CELLS = 50_000_000  # of the columns that are kept
_SHARED = 20_000  # different texts of a column that are looked for among those already held
_TOGETHER = 5_000  # rows turned into columns at a time


def check_header(name: str, columns: int, characters: int = 0) -> None:
    """LoadRefused where the header is wider than a table's: every row would be made as wide."""
    if columns > MOST_COLUMNS:
        raise LoadRefused(
            f"{name} has more than {MOST_COLUMNS} columns. Delete those that are not needed, empty ones too, and load again."
        )
    if characters > LONGEST_HEADER:
        raise LoadRefused(
            f"{name}: its first line is longer than {LONGEST_HEADER:,} characters, so it is no header, or its line endings "
            "are missing. Line 1 must name the columns."
        )


def check_misfits(name: str, count: int, reason: str) -> None:
    """LoadRefused where so many rows have not the header's cells that the file is no table."""
    if count > MOST_MISFITS:
        raise LoadRefused(
            f"{name}: over {MOST_MISFITS:,} of its rows do not fit the header, so it is no table of these columns. The "
            f"latest: {reason} Export it again."
        )


class Record(NamedTuple):
    cells: list[str]
    problem: str  # why the row cannot be read, or empty
    number: int  # line 1 is the header, as a spreadsheet shows it
    start: int  # first character of the text, and the one after the last
    end: int


def delimiter_of(text: str) -> str:
    """The separator that cuts the first line with text into the most cells."""
    head = next((line[0] for line in _LINE.finditer(text) if line[0].strip()), "")[:LONGEST_HEADER].rstrip("\r\n")

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
    """Records turned into columns, those without a key left out; ``problems`` says which rows did not fit and why."""

    def __init__(self, name: str, keys: Sequence[str], records: Iterator[Record]) -> None:
        self._name, self._width = name, len(keys)
        self._kept = [i for i, key in enumerate(keys) if key]
        self._nothing = [""] * len(self._kept)
        self.numbers, self.starts, self.ends = array("q"), array("q"), array("q")
        self.problems: dict[int, str] = {}
        self._cells: list[list[str]] = [[] for _ in self._kept]
        self._seen: list[dict[str, str]] = [{} for _ in self._kept]
        together: list[list[str]] = []
        for record in records:
            together.append(self._fitted(record))
            self.numbers.append(record.number)
            self.starts.append(record.start)
            self.ends.append(record.end)
            if len(together) == _TOGETHER:
                self._add(together)
                together = []
                self._check_size()
        self._add(together)

    def _check_size(self) -> None:
        if len(self.numbers) * len(self._kept) > MOST_CELLS:
            raise LoadRefused(
                f"{self._name} has over {len(self.numbers):,} rows of {len(self._kept):,} columns, more than "
                f"{MOST_CELLS:,} cells. Delete the columns that are not needed, or split it by month."
            )

    def _fitted(self, record: Record) -> list[str]:
        """The row's cells that are kept; of a row with a problem, which is rejected anyway, none."""
        row, width, problem = record.cells, self._width, record.problem
        if not problem and (len(row) < width or any(cell.strip() for cell in row[width:])):
            problem = f"The row has {len(row)} cells, the header {width}."
        if not problem:
            return [row[i] for i in self._kept]
        self.problems[len(self.numbers)] = problem
        check_misfits(self._name, len(self.problems), problem)
        return self._nothing

    def _add(self, rows: list[list[str]]) -> None:
        if not rows:
            return
        for cells, seen, new in zip(self._cells, self._seen, zip(*rows, strict=True), strict=True):
            held = seen.setdefault if len(seen) < _SHARED else seen.get
            cells += [held(cell, cell) for cell in new]

    def take(self, index: int) -> np.ndarray:
        """A column, once: it is not held here afterwards."""
        at = self._kept.index(index)
        cells, self._cells[at] = self._cells[at], []
        return np.array(cells, dtype=object)

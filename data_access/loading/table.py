"""Rows as a file gave them, and what became of each: still good, rejected with a reason, or a duplicate.

The csv module rather than pandas reads the text: pandas pads or drops ragged rows without a word, and a row that
nobody sees cannot be accounted for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from data_access.loading.records import DELIMITERS, Columns, Record, Records, check_header, delimiter_of
from data_access.loading.result import LoadRefused
from data_access.loading.source_file import SourceFile

GOOD, REJECTED, DUPLICATE = 0, 1, 2
CELL_LIMIT = 60  # characters of a cell quoted in a reason
RAW_LIMIT = 20_000  # characters kept of one rejected row


def column_key(name: str) -> str:
    """Column names are matched without regard to case, spaces, underscores or hyphens."""
    return re.sub(r"[\s_\-]+", "", name).casefold()


def each_text(cells: pd.Series, change: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """``change`` applied once to each different text: most columns repeat few texts many times."""
    codes, distinct = pd.factorize(cells.to_numpy(dtype=object))
    changed = change(pd.Series(distinct, dtype=object)).to_numpy(dtype=object)
    return pd.Series(changed[codes] if len(changed) else cells.to_numpy(), index=cells.index, dtype=object)


def rows_word(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


class Rows:
    """Every row read; ``frame`` holds the cells as text, one column per :func:`column_key`."""

    def __init__(self, frame: pd.DataFrame, numbers: Sequence[int], raw: Callable[[int], str]) -> None:
        self.frame = frame.reset_index(drop=True)
        self.numbers = np.asarray(numbers, dtype=np.int64)
        self._raw = raw
        self.state = np.zeros(len(self.frame), dtype=np.int8)
        self._field = np.full(len(self.frame), "", dtype=object)
        self._reason = np.full(len(self.frame), "", dtype=object)
        self.notes: list[str] = []
        self._remarks: list[tuple[np.ndarray, str]] = []
        self.decimal_comma = False

    @property
    def good(self) -> np.ndarray:
        return self.state == GOOD

    @property
    def read(self) -> int:
        return len(self.state)

    def count(self, state: int) -> int:
        return int((self.state == state).sum())

    def column(self, name: str) -> pd.Series:
        """Cells of a column, outer blanks removed; empty texts where the file has no such column."""
        key = column_key(name)
        if key not in self.frame:
            return pd.Series("", index=self.frame.index, dtype=object)
        return each_text(self.frame[key], lambda cells: cells.str.strip())

    def has(self, *names: str) -> bool:
        return all(column_key(name) in self.frame for name in names)

    def reject(
        self, where: pd.Series | np.ndarray, field: str, reason: str | pd.Series, cells: pd.Series | None = None
    ) -> None:
        """Reject rows; a row already rejected keeps its first reason.

        ``{cell}`` in a reason becomes the row's own text in ``cells``.
        """
        at = np.flatnonzero(np.asarray(where, dtype=bool) & self.good)
        if not len(at):
            return
        self.state[at] = REJECTED
        self._field[at] = field
        if isinstance(reason, str) and cells is not None:
            empty = reason.replace("“{cell}”", "An empty cell")
            self._reason[at] = [reason.replace("{cell}", t[:CELL_LIMIT]) if t else empty for t in cells.iloc[at]]
        else:
            self._reason[at] = reason if isinstance(reason, str) else np.asarray(reason, dtype=object)[at]

    def withhold(self, where: pd.Series | np.ndarray, said: str) -> None:
        """Keep ``said`` instead of the rows' own text, should they be rejected."""
        mask, held = np.asarray(where, dtype=bool), self._raw
        self._raw = lambda i: said if mask[i] else held(i)

    def duplicate(self, where: pd.Series | np.ndarray) -> int:
        mask = np.asarray(where, dtype=bool) & self.good
        self.state[mask] = DUPLICATE
        return int(mask.sum())

    def remark(self, where: pd.Series | np.ndarray, text: str) -> None:
        """A note about some rows; ``{rows}`` in it becomes how many of them were not rejected in the end."""
        self._remarks.append((np.asarray(where, dtype=bool), text))

    def finish_notes(self) -> None:
        """Turn remarks into notes, now that every row's fate is known."""
        counted = [(int((mask & (self.state != REJECTED)).sum()), text) for mask, text in self._remarks]
        self.notes = [text.format(rows=rows_word(n)) for n, text in counted if n] + self.notes
        self._remarks = []

    def rejects(self, most: int | None = None) -> list[dict[str, object]]:
        """Every rejected row, or the first few."""
        return [
            {
                "row_number": int(self.numbers[i]),
                "field": self._field[i][:80],
                "reason": self._reason[i][:300],
                "raw": self._raw(i)[:RAW_LIMIT],
            }
            for i in np.flatnonzero(self.state == REJECTED)[:most]
        ]

    def common_reasons(self, most: int = 3) -> str:
        counts = pd.Series(self._reason[self.state == REJECTED]).value_counts()
        return "; ".join(f"{n:,} × {str(reason).rstrip('.')}" for reason, n in counts.head(most).items()) + "."


def read_csv(
    file: SourceFile,
    required: Iterable[str],
    any_of: Iterable[Iterable[str]] = (),
    aliases: dict[str, str] | None = None,
    optional: Iterable[str] = (),
) -> Rows:
    """Text -> Rows. ``any_of`` lists groups of columns of which one whole group must be there.

    Raises LoadRefused when the file as a whole cannot be trusted: no header, a column missing, a quotation mark
    never closed, a last line cut off.
    """

    def keys_of(header: list[str], separated: str) -> list[str]:
        keys = _header_keys(header, aliases or {})
        _check_header(file.name, header, keys, required, any_of, optional, separated)
        return keys

    return read_text(file, keys_of)


# A header's cells and how they are told apart ("semicolon separated") -> the frame's column names, one a cell, empty
# where a column is not wanted; raises LoadRefused.
KeysOf = Callable[[list[str], str], list[str]]


def read_text(file: SourceFile, keys_of: KeysOf) -> Rows:
    """Text with separators -> Rows, its columns called what ``keys_of`` makes of the header."""
    text = file.text()
    delimiter = delimiter_of(text)
    records = Records(file.name, text, delimiter)
    each = iter(records)
    first = next(each, Record([], "", 0, 0, 0))
    header = first.cells
    check_header(file.name, len(header), first.end - first.start)
    keys = keys_of(header, f"{DELIMITERS[delimiter]} separated")
    columns = Columns(file.name, keys, each)
    if not columns.numbers:
        raise LoadRefused(f"{file.name} has a header but no rows under it. Nothing to load.")
    whole = text.endswith(("\n", "\r"))
    if columns.problems.get(len(columns.numbers) - 1) and not whole:
        raise LoadRefused(
            f"{file.name} is cut off: its last line ({records.lines:,}) stops in the middle of a row. "
            "Export or download it again."
        )
    frame = pd.DataFrame({key: columns.take(i) for i, key in enumerate(keys) if key}, dtype=object, copy=False)
    rows = Rows(frame, columns.numbers, lambda i: text[columns.starts[i] : columns.ends[i]].rstrip("\r\n"))
    rows.decimal_comma = delimiter != ","
    if records.blank:
        rows.notes.append(f"{rows_word(records.blank)} without any text were passed over.")
    if not whole:
        rows.notes.append("The last line has no line ending; if the file was cut off there, its last value may be too.")
    reject_misfits(rows, columns.problems)
    return rows


def reject_misfits(rows: Rows, problems: dict[int, str]) -> None:
    if problems:
        mask, text_of = np.zeros(rows.read, dtype=bool), pd.Series("", index=rows.frame.index, dtype=object)
        mask[list(problems)] = True
        text_of[list(problems)] = list(problems.values())
        rows.reject(mask, "(row)", text_of)


def _header_keys(header: list[str], aliases: dict[str, str]) -> list[str]:
    keys = [column_key(name) for name in header]
    renames = {column_key(alias): column_key(name) for alias, name in aliases.items()}
    return [renames[key] if key in renames and renames[key] not in keys else key for key in keys]


def _check_header(
    name: str,
    header: list[str],
    keys: list[str],
    required: Iterable[str],
    any_of: Iterable[Iterable[str]],
    optional: Iterable[str],
    separated: str,
) -> None:
    groups = [list(group) for group in any_of]
    needed = list(required)
    missing = [column for column in needed if column_key(column) not in keys]
    unmet = groups and not any(all(column_key(c) in keys for c in group) for group in groups)
    if missing or unmet:
        wanted = ", ".join(needed) + (
            (" and " if needed else "") + " or ".join(" + ".join(g) for g in groups) if groups else ""
        )
        found = ", ".join(h.strip() for h in header if h.strip()) or "none"
        said = f"no column {', '.join(missing)}" if missing else "not all the columns it needs"
        raise LoadRefused(
            f"{name} has {said}. Line 1 must name the columns. Needed: {wanted}. Found ({separated}): {found[:600]}."
        )
    known = {column_key(c) for c in (*needed, *optional, *(c for g in groups for c in g))}
    twice = sorted({header[i].strip() for i, key in enumerate(keys) if key in known and keys.count(key) > 1})
    if twice:
        raise LoadRefused(f"{name} names the column {', '.join(twice)} twice. Keep one of them and load again.")
    for i, key in enumerate(keys):  # unknown columns that repeat are of no use, and frames need unique names
        if key in keys[:i]:
            keys[i] = ""

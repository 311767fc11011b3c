"""Columns of tables and how their cells are written: what page, CSV and PDF share. Without Dash, which loads slowly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from domain import formats

# Of minutes and the like: a tenth of a millisecond is no finding, and more digits than that read as one.
CSV_DECIMALS = 4


@dataclass(frozen=True)
class Column:
    """One column: the frame's name, the head with its unit, how a cell is written."""

    name: str
    head: str
    write: Callable[[Any], str] = str
    numeric: bool = False
    decimals_from: str = ""  # the frame's column that says how many decimals each row takes
    csv_decimals: int = 10
    scale: float = 1.0  # 100 where the page writes a fraction as per cent, so that the CSV does too


def text(name: str, head: str, write: Callable[[Any], str] = str) -> Column:
    return Column(name, head, write)


def count(name: str, head: str) -> Column:
    return Column(name, head, formats.number, numeric=True)


def decimal(name: str, head: str, places: int = 1) -> Column:
    return Column(name, head, lambda v: formats.number(v, places), numeric=True, csv_decimals=CSV_DECIMALS)


def money(name: str, head: str, places: int = 0) -> Column:
    return Column(name, head, lambda v: formats.pounds(v, places), numeric=True)


def share(name: str, head: str, places: int = 0) -> Column:
    return Column(name, head, lambda v: formats.percent(v, places), numeric=True, scale=100)


def change(name: str, head: str) -> Column:
    return Column(name, head, lambda v: formats.signed_percent(v), numeric=True, scale=100)


def cell(row: Any, column: Column) -> str:
    """A suppressed count reads [c], never a blank and never a zero."""
    value = row[column.name]
    if column.name in row.get("not_applicable", ()):
        return formats.NOT_APPLICABLE
    flag = f"suppressed_{column.name}"
    hidden = row[flag] if flag in row else row.get("suppressed", False)
    if column.numeric and pd.isna(value) and bool(hidden):
        return formats.CONFIDENTIAL
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return formats.UNAVAILABLE
    return formats.number(value, int(row[column.decimals_from])) if column.decimals_from else column.write(value)


def written(frame: pd.DataFrame, columns: Sequence[Column]) -> list[list[str]]:
    """The cells of a table as text, row by row: what the page shows and the CSV repeats."""
    return [[cell(row, column) for column in columns] for row in frame.to_dict("records")]


def symbol_note(cells: list[list[str]]) -> str:
    used = [s for s in formats.SYMBOL_NOTES if any(s == c for row in cells for c in row)]
    return "; ".join(f"{s} {formats.SYMBOL_NOTES[s]}" for s in used)

"""What every reader is given and gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from data_access.loading.result import LoadOptions, LoadRefused
from data_access.loading.source_file import SourceFile
from data_access.loading.table import Rows
from domain.programme import Programme


@dataclass(frozen=True)
class Area:
    id: int
    code: str
    name: str


@dataclass(frozen=True)
class Context:
    file: SourceFile
    options: LoadOptions
    today: date
    programme: Programme | None
    areas: tuple[Area, ...] = ()

    @property
    def area_names(self) -> dict[str, str]:
        return {a.code: a.name for a in self.areas}

    @property
    def area_ids(self) -> dict[str, int]:
        return {a.code: a.id for a in self.areas}

    @property
    def provider_names(self) -> dict[str, str]:
        return {p.code: p.name for p in self.programme.providers} if self.programme else {}


@dataclass
class Parsed:
    """``frame``: the destination table's columns, row for row with ``rows``; only good rows are stored."""

    rows: Rows
    frame: pd.DataFrame
    source: str
    period: tuple[date, date] | None = None
    extra: dict[str, Any] = field(default_factory=dict)  # what a kind needs beyond its rows

    @property
    def notes(self) -> list[str]:
        return self.rows.notes

    def good(self) -> pd.DataFrame:
        return self.frame[self.rows.good]


def refuse_all_rejected(file_name: str, rows: Rows) -> None:
    """A file of which nothing is usable must not replace one that was."""
    if rows.read and not (rows.state != 1).any():
        raise LoadRefused(
            f"{file_name}: every one of its {rows.read:,} rows was rejected, so nothing was loaded. "
            f"Most common: {rows.common_reasons()}"
        )

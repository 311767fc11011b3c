"""What a document is made of, and what the portal must know to offer it. Every value is already written for its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from data_access.remembered import one_look
from domain.roles import Permission
from domain.scope import Scope
from reports.model import Chart, DataTable, Fact


class ChoiceKind(StrEnum):
    """What a document is asked for by."""

    QUARTER = "quarter"
    YEAR = "financial year"
    MONTH = "month"
    DATA = "version of the data"


@dataclass(frozen=True)
class Choice:
    """One document that can be had: its part of the address, and what a reader is shown."""

    key: str
    label: str


class NoSuchChoice(LookupError):
    """The document cannot be had for what was asked; the message says for what it can."""


@dataclass(frozen=True)
class LaidOut(DataTable):
    """A table whose columns have set widths, in parts of the whole: long tables break well and are quick to set."""

    widths: tuple[int, ...] = ()

    @property
    def shares(self) -> tuple[str, ...]:
        """ "12.5%" for each column."""
        return tuple(f"{100 * width / sum(self.widths):.2f}%" for width in self.widths)


def laid_out(table: DataTable, *widths: int) -> LaidOut:
    if len(widths) != len(table.head):
        raise ValueError(f"“{table.caption}” has {len(table.head)} columns, not {len(widths)}.")
    return LaidOut(table.caption, table.head, table.rows, table.text_columns, table.note, table.to_fill_in, widths)


@dataclass(frozen=True)
class Part:
    """One heading and what stands below it, in this order."""

    title: str
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[DataTable, ...] = ()
    notes: tuple[str, ...] = ()  # in small print, below
    wide: bool = False  # on pages that lie down: tables of many columns
    together: bool = False  # never broken over two pages

    @property
    def anchor(self) -> str:
        return "part-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in self.title.lower()).strip("-")


@dataclass(frozen=True)
class Measure:
    """A number of the board's page; ``chart`` None where ``why_no_chart`` says what is missing."""

    key: str
    label: str
    value: str
    unit: str
    detail: str
    chart: Chart | None = None
    why_no_chart: str = ""


@dataclass(frozen=True)
class Contents:
    """``made_at``: of the data and of what people did with them, never of the printing: same input, same bytes."""

    key: str
    choice: str
    title: str
    kind: str  # "Board one-pager"
    period: str
    programme_code: str
    programme_name: str
    force: str
    marking: str
    demonstration: bool
    data_as_at: str
    data_sha256: str
    made_at: datetime
    accent_colour: str
    lead: tuple[str, ...]
    source_notes: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    measures: tuple[Measure, ...] = ()
    warnings: tuple[str, ...] = ()
    with_contents: bool = False  # long enough for a list of its parts

    @property
    def data_hash_short(self) -> str:
        return self.data_sha256[:16]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols in its cells and values, which a reader must be told."""
        cells = [c for p in self.parts for t in self._tables(p) for row in t.rows for c in row]
        values = [f.value for p in self.parts for f in p.facts] + [m.value for m in self.measures]
        texts = [s for p in self.parts for s in (*p.sentences, *p.notes)] + [
            f.note for p in self.parts for f in p.facts
        ]
        return tuple(
            dict.fromkeys(word for text in (*cells, *values, *texts) for word in text.split() if word[0] == "[")
        )

    @staticmethod
    def _tables(part: Part) -> tuple[DataTable, ...]:
        return (*part.tables, *(c.table for c in part.charts))

    def part(self, title: str) -> Part:
        return next(p for p in self.parts if p.title == title)

    def charts(self) -> tuple[Chart, ...]:
        return (*(c for p in self.parts for c in p.charts), *(m.chart for m in self.measures if m.chart))


@dataclass(frozen=True)
class Document:
    """One kind of document: who may have it, what it is asked for by, and how it is made."""

    key: str
    title: str
    about: str  # for whom it is and what it answers, in a sentence
    permission: Permission
    choice: ChoiceKind
    choices: Callable[[Scope, str], tuple[Choice, ...]]  # newest first
    why_none: str  # what has to be loaded before there is one
    build: Callable[[Scope, str, str], Contents]  # scope, programme, choice
    pdf: Callable[[Contents], bytes]

    def contents(self, scope: Scope, programme_code: str, choice: str) -> Contents:
        """The document as this viewer may have it; OutOfScope, UnknownProgramme or NoSuchChoice, each with its reason."""
        scope.require(self.permission)
        scope.require_programme(programme_code)
        offered = self.choices(scope, programme_code)
        if choice not in {c.key for c in offered}:
            there = ", ".join(c.key for c in offered)
            raise NoSuchChoice(
                f"There is no {self.title.lower()} for “{choice[:40]}”. "
                + (f"Choose one of these: {there}." if there else self.why_none)
            )
        with one_look():
            return self.build(scope, programme_code, choice)

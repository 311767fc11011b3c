"""What a return is made of: frozen values, every number already written as the reader sees it.

Page preview and PDF are two ways of writing one ``ReturnContents``; neither works anything out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

import plotly.graph_objects as go

from domain.return_template import ReturnField

LONG_VALUE = 18  # characters that fit the value column


@dataclass(frozen=True)
class Fact:
    """One value with its label; ``note`` says the unit's meaning, the comparison, or why there is no value."""

    label: str
    value: str
    note: str = ""

    @property
    def is_long(self) -> bool:
        """A sentence rather than a figure: it takes the note's column too."""
        return len(self.value) > LONG_VALUE


@dataclass(frozen=True)
class DataTable:
    """Cells as text; the first column is the row head."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: tuple[int, ...] = ()  # columns after the first that hold words, so stay left
    note: str = ""
    to_fill_in: bool = False  # rows high enough to sign in
    widths: ClassVar[tuple[int, ...]] = ()  # of columns; those of reports.documents may set them

    def column_class(self, column: int) -> str:
        """ "numeric" or "text", for columns after the first."""
        return "text" if column == 0 or column in self.text_columns else "numeric"


@dataclass(frozen=True)
class Chart:
    """A figure, its reading, and the table of the same numbers that stands beside it."""

    key: str
    title: str
    reading: str
    caption: str
    table: DataTable
    figure: go.Figure = field(compare=False)
    width: int = 760
    height: int = 340

    @property
    def alt(self) -> str:
        return f"Chart: {self.title}. {self.reading} The table that follows holds the same numbers."


@dataclass(frozen=True)
class Story:
    """An approved case study."""

    reference: str
    theme: str
    title: str
    situation: str
    action: str
    outcome: str


@dataclass(frozen=True)
class Entry:
    """One field of the return, answered."""

    field: ReturnField
    facts: tuple[Fact, ...] = ()
    tables: tuple[DataTable, ...] = ()
    charts: tuple[Chart, ...] = ()
    sentences: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()  # (heading, plain text written by people)
    stories: tuple[Story, ...] = ()

    @property
    def only_facts(self) -> bool:
        return bool(self.facts) and not (self.tables or self.charts or self.sentences or self.texts or self.stories)


@dataclass(frozen=True)
class Block:
    """What the reader meets next: one facts table over several fields, or one field with a heading of its own."""

    entries: tuple[Entry, ...]

    @property
    def is_facts(self) -> bool:
        return self.entries[0].only_facts

    @property
    def heading(self) -> str:
        """The fields' labels; none where they are so many that the section's own heading serves."""
        if len(self.entries) > 3:
            return ""
        first, *rest = (e.field.label for e in self.entries)
        return "; ".join([first, *(label[0].lower() + label[1:] if label[1:2].islower() else label for label in rest)])

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(fact for entry in self.entries for fact in entry.facts)


@dataclass(frozen=True)
class Section:
    letter: str
    title: str
    entries: tuple[Entry, ...]
    starts_page: bool = False

    @property
    def anchor(self) -> str:
        return f"section-{self.letter.lower()}"

    def blocks(self) -> tuple[Block, ...]:
        """Neighbouring fields that are facts only share a table."""
        found: list[list[Entry]] = []
        for entry in self.entries:
            if found and entry.only_facts and found[-1][0].only_facts:
                found[-1].append(entry)
            else:
                found.append([entry])
        return tuple(Block(tuple(entries)) for entries in found)


@dataclass(frozen=True)
class Headline:
    label: str
    value: str
    detail: str


@dataclass(frozen=True)
class ReturnContents:
    programme_code: str
    programme_name: str
    title: str
    period: str
    force: str
    recipient: str
    fund: str
    contact: str
    marking: str
    handling: str
    demonstration: bool
    month: str
    return_id: str
    status: str
    data_as_at: str
    narrative: str  # "narrative revision 2": the data hash does not cover what people wrote
    data_sha256: str
    made_at: datetime  # of the data and narrative, not of the printing: the same input gives the same bytes
    accent_colour: str
    source_note: str
    summary: tuple[str, ...]  # five sentences
    headlines: tuple[Headline, ...]  # five numbers
    sections: tuple[Section, ...]
    definitions: tuple[tuple[str, str], ...]
    symbols: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()
    due: date | None = None
    template: str = ""  # "standard, version 1"
    correction_reason: str = ""  # of a later version
    corrections: DataTable | None = None  # what it changes

    @property
    def data_hash_short(self) -> str:
        return self.data_sha256[:16]

    def charts(self) -> tuple[Chart, ...]:
        return tuple(c for s in self.sections for e in s.entries for c in e.charts)

    def entry(self, section: str, key: str) -> Entry:
        found = (e for s in self.sections if s.letter == section for e in s.entries)
        return next(e for e in found if e.field.key == key)

    def fact(self, section: str, key: str, label: str) -> Fact:
        return next(f for f in self.entry(section, key).facts if f.label == label)

"""Every number that a return prints, with its place: what reconciliation walks over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from domain import formats
from reports.model import DataTable, Entry, ReturnContents

VALUE, NOTE = "value", "note"
WAS = "was"  # what a correction says of the version before
SUMMARY, HEADLINES, NOTES, CORRECTIONS = "summary", "headlines", "notes", "corrections"

_MONTHS = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
# Dates, years, and the "95%" of an interval name a thing; they measure nothing.
_NAMES_TIME = re.compile(
    rf"\b\d{{1,2}} {_MONTHS}(?: \d{{4}})?(?:, \d\d:\d\d)?|\b{_MONTHS} \d{{4}}|\b\d{{4}}-\d{{2}}(?:-\d\d)?\b|\b95% (?:interval|range)"
)
# The marks of reports.corrections: in front of a note, behind a detail, at the end of a table's note.
_MARK = re.compile(r"\s*(?:Corrected; the earlier version said .+?\.(?=\s|$)\s?|Corrected: .+$)")
_FIGURE = re.compile(rf"(?<![\w.,])[+{formats.MINUS}]?£?\d[\d,]*(?:\.\d+)?%?(?!\w)")


@dataclass(frozen=True)
class Place:
    """``name``: label of a fact, caption of a table, key of a chart, number of a sentence; ``row``: its head."""

    section: str  # "" before section A
    field: str
    kind: str  # fact, table, sentence, reading, caption, text
    name: str
    row: str = ""
    column: str = VALUE

    @property
    def words(self) -> str:
        parts = [p for p in (self.name, self.row, "" if self.column == VALUE else self.column) if p]
        return f"{self.section or 'Summary'}: {', '.join(parts)}"


@dataclass(frozen=True)
class Printed:
    place: Place
    text: str
    figures: tuple[str, ...]


def figures_in(text: str, names: Sequence[str] = ()) -> tuple[str, ...]:
    """Numbers as printed, in order: "81%", "£2.82", "−39%"; not those of dates, years and ``names``."""
    for name in names:
        text = text.replace(name, " ")
    return tuple(m[0].rstrip(",") for m in _FIGURE.finditer(_NAMES_TIME.sub(" ", text)))


def parsed(text: str) -> Decimal | None:
    """A printed number as a number; None for symbols and words."""
    found = figures_in(text)
    if len(found) != 1 or found[0] != text.strip():
        return None
    return Decimal(re.sub(r"[£,%+]", "", text.strip()).replace(formats.MINUS, "-"))


def printed(contents: ReturnContents, names: Sequence[str] = ()) -> tuple[Printed, ...]:
    """Every text that could hold a number, with the numbers in it, in reading order.

    Labels, heads and the definitions at the end are left out: they name what the numbers beside them are.
    """
    apart = (part for place, text in _texts(contents) for part in _without_mark(place, text))
    return tuple(Printed(place, text, figures_in(text, names)) for place, text in apart)


def _without_mark(place: Place, text: str) -> Iterator[tuple[Place, str]]:
    """A note as it would be without the correction, and the mark by itself."""
    mark = _MARK.search(text) if place.column == NOTE else None
    if mark:
        yield replace(place, kind=WAS), mark[0].strip()
        text = (text[: mark.start()] + text[mark.end() :]).strip()
    yield place, text


def _texts(contents: ReturnContents) -> Iterator[tuple[Place, str]]:
    for number, sentence in enumerate(contents.summary, 1):
        yield Place("", SUMMARY, "sentence", f"sentence {number}"), sentence
    for headline in contents.headlines:
        yield Place("", HEADLINES, "fact", headline.label), headline.value
        yield Place("", HEADLINES, "fact", headline.label, column=NOTE), headline.detail
    for number, note in enumerate(contents.notes, 1):
        yield Place("", NOTES, "sentence", f"note {number}"), note
    yield Place("", CORRECTIONS, "text", "reason"), contents.correction_reason
    if contents.corrections:
        yield from _table("", CORRECTIONS, contents.corrections)
    for section in contents.sections:
        for entry in section.entries:
            yield from _entry(section.letter, entry)


def _entry(letter: str, entry: Entry) -> Iterator[tuple[Place, str]]:
    key = entry.field.key
    for fact in entry.facts:
        yield Place(letter, key, "fact", fact.label), fact.value
        yield Place(letter, key, "fact", fact.label, column=NOTE), fact.note
    for table in (*entry.tables, *(chart.table for chart in entry.charts)):
        yield from _table(letter, key, table)
    for chart in entry.charts:
        yield Place(letter, key, "reading", chart.key), chart.reading
        yield Place(letter, key, "caption", chart.key), chart.caption
    for number, sentence in enumerate(entry.sentences, 1):
        yield Place(letter, key, "sentence", f"sentence {number}"), sentence
    for heading, text in entry.texts:
        yield Place(letter, key, "text", heading), text
    for story in entry.stories:
        yield (
            Place(letter, key, "text", story.reference),
            f"{story.title} {story.situation} {story.action} {story.outcome}",
        )


def _table(letter: str, key: str, table: DataTable) -> Iterator[tuple[Place, str]]:
    for row, cells in zip(row_names([r[0] for r in table.rows]), table.rows, strict=True):
        for head, cell in zip(table.head[1:], cells[1:], strict=True):
            yield Place(letter, key, "table", table.caption, row, head), cell
    if table.note:
        yield Place(letter, key, "table", table.caption, column=NOTE), table.note


def row_names(heads: Sequence[str]) -> list[str]:
    """Row heads, the second of a kind as "court (2)"."""
    seen: Counter[str] = Counter()
    found = []
    for head in heads:
        seen[head] += 1
        found.append(head if seen[head] == 1 else f"{head} ({seen[head]})")
    return found

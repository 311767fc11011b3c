"""What differs between two returns, as printed: every fact, table cell, sentence and text with its place and both values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports.model import DataTable, Entry, ReturnContents

NOT_THERE = "(not there)"
# What says where a version stands rather than what it reports.
_STANDING = frozenset({("A", "return_id"), ("K", "prepared")})


@dataclass(frozen=True)
class Difference:
    section: str  # "F Outcomes"
    place: str  # field, table and row, as a reader finds it
    before: str
    after: str


def differences(before: ReturnContents, after: ReturnContents) -> tuple[Difference, ...]:
    """Every printed value that is not the same, in the order of the later return; standing and signatures left out."""
    shared = _sentences(before) & _sentences(after)  # a new sentence above must not make every later one differ
    then, now = dict(_values(before, shared)), dict(_values(after, shared))
    places = [*now, *(place for place in then if place not in now)]
    return tuple(
        Difference(section, place, then.get((section, place), NOT_THERE), now.get((section, place), NOT_THERE))
        for section, place in places
        if then.get((section, place)) != now.get((section, place))
    )


def _sentences(contents: ReturnContents) -> set[tuple[str, str, str]]:
    return {(s.letter, e.field.key, text) for s in contents.sections for e in s.entries for text in e.sentences}


def _values(contents: ReturnContents, shared: set[tuple[str, str, str]]) -> Iterator[tuple[tuple[str, str], str]]:
    """((section, place), printed value); a place that comes twice gets a number."""
    seen: dict[tuple[str, str], int] = {}
    for section, place, value in _walk(contents, shared):
        count = seen[section, place] = seen.get((section, place), 0) + 1
        yield (section, place if count == 1 else f"{place} ({count})"), value


def _walk(contents: ReturnContents, shared: set[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    yield "Cover", "Data as at", contents.data_as_at
    yield "Cover", "Data (SHA-256)", contents.data_sha256
    yield "Cover", "Template", contents.template
    yield "Cover", "Marking", f"{contents.marking} {contents.handling}".strip()
    for number, sentence in enumerate(contents.summary, 1):
        yield "Summary", f"Sentence {number}", sentence
    for headline in contents.headlines:
        yield "Summary", headline.label, f"{headline.value}; {headline.detail}"
    for number, note in enumerate(contents.notes, 1):
        yield "Summary", f"Note {number}", note
    for section in contents.sections:
        name = f"{section.letter} {section.title}"
        for entry in section.entries:
            if (entry.field.section, entry.field.key) not in _STANDING:
                mine = {text for letter, key, text in shared if (letter, key) == (section.letter, entry.field.key)}
                yield from ((name, place, value) for place, value in _entry(entry, mine))


def _entry(entry: Entry, shared: set[str]) -> Iterator[tuple[str, str]]:
    label = entry.field.label
    changed = [sentence for sentence in entry.sentences if sentence not in shared]
    for number, sentence in enumerate(changed, 1):
        yield f"{label}: sentence {number}", sentence
    for fact in entry.facts:
        yield f"{label}: {fact.label}", f"{fact.value}; {fact.note}" if fact.note else fact.value
    for table in (*entry.tables, *(chart.table for chart in entry.charts)):
        yield from _table(table)
    for heading, text in entry.texts:
        yield f"{label}: {heading}", text
    for story in entry.stories:
        yield f"{label}: {story.reference}", " ".join((story.title, story.situation, story.action, story.outcome))


def _table(table: DataTable) -> Iterator[tuple[str, str]]:
    for row in table.rows:
        for head, cell in zip(table.head[1:], row[1:], strict=True):
            yield f"{table.caption}: {row[0]}, {head}", cell

"""A correction shows what it changes: each changed figure says what the version before it said, and all are listed."""

from __future__ import annotations

from dataclasses import replace

from reports.differences import Difference, differences
from reports.model import DataTable, Entry, Headline, ReturnContents


def with_corrections(contents: ReturnContents, before: ReturnContents, reason: str) -> ReturnContents:
    """The contents with the list of what changed since ``before``, and a mark beside every changed value."""
    found = differences(before, contents)
    was = {d.place: d.before for d in found}
    sections = tuple(
        replace(section, entries=tuple(_marked(entry, was) for entry in section.entries))
        for section in contents.sections
    )
    headlines = tuple(_headline(h, was) for h in contents.headlines)
    return replace(
        contents, sections=sections, headlines=headlines, correction_reason=reason, corrections=_listed(found)
    )


def _listed(found: tuple[Difference, ...]) -> DataTable:
    rows = tuple((d.place, d.section, d.before, d.after) for d in found)
    return DataTable(
        "What this version changes", ("Place", "Section", "Earlier version", "This version"), rows, (1, 2, 3),
        "" if rows else "Nothing that is printed differs from the earlier version.",
    )  # fmt: skip


def _headline(headline: Headline, was: dict[str, str]) -> Headline:
    before = was.get(headline.label)
    if before is None:
        return headline
    return replace(headline, detail=f"{headline.detail} Corrected; the earlier version said {before.split(';')[0]}.")


def _marked(entry: Entry, was: dict[str, str]) -> Entry:
    label = entry.field.label
    facts = tuple(
        replace(f, note=f"Corrected; the earlier version said {_value(was[place])}. {f.note}".strip())
        if (place := f"{label}: {f.label}") in was
        else f
        for f in entry.facts
    )
    charts = tuple(replace(c, table=_marked_table(c.table, was)) for c in entry.charts)
    return replace(entry, facts=facts, tables=tuple(_marked_table(t, was) for t in entry.tables), charts=charts)


def _value(before: str) -> str:
    return before.split("; ")[0]


def _marked_table(table: DataTable, was: dict[str, str]) -> DataTable:
    changed = [
        f"{row[0]}, {head} (was {was[place]})"
        for row in table.rows
        for head in table.head[1:]
        if (place := f"{table.caption}: {row[0]}, {head}") in was
    ]
    if not changed:
        return table
    return replace(table, note=f"{table.note} Corrected: {'; '.join(changed)}.".strip())

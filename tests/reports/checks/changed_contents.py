"""A return with one thing changed, as if the data, the template or a printing fault had changed it."""

from __future__ import annotations

from dataclasses import replace

from reports.model import Entry, Fact, ReturnContents


def with_entry(contents: ReturnContents, section: str, key: str, entry: Entry | None) -> ReturnContents:
    """``None`` takes the field out."""
    sections = []
    for s in contents.sections:
        if s.letter == section:
            kept = [entry if e.field.key == key else e for e in s.entries]
            s = replace(s, entries=tuple(e for e in kept if e is not None))
        sections.append(s)
    return replace(contents, sections=tuple(sections))


def with_fact(contents: ReturnContents, section: str, key: str, label: str, **changes: str) -> ReturnContents:
    entry = contents.entry(section, key)
    facts = tuple(replace(f, **changes) if f.label == label else f for f in entry.facts)
    assert facts != entry.facts
    return with_entry(contents, section, key, replace(entry, facts=facts))


def with_facts(contents: ReturnContents, section: str, key: str, *facts: Fact) -> ReturnContents:
    return with_entry(contents, section, key, replace(contents.entry(section, key), facts=facts))


def with_cell(
    contents: ReturnContents, section: str, key: str, caption: str, cell: tuple[int, int], text: str
) -> ReturnContents:
    entry, (row, column) = contents.entry(section, key), cell

    def changed(table):  # type: ignore[no-untyped-def]
        if not table.caption.startswith(caption):
            return table
        rows = [list(r) for r in table.rows]
        rows[row][column] = text
        return replace(table, rows=tuple(tuple(r) for r in rows))

    tables = tuple(changed(t) for t in entry.tables)
    charts = tuple(replace(c, table=changed(c.table)) for c in entry.charts)
    assert (tables, [c.table for c in charts]) != (entry.tables, [c.table for c in entry.charts])
    return with_entry(contents, section, key, replace(entry, tables=tables, charts=charts))

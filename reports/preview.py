"""The return on screen: the same ``ReturnContents`` the PDF is written from, as Dash elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash import html

from components.block import graph
from components.table import scrolling
from reports.model import Chart, DataTable, Entry, Fact, ReturnContents, Section


def preview(contents: ReturnContents) -> list[Any]:
    """Summary first, then each section folded under its letter and title."""
    return [_summary(contents), *_corrections(contents), *(_section(s) for s in contents.sections)]


def _corrections(contents: ReturnContents) -> list[Any]:
    if contents.corrections is None:
        return []
    listed = _table(contents.corrections) if contents.corrections.rows else html.P(contents.corrections.note)
    return [html.H3("What this version corrects"), html.P(contents.correction_reason), listed]


def _summary(contents: ReturnContents) -> html.Div:
    rows = tuple((h.label, h.value, h.detail) for h in contents.headlines)
    table = DataTable("Five numbers", ("Measure", contents.period, "Beside it"), rows, (2,))
    notes = [html.Div(html.P(note), className="inset") for note in contents.notes]
    return html.Div([*(html.P(s) for s in contents.summary), _table(table), *notes])


def _section(section: Section) -> html.Details:
    body: list[Any] = []
    for block in section.blocks():
        if block.is_facts:
            body += [html.H3(block.heading)] if block.heading else []
            body.append(_facts(block.facts, f"{section.title}: {block.heading or 'figures'}"))
        else:
            body += list(_entry(block.entries[0]))
    return html.Details([html.Summary(f"{section.letter} {section.title}"), *body], className="return-section")


def _entry(entry: Entry) -> Iterator[Any]:
    yield html.H3(entry.field.label)
    yield from (html.P(sentence) for sentence in entry.sentences)
    if entry.facts:
        yield _facts(entry.facts, entry.field.label)
    for chart in entry.charts:
        yield from _chart(chart)
    yield from (_table(table) for table in entry.tables)
    for heading, text in entry.texts:
        yield html.H4(heading)
        yield from (html.P(part) for part in text.split("\n") if part.strip())
    for story in entry.stories:
        yield html.H4(story.title)
        yield html.P(f"{story.theme} · {story.reference}", className="caption")
        yield from (html.P(part) for part in (story.situation, story.action, story.outcome))


def _chart(chart: Chart) -> Iterator[Any]:
    yield html.P(html.Strong(chart.title))
    yield html.P(chart.reading, className="reading")
    yield graph(chart.figure, f"return-chart-{chart.key}", chart.reading, chart.height)
    yield html.P(chart.caption, className="caption")
    yield _table(chart.table)


def _facts(facts: tuple[Fact, ...], caption: str) -> html.Div:
    rows = tuple((fact.label, fact.value, fact.note) for fact in facts)
    return _table(DataTable(caption, ("Measure", "Value", "Note"), rows, (1, 2)), hidden_caption=True)


def _table(table: DataTable, hidden_caption: bool = False) -> html.Div:
    """``hidden_caption``: the heading above already says it to those who see."""

    def name(column: int) -> str | None:
        return "numeric" if table.column_class(column) == "numeric" else None

    caption = html.Caption(table.caption, className="visually-hidden" if hidden_caption else None)
    head = html.Tr([html.Th(h, scope="col", className=name(i)) for i, h in enumerate(table.head)])
    body = [
        html.Tr(
            [html.Th(row[0], scope="row"), *(html.Td(c, className=name(i)) for i, c in enumerate(row[1:], start=1))]
        )
        for row in table.rows
    ]
    made = html.Table([caption, html.Thead(head), html.Tbody(body)], className="data-table")
    note = html.P(table.note, className="caption") if table.note else None
    return scrolling([made, note], f"Table: {table.caption}")

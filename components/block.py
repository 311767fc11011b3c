"""A block: one finding, always with its sentence, chart, caption, table and CSV.

The frame is made once by ``frame(view)``; the chart, the table and the CSV are three ways of writing it,
so they cannot differ. Pages declare blocks; the download route looks them up by id.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pandas as pd
import plotly.graph_objects as go
from dash import dcc, html

from components.columns import Column, written
from components.states import empty
from components.table import data_table
from components.view import View
from domain import formats
from domain.roles import Permission

# plotly.js 4 offers "Share chart..." to a public cloud unless told not to (the first two settings).
GRAPH_CONFIG = {
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "displayModeBar": False,
    "responsive": True,
    "scrollZoom": False,
}


@dataclass(frozen=True)
class Block:
    """One finding. ``permission`` is the page's own or stricter (day-level blocks)."""

    id: str
    title: str
    permission: Permission
    frame: Callable[[View], pd.DataFrame]
    sentence: Callable[[pd.DataFrame, View], str]
    caption: Callable[[View], str]
    columns: Callable[[View], Sequence[Column]]
    figure: Callable[[pd.DataFrame, View], go.Figure] | None = None
    table_open: bool = False
    height: int | None = None  # pixels; the figure's own unless given
    if_empty: Callable[[View], tuple[str, str]] | None = None  # why there is nothing, and what to do
    compares: bool = False  # whether the comparison period belongs to what it shows
    covers: Callable[[View], str] | None = None  # in place of the filters' sentence, where filters do not apply
    picture: Callable[[pd.DataFrame, View], Any] | None = None  # in place of a chart: words or pictures of their own
    asks: tuple[str, ...] = ()  # what the address says beside the filters that the figures depend on
    why: str = ""  # why it matters, in whole sentences
    misleads: str = ""  # how it can mislead, in whole sentences
    source: Callable[[View], str] | None = (
        None  # in place of the programme's extracts, where figures come from elsewhere
    )
    methods: tuple[str, ...] = ()  # keys of the methods behind it; each has a page /methods/<key>

    def coverage(self, view: View) -> str:
        return self.covers(view) if self.covers else view.sentence(self.compares)


BLOCKS: dict[str, Block] = {}


def register_block(block: Block) -> Block:
    """Make a block's CSV reachable at /download/<id>.csv; ids are unique over all pages."""
    # Dash runs page files anew for every app a process makes, so the same block may come again.
    if block.id in BLOCKS and BLOCKS[block.id].title != block.title:
        raise ValueError(f"Two blocks are called {block.id}.")
    BLOCKS[block.id] = block
    return block


def graph(figure: go.Figure, graph_id: str, label: str, height: int | None = None) -> html.Div:
    """The only place a dcc.Graph is made (a test asserts it), so its settings hold everywhere."""
    height = height or int(figure.layout.height or 380)
    figure.update_layout(height=height)
    return html.Div(
        dcc.Graph(
            id=graph_id,
            figure=without_links(figure.to_plotly_json()),
            config=GRAPH_CONFIG,
            style={"height": f"{height}px"},
            responsive=True,
        ),
        className="chart",
        role="img",
        **{"aria-label": f"{label} The same numbers are in the table below."},
    )


def without_links(value: Any) -> Any:
    """Plotly draws ``<a href>`` in any text as a live link, and names come from files: the tag is made harmless."""
    if isinstance(value, str):
        return re.sub(r"<(?=\s*/?\s*a\b)", "‹", value, flags=re.IGNORECASE)
    if isinstance(value, dict):
        return {key: without_links(inner) for key, inner in value.items()}
    return [without_links(inner) for inner in value] if isinstance(value, list | tuple) else value


def csv_address(block: Block, view: View) -> str:
    extra = f"&hot_spot={view.path_code}" if view.path_code else ""
    extra += "".join(f"&{name}={quote(view.query[name])}" for name in block.asks if view.query.get(name))
    return f"/download/{block.id}.csv?{view.filters.to_query()}{extra}"


def source_line(block: Block, view: View) -> str:
    if block.source:
        return block.source(view)
    demonstration = "Demonstration data. " if view.programme.demonstration else ""
    source = view.programme.source or f"extracts of {view.programme.force} and its partners, loaded to the portal"
    return f"{demonstration}Source: {source}; data as at: {view.data_as_at()}."


def notes(frame: pd.DataFrame) -> list[str]:
    """Sentences that came with the figures: months not loaded, periods widened, records left out."""
    return list(dict.fromkeys(str(n) for n in frame.attrs.get("notes", ())))


def nothing_in(frame: pd.DataFrame, columns: Sequence[Column]) -> bool:
    """No rows, or rows without one value and none of them suppressed: a chart of it would show only axes."""
    if frame.empty:
        return True
    numeric = [c.name for c in columns if c.numeric and c.name in frame]
    hidden = "suppressed" in frame and frame["suppressed"].fillna(False).any()
    return bool(numeric) and not hidden and bool(frame[numeric].isna().all(axis=None))


def _default_reason(frame: pd.DataFrame, view: View) -> tuple[str, str]:
    said = " ".join(notes(frame))
    why = f"There are no figures for {view.sentence()}. {said}".strip()
    return why, f"Choose a longer period or all {view.defaults.area_word} in the sentence at the top."


def render_block(
    block: Block, view: View, *, method_titles: Mapping[str, str] | None = None, foot: Sequence[Any] = ()
) -> html.Section:
    """Title, sentence, chart, caption, table and CSV; or why there is nothing. ``foot`` ends it either way."""
    heading = html.H2(block.title, id=f"{block.id}-title")
    frame = block.frame(view)
    if nothing_in(frame, block.columns(view)):
        why, what_to_do = block.if_empty(view) if block.if_empty else _default_reason(frame, view)
        body = [empty(why, what_to_do)]
    else:
        body = _findings(block, frame, view)
    return html.Section(
        [heading, *body, *_method_links(block, view, method_titles or {}), *foot],
        className="block",
        id=block.id,
        **{"aria-labelledby": f"{block.id}-title"},
    )


# A longer table takes seconds to draw and to read out, and nobody reads it on a page.
MOST_ROWS = 1000


def _findings(block: Block, frame: pd.DataFrame, view: View) -> list[Any]:
    sentence = block.sentence(frame, view)
    body: list[Any] = [html.P(sentence, className="reading", id=f"{block.id}-reading")]
    if block.figure:
        body.append(graph(block.figure(frame, view), f"{block.id}-graph", sentence, block.height))
    if block.picture:
        body.append(block.picture(frame, view))
    body.append(
        html.P(
            [block.caption(view), " ", source_line(block, view), *(f" {note}" for note in notes(frame))],
            className="caption",
        )
    )
    body += _warnings(block)
    table: Any = data_table(
        frame.head(MOST_ROWS),
        block.columns(view),
        f"{block.title}: {block.coverage(view)}",
        table_id=f"{block.id}-table",
    )
    if len(frame) > MOST_ROWS:
        left_out = f"The first {MOST_ROWS:,} of {len(frame):,} rows. The CSV below holds all of them."
        table = html.Div([html.P(left_out, className="caption"), table])
    named = html.Span(f": {block.title}", className="visually-hidden")
    body.append(table if block.table_open else html.Details([html.Summary(["Show the numbers", named]), table]))
    link = html.A(["Download CSV", named], href=csv_address(block, view), download="")
    return [*body, html.P(link, className="downloads")]


def _warnings(block: Block) -> list[Any]:
    """Open and not folded away: who reads only the chart should still meet how it can mislead."""
    said = (("Why it matters: ", block.why), ("How it can mislead: ", block.misleads))
    return [html.P([html.Strong(head), text], className="about") for head, text in said if text]


def _method_links(block: Block, view: View, titles: Mapping[str, str]) -> list[Any]:
    if not block.methods:
        return []
    said: list[Any] = []
    for key in block.methods:
        said += ["; " if said else "How this is worked out: "]
        said += [html.A(titles.get(key, key), href=f"/methods/{key}?programme={quote(view.programme.code)}")]
    return [html.P([*said, "."], className="downloads")]


def block_csv(block: Block, view: View) -> str:
    """The block's table as CSV: three head lines (what, filters, as at), then heads and plain numbers."""
    frame, columns = block.frame(view), block.columns(view)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for line in (
        block.title,
        f"Filters: {block.coverage(view)}",
        source_line(block, view),
        f"Note: {block.caption(view)}",
        *([f"How it can mislead: {block.misleads}"] if block.misleads else []),
        *notes(frame),
    ):
        writer.writerow([formats.safe_cell(line)])
    writer.writerow([c.head for c in columns])
    shown = written(frame, columns)
    for record, row in zip(frame.to_dict("records"), shown, strict=True):
        writer.writerow(
            [formats.safe_cell(_plain(record[c.name], text, c)) for text, c in zip(row, columns, strict=True)]
        )
    return out.getvalue()


def frame_csv(frame: pd.DataFrame) -> str:
    """A frame as it is, one head line, with cells a spreadsheet could run made safe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(list(frame.columns))
    for row in frame.itertuples(index=False):
        writer.writerow(["" if value is None or value != value else formats.safe_cell(str(value)) for value in row])
    return out.getvalue()


def _plain(value: Any, shown: str, column: Column) -> str:
    """Numbers at full precision and without commas; symbols and words as the page shows them."""
    if not column.numeric or (shown.startswith("[") and shown != "[low]"):
        return shown
    number = float(value) * column.scale
    if math.isinf(number):
        return shown  # an interval without end reads the same as on the page
    return str(int(number)) if number.is_integer() else repr(round(number, column.csv_decimals))

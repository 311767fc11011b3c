"""Accessible tables: caption, column heads with scope, row heads, numbers to the right, symbols explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash import html

from components.columns import Column, symbol_note, written


def data_table(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    caption: str,
    *,
    table_id: str = "",
) -> html.Div:
    """A table with its caption, heads with scope and, below it, what its symbols mean."""
    cells = written(frame, columns)
    head = html.Tr([html.Th(c.head, scope="col", className="numeric" if c.numeric else None) for c in columns])
    body = []
    for row in cells:
        body.append(
            html.Tr(
                [
                    html.Th(row[0], scope="row"),
                    *[
                        html.Td(value, className="numeric" if c.numeric else None)
                        for value, c in zip(row[1:], columns[1:], strict=True)
                    ],
                ]
            )
        )
    note = symbol_note(cells)
    options = {"id": table_id} if table_id else {}
    table = html.Table([html.Caption(caption), html.Thead(head), html.Tbody(body)], className="data-table", **options)
    return scrolling([table, html.P(note, className="caption") if note else None], f"Table: {caption}")


def scrolling(children: Any, label: str) -> html.Div:
    """A table that may be wider than the page: it scrolls, and ``label`` says what it is."""
    # tabIndex: a region that scrolls sideways must be reachable by keyboard (WCAG 2.1.1).
    return html.Div(children, className="table-scroll", tabIndex="0", role="region", **{"aria-label": label})

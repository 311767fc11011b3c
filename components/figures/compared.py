"""Places, providers and estimates side by side: position carries the value, intervals are drawn.

``layout.meta["rows"]`` holds each row's label and value for assets/charts.js, which puts them above the marks where
the screen is too narrow for a margin of labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from components import palette
from components.figures.style import blank


def _rows(labels: Sequence[str], texts: Sequence[str] = ()) -> dict[str, list[list[str]]]:
    values = list(texts) or [""] * len(labels)
    return {"rows": [[str(label), str(value)] for label, value in zip(labels, values, strict=True)]}


def paired_dots(
    *, labels: Sequence[str], now: Sequence[float], then: Sequence[float], now_name: str, then_name: str, unit: str
) -> go.Figure:
    """This period beside the comparison, a row each, largest first: position, not area, carries the value."""
    figure = blank(max(220, 34 * len(labels) + 110))
    for label, a, b in zip(labels, now, then, strict=True):
        figure.add_scatter(
            x=[b, a],
            y=[label, label],
            mode="lines",
            line={"color": palette.RULE, "width": 3},
            hoverinfo="skip",
            showlegend=False,
        )
    for values, name, colour, symbol in (
        (then, then_name, palette.QUIET, "circle-open"),
        (now, now_name, palette.DARK_BLUE, "circle"),
    ):
        figure.add_scatter(
            x=list(values),
            y=list(labels),
            mode="markers",
            cliponaxis=False,  # a marker at 0 is otherwise cut in half
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 12, "line": {"width": 2}},
            hovertemplate=f"%{{y}}, {name}: %{{x:,.0f}} {unit}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed", showgrid=False, rangemode="normal", type="category", dtick=1)
    figure.update_xaxes(title_text=unit, rangemode="tozero", showgrid=True, gridcolor=palette.GRID)
    figure.update_layout(legend={"y": 1.0, "yanchor": "bottom"}, margin={"t": 44}, meta=_rows(labels))
    return figure


def ranked_bars(
    *, labels: Sequence[str], values: Sequence[float], unit: str, texts: Sequence[str] | None = None
) -> go.Figure:
    """Horizontal bars from zero with their value written at the end."""
    figure = blank(max(200, 34 * len(labels) + 80))
    written = list(texts) if texts else [f"{v:,.0f}" for v in values]
    figure.add_bar(
        x=list(values),
        y=list(labels),
        orientation="h",
        marker_color=palette.DARK_BLUE,
        text=written,
        textposition="outside",
        cliponaxis=False,
        hovertemplate=f"%{{y}}: %{{x:,.0f}} {unit}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title_text=unit, rangemode="tozero")
    figure.update_layout(margin={"r": 64}, meta=_rows(labels, written))
    return figure


def dots_with_intervals(
    *,
    labels: Sequence[str],
    values: Sequence[float],
    lows: Sequence[float | None],
    highs: Sequence[float | None],
    unit: str,
    colours: Sequence[str] = (),
    symbols: Sequence[str] = (),
    reference: float | None = None,
    log: bool = False,
    texts: Sequence[str] = (),
) -> go.Figure:
    """A dot plot or forest: one row an estimate, its interval drawn, a rule at ``reference`` (no change)."""
    figure = blank(max(200, 46 * len(labels) + 90))
    plus = [None if h is None else h - v for v, h in zip(values, highs, strict=True)]
    minus = [None if low is None else v - low for v, low in zip(values, lows, strict=True)]
    has_interval = any(p is not None for p in plus)
    figure.add_scatter(
        x=list(values),
        y=list(labels),
        mode="markers+text" if texts else "markers",
        showlegend=False,
        text=list(texts),
        textposition="top center",
        marker={"size": 12, "color": list(colours) or palette.DARK_BLUE, "symbol": list(symbols) or "circle"},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": plus,
            "arrayminus": minus,
            "color": palette.INK,
            "thickness": 1.5,
        }
        if has_interval
        else None,
        hovertemplate=f"%{{y}}: %{{x:,.2f}} {unit}<extra></extra>",
    )
    if reference is not None:
        figure.add_vline(x=reference, line={"color": palette.INK, "width": 1})
    figure.update_yaxes(showgrid=False, rangemode="normal", type="category", range=[len(labels) - 0.5, -0.8])
    figure.update_xaxes(
        title_text=unit,
        type="log" if log else "linear",
        rangemode="normal" if log else "tozero",
        showgrid=True,
        gridcolor=palette.GRID,
    )
    figure.update_layout(meta=_rows(labels, texts))
    return figure

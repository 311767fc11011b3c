"""Word-sized charts for the board's page: lines by month with their last value, small enough to stand beside a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import plotly.graph_objects as go

from components import palette
from components.figures import blank
from domain import formats
from domain.periods import parse_month

WIDTH, HEIGHT = 420, 132
SMALL = 13


def trend(
    months: Sequence[str],
    lines: Mapping[str, Sequence[float | None]],
    styles: Mapping[str, tuple[str, str]],
    level: tuple[float, str] | None = None,
) -> go.Figure:
    """One or more lines from zero; ``level`` draws a dotted rule with its name. Names stand at the lines' ends where there are several."""
    figure = blank(HEIGHT)
    x = [parse_month(m).isoformat() for m in months]
    for name, values in lines.items():
        colour, symbol = styles.get(name, (palette.DARK_BLUE, "circle"))
        figure.add_scatter(
            x=x, y=list(values), mode="lines+markers", showlegend=False, line={"color": colour, "width": 2},
            marker={"size": [5] * (len(x) - 1) + [11], "symbol": symbol, "color": colour},
        )  # fmt: skip
    if level is not None:
        figure.add_hline(y=level[0], line={"color": palette.QUIET, "width": 1, "dash": "dot"})
        figure.add_annotation(
            x=0, xref="paper", y=level[0], text=level[1], showarrow=False, xanchor="left", yanchor="top",
            font={"size": SMALL, "color": palette.QUIET},
        )  # fmt: skip
    ends = [x[0], x[-1]] if len(x) > 1 else x
    texts = [formats.month(months[0]), formats.month(months[-1])][: len(ends)]
    figure.update_xaxes(type="date", tickvals=ends, ticktext=texts, tickfont={"size": SMALL}, range=_padded(months))
    figure.update_yaxes(rangemode="tozero", nticks=3, tickfont={"size": SMALL}, tickformat="~s")
    figure.update_layout(margin={"l": 44, "r": 36, "t": 8, "b": 24})
    return figure


def _padded(months: Sequence[str]) -> list[str]:
    """Half a month at either side, so that first and last marks are drawn whole."""
    first, last = parse_month(months[0]), parse_month(months[-1])
    return [(first - timedelta(days=16)).isoformat(), (last + timedelta(days=16)).isoformat()]

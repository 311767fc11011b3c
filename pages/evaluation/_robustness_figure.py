"""The specification curve: estimates in order above, and below them which settings made each."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components import palette
from components.figures.style import TEMPLATE

AXIS = (0.1, 10.0)
TICKS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 10.0)
# Labels longer than this would leave no room for the marks on a narrow screen.
LONGEST = 26


def curve_figure(frame: pd.DataFrame, settings: Sequence[str]) -> go.Figure:
    """``frame``: a row an analysis, lowest ratio first (a specification curve), the registered one marked."""
    known = frame.dropna(subset=["ratio"]).sort_values("ratio", kind="stable", ignore_index=True)
    rows = [(name, value) for name in settings for value in dict.fromkeys(known[name]) if known[name].nunique() > 1]
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.04, row_heights=[220, max(60, 22 * len(rows))]
    )
    figure.update_layout(template=TEMPLATE, height=320 + 22 * len(rows), margin={"l": 8, "r": 12, "t": 24, "b": 40})
    x = list(range(1, len(known) + 1))
    for marked, colour, symbol, size, name in (
        (False, palette.QUIET, "circle", 5, "other ways"),
        (True, palette.DARK_PINK, "diamond", 13, "registered"),
    ):
        part = known[known["registered"] == marked]
        _estimates(figure, part, [x[i] for i in part.index], (colour, symbol, size, name))
    figure.add_hline(y=1, line={"color": palette.INK, "width": 1}, row=1, col=1)
    labels = [_short(value) for _, value in rows]
    for at, (name, value) in enumerate(rows):
        hits = known[known[name] == value]
        colours = [palette.DARK_PINK if r else palette.DARK_BLUE for r in hits["registered"]]
        figure.add_scatter(
            x=[x[i] for i in hits.index], y=[at] * len(hits), mode="markers", showlegend=False, row=2, col=1,
            marker={"symbol": "line-ns-open", "size": 9, "color": colours, "line": {"width": 2, "color": colours}},
            hovertemplate=f"{value}<extra></extra>",
        )  # fmt: skip
    low, high = max(AXIS[0], known["low"].min()), min(AXIS[1], known["high"].max())
    figure.update_yaxes(
        type="log", row=1, col=1, tickvals=list(TICKS), ticktext=[f"{v:g}" for v in TICKS], rangemode="normal",
        range=[_log(min(low, 0.5) * 0.95), _log(max(high, 1.2) * 1.05)], title_text="ratio, log scale",
    )  # fmt: skip
    figure.update_yaxes(
        row=2, col=1, tickmode="array", tickvals=list(range(len(rows))), ticktext=labels, rangemode="normal",
        range=[len(rows) - 0.5, -0.5], showgrid=False, tickfont={"size": 11},
    )  # fmt: skip
    figure.update_xaxes(range=[0, len(known) + 1], row=1, col=1)
    figure.update_xaxes(title_text="analyses", range=[0, len(known) + 1], row=2, col=1)
    return figure


def _estimates(figure: go.Figure, part: pd.DataFrame, x: list[int], style: tuple[str, str, int, str]) -> None:
    colour, symbol, size, name = style
    ends = [(max(low, AXIS[0]), min(high, AXIS[1])) for low, high in zip(part["low"], part["high"], strict=True)]
    ratios = [min(max(r, AXIS[0]), AXIS[1]) for r in part["ratio"]]
    figure.add_scatter(
        x=x, y=ratios, mode="markers", name=name, row=1, col=1,
        marker={"color": colour, "symbol": symbol, "size": size},
        error_y={"type": "data", "symmetric": False, "array": [h - r for r, (_, h) in zip(ratios, ends, strict=True)],
                 "arrayminus": [r - w for r, (w, _) in zip(ratios, ends, strict=True)], "color": colour if size > 8 else palette.RULE, "thickness": 1,
                 "width": 0},
        hovertemplate="%{y:.2f}<extra></extra>",
    )  # fmt: skip


def _short(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[: LONGEST - 1].rstrip(' ,')}…"


def _log(value: float) -> float:
    return math.log10(max(value, 1e-3))

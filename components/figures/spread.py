"""How something is spread: over hours and days, over lengths, over the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components import palette
from components.figures.style import TEMPLATE, blank

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _scale(title: str) -> dict[str, object]:
    """White is 0 and nothing else: the shades start just above it."""
    steps = palette.SEQUENTIAL[1:]
    return {
        "colorscale": [[0, "#FFFFFF"], [1e-6, steps[0]], *([i / 4, c] for i, c in enumerate(steps[1:], start=1))],
        "colorbar": {
            "title": {"text": title, "side": "right", "font": {"size": 14}},
            "thickness": 12,
            "outlinewidth": 0,
        },
        "hoverongaps": False,
    }


def heat(
    *,
    x: Sequence[str],
    y: Sequence[str],
    z: Sequence[Sequence[float | None]],
    unit: str,
    height: int = 380,
    nticks: int = 12,
) -> go.Figure:
    """Cells shaded light to dark from just above 0; white is 0, grey has no value, and the colour bar says so."""
    figure = blank(height)
    missing = any(value is None or value != value for row in z for value in row)
    figure.add_heatmap(
        x=list(x),
        y=list(y),
        z=[list(row) for row in z],
        xgap=1 if len(x) <= 100 else 0,  # gaps would swallow cells a pixel or two wide
        ygap=1,
        zmin=0,
        hovertemplate=f"%{{y}}, %{{x}}: %{{z:,.0f}} {unit}<extra></extra>",
        **_scale(f"{unit} (white: 0{'; grey: no value' if missing else ''})"),
    )
    figure.update_layout(plot_bgcolor=palette.GRID)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_xaxes(type="category", nticks=nticks)
    return figure


def hour_by_weekday(*, frame: pd.DataFrame, value: str, unit: str) -> go.Figure:
    """24 hours across, seven days down."""
    table = frame.pivot_table(index="weekday", columns="hour", values=value, aggfunc="sum", fill_value=0).reindex(
        index=range(7), columns=range(24), fill_value=0
    )
    return heat(
        x=[f"{h:02d}" for h in range(24)], y=DAYS, z=table.to_numpy().tolist(), unit=unit, height=320, nticks=24
    )


def visit_lengths(
    *,
    lengths: Mapping[str, Sequence[float]],
    names: Mapping[str, str],
    styles: Mapping[str, tuple[str, str]],
    doses: Mapping[str, float | None],
) -> go.Figure:
    """One histogram a provider (5-minute bins, last bin open) with its planned dose as a labelled rule."""
    codes = [c for c in names if len(lengths.get(c, ()))]
    rows = max(1, len(codes))
    figure = make_subplots(
        rows=rows,
        cols=1,
        shared_xaxes=True,
        subplot_titles=[names[c] for c in codes],
        vertical_spacing=0.34 / rows,
    )
    # Two lines above each plot: the provider, and under it the planned dose, which on a dark bar could not be read.
    figure.update_annotations(x=0, xanchor="left", yshift=18, font_size=14)
    figure.update_layout(template=TEMPLATE, height=190 * rows + 80, margin={"t": 48})
    edges = list(range(0, 65, 5))
    for row, code in enumerate(codes, start=1):
        counts, _ = _bins(lengths[code], edges)
        figure.add_bar(
            x=[e + 2.5 for e in edges],
            y=counts,
            width=4.6,
            marker_color=styles[code][0],
            showlegend=False,
            customdata=[f"{e} to {e + 5} minutes" if e < 60 else "60 minutes or more" for e in edges],
            hovertemplate="%{customdata}: %{y:,.0f} visits<extra></extra>",
            row=row,
            col=1,
        )
        dose = doses.get(code)
        if dose is not None:
            figure.add_vline(x=dose, line={"color": palette.INK, "dash": "dash", "width": 1}, row=row, col=1)
            figure.add_annotation(
                x=dose,
                y=1,
                yref="y domain",
                text=f"planned {dose:g} min",
                showarrow=False,
                xanchor="left",
                yanchor="bottom",
                font={"size": 12},
                row=row,
                col=1,
            )
    figure.update_xaxes(tickvals=list(range(0, 61, 10)), range=[0, 65])
    figure.update_xaxes(title_text="minutes per visit (60 = 60 or more)", row=rows, col=1)
    figure.update_yaxes(title_text="visits")
    return figure


def _bins(values: Sequence[float], edges: Sequence[int]) -> tuple[list[int], Sequence[int]]:
    counts = [0] * len(edges)
    for value in values:
        counts[min(int(value // 5), len(edges) - 1)] += 1
    return counts, edges


def hot_spot_outline(*, shapes: Sequence[Mapping[str, object]], unit: str) -> go.Figure:
    """A static map without tiles: ``shapes`` hold name, position, x and y in metres (None lifts the pen), value, shade."""
    figure = blank(420)
    for shape in shapes:
        figure.add_scatter(
            x=shape["x"],
            y=shape["y"],
            mode="lines",
            fill="toself",
            fillcolor=shape["shade"],
            line={"color": palette.INK, "width": 1.5},
            showlegend=False,
            name=str(shape["name"]),
            hoverinfo="name",
        )
        figure.add_annotation(
            x=shape["label_x"],
            y=shape["label_y"],
            text=f"<b>{shape['position']}</b>",
            showarrow=False,
            font={"color": palette.text_on(str(shape["shade"])), "size": 15},
        )
    figure.update_xaxes(visible=False, rangemode="normal")
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1, rangemode="normal")
    figure.update_layout(margin={"l": 4, "r": 4, "t": 4, "b": 4})
    return figure

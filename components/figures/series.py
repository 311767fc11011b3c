"""Measures over time: one measure by month, small multiples, planned against delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components import palette
from components.figures.style import TEMPLATE, blank
from domain.periods import Period, add_months, month_end, month_of, parse_month


def _month_days(months: Sequence[str]) -> list[date]:
    return [parse_month(m) for m in months]


def mark_service_start(figure: go.Figure, start: date | None, months: Sequence[str], label: str) -> None:
    """A labelled rule where the service began, only when that is inside the axis."""
    if start is None or not months or not months[0] <= month_of(start) <= months[-1]:
        return
    figure.add_vline(x=start.isoformat(), line={"color": palette.INK, "width": 1, "dash": "dash"})
    # A label that starts right of the middle would run over the edge of the chart.
    middle = parse_month(months[0]) + (month_end(parse_month(months[-1])) - parse_month(months[0])) / 2
    figure.add_annotation(
        x=start.isoformat(),
        y=1,
        yref="y domain",
        text=label,
        showarrow=False,
        xanchor="right" if start > middle else "left",
        yanchor="bottom",
        font={"size": 13},
    )


def mark_provisional(figure: go.Figure, provisional_from: date | None, months: Sequence[str]) -> None:
    """A grey band over the weeks whose records are still arriving."""
    if provisional_from is None or not months or month_of(provisional_from) > months[-1]:
        return
    end = month_end(parse_month(months[-1]))
    figure.add_vrect(
        x0=max(provisional_from, parse_month(months[0])).isoformat(),
        x1=end.isoformat(),
        fillcolor=palette.BAND,
        line_width=0,
        layer="below",
    )
    figure.add_annotation(
        x=end.isoformat(),
        y=1,
        yref="y domain",
        text="provisional",
        showarrow=False,
        xanchor="right",
        yanchor="bottom",
        yshift=18,  # a line above the start of the service, which may be at the same place
        font={"size": 12, "color": palette.QUIET},
    )
    figure.update_layout(margin={"t": 46})


def mark_windows(figure: go.Figure, windows: Sequence[tuple[Period, str]], months: Sequence[str]) -> None:
    """A labelled bar along the foot of the chart for each window that is compared, as far as the axis reaches."""
    if not months:
        return
    first, last = parse_month(months[0]), month_end(parse_month(months[-1]))
    for (period, label), colour in zip(windows, (palette.DARK_GREY, palette.DARK_BLUE), strict=False):
        start, end = max(period.start, first), min(period.end, last)
        if start > end:
            continue
        figure.add_shape(
            type="rect", x0=start.isoformat(), x1=end.isoformat(), y0=0, y1=0.025, yref="y domain", fillcolor=colour,
            line_width=0, layer="below",
        )  # fmt: skip
        figure.add_annotation(
            x=(start + (end - start) / 2).isoformat(), y=0.03, yref="y domain", text=label, showarrow=False,
            yanchor="bottom", font={"size": 12, "color": colour},
        )  # fmt: skip


def _month_axis(figure: go.Figure, months: Sequence[str]) -> None:
    first, last = parse_month(months[0]), parse_month(months[-1])
    many = len(months) > 18
    figure.update_xaxes(
        type="date",
        tickformat="%Y" if len(months) > 48 else "%b %Y" if many or len(months) > 8 else "%b<br>%Y",
        range=[add_months(first, 0).isoformat(), month_end(last).isoformat()],
        nticks=8,
    )


def monthly_line(
    *,
    months: Sequence[str],
    values: Sequence[float],
    measure: str,
    unit: str,
    service_start: date | None = None,
    service_label: str = "service starts",
    provisional_from: date | None = None,
    limits: Mapping[str, float] | None = None,
    signals: Sequence[bool] = (),
    windows: Sequence[tuple[Period, str]] = (),
) -> go.Figure:
    """One measure by month. ``limits`` (centre, lower, upper) draw an XmR chart; ``signals`` mark points outside it.

    ``windows``: up to two periods that are compared, with the words for each.
    """
    figure = blank()
    middle = [d.replace(day=15).isoformat() for d in _month_days(months)]
    names = [f"{parse_month(m):%b %Y}" for m in months]
    if limits:
        for name, dash, label in (
            ("upper", "dot", "upper limit"),
            ("centre", "solid", "mean"),
            ("lower", "dot", "lower limit"),
        ):
            figure.add_hline(y=limits[name], line={"color": palette.QUIET, "width": 1, "dash": dash})
            figure.add_annotation(
                x=1,
                xref="paper",
                y=limits[name],
                text=label,
                showarrow=False,
                xanchor="left",
                xshift=4,
                font={"size": 12, "color": palette.QUIET},
            )
    figure.add_scatter(
        x=middle,
        y=list(values),
        mode="lines+markers",
        line={"color": palette.DARK_BLUE, "width": 2},
        marker={"size": 6},
        customdata=names,
        hovertemplate=f"%{{customdata}}: %{{y:,.1~f}} {unit}<extra></extra>",
        showlegend=False,
    )
    flagged = [i for i, hit in enumerate(signals) if hit]
    if flagged:
        figure.add_scatter(
            x=[middle[i] for i in flagged],
            y=[values[i] for i in flagged],
            mode="markers",
            showlegend=False,
            hoverinfo="skip",
            meta="signals",  # assets/charts.js draws them smaller on a narrow screen
            marker={"symbol": "diamond-open", "size": 14, "color": palette.ORANGE, "line": {"width": 2}},
        )
    _month_axis(figure, months)
    mark_service_start(figure, service_start, months, service_label)
    mark_provisional(figure, provisional_from, months)
    mark_windows(figure, windows, months)
    figure.update_yaxes(title_text=measure if unit in measure.lower() else f"{measure} ({unit})")
    if limits:
        figure.update_layout(margin={"r": 88})
    return figure


def small_multiples(
    *,
    frame: pd.DataFrame,
    x: str,
    y: str,
    panel: str,
    names: Mapping[str, str],
    unit: str,
    columns: int = 2,
    shared_scale: bool = True,
) -> go.Figure:
    """One small line chart a panel; on one scale panels can be compared, each on its own their shapes can be read.

    ``layout.meta["panels"]`` lets assets/charts.js put them into one column where the screen is narrow.
    """
    codes = [c for c in names if (frame[panel] == c).any()]
    rows = max(1, -(-len(codes) // columns))
    figure = make_subplots(
        rows=rows,
        cols=columns,
        shared_yaxes="all" if shared_scale else False,
        shared_xaxes=False,
        subplot_titles=[names[c] for c in codes],
        vertical_spacing=min(0.12, 0.4 / rows),
        horizontal_spacing=0.06,
    )
    figure.update_layout(template=TEMPLATE, height=170 * rows + 60, meta={"panels": len(codes)})
    for index, code in enumerate(codes):
        part = frame[frame[panel] == code].sort_values(x)
        figure.add_scatter(
            x=[parse_month(m).replace(day=15).isoformat() for m in part[x]],
            y=part[y],
            mode="lines",
            line={"color": palette.DARK_BLUE, "width": 2},
            showlegend=False,
            hovertemplate=f"%{{x|%b %Y}}: %{{y:,.0f}} {unit}<extra></extra>",
            row=index // columns + 1,
            col=index % columns + 1,
        )
    figure.update_xaxes(type="date", tickformat="%Y", nticks=5)
    figure.update_yaxes(nticks=4)
    figure.update_annotations(font_size=13)
    return figure


def planned_and_delivered(
    *,
    periods: Sequence[str],
    planned: Sequence[float],
    delivered: Sequence[float],
    unit: str,
    tick_text: Sequence[str] | None = None,
) -> go.Figure:
    """Delivered minutes as bars from zero, planned minutes as a stepped line over them."""
    figure = blank()
    figure.add_bar(
        x=list(periods),
        y=list(delivered),
        name="delivered (GPS-verified)",
        marker_color=palette.DARK_BLUE,
        hovertemplate=f"%{{x}}: %{{y:,.0f}} {unit} delivered<extra></extra>",
    )
    figure.add_scatter(
        x=list(periods),
        y=list(planned),
        name="planned",
        mode="lines",
        line={"color": palette.ORANGE, "width": 3, "shape": "hvh"},
        hovertemplate=f"%{{x}}: %{{y:,.0f}} {unit} planned<extra></extra>",
    )
    figure.update_layout(bargap=0.25, margin={"t": 48})
    figure.update_xaxes(type="category", nticks=12)
    if tick_text:
        step = max(1, len(periods) // 8)
        figure.update_xaxes(tickmode="array", tickvals=list(periods)[::step], ticktext=list(tick_text)[::step])
    figure.update_yaxes(title_text=unit)
    return figure

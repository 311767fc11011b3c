"""Frames to figures: pure functions, keyword-only, the same figure for the screen and the PDF.

Every figure has its baseline at zero for bars, direct labels, a light horizontal grid and no legend
where a label can stand beside its line. Page furniture (title, caption) is not part of the figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components import palette
from domain.periods import add_months, month_end, month_of, parse_month

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AXIS = {
    "showgrid": False,
    "zeroline": False,
    "linecolor": palette.RULE,
    "ticks": "outside",
    "tickcolor": palette.RULE,
    "automargin": True,
}

TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 14, "color": palette.INK},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "colorway": list(palette.CATEGORICAL),
        "margin": {"l": 56, "r": 24, "t": 28, "b": 44},
        "xaxis": _AXIS,
        "yaxis": {
            **_AXIS,
            "showgrid": True,
            "gridcolor": palette.GRID,
            "rangemode": "tozero",
            "ticks": "",
            "title": {"standoff": 8},
        },
        "hoverlabel": {"bgcolor": "white", "font": {"color": palette.INK}},
        "legend": {"orientation": "h", "y": 1.12, "x": 0, "xanchor": "left"},
        "hovermode": "closest",
        "dragmode": False,
    }
)


def blank(height: int = 380) -> go.Figure:
    """A figure in house style with nothing drawn on it."""
    return go.Figure(layout={"template": TEMPLATE, "height": height})


def _month_days(months: Sequence[str]) -> list[date]:
    return [parse_month(m) for m in months]


def mark_service_start(figure: go.Figure, start: date | None, months: Sequence[str], label: str) -> None:
    """A labelled rule where the service began, only when that is inside the axis."""
    if start is None or not months or not months[0] <= month_of(start) <= months[-1]:
        return
    figure.add_vline(x=start.isoformat(), line={"color": palette.INK, "width": 1, "dash": "dash"})
    figure.add_annotation(
        x=start.isoformat(),
        y=1,
        yref="y domain",
        text=label,
        showarrow=False,
        xanchor="left",
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
        font={"size": 12, "color": palette.QUIET},
    )


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
) -> go.Figure:
    """One measure by month. ``limits`` (centre, lower, upper) draw an XmR chart; ``signals`` mark points outside it."""
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
            marker={"symbol": "diamond-open", "size": 14, "color": palette.ORANGE, "line": {"width": 2}},
        )
    _month_axis(figure, months)
    mark_service_start(figure, service_start, months, service_label)
    mark_provisional(figure, provisional_from, months)
    figure.update_yaxes(title_text=measure if unit in measure.lower() else f"{measure} ({unit})")
    if limits:
        figure.update_layout(margin={"r": 88})
    return figure


def monthly_lines(
    *,
    frame: pd.DataFrame,
    x: str,
    y: str,
    series: str,
    names: Mapping[str, str],
    styles: Mapping[str, tuple[str, str]],
    unit: str,
    service_start: date | None = None,
) -> go.Figure:
    """Several series by month, each labelled at its end."""
    figure = blank()
    months = sorted(frame[x].unique())
    for code, name in names.items():
        part = frame[frame[series] == code].sort_values(x)
        if part.empty:
            continue
        colour, symbol = styles[code]
        figure.add_scatter(
            x=[parse_month(m).replace(day=15).isoformat() for m in part[x]],
            y=part[y],
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2},
            marker={"symbol": symbol, "size": 7},
            hovertemplate=f"{name}, %{{x|%b %Y}}: %{{y:,.0f}} {unit}<extra></extra>",
        )
    _month_axis(figure, months)
    mark_service_start(figure, service_start, months, "service starts")
    figure.update_yaxes(title_text=unit)
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
    """One small line chart a panel; on one scale panels can be compared, each on its own their shapes can be read."""
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
    figure.update_layout(template=TEMPLATE, height=170 * rows + 60)
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
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 12, "line": {"width": 2}},
            hovertemplate=f"%{{y}}, {name}: %{{x:,.0f}} {unit}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed", showgrid=False, rangemode="normal", type="category", dtick=1)
    figure.update_xaxes(title_text=unit, rangemode="tozero", showgrid=True, gridcolor=palette.GRID)
    figure.update_layout(legend={"y": 1.0, "yanchor": "bottom"}, margin={"t": 44})
    return figure


def ranked_bars(
    *, labels: Sequence[str], values: Sequence[float], unit: str, texts: Sequence[str] | None = None
) -> go.Figure:
    """Horizontal bars from zero with their value written at the end."""
    figure = blank(max(200, 34 * len(labels) + 80))
    figure.add_bar(
        x=list(values),
        y=list(labels),
        orientation="h",
        marker_color=palette.DARK_BLUE,
        text=list(texts) if texts else [f"{v:,.0f}" for v in values],
        textposition="outside",
        cliponaxis=False,
        hovertemplate=f"%{{y}}: %{{x:,.0f}} {unit}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title_text=unit, rangemode="tozero")
    figure.update_layout(margin={"r": 64})
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


def _scale(title: str) -> dict[str, object]:
    steps = palette.SEQUENTIAL[1:]
    return {
        "colorscale": [[i / 4, c] for i, c in enumerate(steps)],
        "colorbar": {"title": {"text": title, "side": "right"}, "thickness": 12, "outlinewidth": 0},
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
    """Cells shaded light to dark; white cells have no value."""
    figure = blank(height)
    figure.add_heatmap(
        x=list(x),
        y=list(y),
        z=[list(row) for row in z],
        xgap=1,
        ygap=1,
        zmin=0,
        hovertemplate=f"%{{y}}, %{{x}}: %{{z:,.0f}} {unit}<extra></extra>",
        **_scale(unit),
    )
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
    figure = make_subplots(
        rows=max(1, len(codes)),
        cols=1,
        shared_xaxes=True,
        subplot_titles=[names[c] for c in codes],
        vertical_spacing=0.12,
    )
    figure.update_layout(template=TEMPLATE, height=180 * max(1, len(codes)) + 60)
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
                yanchor="top",
                font={"size": 12},
                row=row,
                col=1,
            )
    figure.update_xaxes(tickvals=list(range(0, 61, 10)), range=[0, 65])
    figure.update_xaxes(title_text="minutes per visit (60 = 60 or more)", row=max(1, len(codes)), col=1)
    figure.update_yaxes(title_text="visits")
    return figure


def _bins(values: Sequence[float], edges: Sequence[int]) -> tuple[list[int], Sequence[int]]:
    counts = [0] * len(edges)
    for value in values:
        counts[min(int(value // 5), len(edges) - 1)] += 1
    return counts, edges


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
    return figure


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

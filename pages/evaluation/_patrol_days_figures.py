"""Charts of the patrol-day pages: flow, balance, shuffled days, leave-one-out, dosage curve."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from components import figures, palette
from components.figures.style import blank
from domain import formats

AXIS = (0.1, 10.0)
TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0)


def ratio_axis(figure: go.Figure, values: list[float], unit: str, *, vertical: bool = False) -> go.Figure:
    """A log axis of ratios from the lowest to the highest value, 1 always on it."""
    finite = [min(max(v, AXIS[0]), AXIS[1]) for v in values if v == v and v > 0] or [1.0]
    span = [math.log10(min([0.8, *finite]) * 0.95), math.log10(max([1.25, *finite]) * 1.05)]
    update = figure.update_yaxes if vertical else figure.update_xaxes
    update(
        type="log", range=span, tickvals=list(TICKS), ticktext=[f"{t:g}" for t in TICKS], title_text=unit,
        rangemode="normal",
    )  # fmt: skip
    return figure


def balance(frame: pd.DataFrame) -> go.Figure:
    """Two dots a feature: raw difference, and the one left inside a hot spot's four weeks; grey where they hardly matter."""
    figure = blank(46 + 26 * len(frame) + 80)
    figure.add_vrect(x0=-0.1, x1=0.1, fillcolor=palette.BAND, line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": palette.INK, "width": 1})
    labels = [f"{row.what} " for row in frame.itertuples()]
    for name, column, colour, symbol in (
        ("all days", "difference", palette.DARK_PINK, "diamond-open"),
        ("within four weeks of a hot spot", "within", palette.DARK_BLUE, "circle"),
    ):
        figure.add_scatter(
            x=frame[column], y=labels, mode="markers", name=name,
            marker={"size": 10, "color": colour, "symbol": symbol},
            hovertemplate="%{y}: %{x:.2f} standard deviations<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="standardised difference", showgrid=True, gridcolor=palette.GRID)
    figure.update_yaxes(showgrid=False, rangemode="normal", type="category", autorange="reversed")
    # Where the screen is narrow the labels go above the marks.
    figure.update_layout(legend={"y": 1.0}, margin={"t": 56}, meta={"rows": [[label, ""] for label in labels]})
    return figure


def shuffled(frame: pd.DataFrame, observed: float) -> go.Figure:
    """Bars: arrangements by the ratio each would have given; a rule where the days as they were lie."""
    figure = blank(340)
    mid = [math.sqrt(row.low * row.high) for row in frame.itertuples()]
    colours = [palette.DARK_PINK if held else palette.DARK_BLUE for held in frame["holds_observed"]]
    figure.add_bar(
        x=mid, y=frame["arrangements"], marker_color=colours, showlegend=False,
        width=[row.high - row.low for row in frame.itertuples()],
        customdata=[f"{row.low:.2f} to {row.high:.2f}" for row in frame.itertuples()],
        hovertemplate="ratio %{customdata}: %{y:,.0f} arrangements<extra></extra>",
    )  # fmt: skip
    figure.add_vline(x=observed, line={"color": palette.DARK_PINK, "width": 2})
    figure.add_annotation(
        x=math.log10(observed), y=1, yref="paper", yanchor="bottom", showarrow=False, font={"size": 12},
        text=f"the days as they were: {observed:.2f}",
    )  # fmt: skip
    used = frame[frame["arrangements"] > 0]
    figure.update_yaxes(title_text="arrangements")
    return ratio_axis(figure, [*used["low"], *used["high"]], "ratio that the arrangement would have given")


def left_out(frame: pd.DataFrame, full: float, words: list[str]) -> go.Figure:
    """The estimate without each part in turn, with the full one as a rule."""
    known = frame.assign(words=words).dropna(subset=["ratio"])
    figure = figures.dots_with_intervals(
        labels=list(known["words"]), values=list(known["ratio"]), lows=[max(v, AXIS[0]) for v in known["low"]],
        highs=[min(v, AXIS[1]) for v in known["high"]], unit="", reference=1.0, log=True,
    )  # fmt: skip
    figure.update_layout(height=max(220, 30 * len(known) + 110))
    figure.add_vline(x=full, line={"color": palette.DARK_PINK, "width": 1, "dash": "dash"})
    figure.add_annotation(
        x=math.log10(full), y=1, yref="paper", yanchor="bottom", showarrow=False, font={"size": 12},
        text=f"with all: {full:.2f}",
    )  # fmt: skip
    return ratio_axis(figure, [*known["low"], *known["high"]], "ratio, log scale: below 1 means fewer")


def dosage_curve(curve: pd.DataFrame, rug: pd.DataFrame) -> go.Figure:
    """The curve with its band; under it a tick for every five minutes that occurred, longer where there were more days."""
    figure = blank(400)
    x = [*curve["minutes"], *curve["minutes"][::-1]]
    figure.add_scatter(
        x=x, y=[*curve["high"], *curve["low"][::-1]], fill="toself", fillcolor="rgba(18, 67, 109, 0.15)",
        line={"width": 0}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    figure.add_scatter(
        x=curve["minutes"], y=curve["ratio"], mode="lines", showlegend=False,
        line={"color": palette.DARK_BLUE, "width": 2.5},
        hovertemplate="%{x:.0f} minutes: ratio %{y:.2f}<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=1, line={"color": palette.INK, "width": 1})
    ratio_axis(figure, [*curve["low"], *curve["high"]], "ratio to no patrol, log scale", vertical=True)
    last = float(curve["minutes"].max())
    shown = rug[(rug["minutes_to"] > 0) & (rug["minutes_from"] < last)]
    most = float(shown["hot_spot_days"].max()) if len(shown) else 1.0
    figure.update_layout(yaxis={"domain": [0.2, 1.0]}, yaxis2={"domain": [0.0, 0.14], "anchor": "x"})
    figure.add_bar(
        x=(shown["minutes_from"] + shown["minutes_to"]) / 2, y=shown["hot_spot_days"], yaxis="y2", width=4.4,
        marker_color=palette.QUIET, showlegend=False,
        hovertemplate="%{x:.0f} minutes: %{y:,.0f} hot spot-days<extra></extra>",
    )  # fmt: skip
    figure.update_layout(yaxis2={"title": {"text": "days", "font": {"size": 12}}, "range": [0, most], "nticks": 2})
    figure.update_xaxes(title_text="patrol minutes of the day in the hot spot", range=[-1, last * 1.02], anchor="y2")
    return figure


def dosage_categories(frame: pd.DataFrame) -> go.Figure:
    """A dot a category with its interval; days without patrol are the rule at 1."""
    known = frame[frame["minutes"] != "0"].dropna(subset=["ratio"])
    figure = figures.dots_with_intervals(
        labels=[f"{m} minutes " for m in known["minutes"]], values=list(known["ratio"]),
        lows=[max(v, AXIS[0]) for v in known["low"]], highs=[min(v, AXIS[1]) for v in known["high"]], unit="",
        reference=1.0, log=True, texts=[formats.number(v, 2) for v in known["ratio"]],
    )  # fmt: skip
    return ratio_axis(figure, [*known["low"], *known["high"]], "ratio to days without patrol, log scale")

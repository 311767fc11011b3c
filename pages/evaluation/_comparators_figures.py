"""Charts of the comparators page: indexed months, sets of comparators, places by rank, leads and lags."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from components import figures, palette
from components.figures.style import blank
from domain import formats
from pages.evaluation._patrol_days_figures import AXIS, ratio_axis

NO_FILL = "rgba(0,0,0,0)"
RANGE = "rgba(40, 161, 151, 0.18)"


def indexed(frame: pd.DataFrame, name: str, live_from: str, provisional_from: str) -> go.Figure:
    """Our index a month against the mean and the range of the comparators; windows shaded, provisional months hatched."""
    figure = blank(420)
    months = [f"{m}-15" for m in frame["month"]]
    for window, words in (("baseline", "baseline"), ("during", "during")):
        held = [m for m, w in zip(months, frame["window"], strict=True) if w == window]
        if held:
            figure.add_vrect(
                x0=f"{held[0][:7]}-01", x1=f"{held[-1][:7]}-28", fillcolor=palette.BAND, line_width=0, layer="below",
                annotation_text=words, annotation_position="top left",
            )  # fmt: skip
    ranged = frame.dropna(subset=["lowest", "highest"])
    at = [f"{m}-15" for m in ranged["month"]]
    figure.add_scatter(
        x=[*at, *at[::-1]], y=[*ranged["highest"], *ranged["lowest"][::-1]], fill="toself", fillcolor=RANGE,
        line={"width": 0}, hoverinfo="skip", name="comparators, lowest to highest",
    )  # fmt: skip
    figure.add_scatter(
        x=months, y=frame["mean"], mode="lines", name="comparators, mean",
        line={"color": palette.TURQUOISE, "width": 2, "dash": "dash"}, hovertemplate="%{x|%b %Y}: %{y:.0f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=months, y=frame["ours"], mode="lines+markers", name=name, marker={"size": 5},
        line={"color": palette.DARK_BLUE, "width": 2.5}, hovertemplate="%{x|%b %Y}: %{y:.0f}<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=100, line={"color": palette.INK, "width": 1})
    if live_from:
        figure.add_vline(x=live_from, line={"color": palette.DARK_PINK, "width": 1.5, "dash": "dot"})
    if provisional_from and provisional_from <= f"{frame['month'].iloc[-1]}-28":
        figure.add_shape(
            type="rect", x0=provisional_from, x1=f"{frame['month'].iloc[-1]}-28", y0=0, y1=1, yref="paper", layer="below",
            line={"width": 0}, fillcolor="rgba(80, 90, 95, 0.18)",
        )  # fmt: skip
    figure.update_yaxes(title_text="index: own baseline mean = 100", rangemode="tozero")
    figure.update_layout(legend={"y": -0.14, "yanchor": "top", "orientation": "h", "x": 0}, margin={"t": 40, "b": 110})
    return figure


def places(frame: pd.DataFrame) -> go.Figure:
    """Each place's own change, ours in another colour and shape."""
    ours = frame["treated"].astype(bool)
    known = frame[[math.isfinite(v) and v > 0 for v in frame["ratio"]]]
    ours = known["treated"].astype(bool)
    figure = figures.dots_with_intervals(
        labels=[f"{p} " for p in known["place"]], values=list(known["ratio"]), lows=[None] * len(known),
        highs=[None] * len(known), unit="", reference=1.0, log=True,
        colours=[palette.DARK_PINK if own else palette.QUIET for own in ours],
        symbols=["diamond" if own else "circle" for own in ours],
        texts=[formats.number(v, 2) for v in known["ratio"]],
    )  # fmt: skip
    figure.update_layout(height=max(200, 32 * len(known) + 100))
    return ratio_axis(figure, list(known["ratio"]), "rate during / before, log scale")


def multiverse(frame: pd.DataFrame) -> go.Figure:
    """Estimates in order of size with their intervals; the registered one marked."""
    figure = blank(380)
    for registered, name, colour, symbol in (
        (False, "other acceptable sets", palette.QUIET, "circle"),
        (True, "registered", palette.DARK_PINK, "diamond"),
    ):
        part = frame[frame["preregistered"].astype(bool) == registered]
        if part.empty:
            continue
        lows, highs = part["low"].clip(*AXIS), part["high"].clip(*AXIS)
        figure.add_scatter(
            x=[i + 1 for i in part.index], y=part["ratio"], mode="markers", name=name,
            marker={"color": colour, "symbol": symbol, "size": 11 if registered else 7},
            error_y={
                "type": "data", "symmetric": False, "array": highs - part["ratio"], "arrayminus": part["ratio"] - lows,
                "color": colour, "width": 0,
            },
            customdata=[f"{r.rule}; {r.comparators} places, {r.baseline_months} months" for r in part.itertuples()],
            hovertemplate="%{customdata}: ratio %{y:.2f}<extra></extra>",
        )  # fmt: skip
    figure.add_hline(y=1, line={"color": palette.INK, "width": 1})
    figure.update_xaxes(title_text="sets, lowest ratio first", showticklabels=False)
    figure.update_layout(legend={"y": 1.02, "yanchor": "bottom", "orientation": "h", "x": 0})
    return ratio_axis(figure, [*frame["low"], *frame["high"]], "ratio, log scale", vertical=True)


def ranks(frame: pd.DataFrame) -> go.Figure:
    """How many places have which score (log ratio / its SE); ours in another colour."""
    figure = blank(320)
    step = 0.5
    bins = [math.floor(v / step) * step for v in frame["score"]]
    table: dict[tuple[float, bool], list[str]] = {}
    for at, own, place in zip(bins, frame["treated"].astype(bool), frame["place"], strict=True):
        table.setdefault((at, bool(own)), []).append(str(place))
    for own, name, colour in (
        (False, "comparators", palette.QUIET),
        (True, "the place with the service", palette.DARK_PINK),
    ):
        held: list[Any] = sorted((at, found) for (at, mine), found in table.items() if mine == own)
        figure.add_bar(
            x=[at + step / 2 for at, _ in held], y=[len(found) for _, found in held], width=step * 0.96, name=name,
            marker_color=colour, customdata=[", ".join(found) for _, found in held],
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    figure.add_vline(x=0, line={"color": palette.INK, "width": 1})
    figure.update_layout(barmode="stack", legend={"y": 1.02, "yanchor": "bottom", "orientation": "h", "x": 0})
    figure.update_xaxes(title_text="score: below 0 fell more than the others")
    figure.update_yaxes(title_text="places", dtick=max(1, len(frame) // 8))
    return figure


def leads(frame: pd.DataFrame) -> go.Figure:
    """Each block's gap to the comparators as a ratio; those before the service open, the base block without interval."""
    figure = blank(380)
    labels = [f"{formats.month(first)} on" for first in frame["first"]]
    for during, name, colour, symbol in (
        (False, "before the service", palette.QUIET, "circle-open"),
        (True, "during", palette.DARK_BLUE, "circle"),
    ):
        held = [i for i, number in enumerate(frame["block"]) if (number >= 0) == during]
        part = frame.iloc[held]
        figure.add_scatter(
            x=[labels[i] for i in held], y=part["ratio"], mode="markers", name=name,
            marker={"color": colour, "symbol": symbol, "size": 9},
            error_y={
                "type": "data", "symmetric": False, "array": part["high"].clip(*AXIS) - part["ratio"],
                "arrayminus": part["ratio"] - part["low"].clip(*AXIS), "color": colour, "width": 0,
            },
            hovertemplate="%{x}: ratio %{y:.2f}<extra></extra>",
        )  # fmt: skip
    figure.add_hline(y=1, line={"color": palette.INK, "width": 1})
    figure.update_layout(legend={"y": 1.02, "yanchor": "bottom", "orientation": "h", "x": 0})
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=labels)
    ends = [v for name in ("low", "high", "ratio") for v in frame[name]]
    return ratio_axis(figure, ends, "ratio to the base block, log scale", vertical=True)

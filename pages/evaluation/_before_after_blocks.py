"""Blocks of the before/after page."""

from __future__ import annotations

import calendar
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from components import figures, palette
from components.block import Block
from components.columns import count, decimal, text
from components.view import View
from domain import formats
from domain.roles import Permission
from pages.evaluation._page import section_of, table_of
from pages.evaluation._records import checks_block, estimates_block, why_none

NAME = "before-after"
LABELS = {
    "default": "Default: adjusted, with drift between years",
    "recorded": "Same, regression to the mean left in",
    "prior-half": "Default, prior scale of drift between years halved",
    "prior-double": "Default, prior scale of drift between years doubled",
    "before-service": "Baseline: the year before the service",
    "pre-selection": "Baseline: before the places were chosen",
    "its": "Interrupted time series",
    "placebo-dates": "Spread of placebo dates",
    "exact-conditional": "Exact interval, Poisson noise only",
    "e-test": "E-test, Poisson noise only",
    "rate-ratio-tests": "Score test, Poisson noise only",
    "naive-change": "Plain percentage change",
}


def _months_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    facts, programme = section_of(view, NAME).facts, view.programme
    start, late = facts["live_from"], facts["provisional_from"]
    windows = [(w.period, words) for w, words in ((programme.before, "before"), (programme.during, "during")) if w]
    return figures.monthly_line(
        months=list(frame["month"]), values=list(frame["crimes"]), measure="recorded crimes", unit="crimes",
        service_start=date.fromisoformat(start) if start else None,
        provisional_from=date.fromisoformat(late) if late else None, windows=windows,
    )  # fmt: skip


def _season_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    """Both windows by month of the year: dots, since months of a window need not follow each other."""
    figure = figures.blank()
    for name, colour, symbol in (("before", palette.DARK_GREY, "circle-open"), ("during", palette.DARK_BLUE, "circle")):
        part = frame[frame["window"] == name].sort_values("calendar_month")
        figure.add_scatter(
            x=[calendar.month_abbr[int(month)] for month in part["calendar_month"]], y=list(part["rate"]), name=name,
            mode="markers", marker={"size": 11, "color": colour, "symbol": symbol, "line": {"width": 2}},
            hovertemplate=f"%{{x}} {name}: %{{y:.1f}} crimes per 30 hot spot-days<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(categoryorder="array", categoryarray=list(calendar.month_abbr)[1:])
    figure.update_yaxes(title_text="crimes per 30 hot spot-days")
    figure.update_layout(margin={"t": 48})
    return figure


def _season_sentence(frame: pd.DataFrame, view: View) -> str:
    wide = frame.pivot_table(index="calendar_month", columns="window", values="rate")
    if not {"before", "during"} <= set(wide.columns) or wide.dropna().empty:
        return "The two windows share no month of the year, so their seasons cannot be set side by side."
    both = wide.dropna()
    fewer = int((both["during"] < both["before"]).sum())
    return f"In {fewer} of the {len(both)} months of the year that both windows hold, fewer crimes a day were recorded during than before."


def _placebo_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    return figures.dots_with_intervals(
        labels=[formats.month(m) for m in frame["first_month"]], values=list(frame["ratio"]), lows=[None] * len(frame),
        highs=[None] * len(frame), unit="ratio: below 1 means fewer", reference=1.0,
        colours=[palette.ORANGE if real else palette.QUIET for real in frame["real"]],
    )  # fmt: skip


def _candidates_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    return figures.paired_dots(
        labels=[f"{p}{' (chosen)' if c else ''}" for p, c in zip(frame["place"], frame["chosen"], strict=True)],
        now=list(frame["expected"]), then=list(frame["recorded"]), now_name="to be expected", then_name="recorded",
        unit="crimes",
    )  # fmt: skip


def _tipping_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    return figures.dots_with_intervals(
        labels=[formats.signed_percent(c - 1) for c in frame["comparators"]], values=list(frame["ratio"]),
        lows=list(frame["low"]), highs=list(frame["high"]), unit="ratio against such comparison places", reference=1.0,
    )  # fmt: skip


def _block(key: str, title: str, words: Any, **given: Any) -> Block:
    return Block(
        id=f"before-after-{key}", title=title, permission=Permission.INSPECT_EVALUATION, frame=table_of(NAME, key),
        sentence=words, if_empty=why_none(NAME), **given,
    )  # fmt: skip


MONTHS = _block(
    "months", "Recorded crimes by month",
    lambda frame, view: f"{int(frame['crimes'].sum()):,} crimes were recorded over {len(frame)} months.",
    caption=lambda view: "All hot spots together, whole months. Bars at the foot: the windows compared. Grey band: provisional.",
    columns=lambda view: [
        text("month", "Month"), count("crimes", "Crimes"), decimal("exposure_days", "Hot spot-days", 0), text("window", "Window"),
    ],
    figure=_months_figure, why="A change has to be seen against how much months and years differ by themselves.",
    misleads="The last weeks are still being recorded and look lower than they are.", methods=("its",),
)  # fmt: skip
SEASON = _block(
    "season", "Time of year", _season_sentence,
    caption=lambda view: "Months that only one window holds cannot be compared.",
    columns=lambda view: [
        text("window", "Window"), count("calendar_month", "Month of the year"), count("crimes", "Crimes"),
        decimal("rate", "Crimes per 30 hot spot-days", 2),
    ],
    figure=_season_figure, why="A winter held against a summer would look like a change.",
    misleads="One year shows no ordinary season.", methods=("before-after",),
)  # fmt: skip
PLACEBO = _block(
    "placebo", "The same comparison at dates without a new service",
    lambda frame, view: f"{int((~frame['real'].astype(bool)).sum())} earlier dates could be compared in the same way.",
    caption=lambda view: "Orange: the real date. Each row is the first month of a “during” window of the same length.",
    columns=lambda view: [text("first_month", "First month"), decimal("ratio", "Ratio", 2)],
    figure=_placebo_figure, why="If dates without a service show changes as large, the real change is nothing unusual.",
    misleads="Neighbouring dates share most of their months, so they are far fewer than they look.",
    methods=("placebo-dates",),
)  # fmt: skip
CANDIDATES = _block(
    "candidates", "Regression to the mean: recorded before, and to be expected",
    lambda frame, view: f"{int(frame['chosen'].sum())} of {len(frame)} places that could have been chosen were chosen.",
    caption=lambda view: "Expected: best prediction of each place from all its earlier months and all other places.",
    columns=lambda view: [
        text("place", "Place"), count("recorded", "Recorded"), decimal("expected", "To be expected", 1),
    ],
    figure=_candidates_figure, why="Places chosen for a bad spell fall by themselves.",
    misleads="A place whose level had changed for good is expected to return although it will not.", methods=("rtm",),
)  # fmt: skip
TIPPING = _block(
    "tipping", "How far comparison places would have had to change",
    lambda frame, view: str(section_of(view, NAME).facts["tipping"]),
    caption=lambda view: "Rows: change of comparison places. Lines are 95% intervals without noise of the comparison places.",
    columns=lambda view: [
        decimal("comparators", "Ratio of comparison places", 3), decimal("ratio", "Ratio left", 2), decimal("low", "95% interval from", 2),
        decimal("high", "to", 2),
    ],
    figure=_tipping_figure, why="Without comparison places a fall everywhere looks the same.",
    misleads="It says what would have to be true, not whether it is.", methods=("tipping-point",),
)  # fmt: skip
FOREST = estimates_block(
    id="before-after-estimates", section=NAME, title="Every estimate of the change side by side", labels=LABELS,
    why="Methods that know more of the noise have wider intervals; those that know Poisson noise only are too sure.",
    misleads="The narrow intervals are not the better ones: their false alarm rate is beside them.",
    methods=("before-after", "exact-conditional", "e-test", "its", "rate-ratio-tests", "naive-change"),
)  # fmt: skip
CHECKS = checks_block(id="before-after-checks", section=NAME, labels=LABELS)
BLOCKS = (FOREST, MONTHS, SEASON, CANDIDATES, PLACEBO, TIPPING, CHECKS)

"""Blocks about recorded crime and harm, shared by Trends and the page of one hot spot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from components import figures
from components.block import Block, register_block
from components.columns import Column, change, count, decimal, text
from components.view import View
from data_access import trends
from domain import formats
from domain.filters import BEFORE_SERVICE
from domain.roles import Permission


def _month_column() -> Column:
    return text("month", "Month", formats.month)


def _month_figure(measure: str, unit: str, column: str) -> Any:
    def draw(frame: pd.DataFrame, view: View) -> go.Figure:
        limits = None
        if column == "crimes" and "upper" in frame and frame["upper"].notna().any():
            limits = {k: float(frame[k].iloc[0]) for k in ("centre", "lower", "upper")}
        return figures.monthly_line(
            months=list(frame["month"]),
            values=list(frame[column]),
            measure=measure,
            unit=unit,
            service_start=view.programme.service_live_from,
            provisional_from=view.as_at.provisional_from,
            limits=limits,
            signals=list(frame["signal"]) if limits else (),
        )

    return draw


def _crimes_sentence(frame: pd.DataFrame, view: View) -> str:
    return trends.crimes_sentence(frame, view.programme, view.filters)


def _crimes_caption(view: View) -> str:
    return (
        "Recorded crimes placed inside the boundaries, by month of occurrence; anti-social behaviour is counted apart. "
        + trends.limits_caption(view.programme)
    )


BY_MONTH = register_block(
    Block(
        id="crimes-by-month",
        title="Recorded crimes by month",
        permission=Permission.VIEW_TRENDS,
        frame=lambda view: trends.monthly(view.scope, view.filters),
        sentence=_crimes_sentence,
        caption=_crimes_caption,
        columns=lambda view: [
            _month_column(),
            count("crimes", "Recorded crimes"),
            count("asb_incidents", "Anti-social behaviour incidents"),
            decimal("harm_days", "Harm (CCHI days)", 0),
            decimal("harm_per_crime", "Harm per scored crime (days)"),
            count("not_scored", "Crimes not scored"),
        ],
        figure=_month_figure("Recorded crimes", "crimes", "crimes"),
    )
)


def _weights_note(view: View) -> str:
    edition = view.as_at.weight_edition
    if not edition:
        return "No harm weights are loaded, so no harm is shown."
    return f"Harm is the sum of crime harm index days of the scored crimes; weights: {edition}. Crimes without a weight are counted as not scored, never as 0."


def _no_harm(view: View) -> tuple[str, str]:
    if view.as_at.weight_edition:
        return f"No crime in {view.sentence()} has a harm weight.", "Choose a longer period."
    return (
        "No harm weights are loaded for this programme, so no harm is shown rather than a guess.",
        "A manager can load the harm index: flask --app app load weights FILE.",
    )


def _harm_sentence(frame: pd.DataFrame, view: View) -> str:
    return trends.change_sentence(view.scope, view.filters, view.comparison, "harm_days", "Harm", "days")


HARM = register_block(
    Block(
        id="harm-by-month",
        if_empty=_no_harm,
        title="Harm by month",
        permission=Permission.VIEW_TRENDS,
        frame=lambda view: trends.monthly_with_harm(view.scope, view.filters),
        sentence=_harm_sentence,
        caption=_weights_note,
        columns=lambda view: [
            _month_column(),
            decimal("harm_days", "Harm (CCHI days)", 0),
            count("not_scored", "Crimes not scored"),
        ],
        figure=_month_figure("Harm", "days", "harm_days"),
    )
)

HARM_PER_CRIME = register_block(
    Block(
        id="harm-per-crime-by-month",
        if_empty=_no_harm,
        title="Harm per crime by month",
        permission=Permission.VIEW_TRENDS,
        frame=lambda view: trends.monthly_with_harm(view.scope, view.filters),
        sentence=lambda frame, view: trends.change_sentence(
            view.scope, view.filters, view.comparison, "harm_per_crime", "Harm per scored crime", "days"
        ),
        caption=lambda view: (
            "Total harm is the number of crimes times their mean severity; the two can move apart. "
            + _weights_note(view)
        ),
        columns=lambda view: [
            _month_column(),
            decimal("harm_per_crime", "Harm per scored crime (days)"),
            count("scored", "Scored crimes"),
        ],
        figure=_month_figure("Harm per scored crime", "days", "harm_per_crime"),
    )
)


def _by_spot_columns(view: View) -> Sequence[Column]:
    return [
        _month_column(),
        text("hot_spot_name", "Hot spot" if view.defaults.area_word == "hot spots" else "Area"),
        count("crimes", "Recorded crimes"),
        count("asb_incidents", "Anti-social behaviour incidents"),
    ]


BY_SPOT = register_block(
    Block(
        id="crimes-by-month-and-hot-spot",
        title="Each place by month",
        permission=Permission.VIEW_TRENDS,
        frame=lambda view: trends.monthly_by_hot_spot(view.scope, view.filters),
        sentence=lambda frame, view: trends.spread_sentence(frame, view.defaults.area_word),
        caption=lambda view: "All panels share one scale. Small counts move a lot from month to month by chance.",
        columns=_by_spot_columns,
        figure=lambda frame, view: figures.small_multiples(
            frame=frame, x="month", y="crimes", panel="hot_spot", names=view.spot_names, unit="crimes", columns=2
        ),
    )
)


def _group_view(view: View) -> View:
    """Outside the operational roles groups are released for the evaluation windows: other periods are mostly hidden."""
    during, before = view.programme.during, view.programme.before
    if view.may(Permission.SEE_SMALL_COUNTS) or not (during and before) or view.filters.period == during.period:
        return view
    filters = replace(view.filters, period=during.period, compare=BEFORE_SERVICE)
    return replace(view, filters=filters)


def _groups_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    shown = _group_view(view)
    return figures.paired_dots(
        labels=list(frame["offence_group"]),
        now=list(frame["crimes"]),
        then=list(frame["crimes_then"]),
        now_name=formats.period(shown.filters.period),
        then_name=formats.period(shown.comparison),
        unit="recorded crimes or incidents",
    )


def _groups_frame(view: View) -> pd.DataFrame:
    shown = _group_view(view)
    return trends.by_offence_group(shown.scope, shown.filters, shown.comparison)


def _groups_caption(view: View) -> str:
    now, then = formats.period(_group_view(view).filters.period), formats.period(_group_view(view).comparison)
    return f"Recorded crimes and, where loaded, anti-social behaviour incidents in {now} (filled) and {then} (open)."


def _groups_columns(view: View) -> list[Column]:
    now, then = formats.period(_group_view(view).filters.period), formats.period(_group_view(view).comparison)
    return [
        text("offence_group", "Offence group"),
        count("crimes", now),
        count("crimes_then", then),
        change("change", "Change, %"),
    ]


def _no_groups(view: View) -> tuple[str, str]:
    if view.filters.hot_spots and not view.may(Permission.SEE_SMALL_COUNTS):
        return "Your role sees offence groups for all hot spots together.", "Open Trends for all hot spots."
    return f"There are no figures for {view.sentence()}.", "Choose a longer period in the sentence at the top."


BY_GROUP = register_block(
    Block(
        id="crimes-by-offence-group",
        title="By offence group",
        permission=Permission.VIEW_TRENDS,
        frame=_groups_frame,
        sentence=lambda frame, view: trends.group_sentence(frame),
        caption=_groups_caption,
        columns=_groups_columns,
        figure=_groups_figure,
        if_empty=_no_groups,
        covers=lambda view: _group_view(view).sentence(compare=True),
    )
)

GROUP_MONTHS = register_block(
    Block(
        id="offence-groups-by-month",
        title="Offence groups by month",
        permission=Permission.VIEW_TRENDS,
        frame=lambda view: trends.monthly_by_group(view.scope, view.filters),
        sentence=lambda frame, view: trends.largest_group_sentence(frame),
        caption=lambda view: "Each panel has its own scale from 0: compare shapes, not heights.",
        columns=lambda view: [
            _month_column(),
            text("offence_group", "Offence group"),
            count("crimes", "Recorded crimes or incidents"),
        ],
        figure=lambda frame, view: figures.small_multiples(
            frame=frame,
            x="month",
            y="crimes",
            panel="offence_group",
            names={g: g for g in sorted(frame["offence_group"].unique())},
            unit="crimes",
            columns=2,
            shared_scale=False,
        ),
    )
)

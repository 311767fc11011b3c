"""Patrols: were the planned minutes delivered, where and when?"""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from components.view import View
from data_access import delivery, patrols
from data_access.released_patrols import HIDDEN_NOTE
from domain import formats
from domain.roles import Permission
from pages._frame import PATROL_DATA, DataPage, data_page
from pages._patrol_blocks import (
    ABSTRACTIONS,
    BY_DAY,
    BY_MONTH,
    BY_PROVIDER,
    BY_WEEK,
    HOUR_WEEKDAY,
    LENGTHS,
    OVERLAP,
    SINCE,
    TRACKERS,
)


def _nothing(view: View) -> tuple[str, str] | None:
    if patrols.has_patrol_data(view.scope, view.programme.code):
        return None
    return (
        f"No tracker positions and no patrol plan are loaded for {view.programme.name}.",
        "A manager can load them with the kinds “pings” and “plan”; Data says what is loaded.",
    )


def _lead(view: View) -> list[Any]:
    total = delivery.delivery_total(view.scope, view.filters)
    if not total.patrol_minutes and not total.planned_minutes:
        return []
    coverage = patrols.coverage(view.scope, view.filters)
    hidden = f"{formats.number(total.planned_minutes)} minutes were planned. {HIDDEN_NOTE}"
    sentence = (
        hidden
        if total.suppressed
        else (
            f"{formats.percent(total.delivered_share)} of planned minutes were delivered: {formats.number(total.patrol_minutes)} patrol-minutes "
            f"({formats.number(total.person_minutes / 60)} person-hours) of {formats.number(total.planned_minutes)} planned. "
            f"{formats.percent(total.compliance)} of visits reached the planned dose; {formats.percent(coverage.share)} of hot spot-days had any patrol."
        )
    )
    how = html.A("How minutes are counted", href=f"/patrols/counting?{view.filters.to_query()}")
    lead = [html.P(sentence, className="lead"), html.P(how)]
    if view.may(Permission.SEE_DAYS):
        link = html.A("Briefing: one team's week on one page", href=f"/briefing?programme={view.programme.code}")
        lead.append(html.P([link, ", with short visits and why, when crime gathers, and where the minutes fell"]))
    return lead


dash.register_page(
    __name__,
    **data_page(
        DataPage(
            slug="patrols",
            path="/patrols",
            name="Patrols",
            question="Were the planned minutes delivered, where and when?",
            permission=Permission.VIEW_PATROLS,
            blocks=[
                BY_PROVIDER,
                BY_WEEK,
                BY_MONTH,
                BY_DAY,
                HOUR_WEEKDAY,
                LENGTHS,
                SINCE,
                ABSTRACTIONS,
                OVERLAP,
                TRACKERS,
            ],
            lead=_lead,
            nothing=_nothing,
            compare=False,
            bounds=PATROL_DATA,
        ),
    ),
)

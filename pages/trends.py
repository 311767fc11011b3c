"""Trends: are crime and harm changing, beyond ordinary variation?"""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from components import states
from components.view import View
from data_access import trends
from domain.roles import Permission
from pages._crime_blocks import BY_GROUP, BY_MONTH, BY_SPOT, GROUP_MONTHS, HARM, HARM_PER_CRIME
from pages._frame import DataPage, data_page


def _lead(view: View) -> list[Any]:
    body: list[Any] = []
    if view.programme.data_note:
        body.append(html.P(view.programme.data_note, className="caption"))
    for sentence in trends.supply_warnings(view.scope, view.programme.code):
        body.append(states.warning(sentence))
    return body


dash.register_page(
    __name__,
    **data_page(
        DataPage(
            slug="trends",
            path="/trends",
            name="Trends",
            question="Are crime and harm changing, beyond ordinary variation?",
            permission=Permission.VIEW_TRENDS,
            blocks=[BY_MONTH, HARM, HARM_PER_CRIME, BY_GROUP, BY_SPOT, GROUP_MONTHS],
            lead=_lead,
            all_months=True,
        ),
    ),
)

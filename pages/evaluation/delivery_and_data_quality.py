"""Delivery and data quality: was the service delivered, and are the records of before and during alike?"""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from analysis.evaluation.section import Section
from components import states
from components.view import View
from data_access.delivery import delivery_total
from data_access.trends import supply_warnings
from domain import formats
from domain.filters import Filters
from pages.evaluation import _delivery_blocks as blocks
from pages.evaluation._page import ReviewPage, review_page


def _lead(view: View, _section: Section) -> list[Any]:
    during = view.programme.during
    if during is None:
        return [html.P(blocks.NO_DURING[0], className="lead", id="delivery-claim")]
    total = delivery_total(view.scope, Filters(view.programme.code, during.period))
    part = total.delivered_share
    delivered = (
        "No tracker data and no plan are loaded, so what was delivered is not known,"
        if part is None and not total.patrol_minutes
        else f"GPS verifies {formats.number(total.patrol_minutes)} patrol-minutes; no plan is loaded to hold them against"
        if part is None
        else f"GPS verifies {formats.percent(part)} of the planned minutes"
    )
    said = f"{delivered} in {formats.period(during.period)}."
    if total.compliance is not None:
        said += f" {formats.percent(total.compliance)} of visits were at or over the planned dose."
    warnings = [states.warning(text) for text in supply_warnings(view.scope, view.programme.code)]
    return [html.P(said, className="lead", id="delivery-claim"), *warnings]


PAGE = ReviewPage(
    slug="delivery",
    path="/evaluation/delivery-and-data-quality",
    name="Delivery and data quality",
    question="Was the service delivered, and can the records be compared?",
    section="",
    lead=_lead,
    blocks=blocks.ALL,
)

dash.register_page(__name__, **review_page(PAGE))

"""Design and claim: what was compared with what, what was planned, and which words that allows."""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from analysis.evaluation.section import Section
from components import states
from components.view import View
from data_access.evaluation.summary import evaluation_summary
from pages.evaluation import _design_blocks as blocks
from pages.evaluation._page import ReviewPage, review_page


def _lead(view: View, _section: Section) -> list[Any]:
    found = evaluation_summary(view.scope, view.programme.code)
    body: list[Any] = [html.P(found.claim.sentence, className="lead", id="design-claim")]
    return [*body, states.warning(found.overlap.sentence())] if found.overlap else body


PAGE = ReviewPage(
    slug="design",
    path="/evaluation/design-and-claim",
    name="Design and claim",
    question="What was compared with what, and what may be said?",
    section="",
    lead=_lead,
    blocks=blocks.ALL,
)

dash.register_page(__name__, **review_page(PAGE))

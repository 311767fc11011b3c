"""Cost-effectiveness: what was spent for each crime fewer, and how sure is that?"""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from analysis.evaluation.section import Section
from components import states
from components.view import View
from pages.evaluation import _economics_blocks as blocks
from pages.evaluation._page import Choice, ReviewPage, review_page

SPENDERS = [("", "every provider"), ("partner", "partners only")]


def _lead(view: View, section: Section) -> list[Any]:
    said = [html.P(str(section.facts["claim"]), className="lead", id="cost-effectiveness-claim")]
    return [*said, *([states.warning(section.facts["overlap"])] if section.facts.get("overlap") else [])]


PAGE = ReviewPage(
    slug="cost-effectiveness",
    path="/evaluation/cost-effectiveness",
    name="Cost-effectiveness",
    question="What was spent for each crime fewer, and how sure is that?",
    section=blocks.NAME,
    lead=_lead,
    blocks=blocks.BLOCKS,
    choices=(Choice("spend", "Spend counted", lambda view: SPENDERS),),
)

dash.register_page(__name__, **review_page(PAGE))

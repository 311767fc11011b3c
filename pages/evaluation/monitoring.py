"""Monitoring: is it changing as we look, and how often would such looks cry wolf?"""

from __future__ import annotations

import dash

from analysis.evaluation.monitoring.look import CONTROLS
from components.view import View
from pages.evaluation import _monitoring_blocks as blocks
from pages.evaluation._page import Choice, ReviewPage, planned_section, review_page


def _charts(view: View) -> list[tuple[str, str]]:
    icons = planned_section(view, blocks.NAME).tables["icons"]
    if icons.empty:
        return [("", "All hot spots")]
    rows = list(zip(icons["chart"], icons["name"], strict=True))
    return [("", rows[0][1]), *rows[1:]]


def _controls(view: View) -> list[tuple[str, str]]:
    used = planned_section(view, blocks.NAME).facts["control"]
    return [("", CONTROLS[used]), *((key, words) for key, words in CONTROLS.items() if key != used)]


TARGETS = [("", "no target"), *((n, f"{n}% below the mean of the baseline") for n in ("10", "20", "30"))]

PAGE = ReviewPage(
    slug="monitoring",
    path="/evaluation/monitoring",
    name="Monitoring",
    question="Is it changing as we look, and how often would such looks cry wolf?",
    section=blocks.NAME,
    lead=lambda view, section: str(section.facts["claim"]),
    blocks=blocks.BLOCKS,
    choices=(
        Choice("chart", "Series drawn month by month", _charts),
        Choice("control", "Control of the running comparison", _controls),
        Choice("target", "Target for the icons", lambda view: TARGETS),
    ),
)

dash.register_page(__name__, **review_page(PAGE))

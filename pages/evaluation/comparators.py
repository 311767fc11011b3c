"""Comparators: did recorded crime change more than in comparable places?"""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from analysis.evaluation.comparators import claim
from analysis.evaluation.comparators.panel import BASELINE_MONTHS
from analysis.evaluation.section import Section
from components.view import View
from pages.evaluation._comparators_blocks import BLOCKS, NAME
from pages.evaluation._page import Choice, ReviewPage, planned_section, review_page

SHORT = (
    "The baseline holds {held} months; {wanted} are registered. With so few, how far places drift apart is known from "
    "very little, so read the interval as too narrow rather than too wide."
)


def _lead(view: View, section: Section) -> list[Any]:
    said = [html.P(claim.comparators_claim(section).sentence, className="lead", id="comparators-claim")]
    crimes = claim.crimes_words(section)
    said += [html.P(crimes, id="comparators-crimes-claim")] if crimes else []
    held = section.facts.get("months_before", BASELINE_MONTHS)
    if held < BASELINE_MONTHS:
        said.append(html.P(SHORT.format(held=held, wanted=BASELINE_MONTHS), id="comparators-short-baseline"))
    return said


def _names(view: View) -> list[tuple[str, str]]:
    """Places of the registered analysis, also those that it could not use (a reader sees why)."""
    section = planned_section(view, NAME)
    places, left_out = section.tables.get("places"), section.tables.get("left_out")
    names = set() if places is None else set(places.loc[~places["treated"].astype(bool), "place"])
    names |= set() if left_out is None or left_out.empty else set(left_out["place"])
    return [(name, name) for name in sorted(names)]


PAGE = ReviewPage(
    slug="comparators", path="/evaluation/comparators", name="Comparators",
    question="Did crime change more than in comparable places?", section=NAME, lead=_lead, blocks=BLOCKS,
    choices=(
        Choice(
            "baseline", "Months of baseline",
            lambda view: [("", "24 months"), ("12", "12 months"), ("36", "36 months")],
        ),
        Choice("comparators", "Comparison places", _names, many=True, hint="None ticked: all of them, as registered."),
    ),
)  # fmt: skip
dash.register_page(__name__, **review_page(PAGE))

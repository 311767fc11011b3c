"""Before and after: what was recorded, and how much of it could be ordinary change."""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from analysis.evaluation.before_after import claim
from analysis.evaluation.section import Section
from components.view import View
from pages.evaluation._before_after_blocks import BLOCKS, NAME
from pages.evaluation._page import ReviewPage, review_page, section_of


def _lead(view: View, section: Section) -> list[Any]:
    said = [html.P(claim.claim(section).sentence, className="lead", id="before-after-claim")]
    return [*said, html.Ul([html.Li(text) for text in claim.notes(section)])]


def _harm(view: View) -> list[Any]:
    said = section_of(view, "harm").facts.get("claim", "")
    sentence = str(getattr(said, "sentence", said))
    link = html.A("Harm", href=f"/evaluation/harm?programme={view.programme.code}")
    return [html.H2("Number of crimes and harm per crime"), html.P([sentence, " See ", link, "."])]


PAGE = ReviewPage(
    slug="before-after", path="/evaluation/before-and-after", name="Before and after",
    question="Did recorded crime change in the hot spots?", section=NAME, lead=_lead, blocks=BLOCKS, tail=_harm,
)  # fmt: skip
dash.register_page(__name__, **review_page(PAGE))

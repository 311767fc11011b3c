"""Robustness: does the answer depend on how it was worked out?"""

from __future__ import annotations

import dash

from pages.evaluation import _robustness_blocks as blocks
from pages.evaluation._page import ReviewPage, review_page

PAGE = ReviewPage(
    slug="robustness",
    path="/evaluation/robustness",
    name="Robustness",
    question="Does the answer depend on how it was worked out?",
    section=blocks.NAME,
    lead=lambda view, section: str(section.facts["claim"]),
    blocks=blocks.BLOCKS,
)

dash.register_page(__name__, **review_page(PAGE))

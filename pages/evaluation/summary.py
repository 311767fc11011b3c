"""Evaluation: how sure can we be? The claim its design can carry first, then what it rests on."""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from access.requires import requires
from access.viewer import current_scope
from components import states
from components.block import Block
from components.view import View
from data_access.evaluation.summary import EvaluationSummary
from domain.roles import Permission
from domain.scope import OutOfScope
from pages._frame import DataPage, content, make_view, no_access
from pages.evaluation import _summary_blocks as blocks
from pages.evaluation._page import sub_navigation

QUESTION = "How sure can we be?"


def _refused(view: View) -> dict[str, tuple[Block, str]]:
    """Blocks that have nothing to draw, each with the reason, so that it says why in its place."""
    found = blocks.summary(view)
    parts = (
        (blocks.BEFORE_AFTER, found.before_after),
        (blocks.HARM, found.harm),
        (blocks.PATROL_DAYS, found.patrol_days.record),
        (blocks.PLACES, found.comparators),
    )
    return {block.id: (block, part.reason) for block, part in parts if hasattr(part, "reason")}


def _lead(view: View) -> list[Any]:
    found = blocks.summary(view)
    body: list[Any] = [html.P(found.claim.sentence, className="lead", id="evaluation-claim")]
    if found.overlap:
        body.append(states.warning(found.overlap.sentence()))
    said = (
        ("comparators", found.comparators_claim), ("patrol", found.patrol_claim), ("harm", found.harm_claim),
        ("displacement", found.displacement_claim),
    )  # fmt: skip
    body += [html.P(claim.sentence, id=f"evaluation-{name}-claim") for name, claim in said if claim]
    return [*body, _error_rates(found)]


def _error_rates(found: EvaluationSummary) -> html.Div:
    return states.inset(
        html.P(
            "Before and during have no control area, so a fall everywhere, or a return to normal after the bad year for "
            "which these places were chosen, would look the same. How often each method signals when nothing happened is "
            "listed under Methods and definitions."
        ),
        html.P(html.A("Methods and definitions", href=f"/methods?programme={found.programme_code}")),
    )


def _reasons(view: View) -> list[Any]:
    return [
        html.Section(
            [html.H2(block.title), html.P(reason, className="reading")], className="block", id=f"{block.id}-none"
        )
        for block, reason in _refused(view).values()
    ]


ALL = (blocks.FOREST, blocks.BEFORE_AFTER, blocks.HARM, blocks.PATROL_DAYS, blocks.PLACES, blocks.CHECKS)


def _page(view: View) -> DataPage:
    refused = _refused(view)
    shown = [block for block in ALL if block.id not in refused]
    return DataPage(
        slug="evaluation", path="/evaluation", name="Evaluation", question=QUESTION,
        permission=Permission.VIEW_EVALUATION, blocks=shown, lead=_lead, tail=_reasons,
    )  # fmt: skip


@requires(Permission.VIEW_EVALUATION)
def layout(**query: Any) -> html.Div:
    """No filter bar: the windows are fixed in the programme's settings, so nobody can shop for a better one."""
    asked = {"programme": str(query["programme"])} if query.get("programme") else {}
    try:
        view = make_view(current_scope(), asked)
    except OutOfScope as reason:
        return no_access(str(reason))
    inspects = view.may(Permission.INSPECT_EVALUATION)
    return html.Div(
        [
            *([sub_navigation("/evaluation", view)] if inspects else []),
            html.H1(QUESTION),
            html.P(f"{blocks.covers(view)}.", className="caption", id="evaluation-covers"),
            html.P(f"Data as at: {view.data_as_at()}.", className="as-at"),
            html.Div(content(_page(view), view), id="evaluation-content"),
        ],
        className="page",
    )


dash.register_page(__name__, path="/evaluation", name="Evaluation", title="Evaluation", layout=layout)

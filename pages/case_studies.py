"""Case studies: who was helped? Approved and anonymised only; those who release also see what waits for them."""

from __future__ import annotations

from typing import Any

import dash
from dash import ALL, Input, Output, State, ctx, dcc, html

from access.requires import requires
from access.viewer import current_programme, current_scope
from components import states
from components.shell import no_access
from data_access import case_studies, programmes
from domain import formats
from domain.roles import Permission
from domain.scope import OutOfScope

QUESTION = "Who was helped?"


def _card(study: Any) -> html.Article:
    return html.Article(
        [
            html.H2(study.title),
            html.P(study.theme, className="caption"),
            html.H3("Situation"),
            html.P(study.situation),
            html.H3("What was done"),
            html.P(study.action),
            html.H3("What followed"),
            html.P(study.outcome),
        ],
        className="card",
    )


def _waiting(study: Any) -> html.Div:
    done = formats.joined([str(a["who"]) for a in study.approvals]) or "nobody yet"
    return html.Div(
        [
            _card(study),
            html.P(
                f"Written by {study.author}. Approved so far by: {done}. Two people who are not the author must approve the same text."
            ),
            # Binding: what will happen is spelled out, and a second, deliberate step is needed.
            html.Details(
                [
                    html.Summary("Approve this text for release"),
                    html.P(
                        "Your approval is bound to this exact text and recorded with your name. The second approval releases it to everyone who may see this programme."
                    ),
                    html.Button(
                        "Confirm my approval",
                        id={"type": "case-approve", "reference": study.reference, "sha256": study.text_sha256},
                        className="button",
                        n_clicks=0,
                    ),
                ]
            ),
        ],
        className="inset",
    )


def _body(programme: str) -> list[Any]:
    scope = current_scope()
    found = programmes.get_programme(scope, programme)
    studies = case_studies.approved(scope, programme)
    may_release = scope.may(Permission.RELEASE_CASE_STUDIES)
    waiting = case_studies.pending(scope, programme) if may_release else []
    if not studies and may_release and not waiting:
        return [html.P("No case study has been released for this programme, and none is waiting for release.")]
    parts: list[Any] = []
    if studies:
        cards = html.Div([_card(s) for s in studies], className="cards")
        parts += [html.P(_note(found.demonstration), className="caption"), cards]
    else:
        what_next = "Case studies appear here after two approvers have released them."
        parts.append(states.empty("No case study has been released.", what_next))
    if may_release:
        rows = [_waiting(s) for s in waiting] or [html.P("No case study is waiting for release.")]
        parts.append(html.Section([html.H2("Waiting for release"), *rows], className="block"))
    return parts


def _note(demonstration: bool) -> str:
    note = (
        "Invented for the demonstration."
        if demonstration
        else "Each was checked for details that could identify someone, and released by two people who did not write it."
    )
    return f"{note} A case study shows what help looked like; it is not evidence of an effect on crime."


@requires(Permission.VIEW_CASE_STUDIES)
def layout(**query: Any) -> html.Div:
    try:
        code = current_programme({k: str(v) for k, v in query.items() if v is not None})
        return html.Div(
            [
                html.H1(QUESTION),
                dcc.Store(id="case-where", data=code),
                html.Div(id="case-said", role="status"),
                html.Div(_body(code), id="case-body"),
            ],
            className="page",
        )
    except OutOfScope as reason:
        return no_access(str(reason))


@dash.callback(
    Output("case-body", "children"),
    Output("case-said", "children"),
    Input({"type": "case-approve", "reference": ALL, "sha256": ALL}, "n_clicks"),
    State("case-where", "data"),
    prevent_initial_call=True,
)
@requires(Permission.RELEASE_CASE_STUDIES)
def approve(clicks: list[int], programme: str) -> tuple[Any, Any]:
    """One approval; the second by another person releases the text."""
    if not any(clicks) or not isinstance(ctx.triggered_id, dict):
        return dash.no_update, dash.no_update
    scope = current_scope()
    try:
        chosen = ctx.triggered_id
        said = case_studies.approve_as(scope, programme, str(chosen["reference"]), sha256=str(chosen["sha256"]))
    except (OutOfScope, case_studies.ApprovalRefused) as reason:
        return dash.no_update, states.inset(html.P(str(reason)))
    return _body(programme), states.inset(html.P(said))


dash.register_page(__name__, path="/case-studies", name="Case studies", title="Case studies", layout=layout)

"""Documents: which of them this reader may have, and for which quarters, months and years there are data."""

from __future__ import annotations

from typing import Any

import dash
from dash import html
from flask import Flask

from access.requires import requires
from access.viewer import current_programme, current_scope
from components import states
from components.shell import no_access
from data_access import programmes
from domain import formats
from domain.scope import OutOfScope, Scope
from jobs.document_kinds import DOCUMENT
from pages._job_button import job_button
from reports.documents import routes
from reports.documents.model import Choice, ChoiceKind, Document
from reports.documents.registry import BASE_PERMISSION, documents_for

QUESTION = "Which document do you need?"
FIRST_SHOWN = 4  # the newest; the others are folded away
ACCESSIBLE = (
    "Each is a PDF made from the data as they are now, when you ask for it. Tagged for screen readers (PDF/UA-1) and fit for "
    "archiving (PDF/A-3a). What your role may not see is suppressed in it, as on the pages."
)


def register(server: Flask) -> None:
    routes.register(server)


def _link(document: Document, code: str, choice: Choice) -> html.Li:
    """The whole name in the link: read alone, “Jan 2024” would not say which document."""
    name = f"{document.title}, {choice.label}"
    return html.Li(html.A(name, href=routes.address(code, document.key, choice.key), download=""))


def _as_jobs(scope: Scope, document: Document, code: str, choices: tuple[Choice, ...]) -> list[Any]:
    """It runs every analysis, which is more than a page should wait for."""
    return [
        job_button(
            scope, DOCUMENT, code, f"Make the {document.title.lower()}, {c.label}", document=document.key, choice=c.key
        )
        for c in choices
    ]


def _links(_scope: Scope, document: Document, code: str, choices: tuple[Choice, ...]) -> list[Any]:
    first, rest = choices[:FIRST_SHOWN], choices[FIRST_SHOWN:]
    shown: list[Any] = [html.Ul([_link(document, code, c) for c in first], className="document-list")]
    if rest:
        more = f"{formats.counted(len(rest), f'earlier {document.choice}')} of the {document.title.lower()}"
        shown.append(
            html.Details(
                [html.Summary(more), html.Ul([_link(document, code, c) for c in rest], className="document-list")]
            )
        )
    return shown


def _section(scope: Scope, code: str, document: Document) -> html.Section:
    choices = document.choices(scope, code)
    offered = _as_jobs if document.choice is ChoiceKind.DATA else _links
    body = (
        offered(scope, document, code, choices)
        if choices
        else [states.inset(html.P([html.Strong("None yet. "), document.why_none]))]
    )
    heading = html.H2(document.title)
    return html.Section([heading, html.P(document.about), *body], className="block", id=f"documents-{document.key}")


def _body(scope: Scope, code: str) -> list[Any]:
    offered = documents_for(scope)
    if not offered:
        why = "None of these documents is for your role: they hold patrol, cost or evaluation figures that it does not see."
        return [
            states.inset(
                html.P(why, id="documents-none"), html.P("If you need one for your work, ask an administrator.")
            )
        ]
    name = programmes.get_programme(scope, code).name
    lead = f"{name}: {formats.counted(len(offered), 'kind')} of document for your role. {ACCESSIBLE}"
    return [html.P(lead, id="documents-lead"), *(_section(scope, code, d) for d in offered)]


@requires(BASE_PERMISSION)
def layout(**query: Any) -> html.Div:
    asked = {k: str(v) for k, v in query.items() if v is not None}
    try:
        code, scope = current_programme(asked), current_scope()
        return html.Div([html.H1(QUESTION), *_body(scope, code)], className="page")
    except OutOfScope as reason:
        return no_access(str(reason))


dash.register_page(__name__, path="/documents", name="Documents", title="Documents", layout=layout)

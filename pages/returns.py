"""Returns: what is due, and is it right? Months and their state; one month's checks, narrative, preview and PDF."""

from __future__ import annotations

from datetime import date
from typing import Any

import dash
import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html
from flask import Flask

from access.requires import requires
from access.viewer import current_programme, current_scope
from components import states
from components.shell import no_access
from data_access import programmes, returns
from data_access.engine import utc_now
from domain import formats
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import OutOfScope, Scope
from reports import routes
from reports.contents import MonthNotHeld, build_contents, returnable_months, why_no_returns
from reports.model import ReturnContents
from reports.preview import gaps, preview
from reports.sections.words import NARRATIVE
from reports.source import due_date

QUESTION = "What is due, and is it right?"
FIELD_IDS = {key: f"returns-text-{key.replace(' ', '-')}" for key in NARRATIVE}


def register(server: Flask) -> None:
    routes.register(server)


# --- the list of months -----------------------------------------------------------------------------------------


def _state(draft: returns.Draft) -> str:
    if draft.revision == 0 or not draft.updated_at:
        return "Not started: no narrative saved"
    return f"Draft, revision {draft.revision}, saved by {draft.updated_by} on {formats.day(draft.updated_at)}"


def _due(programme: Programme, month: str, today: date) -> str:
    due = due_date(programme, month)
    if due is None:
        return f"{formats.UNAVAILABLE} no due day is set"
    return formats.day(due) + (" (past)" if due < today else "")


def _months_table(scope: Scope, programme: Programme, months: list[str], chosen: str) -> html.Div:
    today = utc_now().date()
    rows = []
    for month in reversed(months):
        draft = returns.get(scope, programme.code, month)
        name = formats.month(month)
        link = html.A(
            name,
            href=f"/returns?programme={programme.code}&month={month}",
            **{"aria-current": "true"} if month == chosen else {},
        )
        pdf = html.A(
            ["PDF", html.Span(f" of {name}", className="visually-hidden")],
            href=routes.address(programme.code, month),
            download="",
        )
        rows.append(html.Tr(
            [html.Th(link, scope="row"), html.Td(_state(draft)), html.Td(_due(programme, month, today)), html.Td(pdf)],
            className="chosen" if month == chosen else None,
        ))  # fmt: skip
    head = html.Tr([html.Th(h, scope="col") for h in ("Month", "State", "Due", "Download")])
    table = html.Table(
        [html.Caption("Months a return can be built for, newest first"), html.Thead(head), html.Tbody(rows)],
        className="data-table", id="returns-months",
    )  # fmt: skip
    return html.Div(
        table,
        className="table-scroll",
        tabIndex="0",
        role="region",
        **{"aria-label": "Table: months and their returns"},
    )


def _answer(scope: Scope, programme: Programme, months: list[str]) -> str:
    started = [m for m in months if returns.get(scope, programme.code, m).revision]
    left = len(months) - len(started)
    newest = months[-1]
    due = due_date(programme, newest)
    when = (
        f" was due on {formats.day(due)}"
        if due and due < utc_now().date()
        else f" is due on {formats.day(due)}"
        if due
        else " has no due date set"
    )
    return (
        f"Returns can be built for {len(months)} months; {left} have no narrative yet. "
        f"The newest month, {formats.month(newest)},{when}. No return is signed in this version: each is a draft."
    )


# --- one month ----------------------------------------------------------------------------------------------------


def _checks(contents: ReturnContents) -> list[Any]:
    missing = gaps(contents)
    rows = [html.Tr([html.Th(label, scope="row"), html.Td(letter), html.Td(why)]) for letter, label, why in missing]
    head = html.Tr([html.Th(h, scope="col") for h in ("Field", "Section", "Why there is no value")])
    table = html.Table(
        [html.Caption("Fields without a value"), html.Thead(head), html.Tbody(rows)], className="data-table"
    )
    scroll = html.Div(
        table, className="table-scroll", tabIndex="0", role="region", **{"aria-label": "Table: fields without a value"}
    )
    sentence = (
        f"{len(missing)} fields have no value; each says why in the return, marked {formats.UNAVAILABLE}."
        if missing
        else "Every field has a value."
    )
    return [html.H2("Checks"), html.P(sentence, className="reading"), *([scroll] if missing else [])]


def _narrative(scope: Scope, draft: returns.Draft) -> html.Section:
    heading = html.H2("Narrative")
    if not scope.may(Permission.BUILD_RETURNS):
        return html.Section(
            [heading, html.P("Your role reads the narrative in the preview below; managers write it.")],
            className="block",
        )
    fields = [
        html.Div(
            [
                html.Label(label, htmlFor=FIELD_IDS[key]),
                dbc.Textarea(id=FIELD_IDS[key], value=draft.narrative.get(key, ""), rows=4),
            ],
            className="form-field",
        )
        for key, label in NARRATIVE.items()
    ]
    hint = f"Plain text, at most {returns.WORD_LIMIT} words in each field. Do not name or describe anyone who could be recognised."
    save = html.Button("Save narrative", id="returns-save", className="button", n_clicks=0)
    said = html.Div(id="returns-said", role="status")
    return html.Section([heading, html.P(hint, className="caption"), *fields, save, said], className="block")


def _document(contents: ReturnContents) -> list[Any]:
    link = html.A(
        f"Download the PDF of {contents.period}", href=routes.address(contents.programme_code, contents.month),
        className="button", download="", id="returns-pdf",
    )  # fmt: skip
    accessible = "Tagged for screen readers (PDF/UA-1) and fit for archiving (PDF/A-3a). It is built when you ask, which takes some seconds."
    return [
        html.P(link), html.P(accessible, className="caption"),
        html.P(f"Data {contents.data_hash_short}, {contents.narrative}; {contents.data_as_at}.", className="caption"),
        *preview(contents),
    ]  # fmt: skip


def _month(scope: Scope, code: str, month: str) -> list[Any]:
    contents, draft = build_contents(scope, code, month), returns.get(scope, code, month)
    return [
        html.H2(contents.title, id="returns-month"),
        html.P(_state(draft) + ".", className="reading", id="returns-state"),
        dcc.Store(id="returns-where", data={"programme": code, "month": month}),
        dcc.Store(id="returns-revision", data=draft.revision),
        html.Section(_checks(contents), className="block", id="returns-checks"),
        _narrative(scope, draft),
        html.Section(
            [html.H2("Preview"), states.loading(html.Div(_document(contents), id="returns-preview"), "returns-preview")],
            className="block",
        ),
    ]  # fmt: skip


def _chosen(scope: Scope, code: str, month: str) -> list[Any]:
    try:
        return _month(scope, code, month)
    except (MonthNotHeld, ValueError) as reason:
        return [states.inset(html.P(str(reason)))]


def _nothing(why: str) -> Any:
    if why:
        return states.inset(html.P(why, id="returns-none"))
    return states.empty(
        "No data are loaded since this programme's service went live.", "Load crimes and tracker files, then come back."
    )


@requires(Permission.VIEW_RETURNS)
def layout(**query: Any) -> html.Div:
    asked = {k: str(v) for k, v in query.items() if v is not None}
    try:
        code = current_programme(asked)
        scope = current_scope()
        programme = programmes.get_programme(scope, code)
        months = returnable_months(scope, code)
        if not months:
            return html.Div([html.H1(QUESTION), _nothing(why_no_returns(scope, code))], className="page")
        month = asked.get("month", "")
        lead = html.P(_answer(scope, programme, months), className="lead", id="returns-lead")
        parts: list[Any] = [html.H1(QUESTION), lead]
        table = html.Div(_months_table(scope, programme, months, month), id="returns-list")
        if month:
            # The month is what this visit is about; the others step back.
            parts += [html.Details([html.Summary("All months"), table]), *_chosen(scope, code, month)]
        else:
            parts += [table, html.P("Choose a month to check it, write its narrative and preview it.")]
        return html.Div(parts, className="page")
    except OutOfScope as reason:
        return no_access(str(reason))


@dash.callback(
    Output("returns-said", "children"),
    Output("returns-revision", "data"),
    Output("returns-state", "children"),
    Output("returns-preview", "children"),
    Output("returns-checks", "children"),
    Output("returns-lead", "children"),
    Output("returns-list", "children"),
    Input("returns-save", "n_clicks"),
    State("returns-where", "data"),
    State("returns-revision", "data"),
    *(State(element, "value") for element in FIELD_IDS.values()),
    prevent_initial_call=True,
)
@requires(Permission.BUILD_RETURNS)
def save(clicks: int, where: dict[str, str], revision: int, *texts: str | None) -> tuple[Any, ...]:
    """Save what was edited from ``revision``; a newer one by someone else is told, never overwritten.

    Everything on the page that speaks of the narrative is written anew, so that no part contradicts another.
    """
    if not clicks:
        return (dash.no_update,) * 7
    scope, code, month = current_scope(), str(where["programme"]), str(where["month"])
    narrative = {key: text or "" for key, text in zip(FIELD_IDS, texts, strict=True)}
    try:
        draft = returns.save(scope, code, month, narrative, int(revision or 0))
        contents = build_contents(scope, code, month)
    except (returns.StaleDraft, returns.NarrativeTooLong, OutOfScope, MonthNotHeld, ValueError) as reason:
        return states.warning(f"Nothing was saved. {reason}"), *(dash.no_update,) * 6
    said = states.inset(html.P(f"Saved as revision {draft.revision}. The preview and the PDF now hold it."))
    programme, months = programmes.get_programme(scope, code), returnable_months(scope, code)
    return (
        said,
        draft.revision,
        _state(draft) + ".",
        _document(contents),
        _checks(contents),
        _answer(scope, programme, months),
        _months_table(scope, programme, months, month),
    )


dash.register_page(__name__, path="/returns", name="Returns", title="Returns", layout=layout)

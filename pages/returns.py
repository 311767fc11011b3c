"""Returns: what is due, and is it right? Months and their state; one month's checks, narrative, signatures and files."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import dash
import dash_bootstrap_components as dbc
from dash import ALL, Input, Output, State, ctx, dcc, html
from flask import Flask
from werkzeug.exceptions import HTTPException

from access.forms import last_messages
from access.requires import log_problem, requires
from access.viewer import current_programme, current_scope, viewer_mark
from components import states
from components.forms import messages
from components.shell import no_access
from data_access import programmes
from data_access.engine import utc_now
from data_access.returns import narrative, versions
from data_access.returns.changing import StaleVersion
from data_access.returns.narrative import TextRefused
from data_access.returns.versions import NoSuchVersion
from domain import formats
from domain.return_states import NotNow
from domain.roles import Permission
from domain.scope import OutOfScope, Scope
from jobs.return_kinds import PDF
from pages import _returns_checks, _returns_work
from pages._job_button import job_button
from pages._returns_list import lead, months_table, state_words
from pages._returns_shown import Shown, look
from pages._returns_worker import built_by_worker
from reports import routes
from reports.checks.answers import unanswered
from reports.contents import MonthNotHeld, returnable_months, why_no_returns
from reports.data_files.formats import FORMATS
from reports.data_files.schema import SCHEMA_NAME
from reports.lateness import words_today
from reports.preview import preview
from reports.sections.words import NARRATIVE

QUESTION = "What is due, and is it right?"
FIELD_IDS = {key: f"returns-text-{key.replace(' ', '-')}" for key in NARRATIVE}


def register(server: Flask) -> None:
    routes.register(server)


# --- the parts of one month -----------------------------------------------------------------------------------------


def _standing(s: Shown) -> list[Any]:
    left = unanswered(s.results, s.version.reasons)
    return [
        html.P(_where_it_stands(s), className="reading", id="returns-state"),
        None if s.is_dropped else _returns_work.standing(s.version, s.programme),
        html.Div(
            _returns_work.actions(s.scope, s.programme, s.version, s.seen, left) if s.is_newest else [],
            id="returns-actions",
        ),
        *_returns_work.versions_list(s.held, s.programme.code, s.version),
        _returns_work.history(s.held),
    ]


def _where_it_stands(s: Shown) -> str:
    late = words_today(s.contents.due, s.version, formats.local_date(utc_now()))
    return f"{state_words(s.version)}. {late}".strip()


def _checks(s: Shown) -> list[Any]:
    if s.is_draft:
        return _returns_checks.section(s.results, s.version.reasons, s.earlier, writes=s.may_write)
    if s.is_dropped:
        return [html.H2("Checks"), html.P("It was dropped before an analyst signed, so no answer of a check was kept.")]
    return _returns_checks.from_register(versions.checks_of(s.scope, s.programme.code, s.version))


def _narrative(s: Shown) -> list[Any]:
    heading = html.H2("Narrative")
    if not s.may_write:
        why = (
            "Managers write it while the return is a draft."
            if s.is_draft
            else "It is kept as it was last saved."
            if s.is_dropped
            else "It was frozen with the figures."
        )
        return [heading, html.P(f"It is part of the preview below. {why}")]
    fields = [
        html.Div(
            [
                html.Label(label, htmlFor=FIELD_IDS[key]),
                dbc.Textarea(id=FIELD_IDS[key], value=s.version.narrative.get(key, ""), rows=4),
            ],
            className="form-field",
        )
        for key, label in NARRATIVE.items()
    ]
    mine = (
        ""
        if s.scope.actor in s.version.authors
        else " Whoever saves is an author of this version and signs no judgement on it."
    )
    hint = f"Plain text, at most {narrative.WORD_LIMIT} words in each field. Do not name or describe anyone who could be recognised.{mine}"
    kept = "What you type and have not saved is kept in this browser tab alone, until you save it, sign out or close the tab."
    form = [html.P(hint, className="caption"), html.P(kept, className="caption"), *fields]
    if s.is_draft:
        return [heading, html.Div(id="returns-falls"), *form]
    falls = html.Div(_falls(s), id="returns-falls")
    return [heading, html.Details([html.Summary("Change the narrative"), falls, *form, _save()])]


def _save() -> html.Div:
    """In sight wherever on the page somebody writes: the reasons stand far below the narrative."""
    button = html.Button("Save narrative and reasons", id="returns-save", className="button", n_clicks=0)
    said = [html.Div(id=element, role="status") for element in ("returns-said", "returns-kept")]
    return html.Div([button, *said], className="save-bar")


def _falls(s: Shown) -> Any:
    """What saving costs, while there are signatures to lose."""
    if s.is_draft:
        return None
    return states.warning(
        f"Saving takes the return back to draft: what was signed ({s.version.state.value}) falls away."
    )


def _document(s: Shown) -> list[Any]:
    c, number = s.contents, s.version.number
    code, month = c.programme_code, c.month
    number_asked = number if s.version.id else None
    data = [
        html.Li(html.A(f.name, href=routes.address(code, month, key, number_asked), download=""))
        for key, f in FORMATS.items()
    ]
    accessible = "Tagged for screen readers (PDF/UA-1), fit for archiving (PDF/A-3a), with the same data inside as JSON, CSV and ODS."
    schema = html.P(html.A("Schema of the JSON", href=f"/returns/{SCHEMA_NAME}"))
    files = [
        *_pdf(s, routes.address(code, month, version=number_asked)), html.P(accessible, className="caption"),
        html.Details([html.Summary("The same return as data"), html.Ul(data), schema]),
    ]  # fmt: skip
    return [
        html.Div(files, className="return-files"),
        html.P(f"Data {c.data_hash_short}, {c.narrative}; {c.data_as_at}.", className="caption"),
        *preview(c),
    ]  # fmt: skip


def _pdf(s: Shown, address: str) -> list[Any]:
    """The sealed file is there already; a draft's is made as a job, which may be left and come back to."""
    if s.is_draft and s.is_newest:
        return [
            html.Div(
                job_button(s.scope, PDF, s.programme.code, "Make the PDF of this draft", month=s.version.month),
                id="returns-job",
            ),
            *built_by_worker(s),
        ]
    said = (
        "The sealed file, as it was signed." if s.version.pdf_sha256 else "Made when you ask, which takes some seconds."
    )
    link = html.A(
        f"Download the PDF of {s.contents.period}", href=address, className="button", download="", id="returns-pdf"
    )
    return [html.P(link), html.P(said, className="caption")]


def _month(s: Shown) -> list[Any]:
    """What was written stands beside what the checks say of it; the document follows."""
    writer = viewer_mark()
    where = {"programme": s.programme.code, "month": s.version.month, "writer": writer}
    # assets/returns.js keeps unsaved words by these, and offers them when the version they were for is closed as well.
    kept_by = {
        "data-writer": writer,
        "data-return": f"{s.programme.code}:{s.version.month}",
        "data-version": str(s.version.number),
        **({"data-revision": str(s.version.revision)} if s.may_write else {}),
    }
    return [
        html.H2(s.contents.title, id="returns-month"),
        dcc.Store(id="returns-where", data=where),
        dcc.Store(id="returns-revision", data=s.version.revision),
        html.Section(_standing(s), className="block", id="returns-standing"),
        html.Div(
            [
                html.Div(id="returns-offer", role="status"),
                html.Section(_narrative(s), className="block"),
                html.Section(_checks(s), className="block", id="returns-checks"),
                _save() if s.may_write and s.is_draft else None,
            ],
            className="return-work",
            **kept_by,
        ),
        html.Section(
            [html.H2("Preview"), states.loading(html.Div(_document(s), id="returns-preview"), "returns-preview")],
            className="block return-preview",
        ),
    ]  # fmt: skip


def _chosen(scope: Scope, code: str, month: str, asked: str) -> list[Any]:
    try:
        if asked and not (asked.isascii() and asked.isdecimal() and len(asked) <= 6):
            raise NoSuchVersion(f"“{asked[:20]}” is not a version; versions are numbered 1, 2, 3 and so on.")
        return _month(look(scope, code, month, int(asked) if asked else None))
    except (MonthNotHeld, NoSuchVersion, ValueError) as reason:
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
        table = html.Div(months_table(scope, programme, months, month), id="returns-list")
        parts: list[Any] = [html.H1(QUESTION), *messages(last_messages())]
        parts.append(html.P(lead(scope, programme, months), className="lead", id="returns-lead"))
        if month:
            # The month is what this visit is about; the others step back.
            parts += [
                html.Details([html.Summary("All months"), table], className="return-months"),
                *_chosen(scope, code, month, asked.get("version", "")),
            ]
        else:
            parts += [table, html.P("Choose a month to write its narrative, check it, sign it or see its files.")]
            parts.append(
                html.P(html.A("Due dates for your calendar (.ics)", href="/returns/calendar.ics", download=""))
            )
        return html.Div(parts, className="page of-one-month" if month else "page")
    except OutOfScope as reason:
        return no_access(str(reason))


def _with_labels(problem: str) -> str:
    """A refused text by the name that it has on the page."""
    for key, label in NARRATIVE.items():
        problem = problem.replace(f"“{key}”", f"“{label}”")
    return problem


def _told(clicks: int, said: Any, revision: int | None = None) -> html.Div:
    """An answer to a save, in a form that assets/returns.js can tell from the one before; ``revision``: what was saved."""
    saved = {} if revision is None else {"data-saved": str(revision)}
    return html.Div(said, **{"data-answer": str(clicks), **saved})


def _always_told(save: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    """A fault in a save is answered beside the button too: assets/returns.js holds the next one back until it has an answer."""

    @wraps(save)
    def told(clicks: int, *given: Any) -> tuple[Any, ...]:
        try:
            return save(clicks, *given)
        except (HTTPException, OutOfScope):
            raise
        except Exception:
            said = (
                "Something went wrong on the server, so this may not be saved. What you typed is still here: try again. "
                f"If it happens again, report the reference {log_problem('save of a return')}."
            )
            return _told(clicks, states.warning(said)), *(dash.no_update,) * 7

    return told


@dash.callback(
    Output("returns-said", "children"),
    Output("returns-revision", "data"),
    Output("returns-standing", "children"),
    Output("returns-preview", "children"),
    Output("returns-checks", "children"),
    Output("returns-lead", "children"),
    Output("returns-list", "children"),
    Output("returns-falls", "children"),
    Input("returns-save", "n_clicks"),
    State("returns-where", "data"),
    State("returns-revision", "data"),
    State({"type": _returns_checks.REASON, "key": ALL}, "value"),
    *(State(element, "value") for element in FIELD_IDS.values()),
    prevent_initial_call=True,
)
@requires(Permission.BUILD_RETURNS)
@_always_told
def save(
    clicks: int, where: dict[str, str], revision: int, reasons: list[str | None], *texts: str | None
) -> tuple[Any, ...]:
    """Save what was edited from ``revision``; a newer one by someone else is told, never overwritten.

    Everything on the page that speaks of the return is written anew, so that no part contradicts another.
    """
    if not clicks:
        return (dash.no_update,) * 8
    scope, code, month = current_scope(), str(where["programme"]), str(where["month"])
    if where.get("writer", viewer_mark()) != viewer_mark():
        refused = (
            "Nothing was saved: somebody else opened this page and was signed out. Reload it to write as yourself."
        )
        return _told(clicks, states.warning(refused)), *(dash.no_update,) * 7
    written = {key: text or "" for key, text in zip(FIELD_IDS, texts, strict=True)}
    keys, kept = [str(box["id"]["key"]) for box in ctx.states_list[2]], (dash.no_update,) * 7
    given = dict(zip(keys, (r or "" for r in reasons), strict=True))
    try:
        returns_of = returnable_months(scope, code)
        if month not in returns_of:
            raise MonthNotHeld(f"No return of {month} can be built; choose a month of the list.")
        gone = _returns_checks.without_place(scope, code, versions.latest(scope, code, month), written, given)
        taken = {**given, **dict.fromkeys(gone, "")}
        narrative.save(scope, code, month, written, int(revision or 0), taken)
        shown = look(scope, code, month)
    except StaleVersion as reason:
        again = "Reload the page: what you typed is offered to you there again."
        return _told(clicks, states.warning(f"Nothing was saved. {reason} {again}")), *kept
    except (TextRefused, NotNow, OutOfScope, MonthNotHeld, ValueError) as reason:
        return _told(clicks, states.warning(f"Nothing was saved. {_with_labels(str(reason))}")), *kept
    now = shown.version.revision
    done = (
        "Nothing has changed since the last save."
        if now == revision
        else f"Saved as revision {now}. The preview holds it; a PDF made before does not."
    )
    said = states.inset(html.P(done), *_returns_checks.not_kept(gone[key] for key in sorted(gone)))
    return (
        _told(clicks, said, now),
        shown.version.revision,
        _standing(shown),
        _document(shown),
        _checks(shown),
        lead(scope, shown.programme, returns_of),
        months_table(scope, shown.programme, returns_of, month),
        _falls(shown),
    )


dash.register_page(__name__, path="/returns", name="Returns", title="Returns", layout=layout)

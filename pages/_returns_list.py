"""Every month of returns: where it stands, who it waits for, when it is due."""

from __future__ import annotations

from datetime import date

from dash import html

from components.table import scrolling
from data_access.engine import utc_now
from data_access.returns import versions
from data_access.returns.versions import Version
from domain import formats
from domain.programme import Programme
from domain.return_states import STATE_WORDS, WAITS_FOR, Action, State
from domain.roles import Permission
from domain.scope import Scope
from reports import routes
from reports.contents import returnable_months
from reports.lateness import due_and_sent, first_of
from reports.source import due_date

HEADS = ("Month", "State", "Waits for", "Due", "Download")


def state_words(version: Version) -> str:
    """ "Draft, revision 2, saved by ann@example.org on 3 Feb 2024"."""
    if version.revision == 0 or not version.updated_at:
        return "Not started: no narrative saved"
    number = f"version {version.number}, " if version.number > 1 else ""
    last = version.steps[-1]
    on = f"{last.name or last.actor} on {formats.day(formats.local_date(last.at))}"
    if version.state is State.DRAFT:
        done = (
            "sent back" if last.action is Action.SEND_BACK else "opened" if last.action is Action.CORRECT else "saved"
        )
        return f"Draft, {number}revision {version.revision}, {done} by {on}"
    return f"{STATE_WORDS[version.state]}, {number}by {on}"


def waits_for(version: Version, programme: Programme) -> str:
    """Who takes the next step; "" once it is submitted."""
    if version.revision == 0:
        return "a manager, to write it"
    coming = version.coming(programme)
    return f"{WAITS_FOR[coming]}, to {coming.value} it" if coming else ""


def months_table(scope: Scope, programme: Programme, months: list[str], chosen: str) -> html.Div:
    held, today = versions.newest_by_month(scope, programme.code), formats.local_date(utc_now())
    rows = [_row(scope, programme, held.get(month) or Version(month), chosen, today) for month in reversed(months)]
    head = html.Tr([html.Th(h, scope="col") for h in HEADS])
    table = html.Table(
        [html.Caption("Months a return can be built for, newest first"), html.Thead(head), html.Tbody(rows)],
        className="data-table", id="returns-months",
    )  # fmt: skip
    return scrolling(table, "Table: months and their returns")


def _row(scope: Scope, programme: Programme, version: Version, chosen: str, today: date) -> html.Tr:
    month, name = version.month, formats.month(version.month)
    due = due_and_sent(due_date(programme, month), first_of(scope, programme.code, version), today)
    link = html.A(
        name,
        href=f"/returns?programme={programme.code}&month={month}",
        **{"aria-current": "true"} if month == chosen else {},
    )
    pdf = html.A(
        ["PDF", html.Span(f" of {name}", className="visually-hidden")],
        href=routes.address(programme.code, month), download="",
    )  # fmt: skip
    cells = [state_words(version), waits_for(version, programme), due, pdf]
    return html.Tr(
        [html.Th(link, scope="row"), *(html.Td(c) for c in cells)], className="chosen" if month == chosen else None
    )


def lead(scope: Scope, programme: Programme, months: list[str]) -> str:
    """How many months are sent, how many wait, and when the newest is due."""
    held = versions.newest_by_month(scope, programme.code)
    sent = [m for m in months if m in held and versions.is_sent(held[m])]
    past = [m for m in months if m not in sent and _is_past(programme, m)]
    newest = months[-1]
    said = f"{len(sent)} of {formats.counted(len(months), 'month')} since the service went live submitted"
    said += f"; {_late(past)}." if past else "."
    due = due_date(programme, newest)
    if newest in sent or due is None:
        return said
    tense = "was" if _is_past(programme, newest) else "is"
    return f"{said} The newest month, {formats.month(newest)}, {tense} due on {formats.day(due)}."


def _is_past(programme: Programme, month: str) -> bool:
    due = due_date(programme, month)
    return due is not None and due < formats.local_date(utc_now())


def _late(past: list[str]) -> str:
    return (
        "1 not submitted is past its due date"
        if len(past) == 1
        else f"{len(past)} not submitted are past their due dates"
    )


def for_you(scope: Scope, programme: Programme) -> html.Div | None:
    """Home's reminder: returns that wait for this very person, and those past their due date; None where there is neither."""
    if not scope.may(Permission.VIEW_RETURNS):
        return None
    months, held = returnable_months(scope, programme.code), versions.newest_by_month(scope, programme.code)
    waiting = [(v, c) for v in held.values() if (c := v.coming(programme)) and v.may(c, scope, programme)]
    past = [m for m in months if not (m in held and versions.is_sent(held[m])) and _is_past(programme, m)]
    if not (waiting or past):
        return None
    items = []
    for version, coming in waiting:
        link = html.A(
            f"{formats.month(version.month)}", href=f"/returns?programme={programme.code}&month={version.month}"
        )
        items.append(html.Li(["The return of ", link, f" waits for you to {coming.value} it."]))
    if past:
        link = html.A(formats.counted(len(past), "return"), href=f"/returns?programme={programme.code}")
        words = "is past its due date" if len(past) == 1 else "are past their due dates"
        items.append(html.Li([link, f" {words} and not submitted."]))
    return html.Div([html.H2("Returns"), html.Ul(items)], className="inset", id="overview-returns")

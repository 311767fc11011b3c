"""Confirming months on the Data page: a manager stands by the visits, and the raw positions then wait out their time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from flask import Flask, flash, redirect, request
from werkzeug.wrappers import Response

from access.forms import csrf_input
from access.requires import route_requires
from access.viewer import current_programme, current_scope
from components.forms import field
from components.table import scrolling
from data_access import patrol_months
from data_access.confirmed import ConfirmationRefused, confirm_month, withdraw_confirmation
from domain import formats
from domain.periods import month_period
from domain.roles import Permission
from domain.scope import Scope
from settings import load_settings


def register(server: Flask) -> None:
    @server.post("/data/confirm")
    @route_requires(Permission.LOAD_DATA)
    def confirm() -> Response:
        return _changed(lambda scope, code, month: confirm_month(scope, code, month), "is confirmed")

    @server.post("/data/withdraw-confirmation")
    @route_requires(Permission.LOAD_DATA)
    def withdraw() -> Response:
        reason = request.form.get("reason", "")[:300]
        return _changed(
            lambda scope, code, month: withdraw_confirmation(scope, code, month, reason), "is no longer confirmed"
        )


def _changed(change: Any, done: str) -> Response:
    scope, code = current_scope(), current_programme({"programme": request.form.get("programme", "")})
    month = request.form.get("month", "")
    try:
        change(scope, code, month)
    except ConfirmationRefused as problem:
        flash(str(problem), "problem")
    else:
        flash(f"{formats.month(month)} {done}.", "done")
    return redirect(f"/data?programme={code}&months=open#months")


def section(scope: Scope, code: str, *, shown: bool = False) -> list[Any]:
    """Every month of patrols with its state; the forms only for who may load data. ``shown``: after one was changed."""
    if not scope.may(Permission.SEE_DAYS):
        return []
    frame = patrol_months.patrol_months(scope, code)
    if frame.empty:
        return []
    days = load_settings().ping_retention_days
    waiting = int(frame["confirmed_at"].isna().sum())
    sentence = (
        f"{waiting} of {len(frame)} months of patrols are not confirmed yet. A confirmed month keeps its visits for good; "
        f"its raw positions, which are personal data, are due to be removed {days} days later."
    )
    heads = ["Month", "Positions held", "Visits", "Patrol-minutes", "State"]
    may = scope.may(Permission.LOAD_DATA)
    rows = [_row(record, code, days, may) for record in frame.to_dict("records")]
    table = html.Table(
        [
            html.Caption("Months of patrols, newest first"),
            html.Thead(html.Tr([html.Th(h, scope="col") for h in (*heads, *(["What you can do"] if may else []))])),
            html.Tbody(rows),
        ],
        className="data-table",
        id="data-months",
    )
    wrapped = scrolling(table, "Months of patrols")
    months = html.Details([html.Summary("Show the months"), wrapped], open=shown)
    return [
        html.Section(
            [html.H2("Confirmed months", id="months"), html.P(sentence, className="reading"), months], className="block"
        )
    ]


def _row(record: dict[str, Any], code: str, days: int, may: bool) -> html.Tr:
    confirmed = record["confirmed_at"]
    if confirmed is None:
        state = "not confirmed"
    else:
        state = f"confirmed by {record['confirmed_by']} on {formats.day(confirmed)}; "
        state += (
            "positions removed" if record["expired"] and not record["pings"]
            else f"positions due to go on {formats.day(confirmed + timedelta(days=days))}"
        )  # fmt: skip
    cells = [
        html.Th(formats.month(record["month"]), scope="row"),
        html.Td(formats.number(record["pings"]), className="numeric"),
        html.Td(formats.number(record["visits"]), className="numeric"),
        html.Td(formats.number(record["patrol_minutes"]), className="numeric"),
        html.Td(state),
    ]
    if may:
        cells.append(html.Td(_withdraw_form(record["month"], code) if confirmed else _confirm_form(record, code)))
    return html.Tr(cells)


def _hidden(month: str, code: str) -> list[Any]:
    given = (("programme", code), ("month", month))
    return [csrf_input(), *(dbc.Input(type="hidden", name=name, value=value) for name, value in given)]


def _button(verb: str, month: str) -> html.Button:
    hidden = html.Span(f" {formats.period(month_period(month))}", className="visually-hidden")
    return html.Button([verb, hidden], type="submit", className="row-button")


def _confirm_form(record: dict[str, Any], code: str) -> html.Form | str:
    if not record["pings"]:
        return "no positions are held"
    return html.Form(
        [*_hidden(record["month"], code), _button("Confirm", record["month"])], method="post", action="/data/confirm"
    )


def _withdraw_form(month: str, code: str) -> html.Details:
    name = f"withdraw-reason-{month}"
    why = field(name, "Why", dbc.Input(id=name, name="reason", type="text", required=True, maxlength=300))
    form = html.Form(
        [*_hidden(month, code), why, _button("Withdraw", month)], method="post", action="/data/withdraw-confirmation"
    )
    return html.Details(
        [
            html.Summary(
                ["Withdraw", html.Span(f" the confirmation of {formats.month(month)}", className="visually-hidden")]
            ),
            form,
        ]
    )

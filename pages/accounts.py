"""Accounts, for administrators: who may sign in, in which role, for which programmes."""

from __future__ import annotations

import dash
import dash_bootstrap_components as dbc
from dash import html

from access.account_routes import TICK
from access.forms import csrf_input, last_messages
from access.passwords import MIN_LENGTH
from access.requires import requires
from access.viewer import current_scope
from components.forms import field, messages, tick_boxes
from components.table import scrolling
from data_access.accounts import Account, list_accounts, programme_codes
from data_access.sign_in import is_locked_anywhere
from domain import formats
from domain.roles import Permission, Role

dash.register_page(__name__, path="/accounts", name="Accounts", title="Accounts")

_ROLES = [{"label": role.value, "value": role.value} for role in Role]


@requires(Permission.MANAGE_ACCOUNTS)
def layout(account: str = "") -> html.Div:
    scope = current_scope()
    everyone = list_accounts(scope)
    chosen = next((one for one in everyone if one.email == account), None)
    programmes = [(f"{TICK}{code}", name) for code, name in programme_codes(scope)]
    form = _change_form(chosen, programmes) if chosen else _add_form(programmes)
    return html.Div([html.H1("Accounts"), *messages(last_messages()), _table(everyone), *form], className="page")


def _table(everyone: list[Account]) -> html.Div:
    heads = ["E-mail address", "Name", "Role", "Programmes", "State", "Since"]
    return scrolling(
        html.Table(
            [
                html.Caption("Every account; choose one to change it", className="visually-hidden"),
                html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
                html.Tbody([_row(one) for one in everyone]),
            ],
            className="data-table",
        ),
        "Accounts",
    )


def _row(one: Account) -> html.Tr:
    state = "disabled" if not one.active else "locked for some minutes" if is_locked_anywhere(one) else "active"
    return html.Tr(
        [
            html.Th(html.A(one.email, href=f"/accounts?account={one.email}"), scope="row"),
            html.Td(one.name),
            html.Td(one.role.value),
            html.Td(", ".join(one.programmes) or "none"),
            html.Td(state),
            html.Td(formats.day(one.created_at), className="nowrap"),
        ]
    )


def _role_field(value: str | None) -> html.Div:
    select = dbc.Select(id="accounts-role", name="role", options=_ROLES, value=value, required=True)
    return field("accounts-role", "Role", select)


def _password_field(label: str, hint: str, required: bool) -> html.Div:
    control = dbc.Input(
        id="accounts-password", name="password", type="password", autoComplete="new-password", required=required
    )
    return field("accounts-password", label, control, hint)


def _add_form(programmes: list[tuple[str, str]]) -> list[object]:
    email = dbc.Input(id="accounts-email", name="email", type="email", autoComplete="off", required=True)
    name = dbc.Input(id="accounts-name", name="name", type="text", autoComplete="off", required=True)
    return [
        html.H2("Add an account"),
        html.Form(
            [
                csrf_input(),
                field("accounts-email", "E-mail address", email),
                field("accounts-name", "Name", name),
                _role_field(Role.FUNDER.value),
                tick_boxes("accounts", "Programmes the person sees", programmes, []),
                _password_field(
                    "First password",
                    f"At least {MIN_LENGTH} characters. Give it to the person in person or by phone.",
                    True,
                ),
                html.Button("Add account", type="submit", className="button"),
            ],
            method="post",
            action="/accounts/add",
        ),
    ]


def _change_form(chosen: Account, programmes: list[tuple[str, str]]) -> list[object]:
    who = dbc.Input(type="hidden", name="email", value=chosen.email)
    ticked = [f"{TICK}{code}" for code in chosen.programmes]
    change = html.Form(
        [
            csrf_input(),
            who,
            _role_field(chosen.role.value),
            tick_boxes("accounts", "Programmes the person sees", programmes, ticked),
            _password_field("New password", "Leave empty to keep the present one.", False),
            html.P("Saving a change signs the person out everywhere."),
            html.Button("Save", type="submit", className="button"),
        ],
        method="post",
        action="/accounts/change",
    )
    verb, active = ("Disable", "no") if chosen.active else ("Enable", "yes")
    state = html.Form(
        [
            csrf_input(),
            dbc.Input(type="hidden", name="email", value=chosen.email),
            dbc.Input(type="hidden", name="active", value=active),
            html.Button(f"{verb} this account", type="submit", className="button secondary"),
        ],
        method="post",
        action="/accounts/active",
    )
    return [
        html.H2(f"Change {chosen.email}"),
        change,
        html.H2(f"{verb} the account"),
        state,
        html.P(html.A("Add another account instead", href="/accounts")),
    ]

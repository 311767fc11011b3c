"""One's own account: what it may do, and a new password."""

from __future__ import annotations

import dash
import dash_bootstrap_components as dbc
from dash import html

from access.forms import csrf_input, last_messages
from access.passwords import MIN_LENGTH
from access.requires import requires
from access.viewer import current_scope, current_viewer
from components.forms import field, messages
from domain import formats
from domain.roles import Permission

dash.register_page(__name__, path="/account", name="Your account", title="Your account")


@requires(Permission.OWN_ACCOUNT)
def layout() -> html.Div:
    account = current_viewer().account
    may = sorted(permission.value for permission in current_scope().permissions)
    facts = [
        ("Name", account.name),
        ("E-mail address", account.email),
        ("Role", account.role.value),
        ("Programmes", formats.joined(list(account.programmes)) or "none yet"),
        ("You may", ", ".join(may)),
    ]
    return html.Div(
        [
            html.H1("Your account"),
            *messages(last_messages()),
            html.Dl([part for term, value in facts for part in (html.Dt(term), html.Dd(value))], className="facts"),
            html.H2("Change your password"),
            html.P("You are signed out everywhere afterwards, and sign in again with the new password."),
            html.Form(
                [
                    csrf_input(),
                    field(
                        "account-current",
                        "Current password",
                        _password("account-current", "current", "current-password"),
                    ),
                    field(
                        "account-new",
                        "New password",
                        _password("account-new", "new", "new-password"),
                        f"At least {MIN_LENGTH} characters; three random words work well.",
                    ),
                    field("account-again", "New password again", _password("account-again", "again", "new-password")),
                    html.Button("Change password", type="submit", className="button"),
                ],
                method="post",
                action="/account/password",
            ),
        ],
        className="page narrow",
    )


def _password(element_id: str, name: str, purpose: str) -> dbc.Input:
    return dbc.Input(id=element_id, name=name, type="password", autoComplete=purpose, required=True)

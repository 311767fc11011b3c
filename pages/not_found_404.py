"""Dash shows this for an address no page has."""

from __future__ import annotations

import dash
from dash import html

from access.requires import requires
from domain.roles import Permission

dash.register_page(__name__, path="/page-not-found", name="Page not found", title="Page not found")


@requires(Permission.OWN_ACCOUNT)
def layout() -> html.Div:
    return html.Div(
        [
            html.H1("Page not found"),
            html.P("No page has this address. Check it for missing characters, or choose a page from the links above."),
        ],
        className="page",
    )

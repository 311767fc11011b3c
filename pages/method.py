"""One method: /methods/<key>, written from the docstring of the function that computes it."""

from __future__ import annotations

import dash
from dash import html

from access.requires import requires
from domain.roles import Permission
from pages._method_page import method_page


@requires(Permission.VIEW_METHODS)
def layout(method_key: str = "") -> html.Div:
    return method_page(method_key)


dash.register_page(__name__, path_template="/methods/<method_key>", name="Method", title="Method", layout=layout)

"""The layout around every page: gathers what the shell says for this viewer and this programme."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import dash
from dash import Input, Output
from flask import current_app, request

from access.requires import requires
from access.viewer import current_programme, current_scope, current_viewer
from components import shell
from data_access import programmes
from domain import formats
from domain.periods import LONDON
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import OutOfScope, Scope
from settings import VERSION, Settings

# Path, label, permission: the one list of what the navigation can offer, in reading order.
NAVIGATION: tuple[tuple[str, str, Permission], ...] = (
    ("/", "Home", Permission.VIEW_OVERVIEW),
    ("/trends", "Trends", Permission.VIEW_TRENDS),
    ("/hot-spots", "Hot spots", Permission.VIEW_HOT_SPOTS),
    ("/patrols", "Patrols", Permission.VIEW_PATROLS),
    ("/costs", "Costs", Permission.VIEW_COSTS),
    ("/case-studies", "Case studies", Permission.VIEW_CASE_STUDIES),
    ("/evaluation", "Evaluation", Permission.VIEW_EVALUATION),
    ("/returns", "Returns", Permission.VIEW_RETURNS),
    ("/data", "Data", Permission.VIEW_DATA),
    ("/accounts", "Accounts", Permission.MANAGE_ACCOUNTS),
)

# Dash's own document has no language, no skip link and no place for the force's colour.
INDEX = """<!DOCTYPE html>
<html lang="en-GB" data-service="SERVICE">
  <head>
    {%metas%}
    <title>{%title%}</title>
    {%favicon%}
    {%css%}
    <style>:root { --accent: ACCENT; }</style>
  </head>
  <body>
    <a class="skip-link" href="#main-content">Skip to main content</a>
    <noscript><p class="notice">This portal needs JavaScript to draw its pages. Turn it on and reload.</p></noscript>
    {%app_entry%}
    {%config%}
    {%scripts%}
    {%renderer%}
  </body>
</html>"""


def index_string(settings: Settings) -> str:
    return INDEX.replace("SERVICE", escape(settings.service_name)).replace("ACCENT", settings.accent_colour)


def layout() -> object:
    """Called for every full page load, and once at start-up with nobody signed in."""
    # The page's own address, so that the first paint is already about the right programme.
    address = urlsplit(request.referrer or "")
    return shell.page_frame(gather(dict(parse_qsl(address.query)), address.path), dash.page_container)


def register_callbacks() -> None:
    """Keep header, banner and footer true when the programme or the page changes without a full page load."""

    @dash.callback(
        Output(shell.HEADER_ID, "children"),
        Output(shell.NAV_ID, "children"),
        Output(shell.BANNER_ID, "children"),
        Input("_pages_location", "search"),
        prevent_initial_call=True,
    )
    @requires(Permission.OWN_ACCOUNT)
    def follow_programme(search: str | None) -> tuple[object, ...]:
        found = gather(_query(search))
        return shell.header(found), shell.navigation(found), shell.banner(found)

    @dash.callback(
        Output(shell.FOOTER_ID, "children"),
        Input("_pages_location", "pathname"),
        Input("_pages_location", "search"),
        prevent_initial_call=True,
    )
    @requires(Permission.OWN_ACCOUNT)
    def follow_page(path: str | None, search: str | None) -> object:
        return shell.footer(gather(_query(search), path or ""))


def _query(search: str | None) -> dict[str, str]:
    return dict(parse_qsl((search or "").lstrip("?")))


def gather(query: Mapping[str, str], path: str = "") -> shell.Shell:
    """What the shell says beside the page at ``path``; a programme the viewer may not see leaves no trace of itself."""
    settings: Settings = current_app.config["PORTAL"]
    viewer = current_viewer()
    if viewer is None:
        return shell.Shell(service_name=settings.service_name)
    scope = current_scope()
    mine = programmes.list_programmes(scope)
    try:
        code = current_programme(query)
    except OutOfScope:
        code = ""
    return shell.Shell(
        service_name=settings.service_name,
        person=viewer.name,
        role=viewer.role.value,
        links=tuple((path, label) for path, label, permission in NAVIGATION if scope.may(permission)),
        programmes=tuple((one.code, one.name) for one in mine),
        programme=code,
        may_manage_accounts=scope.may(Permission.MANAGE_ACCOUNTS),
        version=VERSION,
        **(_about(scope, code, path) if code else {}),
    )


def _about(scope: Scope, code: str, path: str) -> dict[str, object]:
    programme = programmes.get_programme(scope, code)
    as_at = programmes.data_as_at(scope, code)
    dates = [
        f"{what} to {formats.day(last)}"
        for what, last in (("recorded crime", as_at.crimes_to), ("trackers", as_at.pings_to))
        if last
    ]
    return {
        "demonstration": programme.demonstration,
        "marking": _marking(programme, path),
        "data_as_at": ", ".join(dates) or "no data loaded",
        "last_load": _local(as_at.last_load) if as_at.last_load else "nothing loaded yet",
        "contact": programme.contact,
    }


def _marking(programme: Programme, path: str) -> str:
    """The programme's marking, or what the page makes of it: ``dash.register_page(..., marking=function)``."""
    pages = dash.page_registry.values()
    page: dict[str, Any] = next((p for p in pages if p["path"].strip("/") == path.strip("/")), {})
    own = page.get("marking")
    return str(own(programme)) if own else " ".join(filter(None, [programme.marking, programme.handling]))


def _local(utc: datetime) -> str:
    return formats.day_time(utc.replace(tzinfo=UTC).astimezone(LONDON))

"""What surrounds every page: header, programme switcher, person menu, navigation, banner, footer, status line.

Plain values in, components out; access/layout.py gathers them. Links and forms are ordinary HTML, so all
of it works before a script has run; assets/navigation.js makes moving between pages quicker.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import dash_bootstrap_components as dbc
from dash import html

STATUS_ID = "status-line"
MAIN_ID = "main-content"
HEADER_ID, NAV_ID, BANNER_ID, FOOTER_ID = "shell-header", "shell-nav", "shell-banner", "shell-footer"


@dataclass(frozen=True)
class Shell:
    """Everything the shell says, already in words."""

    service_name: str
    person: str = ""
    role: str = ""
    links: tuple[tuple[str, str], ...] = ()  # path, label: only what the role may see
    programmes: tuple[tuple[str, str], ...] = ()  # code, name
    programme: str = ""
    may_manage_accounts: bool = False
    demonstration: bool = False
    marking: str = ""
    data_as_at: str = ""
    last_load: str = ""
    version: str = ""
    contact: str = ""


def page_frame(shell: Shell, page_container: object) -> html.Div:
    """The whole document body; an anonymous viewer gets the empty frame."""
    return html.Div(
        [
            html.Header(
                [
                    html.Div(header(shell), id=HEADER_ID, className="shell-header"),
                    html.Div(banner(shell), id=BANNER_ID, className="shell-banner"),
                ]
            ),
            html.Nav(navigation(shell), id=NAV_ID, className="shell-nav", **{"aria-label": "Main"}),
            # Polite and always present: a live region added later than its text is not read out.
            html.Div(id=STATUS_ID, className="status-line", role="status", **{"aria-live": "polite"}),
            html.Main(page_container, id=MAIN_ID, className="shell-main", tabIndex="-1"),
            html.Footer(footer(shell), id=FOOTER_ID, className="shell-footer"),
        ],
        className="shell",
    )


def header(shell: Shell) -> html.Div:
    home = html.A(shell.service_name, href=with_programme("/", shell.programme), className="shell-service")
    return html.Div([home, _switcher(shell), _person(shell)], className="shell-row shell-wrap")


def _switcher(shell: Shell) -> object:
    names = dict(shell.programmes)
    if len(names) < 2:
        return html.Span(names.get(shell.programme, ""), className="shell-programme")
    return html.Form(
        [
            html.Label("Programme", htmlFor="shell-programme", className="visually-hidden"),
            dbc.Select(
                id="shell-programme",
                name="programme",
                value=shell.programme,
                options=[{"label": name, "value": code} for code, name in shell.programmes],
            ),
            # A button, because a list that changes the page as one moves through it traps keyboard users.
            html.Button("Change programme", type="submit", className="shell-button"),
        ],
        method="get",
        id="shell-switcher",
        className="shell-switcher",
    )


def _person(shell: Shell) -> object:
    if not shell.person:
        return None
    links = [html.A("Your account", href="/account")]
    if shell.may_manage_accounts:
        links.append(html.A("Manage accounts", href="/accounts"))
    sign_out = html.Form(
        html.Button("Sign out", type="submit", className="shell-button"), method="post", action="/sign-out"
    )
    return html.Details(
        [
            html.Summary(shell.person, className="shell-person-name"),
            html.Div([html.P(f"Role: {shell.role}"), *links, sign_out], className="shell-person-menu"),
        ],
        className="shell-person",
    )


def navigation(shell: Shell) -> html.Ul | None:
    if not shell.links:
        return None
    items = [
        html.Li(html.A(label, href=with_programme(path, shell.programme), **{"data-keeps-filters": "yes"}))
        for path, label in shell.links
    ]
    return html.Ul(items, className="shell-wrap")


def with_programme(path: str, programme: str) -> str:
    return f"{path}?programme={quote(programme)}" if programme else path


def banner(shell: Shell) -> list[object]:
    if not shell.demonstration:
        return []
    return [
        html.P(
            [
                html.Strong("Demonstration data. "),
                "Every record of this programme is invented, to try the portal with.",
            ],
            className="shell-wrap",
        )
    ]


def footer(shell: Shell) -> html.Div:
    facts = [
        ("Data as at", shell.data_as_at),
        ("Last load", shell.last_load),
        ("Marking", shell.marking),
        ("Version", shell.version),
    ]
    said = [html.Div([html.Dt(term), html.Dd(value)]) for term, value in facts if value]
    links = [
        *(
            [html.Li(html.A("Documents", href=with_programme("/documents", shell.programme)))]
            if shell.programme
            else []
        ),
        html.Li(html.A("Accessibility", href="/accessibility")),
        html.Li(html.A("Methods and definitions", href=with_programme("/methods", shell.programme))),
        html.Li(_report(shell)),
    ]
    return html.Div([html.Dl(said) if said else None, html.Ul(links)], className="shell-wrap")


def _report(shell: Shell) -> html.A:
    # A contact may be a name or a number; only an address can be a mail link.
    address = shell.contact if "@" in shell.contact and " " not in shell.contact else ""
    subject = quote(f"Problem with {shell.service_name}")
    return html.A(
        "Report a problem", href=f"mailto:{address}?subject={subject}" if address else "/accessibility#report"
    )


def _plain_page(title: str, *sentences: str) -> html.Div:
    return html.Div([html.H1(title), *(html.P(sentence) for sentence in sentences)], className="page")


def no_access(reason: str) -> html.Div:
    return _plain_page(
        "You do not have access", reason, "If you need it for your work, ask an administrator of this portal."
    )


def nothing_yet(reason: str) -> html.Div:
    return _plain_page("There is nothing to show yet", reason)


def page_problem(reference: str) -> html.Div:
    return _plain_page(
        "This page could not be shown",
        "Something went wrong on the server. Nothing was changed, and no figure is shown rather than a wrong one.",
        f"Try again; if it happens again, report the problem with the reference {reference}.",
    )


def callback_problem_sentence(reference: str) -> str:
    return (
        "That could not be done: something went wrong on the server and what is shown is as it was before. "
        f"Try again; if it happens again, report the reference {reference}."
    )

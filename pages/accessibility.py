"""The accessibility statement: what was tested, what is known not to work, whom to tell."""

from __future__ import annotations

import dash
from dash import html

from access.requires import requires
from access.viewer import current_programme, current_scope
from data_access.programmes import get_programme
from domain.roles import Permission
from domain.scope import OutOfScope

dash.register_page(__name__, path="/accessibility", name="Accessibility", title="Accessibility statement")

_CAN = [
    "zoom to 400% without text spilling off the screen, and read every page at a width of 320 pixels",
    "use everything with a keyboard only, with the focus always visible",
    "read every chart as a table of the same numbers, under “Show the numbers”, and download it",
    "use the hot spot table instead of the map: it lists the same places and drives the same selection",
    "read a monthly return as a tagged PDF (PDF/UA-1) with a screen reader",
]
_KNOWN = [
    "Charts themselves are pictures to a screen reader: they carry a one-sentence summary and the table beside them.",
    "The map's markers cannot be opened with the Enter key; the table beside the map does the same.",
    "Pages are drawn by JavaScript; without it only the sign-in page and messages work.",
]


@requires(Permission.OWN_ACCOUNT)
def layout(programme: str = "") -> html.Div:
    return html.Div(
        [
            html.H1("Accessibility statement"),
            html.P("This portal should be usable by everyone who is given access to it. You should be able to:"),
            html.Ul([html.Li(sentence) for sentence in _CAN]),
            html.H2("How far it meets the rules"),
            html.P(
                "It is built to the Web Content Accessibility Guidelines 2.2, level AA. Automated checks (axe-core, at "
                "1,280 and 320 pixels) run over the pages for each role with every release. Automated checks find "
                "only part of all problems; the portal has not yet been audited by an independent person or "
                "tested with people who use assistive technology."
            ),
            html.H2("Known limits"),
            html.Ul([html.Li(sentence) for sentence in _KNOWN]),
            html.H2("Report a problem", id="report"),
            html.P(_contact(programme)),
            html.P(
                "Say which page, what you tried to do, and what you use (browser, screen reader, magnifier). If you are not content "
                "with the answer, the Equality Advisory and Support Service can advise you."
            ),
        ],
        className="page narrow",
    )


def _contact(asked: str) -> str:
    try:
        code = current_programme({"programme": asked})
        contact = get_programme(current_scope(), code).contact
    except OutOfScope:
        contact = ""
    return f"Tell {contact}." if contact else "Tell the administrator who gave you your account."

"""What changed between two versions of a return: every printed value that differs, side by side."""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from access.requires import requires
from access.viewer import current_programme, current_scope
from components import states
from components.table import scrolling
from data_access.returns import versions
from data_access.returns.versions import NoSuchVersion, Version
from domain import formats
from domain.roles import Permission
from domain.scope import Scope
from reports import routes
from reports.contents import MonthNotHeld, contents_of
from reports.differences import Difference, differences
from reports.standing import status

QUESTION = "What changed between two versions?"
HEADS = ("Place", "Section", "Earlier", "Later")


@requires(Permission.VIEW_RETURNS)
def layout(**query: Any) -> html.Div:
    asked = {k: str(v) for k, v in query.items() if v is not None}
    scope, code = current_scope(), current_programme(asked)
    try:
        body = _compared(scope, code, asked)
    except (MonthNotHeld, NoSuchVersion, ValueError) as reason:
        body = [states.inset(html.P(str(reason)))]
    back = f"/returns?programme={code}&month={asked.get('month', '')[:7]}"
    return html.Div([html.H1(QUESTION), *body, html.P(html.A("Back to the return", href=back))], className="page")


def _compared(scope: Scope, code: str, asked: dict[str, str]) -> list[Any]:
    month = asked.get("month", "")
    held = versions.of_month(scope, code, month)
    if len(held) < 2:
        raise NoSuchVersion(f"The return of {formats.month(month)} has no two versions to compare.")
    before, after = _chosen(held, asked.get("before", "")), _chosen(held, asked.get("after", ""))
    if before is None or after is None or before.number >= after.number:
        numbers = formats.joined([str(v.number) for v in held])
        raise NoSuchVersion(
            f"Name an earlier and a later version in the address (before=1&after=2); there are {numbers}."
        )
    found = differences(contents_of(scope, code, before), contents_of(scope, code, after))
    reason = f" Its reason: {after.correction_reason}" if after.correction_reason else ""
    lead = (
        f"{formats.counted(len(found), 'printed value')} of version {after.number} ({status(after).lower()}) "
        f"{'differs' if len(found) == 1 else 'differ'} from version {before.number} ({status(before).lower()}).{reason}"
    )
    figures = [html.P(_file(code, v)) for v in (before, after) if v.pdf_sha256]
    return [html.P(lead, className="lead", id="compare-lead"), *([_table(found)] if found else []), *figures]


def _chosen(held: list[Version], number: str) -> Version | None:
    return next((v for v in held if str(v.number) == number), None)


def _file(code: str, version: Version) -> list[Any]:
    link = html.A(
        f"PDF of version {version.number}",
        href=routes.address(code, version.month, version=version.number),
        download="",
    )
    return [link, f", SHA-256 {version.pdf_sha256}"]


def _table(found: tuple[Difference, ...]) -> html.Div:
    rows = [
        html.Tr([html.Th(d.place, scope="row"), *(html.Td(cell) for cell in (d.section, d.before, d.after))])
        for d in found
    ]
    head = html.Tr([html.Th(h, scope="col") for h in HEADS])
    table = html.Table(
        [html.Caption("Everything printed that differs"), html.Thead(head), html.Tbody(rows)],
        className="data-table", id="compare-table",
    )  # fmt: skip
    return scrolling(table, "Table: differences between two versions")


dash.register_page(
    __name__, path="/returns/compare", name="Returns compared", title="Two versions of a return", layout=layout
)

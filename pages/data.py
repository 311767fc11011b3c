"""Data: what do we have, and how good is it? Loads, reconciliation, rejected rows and quality."""

from __future__ import annotations

from typing import Any

import dash
import pandas as pd
from dash import html

from access.forms import last_messages
from access.requires import requires
from access.viewer import current_programme, current_scope
from components import states
from components.columns import count, share, text
from components.forms import messages
from components.table import data_table, scrolling
from data_access import loads, programmes
from data_access.loading.words import KIND_NAMES
from domain import formats
from domain.roles import Permission
from domain.scope import Scope
from pages import confirming


def _reconciliation(scope: Scope, code: str) -> list[Any]:
    frame = loads.reconciliation(scope, code)
    if frame.empty:
        return [
            states.empty(
                "Nothing has been loaded yet.",
                "A manager can load files here, or on the server with: flask --app app load KIND FILE --programme "
                + code,
            )
        ]
    read, kept = int(frame["rows_read"].sum()), int(frame["rows_loaded"].sum())
    duplicate, rejected = int(frame["rows_duplicate"].sum()), int(frame["rows_rejected"].sum())
    adds = "They add up." if read == kept + duplicate + rejected else "They do not add up: report this."
    sentence = f"{formats.number(read)} rows read = {formats.number(kept)} loaded + {formats.number(duplicate)} duplicate + {formats.number(rejected)} rejected. {adds}"
    columns = [
        text("kind", "Kind of file", lambda k: KIND_NAMES.get(k, k)),
        count("files", "Files"),
        count("rows_read", "Rows read"),
        count("rows_loaded", "Loaded"),
        count("rows_duplicate", "Duplicate"),
        count("rows_rejected", "Rejected"),
    ]
    return [
        html.P(sentence, className="lead"),
        data_table(frame, columns, "Every row of the current files, by kind", table_id="data-reconciliation"),
    ]


def _quality(scope: Scope, code: str) -> list[Any]:
    frame = loads.quality(scope, code)
    if frame.empty:
        return []
    columns = [
        text("measure", "Measure"),
        count("count", "Count"),
        share("share", "Share, %", 1),
        text("meaning", "What it means"),
    ]
    warnings = [states.warning(str(item[-1])) for item in loads.undersupplied_months(scope, code)]
    return [
        html.Section(
            [
                html.H2("Quality"),
                *warnings,
                data_table(frame, columns, "Quality of the loaded data", table_id="data-quality"),
            ],
            className="block",
        )
    ]


def _history(scope: Scope, code: str) -> list[Any]:
    frame = loads.list_loads(scope, code)
    if frame.empty:
        return []
    may_see = scope.may(Permission.SEE_REJECTS)
    heads = ["File", "Kind", "Period", "Read", "Loaded", "Duplicate", "Rejected", "State", "Loaded at", "Notes"]
    body = [_row(record, code, may_see) for record in frame.to_dict("records")]
    table = html.Table(
        [
            html.Caption("Every file loaded, newest first"),
            html.Thead(html.Tr([html.Th(h, scope="col") for h in heads])),
            html.Tbody(body),
        ],
        className="data-table",
        id="data-loads",
    )
    wrapped = scrolling(table, "Files loaded")
    # A year of monthly files would push everything else away; the list is one step below its count.
    shown = wrapped if len(body) <= 12 else html.Details([html.Summary(f"Show all {len(body)} files"), wrapped])
    download = html.P(
        html.A("Download CSV: list of files", href=f"/data/loads.csv?programme={code}", download=""),
        className="downloads",
    )
    return [html.Section([html.H2("Files loaded"), shown, download], className="block")]


def _row(record: dict[str, Any], code: str, may_see_rejects: bool) -> html.Tr:
    rejected: Any = formats.number(record["rows_rejected"])
    if may_see_rejects and record["rows_rejected"]:
        rejected = html.A(
            f"{rejected} (CSV)",
            href=f"/data/rejects/{code}/{record['id']}.csv",
            download="",
            title=f"Rejected rows of {record['file_name']}",
        )
    span = (
        f"{formats.day(record['period_from'])} to {formats.day(record['period_to'])}"
        if not pd.isna(record["period_from"])
        else formats.NOT_APPLICABLE
    )
    notes = [html.P(n) for n in (record["notes"] or [])]  # none outside the operational roles
    told = (
        html.Details(
            [
                html.Summary(
                    [f"{len(notes)} notes", html.Span(f" on {record['file_name']}", className="visually-hidden")]
                ),
                *notes,
            ]
        )
        if notes
        else ""
    )
    cells = [
        KIND_NAMES.get(record["kind"], record["kind"]),
        span,
        formats.number(record["rows_read"]),
        formats.number(record["rows_loaded"]),
        formats.number(record["rows_duplicate"]),
        rejected,
        record["status"],
        formats.local_time(record["loaded_at"]),
        told,
    ]
    return html.Tr(
        [
            html.Th(record["file_name"], scope="row"),
            *[html.Td(c, className="numeric" if 2 <= i <= 5 else None) for i, c in enumerate(cells)],
        ]
    )


@requires(Permission.VIEW_DATA)
def layout(**query: Any) -> html.Div:
    code = current_programme({k: str(v) for k, v in query.items() if v is not None})
    scope = current_scope()
    programme = programmes.get_programme(scope, code)
    how = []
    if scope.may(Permission.LOAD_DATA):
        how = [
            html.P(html.A("Load a file", href=f"/data/upload?programme={code}", className="button")),
            html.P(
                [
                    "A file loads whole or not at all; loading the same file again changes nothing. On the server: ",
                    html.Code(f"flask --app app load KIND FILE --programme {code}"),
                ],
                className="caption",
            ),
        ]
    return html.Div(
        [
            html.H1("What data do we have, and how good are they?"),
            html.P(programme.data_note, className="caption"),
            *messages(last_messages()),
            *_reconciliation(scope, code),
            *how,
            *_quality(scope, code),
            *confirming.section(scope, code, shown=query.get("months") == "open"),
            *_history(scope, code),
        ],
        className="page",
    )


dash.register_page(__name__, path="/data", name="Data", title="Data", layout=layout)

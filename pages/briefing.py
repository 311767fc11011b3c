"""Briefing: one team's period for its sergeant, on the page and on one sheet of paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import dash
import dash_bootstrap_components as dbc
import pandas as pd
from dash import ClientsideFunction, Input, Output, State, clientside_callback, ctx, dcc, html
from flask import Flask, g

from access.requires import requires
from access.viewer import current_programme, current_scope
from components import states
from components.block import Block, register_block
from components.heat_picture import heat_pictures
from components.shell import no_access
from components.view import View
from data_access import briefing, programmes
from data_access.briefing import Briefing, NoBriefing
from domain import formats
from domain.filters import Filters
from domain.periods import Period
from domain.roles import Permission
from domain.scope import OutOfScope, Scope
from pages._frame import blocks_of
from reports import briefing as words
from reports import briefing_routes
from reports import briefing_short as shorts
from reports.briefing_ask import Ask, asked
from reports.briefing_pdf import marking, marking_of

QUESTION = "Were the team's planned visits delivered, and when does crime gather?"
CUSTOM = "custom"
WEEKS_OFFERED = 60


def register(server: Flask) -> None:
    briefing_routes.register(server)


# --- the briefing of a view -----------------------------------------------------------------------------------


def briefing_of(view: View) -> Briefing:
    """Built once a request: four blocks are written from it."""
    key = (view.programme.code, *(str(view.query.get(k) or "") for k in ("team", "from", "to")))
    held = g.setdefault("briefings", {})
    if key not in held:
        ask = asked(view.scope, view.programme.code, view.query)
        held[key] = briefing.build(view.scope, view.programme.code, ask.team, ask.period)
    return held[key]


def _frame(make: Callable[[Briefing], pd.DataFrame]) -> Callable[[View], pd.DataFrame]:
    """An empty frame that says why, where there is nothing to brief on."""

    def frame(view: View) -> pd.DataFrame:
        try:
            return make(briefing_of(view))
        except NoBriefing as reason:
            found = pd.DataFrame()
            found.attrs["notes"] = [str(reason)]
            return found

    return frame


def _covers(view: View) -> str:
    try:
        found = briefing_of(view)
    except NoBriefing:
        return view.sentence()
    return f"{found.team.name} ({found.team.provider_name}), {formats.span(found.period)}; {marking(found)}"


def _block(name: str, title: str, make: Callable[[Briefing], pd.DataFrame], columns: Any, **more: Any) -> Block:
    return register_block(
        Block(
            id=f"briefing-{name}", title=title, permission=Permission.SEE_DAYS, frame=_frame(make),
            columns=lambda view: columns, covers=_covers, asks=("team",), **more,
        )
    )  # fmt: skip


LINES = _block(
    "lines",
    "What was planned, what was delivered",
    words.line_frame,
    words.LINE_COLUMNS,
    sentence=lambda frame, view: words.dose_sentence(briefing_of(view)),
    caption=lambda view: words.DEFINITIONS,
    table_open=True,
)
SHORT = _block(
    "short",
    "Which visits were short, and why",
    shorts.short_frame,
    shorts.SHORT_COLUMNS,
    sentence=lambda frame, view: shorts.short_sentence(briefing_of(view)),
    caption=lambda view: shorts.REASONS_NOTE,
    table_open=True,
    if_empty=lambda view: (
        shorts.short_sentence(briefing_of(view)),
        "Choose another week or team to see its short visits.",
    ),
)


def _times_list(frame: pd.DataFrame, view: View) -> html.Ul:
    found = briefing_of(view)
    return html.Ul(
        [html.Li([html.Strong(f"{t.name}. "), words.time_sentence(t, found)]) for t in found.times],
        className="briefing-times",
    )


TIMES = _block(
    "times",
    "When crime gathers, and when the team came",
    words.time_frame,
    words.TIME_COLUMNS,
    sentence=lambda frame, view: words.times_sentence(briefing_of(view)),
    caption=lambda view: words.TIMES_NOTE,
    picture=_times_list,
    if_empty=lambda view: (words.times_sentence(briefing_of(view)), "Data says which crime files are loaded."),
)
HEATS = _block(
    "heat",
    "Where the minutes fell",
    words.heat_frame,
    words.HEAT_COLUMNS,
    sentence=lambda frame, view: words.heat_sentence(briefing_of(view)),
    caption=lambda view: words.HEAT_NOTE,
    picture=lambda frame, view: heat_pictures(*words.pictures(briefing_of(view)), words.heat_unit(briefing_of(view))),
)
BLOCKS_SHOWN = (LINES, SHORT, TIMES, HEATS)


# --- the page -------------------------------------------------------------------------------------------------


def _view(scope: Scope, code: str, query: Mapping[str, str], period: Period | None) -> View:
    defaults = programmes.filter_defaults(scope, code)
    filters = Filters(code, period or defaults.period)
    programme, as_at = programmes.get_programme(scope, code), programmes.data_as_at(scope, code)
    return View(scope, programme, filters, defaults, as_at, query)


def _content(view: View) -> list[Any]:
    try:
        found = briefing_of(view)
    except NoBriefing as reason:
        return [states.empty(str(reason), "Choose another team or another week in the sentence at the top.")]
    link = html.A("Download this briefing as PDF", href=briefing_routes.address(view.programme.code, found))
    return [
        html.P(words.delivered_sentence(found), className="lead"),
        html.P([html.Strong(marking(found)), ". ", link, "."]),
        *(html.Div(html.P(note), className="inset") for note in found.notes),
        *blocks_of(BLOCKS_SHOWN, view),
    ]


def _weeks(team: briefing.Team, period: Period) -> list[dict[str, str]]:
    """Whole weeks of the team's data, newest first, the one shown among them, and the way to other days."""
    last = team.last - timedelta(days=team.last.weekday())
    starts = [last - timedelta(weeks=n) for n in range(WEEKS_OFFERED)]
    weeks = [Period(s, s + timedelta(days=6)) for s in starts if s + timedelta(days=6) >= team.first]
    options = [{"label": formats.span(w), "value": w.start.isoformat()} for w in weeks]
    return [*options, {"label": "choose days…", "value": CUSTOM}]


def _week_value(options: list[dict[str, str]], period: Period) -> str:
    start = period.start.isoformat()
    return start if period.days == 7 and any(o["value"] == start for o in options) else CUSTOM


def _bar(ask: Ask, area_name: str) -> html.Div:
    options = _weeks(ask.team, ask.period)
    value = _week_value(options, ask.period)
    teams = [{"label": f"{t.name} ({t.provider_name})", "value": t.key} for t in ask.teams]

    def control(element_id: str, label: str, element: Any) -> html.Span:
        return html.Span([html.Label(label, htmlFor=element_id, className="visually-hidden"), element], className="filter-part")  # fmt: skip

    def day(element_id: str, label: str, held: date) -> html.Span:
        return control(element_id, label, dbc.Input(id=element_id, type="date", value=held.isoformat()))

    return html.Div(
        [
            html.Strong(area_name, className="filter-part"),
            control("briefing-team", "Team", dbc.Select(id="briefing-team", options=teams, value=ask.team.key, className="in-sentence")),
            control("briefing-week", "Week", dbc.Select(id="briefing-week", options=options, value=value, className="in-sentence")),
            html.Span(
                [day("briefing-from", "First day", ask.period.start), html.Span(" to "), day("briefing-to", "Last day", ask.period.end)],
                id="briefing-days",
                className="filter-part" if value == CUSTOM else "filter-part hidden",
            ),
        ],
        className="filter-bar",
        role="group",
        **{"aria-label": "What this page shows"},
    )  # fmt: skip


def _ask_or_default(scope: Scope, code: str, query: Mapping[str, str]) -> tuple[Ask | None, str]:
    """What is asked, or the default beside the sentence that says why not; (None, why) where there is no team at all."""
    try:
        return asked(scope, code, query), ""
    except NoBriefing as reason:
        try:
            return asked(scope, code, {}), str(reason)
        except NoBriefing as none:
            return None, str(none)


@requires(Permission.SEE_DAYS)
def layout(**query: Any) -> html.Div:
    clean = {k: str(v) for k, v in query.items() if v is not None}
    try:
        scope = current_scope()
        code = current_programme(clean)
        ask, problem = _ask_or_default(scope, code, clean)
    except OutOfScope as reason:
        return no_access(str(reason))
    view = _view(scope, code, clean, ask.period if ask else None)
    back = html.P(html.A("Patrols", href=f"/patrols?{urlencode({'programme': code})}"))
    if ask is None:
        what_next = "A manager can load tracker files on the page Data."
        return html.Div([html.H1(QUESTION), states.empty(problem, what_next), back], className="page")
    body = (
        [states.empty(problem, "Choose a team and a week in the sentence at the top.")] if problem else _content(view)
    )
    return html.Div(
        [
            html.H1(QUESTION),
            _bar(ask, view.defaults.area_name),
            html.P(f"Data as at: {view.data_as_at()}.", className="as-at"),
            dcc.Store(id="briefing-where", data=code),
            dcc.Store(id="briefing-query"),
            dcc.Store(id="briefing-written"),
            states.loading(html.Div(body, id="briefing-content"), "briefing-content"),
            back,
        ],
        className="page",
    )


@dash.callback(
    Output("briefing-content", "children"),
    Output("briefing-week", "options"),
    Output("briefing-week", "value"),
    Output("briefing-from", "value"),
    Output("briefing-to", "value"),
    Output("briefing-days", "className"),
    Output("briefing-query", "data"),
    Input("briefing-team", "value"),
    Input("briefing-week", "value"),
    Input("briefing-from", "value"),
    Input("briefing-to", "value"),
    State("briefing-where", "data"),
    prevent_initial_call=True,
)
@requires(Permission.SEE_DAYS)
def update(team: str, week: str, start: str, end: str, code: str) -> tuple[Any, ...]:
    """Another team comes with its own last whole week; days chosen by hand win over the list of weeks."""
    query = {"programme": code or "", "team": team or "", "from": start or "", "to": end or ""}
    if ctx.triggered_id == "briefing-team":
        query |= {"from": "", "to": ""}
    elif ctx.triggered_id == "briefing-week" and week and week != CUSTOM:
        query |= _week_of(week)
    scope = current_scope()
    try:
        code = current_programme(query)
        ask, problem = _ask_or_default(scope, code, query)
    except OutOfScope as reason:
        return ([no_access(str(reason))], *[dash.no_update] * 6)
    if ask is None or problem:
        said = states.empty(problem, "Choose another team or other days in the sentence at the top.")
        return ([said], *[dash.no_update] * 6)
    query |= {
        "programme": code,
        "team": ask.team.key,
        "from": ask.period.start.isoformat(),
        "to": ask.period.end.isoformat(),
    }
    options = _weeks(ask.team, ask.period)
    by_hand = ctx.triggered_id in ("briefing-from", "briefing-to") or (
        ctx.triggered_id == "briefing-week" and week == CUSTOM
    )
    value = CUSTOM if by_hand else _week_value(options, ask.period)
    days = "filter-part" if value == CUSTOM else "filter-part hidden"
    body = _content(_view(scope, code, query, ask.period))
    return body, options, value, query["from"], query["to"], days, urlencode(query)


def _week_of(start: str) -> dict[str, str]:
    try:
        first = date.fromisoformat(start)
    except ValueError:
        return {"from": start, "to": start}
    return {"from": start, "to": (first + timedelta(days=6)).isoformat()}


# PLATFORM 14: replaceState keeps the focus where it is; dcc.Location would rebuild the page.
clientside_callback(
    ClientsideFunction("portal", "writeQuery"),
    Output("briefing-written", "data"),
    Input("briefing-query", "data"),
    prevent_initial_call=True,
)

dash.register_page(__name__, path="/briefing", name="Briefing", title="Briefing", layout=layout, marking=marking_of)

"""How minutes are counted: plain, by the rules and estimated side by side; managers change the rules here."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import dash
import dash_bootstrap_components as dbc
from dash import Input, Output, State, dcc, html

from access.requires import requires
from access.viewer import current_scope
from analysis.dosage.rules import Rules
from components import states
from components.forms import field
from components.view import View
from data_access import patrols, programmes, rule_changes
from data_access.dosage_rules import RulesError
from data_access.ping_store import StoreError
from domain import formats
from domain.roles import Permission
from domain.scope import OutOfScope
from pages._counting_blocks import CALIBRATION, DEVICES, HISTORY, METHODS, RULES_BLOCK
from pages._counting_form import Asked, moved_sentence, moved_table, read
from pages._counting_words import RULES, measured_bias, shifts_text, shown
from pages._frame import PATROL_DATA, DataPage, content, data_page, make_view

PATH = "/patrols/counting"
FIELDS = {rule.name: f"counting-{rule.name.replace('_', '-')}" for rule in RULES}
HOW_TO_CHANGE = (
    "You see what would move before anything is changed. A change can be made back; both stay in the history."
)
DOSE_FROM, DOSE_MINUTES = "counting-dose-from", "counting-dose-minutes"


# --- the form ------------------------------------------------------------------------------------------------


def _number_field(element_id: str, label: str, value: float | None, hint: str) -> html.Div:
    return field(element_id, label, dbc.Input(id=element_id, type="number", min=0, step="any", value=value), hint)


def _form(view: View, provider: str) -> list[Any]:
    rules = rule_changes.current_rules(view.scope, view.programme.code)[provider]
    options = [{"label": p.name, "value": p.code} for p in view.programme.providers]
    choose = dbc.Select(id="counting-provider", options=options, value=provider)
    numbers = [_number_field(FIELDS[r.name], f"{r.label} ({r.unit})", shown(rules, r), r.why) for r in RULES]
    shifts = dbc.Input(id="counting-shifts", type="text", value=shifts_text(rules), autoComplete="off")
    reason = dbc.Textarea(id="counting-reason", rows=2)
    fields = [
        html.Legend("Rules of this provider", className="visually-hidden"),
        html.Div(numbers, className="form-grid"),
        field("counting-shifts", "Shifts", shifts, "Clock times like 14:00-22:00, 20:00-01:00; empty counts all hours."),
        html.Fieldset([
            html.Legend("Planned dose of a visit (leave empty to keep it)"),
            html.P("Loading the programme's settings anew sets all doses to what that file says.", className="hint"),
            field(DOSE_FROM, "From", dbc.Input(id=DOSE_FROM, type="date")),
            _number_field(DOSE_MINUTES, "Minutes", None, "How long one visit is planned to last from that day on."),
        ], className="form-group"),
        field("counting-reason", "Why", reason, "Kept for good beside what the change moves."),
        html.Button("Show what would move", id="counting-look", className="button secondary", n_clicks=0),
    ]  # fmt: skip
    return [
        field("counting-provider", "Provider", choose),
        dcc.Store(id="counting-since", data=rule_changes.last_change(view.scope, view.programme.code, provider)),
        html.Fieldset(fields, id="counting-fields", className="form-group"),
        html.P(id="counting-working", role="status"),
        html.Div([html.Div(id="counting-proposal"), html.Div(id="counting-done")], id="counting-answer"),
    ]


def _stage(view: View) -> list[Any]:
    if not view.may(Permission.CHANGE_RULES) or not view.programme.providers:
        return []
    where = dcc.Store(id="counting-where", data={"programme": view.programme.code})
    first = view.programme.providers[0].code
    shown_form = html.Details([html.Summary("Show the form"), *_form(view, first)], className="wide-form")
    heading = html.H2("Change the rules", id="counting-change")
    return [where, html.Section([heading, html.P(HOW_TO_CHANGE), shown_form], className="block")]


@dash.callback(
    *(Output(element, "value") for element in FIELDS.values()),
    Output("counting-shifts", "value"),
    Output("counting-since", "data"),
    Output("counting-proposal", "children", allow_duplicate=True),
    Output("counting-done", "children", allow_duplicate=True),
    Input("counting-provider", "value"),
    State("counting-where", "data"),
    running=[(Output("counting-fields", "disabled"), True, False)],  # what is typed meanwhile would be overwritten
    prevent_initial_call=True,
)
@requires(Permission.CHANGE_RULES)
def show_provider(provider: str, where: dict[str, str]) -> tuple[Any, ...]:
    """The chosen provider's rules into the fields; what was looked at for another provider goes."""
    code = str((where or {}).get("programme", ""))
    rules = rule_changes.current_rules(current_scope(), code).get(provider, Rules())
    since = rule_changes.last_change(current_scope(), code, provider)
    return (*(shown(rules, r) for r in RULES), shifts_text(rules), since, [], [])


# --- looking and changing ------------------------------------------------------------------------------------


_FORM = (
    State("counting-where", "data"),
    State("counting-since", "data"),
    State("counting-provider", "value"),
    State("counting-shifts", "value"),
    State(DOSE_FROM, "value"),
    State(DOSE_MINUTES, "value"),
    *(State(element, "value") for element in FIELDS.values()),
)


# While it is counted an older answer must not be taken for the new one, nor its button be clicked twice. (The button
# that was clicked is not disabled: that would take the keyboard's focus away.)
WORKING = [
    (Output("counting-working", "children"), "Counting everything held anew; this takes some seconds.", ""),
    (Output("counting-answer", "hidden"), True, False),
]


def _refused(what: str, reason: object) -> html.Div:
    return html.Div(states.warning(f"{what} {reason}"), role="alert")


def _read(form: Any) -> Asked:
    try:
        scope = current_scope()
        providers = programmes.get_programme(scope, str(form["programme"])).providers
        names = {p.code: p.name for p in providers}
        return read(scope, form, names.get(str(form["provider"]), ""))
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        if isinstance(problem, RulesError):
            raise
        raise RulesError("The form is incomplete. Reload the page and try again.") from None


@dash.callback(
    Output("counting-proposal", "children"),
    Output("counting-done", "children"),
    Input("counting-look", "n_clicks"),
    *_FORM,
    running=WORKING,
    prevent_initial_call=True,
)
@requires(Permission.CHANGE_RULES)
def look(
    clicks: int, where: dict[str, str], since: int, provider: str, shifts: str, dose_from: str, dose_minutes: Any, *values: Any
) -> tuple[Any, Any]:  # fmt: skip
    """What would move, worked out in full and taken back; then the second, binding step."""
    if not clicks:
        return dash.no_update, dash.no_update
    form = {"programme": (where or {}).get("programme", ""), "since": since, "provider": provider, "shifts": shifts,
            "numbers": dict(zip(FIELDS, values, strict=True)), "dose_from": dose_from, "dose_minutes": dose_minutes}  # fmt: skip
    try:
        asked = _read(form)
        moved = asked.carry_out(current_scope(), "", only_look=True)
        names = dict(programmes.filter_defaults(current_scope(), asked.programme).hot_spot_names)
    except (RulesError, StoreError, OutOfScope) as reason:
        return [], _refused("Nothing was worked out.", reason)
    return [
        html.H3(f"{asked.provider_name}: {formats.joined(asked.what)}"),
        html.P(moved_sentence(moved, made=False), role="status"),
        moved_table(moved, names),
        html.P("Every page, download and draft return shows the new figures from then on."),
        dcc.Store(id="counting-asked", data=form),
        html.Button("Make this change", id="counting-apply", className="button", n_clicks=0),
    ], []  # fmt: skip


@dash.callback(
    Output("counting-done", "children", allow_duplicate=True),
    Output("counting-proposal", "children", allow_duplicate=True),
    Output("counting-since", "data", allow_duplicate=True),
    Output("counting-content", "children", allow_duplicate=True),
    Output("counting-reason", "value"),
    Output(DOSE_FROM, "value"),
    Output(DOSE_MINUTES, "value"),
    Input("counting-apply", "n_clicks"),
    State("counting-asked", "data"),
    State("counting-reason", "value"),
    State("counting-query", "data"),
    State("counting-address", "data"),
    running=WORKING,
    prevent_initial_call=True,
)
@requires(Permission.CHANGE_RULES)
def apply(
    clicks: int, form: dict[str, Any], reason: str | None, query: str | None, address: str | None
) -> tuple[Any, ...]:
    if not clicks:
        return (dash.no_update,) * 7
    try:
        scope, asked = current_scope(), _read(form)
        moved = asked.carry_out(scope, str(reason or ""), only_look=False)
    except (RulesError, StoreError, OutOfScope) as problem:
        return _refused("Nothing was changed.", problem), *[dash.no_update] * 6
    sentence = f"Changed, {asked.provider_name}: {formats.joined(asked.what)}. {moved_sentence(moved, made=True)}"
    since = rule_changes.last_change(scope, asked.programme, asked.provider)
    # The page above shows the new figures at once: an old one must not stand beside the news of its change.
    body = content(PAGE, make_view(scope, dict(parse_qsl(query or address or "")), bounds=PATROL_DATA))
    return html.Div(states.inset(html.P(sentence)), role="status"), [], since, body, "", None, None


# --- the page ------------------------------------------------------------------------------------------------


def _nothing(view: View) -> tuple[str, str] | None:
    if patrols.has_patrol_data(view.scope, view.programme.code):
        return None
    return (
        f"No tracker positions are loaded for {view.programme.name}, so no minutes are counted.",
        "A manager can load them with the kind “pings”; Data says what is loaded.",
    )


def _lead(view: View) -> list[Any]:
    sentence = (
        "A minute counts when a patrol's tracker was inside a hot spot's boundary. GPS wanders and trackers fall silent, so "
        "a plain count tends to be too low; the rules below put much of that right and can count too much instead. "
        f"{measured_bias()} The plain count stands beside them."
    )
    back = html.A("Patrols", href=f"/patrols?{view.filters.to_query()}")
    links = ["Back to ", back, "."]
    if view.may(Permission.CHANGE_RULES) and view.programme.providers:
        links += [" ", html.A("Change the rules", href="#counting-change"), "."]
    return [html.P(sentence, className="lead"), html.P(links)]


PAGE = DataPage(
    slug="counting",
    path=PATH,
    name="How minutes are counted",
    question="How are minutes counted, and what do the trackers support?",
    permission=Permission.VIEW_PATROLS,
    blocks=[METHODS, RULES_BLOCK, CALIBRATION, DEVICES, HISTORY],
    lead=_lead,
    stage=_stage,
    stage_last=True,
    nothing=_nothing,
    compare=False,
    bounds=PATROL_DATA,
)

dash.register_page(__name__, **data_page(PAGE))

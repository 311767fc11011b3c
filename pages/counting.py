"""How minutes are counted: plain, by the rules and estimated side by side; managers change the rules here."""

from __future__ import annotations

from datetime import date
from typing import Any

import dash
import dash_bootstrap_components as dbc
import pandas as pd
from dash import Input, Output, State, dcc, html

from access.requires import requires
from access.viewer import current_scope
from analysis.dosage.rules import Rules
from components import states
from components.forms import field
from components.table import data_table, decimal, text
from components.view import View
from data_access import patrols, programmes, rule_changes
from data_access.dosage_rules import RulesError, rules_from_json
from data_access.rule_changes import Moved
from domain import formats
from domain.roles import Permission
from domain.scope import OutOfScope, Scope
from pages._counting_blocks import CALIBRATION, DEVICES, HISTORY, METHODS, RULES_BLOCK
from pages._counting_words import RULES, differences, shifts_text, shown
from pages._frame import DataPage, data_page

PATH = "/patrols/counting"
FIELDS = {rule.name: f"counting-{rule.name.replace('_', '-')}" for rule in RULES}
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
    return [
        field("counting-provider", "Provider", choose),
        html.Div(numbers, id="counting-numbers", className="form-grid"),
        field("counting-shifts", "Shifts", shifts, "Clock times like 14:00-22:00, 20:00-01:00; empty counts all hours."),
        html.Fieldset([
            html.Legend("Planned dose of a visit (leave empty to keep it)"),
            field(DOSE_FROM, "From", dbc.Input(id=DOSE_FROM, type="date")),
            _number_field(DOSE_MINUTES, "Minutes", None, "How long one visit is planned to last from that day on."),
        ], className="form-group"),
        field("counting-reason", "Why", reason, "Kept for good beside what the change moves."),
        html.Button("Show what would move", id="counting-look", className="button secondary", n_clicks=0),
        html.Div(id="counting-proposal", role="status"),
        html.Div(id="counting-done", role="status"),
    ]  # fmt: skip


def _stage(view: View) -> list[Any]:
    if not view.may(Permission.CHANGE_RULES) or not view.programme.providers:
        return []
    where = dcc.Store(id="counting-where", data={"programme": view.programme.code})
    first = view.programme.providers[0].code
    return [where, html.Details([html.Summary("Change the rules"), *_form(view, first)], className="wide-form")]


@dash.callback(
    *(Output(element, "value") for element in FIELDS.values()),
    Output("counting-shifts", "value"),
    Input("counting-provider", "value"),
    State("counting-where", "data"),
    prevent_initial_call=True,
)
@requires(Permission.CHANGE_RULES)
def show_provider(provider: str, where: dict[str, str]) -> tuple[Any, ...]:
    """The chosen provider's rules into the fields."""
    rules = rule_changes.current_rules(current_scope(), str((where or {}).get("programme", ""))).get(provider, Rules())
    return (*(shown(rules, r) for r in RULES), shifts_text(rules))


# --- looking and changing ------------------------------------------------------------------------------------


def _proposed(numbers: dict[str, Any], shifts: str | None) -> Rules:
    document: dict[str, Any] = {}
    for rule in RULES:
        value = numbers.get(rule.name)
        if not isinstance(value, int | float):
            raise RulesError(f"{rule.label}: a number of {rule.unit} is needed.")
        document[rule.name] = value * rule.divide
    pairs = [part.strip().replace("–", "-").split("-") for part in (shifts or "").split(",") if part.strip()]
    if any(len(pair) != 2 for pair in pairs):
        raise RulesError(f"Shifts: “{shifts}” is not a list of clock times like 14:00-22:00.")
    return rules_from_json({**document, "shifts": [[clock.strip() for clock in pair] for pair in pairs]})


def _dose(start: str | None, minutes: Any) -> tuple[date, float] | None:
    if not start and minutes in (None, ""):
        return None
    try:
        day = date.fromisoformat(str(start))
    except ValueError:
        raise RulesError("Planned dose: say from which day it holds.") from None
    if not isinstance(minutes, int | float):
        raise RulesError("Planned dose: a number of minutes is needed.")
    return day, float(minutes)


def _carry_out(scope: Scope, asked: dict[str, Any], only_look: bool) -> tuple[Moved, list[str]]:
    """The change as asked: other rules, or another planned dose; one at a time, so that what moved has one cause."""
    code, provider = str(asked["programme"]), str(asked["provider"])
    now = rule_changes.current_rules(scope, code).get(provider)
    if now is None:
        raise RulesError(f"There is no provider “{provider}”.")
    rules, dose = _proposed(asked["numbers"], asked["shifts"]), _dose(asked["dose_from"], asked["dose_minutes"])
    reason = str(asked["reason"] or "")
    if dose and rules != now:
        raise RulesError(
            "Change the rules and the planned dose one after the other, so that what each moves can be told."
        )
    if dose:
        moved = rule_changes.change_planned_dose(scope, code, provider, *dose, reason, only_look=only_look)
        return moved, [f"planned dose {dose[1]:g} minutes from {formats.day(dose[0])}"]
    moved = rule_changes.change_rules(scope, code, provider, rules, reason, only_look=only_look)
    return moved, differences(now, rules)


def _moved_table(moved: Moved, names: dict[str, str]) -> html.Div:
    labels = {
        "patrol_minutes": "Patrol-minutes of visits", "person_minutes": "Person-minutes of visits",
        "passed_through_minutes": "Patrol-minutes passing through", "visits": "Visits",
        "visits_at_dose": "Visits at or over the planned dose",
    }  # fmt: skip
    rows = [(labels[k], *moved.total[k]) for k in labels]
    rows += [(f"Patrol-minutes, {names.get(k, k)}", *v) for k, v in moved.by_hot_spot.items()]
    rows += [(f"Patrol-minutes, {k}", *v) for k, v in moved.by_year.items()]
    frame = pd.DataFrame([(a, b, c, c - b) for a, b, c in rows], columns=["what", "before", "after", "change"])
    columns = [
        text("what", "Measure"),
        decimal("before", "Now", 0),
        decimal("after", "Then", 0),
        decimal("change", "Change", 0),
    ]
    return data_table(frame, columns, "What the change moves, over everything held", table_id="counting-moved")


def _beyond(moved: Moved) -> str:
    """What the table cannot say: days that stay as they are, months to confirm again."""
    said = []
    if moved.kept_days:
        said.append(f"{formats.number(moved.kept_days)} days stay as they are, because their positions have expired.")
    if moved.withdrawn:
        said.append(
            f"These months need confirming again: {formats.joined([formats.month(m) for m in moved.withdrawn])}."
        )
    return " ".join(said)


@dash.callback(
    Output("counting-proposal", "children"),
    Input("counting-look", "n_clicks"),
    State("counting-where", "data"),
    State("counting-provider", "value"),
    *(State(element, "value") for element in FIELDS.values()),
    State("counting-shifts", "value"),
    State(DOSE_FROM, "value"),
    State(DOSE_MINUTES, "value"),
    State("counting-reason", "value"),
    prevent_initial_call=True,
)
@requires(Permission.CHANGE_RULES)
def look(clicks: int, where: dict[str, str], provider: str, *values: Any) -> Any:
    """What would move, worked out in full and taken back; then the second, binding step."""
    if not clicks:
        return dash.no_update
    numbers = dict(zip(FIELDS, values, strict=False))
    shifts, dose_from, dose_minutes, reason = values[len(FIELDS) :]
    asked = {"programme": (where or {}).get("programme", ""), "provider": provider, "numbers": numbers, "shifts": shifts,
             "dose_from": dose_from, "dose_minutes": dose_minutes, "reason": reason}  # fmt: skip
    try:
        moved, what = _carry_out(current_scope(), asked, only_look=True)
        names = dict(programmes.filter_defaults(current_scope(), str(asked["programme"])).hot_spot_names)
    except (RulesError, OutOfScope) as reason_not:
        return states.warning(f"Nothing was worked out. {reason_not}")
    return [
        html.H3(f"If you change {formats.joined(what)}"),
        _moved_table(moved, names),
        html.P("Every page, download and draft return shows the new figures from then on. Confirmed months whose figures move need confirming again."),
        dcc.Store(id="counting-asked", data=asked),
        html.Button("Make this change", id="counting-apply", className="button", n_clicks=0),
    ]  # fmt: skip


@dash.callback(
    Output("counting-done", "children"),
    Output("counting-proposal", "children", allow_duplicate=True),
    Input("counting-apply", "n_clicks"),
    State("counting-asked", "data"),
    State("counting-reason", "value"),
    prevent_initial_call=True,
)
@requires(Permission.CHANGE_RULES)
def apply(clicks: int, asked: dict[str, Any], reason: str | None) -> tuple[Any, Any]:
    if not clicks or not asked:
        return dash.no_update, dash.no_update
    try:
        moved, what = _carry_out(current_scope(), {**asked, "reason": reason}, only_look=False)
    except (RulesError, OutOfScope, KeyError, TypeError, AttributeError) as problem:
        said = problem if isinstance(problem, RulesError | OutOfScope) else "The proposal is incomplete; show it again."
        return states.warning(f"Nothing was changed. {said}"), dash.no_update
    before, after = moved.total["patrol_minutes"]
    link = html.A("Show the page with the new minutes", href=f"{PATH}?programme={asked['programme']}")
    sentence = f"Changed: {formats.joined(what)}. Patrol-minutes of visits went from {formats.number(before)} to {formats.number(after)}."
    return states.inset(html.P(sentence), html.P(link)), []


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
        "a plain count is too low; the rules below put that right, and the plain count stands beside them."
    )
    back = html.A("Patrols", href=f"/patrols?{view.filters.to_query()}")
    return [html.P(sentence, className="lead"), html.P(["Back to ", back, "."])]


dash.register_page(
    __name__,
    **data_page(
        DataPage(
            slug="counting",
            path=PATH,
            name="How minutes are counted",
            question="How are minutes counted, and what do the trackers support?",
            permission=Permission.VIEW_PATROLS,
            blocks=[METHODS, RULES_BLOCK, CALIBRATION, DEVICES, HISTORY],
            lead=_lead,
            stage=_stage,
            nothing=_nothing,
            compare=False,
        ),
    ),
)

"""The form that changes how minutes are counted: what it asks for, read and checked in the form's own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from dash import html

from analysis.dosage.rules import Rules
from components.columns import Column, decimal, text
from components.table import data_table
from data_access import rule_changes
from data_access.dosage_rules import RulesError, rules_from_json
from data_access.rule_changes import Moved
from domain import formats
from domain.scope import Scope
from pages._counting_words import RULES, Rule, differences

_SHIFT = re.compile(r"(\d{1,2}:\d{2})\s*[-\u2013]\s*(\d{1,2}:\d{2})")


@dataclass(frozen=True)
class Asked:
    """One change as the form asks for it: other rules or another planned dose, and what the person had seen."""

    programme: str
    provider: str
    provider_name: str
    rules: Rules
    dose: tuple[date, float] | None
    since: int
    what: list[str]

    def carry_out(self, scope: Scope, reason: str, *, only_look: bool) -> Moved:
        where = (scope, self.programme, self.provider)
        if self.dose:
            return rule_changes.change_planned_dose(*where, *self.dose, reason, only_look=only_look, since=self.since)
        return rule_changes.change_rules(*where, self.rules, reason, only_look=only_look, since=self.since)


def read(scope: Scope, form: dict[str, Any], provider_name: str) -> Asked:
    """The form's change; RulesError in words where it cannot be read. One thing at a time: what moved has one cause."""
    code, provider = str(form["programme"]), str(form["provider"])
    now = rule_changes.current_rules(scope, code).get(provider)
    if now is None:
        raise RulesError(f"There is no provider “{provider[:60]}”.")
    rules, dose = read_rules(form["numbers"], form["shifts"]), read_dose(form["dose_from"], form["dose_minutes"])
    if dose and rules != now:
        raise RulesError(
            "Change the rules and the planned dose one after the other, so that what each moves can be told."
        )
    what = [f"planned dose to {dose[1]:g} minutes from {formats.day(dose[0])}"] if dose else differences(now, rules)
    return Asked(code, provider, provider_name, rules, dose, int(form["since"]), what)


def read_rules(numbers: dict[str, Any], shifts: str | None) -> Rules:
    document: dict[str, Any] = {rule.name: _number(rule, numbers.get(rule.name)) * rule.divide for rule in RULES}
    silences = [rule for rule in RULES if rule.name in ("gap_s", "gap_credit_s")]
    longest = max(silences, key=lambda rule: document[rule.name])
    if document["off_duty_s"] < document[longest.name]:
        off = next(rule for rule in RULES if rule.name == "off_duty_s")
        raise RulesError(
            f"{off.label}: it cannot be shorter than “{longest.label}”, or a silence would both count and be off."
        )
    return rules_from_json({**document, "shifts": _shifts(shifts or "")})


def _number(rule: Rule, value: Any) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and rule.least <= value <= rule.most
    if not good:
        raise RulesError(f"{rule.label}: write a number from {rule.least:g} to {rule.most:,g} ({rule.unit}).")
    return float(value)


def _shifts(written: str) -> list[tuple[str, str]]:
    found = []
    for part in filter(None, (one.strip() for one in written.split(","))):
        clocks = _SHIFT.fullmatch(part)
        if clocks is None:
            raise RulesError(
                f"Shifts: “{part[:40]}” is not two clock times like 14:00-22:00; put a comma between shifts."
            )
        pair = tuple(clock.zfill(5) for clock in clocks.groups())
        wrong = [clock for clock in pair if int(clock[:2]) > 23 or int(clock[3:]) > 59]
        if wrong:
            raise RulesError(f"Shifts: there is no clock time {wrong[0]}; times go from 00:00 to 23:59.")
        if pair[0] == pair[1]:
            raise RulesError(f"Shifts: {part} begins when it ends. Leave the field empty to count all hours.")
        found.append(pair)
    return found


def read_dose(start: Any, minutes: Any) -> tuple[date, float] | None:
    if start in (None, "") and minutes in (None, ""):
        return None
    try:
        day = date.fromisoformat(str(start))
    except ValueError:
        raise RulesError("Planned dose: say from which day it holds.") from None
    if not isinstance(minutes, int | float) or isinstance(minutes, bool) or not 0 < minutes <= 1440:
        raise RulesError("Planned dose: write a number of minutes, more than 0 and at most 1,440.")
    return day, float(minutes)


# --- what moves ----------------------------------------------------------------------------------------------

_MEASURES = {
    "patrol_minutes": "Patrol-minutes of visits", "person_minutes": "Person-minutes of visits",
    "passed_through_minutes": "Patrol-minutes passing through", "visits": "Visits",
    "visits_at_dose": "Visits at or over the planned dose",
}  # fmt: skip


def moved_table(moved: Moved, names: dict[str, str]) -> html.Div:
    """Changes are between the whole numbers shown: 9,002 to 9,015 is 13, whatever the decimals say."""
    rows = [(_MEASURES[k], *moved.total[k]) for k in _MEASURES]
    rows += [(f"Patrol-minutes, {names.get(k, k)}", *v) for k, v in moved.by_hot_spot.items()]
    rows += [(f"Patrol-minutes, {k.replace('-', '/')}", *v) for k, v in moved.by_year.items()]
    frame = pd.DataFrame(
        [(a, b, c, round(c) - round(b)) for a, b, c in rows], columns=["what", "before", "after", "change"]
    )
    columns: list[Column] = [
        text("what", "Measure"), decimal("before", "Now", 0), decimal("after", "Then", 0), decimal("change", "Change", 0),
    ]  # fmt: skip
    return data_table(frame, columns, "What the change moves, over everything held", table_id="counting-moved")


def moved_sentence(moved: Moved, made: bool) -> str:
    """The figure that moves most readers, or that nothing moves; then what a table cannot say."""
    moves = [k for k in _MEASURES if abs(moved.total[k][1] - moved.total[k][0]) >= 0.5]
    if not moves:
        first = "No figure of what is held moves by a whole minute or visit."
    else:
        one = "patrol_minutes" if "patrol_minutes" in moves else moves[0]
        before, after = (formats.number(value) for value in moved.total[one])
        verb = "went" if made else "would go"
        first = f"{_MEASURES[one]} {verb} from {before} to {after}."
    return " ".join([first, *_beyond(moved, made)])


def _beyond(moved: Moved, made: bool) -> list[str]:
    said = []
    if moved.kept_days:
        days = (
            "1 day stays as it is"
            if moved.kept_days == 1
            else f"{formats.number(moved.kept_days)} days stay as they are"
        )
        said.append(f"{days}, because the positions have expired.")
    if moved.withdrawn:
        months = formats.joined([formats.month(m) for m in moved.withdrawn])
        said.append(f"Confirmed months that {'need' if made else 'would need'} confirming again: {months}.")
    return said

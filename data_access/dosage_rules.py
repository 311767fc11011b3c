"""The rules by which each provider's minutes are counted: as they are kept, read and in force."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import time
from typing import Any

from sqlalchemy import Connection, select

from analysis.dosage.rules import Rules
from analysis.dosage.tables import BASE_GAP_S
from data_access.schema import dosage_rules

_SECONDS = tuple(f.name for f in fields(Rules) if f.name != "shifts")
# The longest that makes sense: a day, or for the band a kilometre (metres).
_MOST = dict.fromkeys(_SECONDS, 86400.0) | {"band_m": 1_000.0}


class RulesError(ValueError):
    """A set of rules that cannot be used: which rule, what it says, what it takes."""


def rules_as_json(rules: Rules) -> dict[str, Any]:
    """Every rule by name; shifts as pairs of HH:MM."""
    shifts = [[f"{at:%H:%M}" for at in shift] for shift in rules.shifts]
    return {**asdict(rules), "shifts": shifts}


def rules_from_json(document: Mapping[str, Any]) -> Rules:
    """Rules from names and values; what is left out keeps its default. RulesError names the rule that is wrong."""
    unknown = sorted(set(document) - {*_SECONDS, "shifts"})
    if unknown:
        raise RulesError(f"There is no rule “{unknown[0]}”. Rules: {', '.join((*_SECONDS, 'shifts'))}.")
    numbers = {name: _number(name, document[name]) for name in _SECONDS if name in document}
    if numbers.get("gap_s", BASE_GAP_S) < BASE_GAP_S:
        raise RulesError(f"gap_s is {numbers['gap_s']:g}; the shortest gap that can be told apart is {BASE_GAP_S:g} s.")
    found = Rules(**numbers, shifts=_shifts(document.get("shifts", ())))
    if found.off_duty_s < max(found.gap_s, found.gap_credit_s):
        raise RulesError("off_duty_s is shorter than gap_s or gap_credit_s: a silence that counts cannot be off duty.")
    return found


def _number(name: str, value: Any) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not 0 <= value <= _MOST[name]:
        raise RulesError(f"{name} is “{value}”; it must be a number from 0 to {_MOST[name]:g}.")
    return float(value)


def _shifts(value: Any) -> tuple[tuple[time, time], ...]:
    try:
        pairs = tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in value)
    except (TypeError, ValueError):
        raise RulesError(f'shifts is “{value}”; it must be a list of pairs like ["14:00", "22:00"].') from None
    for start, end in pairs:
        if start == end or start.tzinfo or end.tzinfo:
            raise RulesError(f"The shift {start} to {end} must have two different local clock times.")
    return pairs


def rules_in_force(conn: Connection, programme_id: int) -> dict[str, Rules]:
    """Rules by provider, of those whose rules somebody has set; everyone else's are ``Rules()``."""
    return {provider: rules for provider, (_id, rules) in rules_rows(conn, programme_id).items()}


def rules_rows(conn: Connection, programme_id: int) -> dict[str, tuple[int, Rules]]:
    """The newest row of each provider: its id and its rules."""
    r = dosage_rules.c
    query = select(r.provider, r.id, r.rules).where(r.programme_id == programme_id).order_by(r.id)
    return {row.provider: (row.id, rules_from_json(row.rules)) for row in conn.execute(query)}

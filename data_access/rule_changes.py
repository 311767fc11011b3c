"""Changing how a provider's minutes are counted: what would move, the change itself, and who changed what before."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, func, insert, select, update

from analysis.dosage.rules import Rules
from data_access import audit, schema
from data_access.dosage import recompute_visits
from data_access.dosage_rules import RulesError, rules_as_json, rules_from_json, rules_rows
from data_access.engine import utc_now, writing
from data_access.reading import Opened, opened
from data_access.visit_rows import DOSE_TOLERANCE_MINUTES, dose_expression
from domain import formats
from domain.periods import financial_year
from domain.programme import Programme, parse_programme
from domain.roles import Permission
from domain.scope import Scope

REASON_AT_LEAST = 10  # characters: "because" is no reason
COUNTS = ("visits", "visits_at_dose", "patrol_minutes", "person_minutes", "passed_through_minutes")


@dataclass(frozen=True)
class Moved:
    """What a change of rules moves: [before, after] over everything held, by hot spot and by financial year."""

    total: dict[str, tuple[float, float]]  # by COUNTS
    by_hot_spot: dict[str, tuple[float, float]]  # patrol-minutes, by the hot spot's code
    by_year: dict[str, tuple[float, float]]  # patrol-minutes, by financial year
    kept_days: int = 0  # local days that stay as they were, because their positions have expired
    withdrawn: tuple[str, ...] = ()  # confirmed months whose minutes move, so that they need confirming again

    def as_json(self) -> dict[str, Any]:
        parts = {"total": self.total, "by_hot_spot": self.by_hot_spot, "by_year": self.by_year}
        pairs = {name: {key: list(pair) for key, pair in part.items()} for name, part in parts.items()}
        return {**pairs, "kept_days": self.kept_days, "withdrawn": list(self.withdrawn)}


@dataclass(frozen=True)
class Change:
    """One line of the history of a provider's rules; ``moved`` is Moved.as_json, of a dose with ``planned_dose``."""

    provider: str
    provider_name: str
    rules: Rules
    reason: str
    moved: dict[str, Any]
    changed_at: datetime
    changed_by: str


def current_rules(scope: Scope, code: str) -> dict[str, Rules]:
    """The rules in force for every provider of the programme."""
    with opened(scope, code, Permission.VIEW_PATROLS) as o:
        held = rules_rows(o.conn, o.programme_id)
        return {p.code: held[p.code][1] if p.code in held else Rules() for p in o.programme.providers}


def rule_history(scope: Scope, code: str) -> list[Change]:
    """Every change, newest first; who and when is for the operational roles."""
    with opened(scope, code, Permission.VIEW_PATROLS, Permission.SEE_DAYS) as o:
        r = schema.dosage_rules.c
        rows = o.conn.execute(select(schema.dosage_rules).where(r.programme_id == o.programme_id).order_by(r.id.desc()))
        return [
            Change(
                row.provider, o.programme.provider_name(row.provider), rules_from_json(row.rules), row.reason,
                row.moved, row.changed_at, row.changed_by,
            )
            for row in rows
        ]  # fmt: skip


def last_change(scope: Scope, code: str, provider: str) -> int:
    """Number of the provider's newest change, 0 before the first: what ``since`` takes."""
    with opened(scope, code, Permission.CHANGE_RULES) as o:
        return _newest(o.conn, o.programme_id, provider)


def change_rules(
    scope: Scope, code: str, provider: str, rules: Rules, reason: str, *, only_look: bool = False,
    since: int | None = None,
) -> Moved:  # fmt: skip
    """Count one provider's minutes anew by other rules, in one transaction; returns what moved.

    ``only_look`` works everything out and then takes it back. ``since`` : the ``last_change`` that the person had seen;
    RulesError when somebody has changed something after it, when nothing would be another rule, the provider is unknown
    or no reason is given.
    """

    def apply(conn: Connection, o: Opened, moved: Callable[[], Moved]) -> Moved:
        held = rules_rows(conn, o.programme_id)
        if rules == (held[provider][1] if provider in held else Rules()):
            raise RulesError("These are the rules in force already; change one of them first.")
        row_id = _record(conn, o.programme_id, provider, rules, reason, scope.actor)
        because = "the counting rules were changed"
        redone = recompute_visits(conn, o.programme_id, providers=(provider,), actor=scope.actor, because=because)
        found = replace(moved(), kept_days=len(redone.kept), withdrawn=redone.withdrawn)
        _settle(conn, o.programme_id, row_id, provider, found.as_json(), rules_as_json(rules), scope.actor)
        return found

    return _changed(scope, code, provider, reason, apply, only_look, since)


def change_planned_dose(
    scope: Scope, code: str, provider: str, start: date, minutes: float, reason: str, *, only_look: bool = False,
    since: int | None = None,
) -> Moved:  # fmt: skip
    """Plan visits of another length from a day on. No minute changes; which visits reached their dose does."""
    if not 0 < minutes <= 24 * 60:
        raise RulesError("A planned dose is more than 0 and at most 1,440 minutes.")

    def apply(conn: Connection, o: Opened, moved: Callable[[], Moved]) -> Moved:
        planned = _now(conn, o.programme_id).provider(provider)
        before = planned.dose_on(start) if planned else None
        if before == minutes:
            raise RulesError(f"{minutes:g} minutes are planned from {formats.day(start)} already.")
        rules = {p: r for p, (_, r) in rules_rows(conn, o.programme_id).items()}.get(provider, Rules())
        _write_dose(conn, o.programme_id, provider, start, minutes)
        row_id = _record(conn, o.programme_id, provider, rules, reason, scope.actor)
        found = moved()
        what = {"planned_dose": {"from": start.isoformat(), "before": before, "minutes": minutes}}
        _settle(conn, o.programme_id, row_id, provider, found.as_json() | what, what, scope.actor)
        return found

    return _changed(scope, code, provider, reason, apply, only_look, since)


def _changed(
    scope: Scope,
    code: str,
    provider: str,
    reason: str,
    apply: Callable[[Connection, Opened, Callable[[], Moved]], Moved],
    only_look: bool,
    since: int | None,
) -> Moved:
    with opened(scope, code, Permission.CHANGE_RULES) as o:
        programme_id, programme = o.programme_id, o.programme
    if programme.provider(provider) is None:
        raise RulesError(f"{programme.name} has no provider “{provider}”.")
    if not only_look and len(reason.strip()) < REASON_AT_LEAST:
        raise RulesError("Say why in a few words; the reason stays with the figures it moved.")
    with writing().connect() as conn, conn.begin() as transaction:
        if since is not None:
            _refuse_if_changed(conn, programme_id, programme, provider, since)
        inside = Opened(conn, scope, programme_id, programme, None)
        before = _totals(conn, programme_id, programme, provider)
        found = apply(
            conn, inside, lambda: _moved(before, _totals(conn, programme_id, _now(conn, programme_id), provider))
        )
        if only_look:
            transaction.rollback()
        return found


def _newest(conn: Connection, programme_id: int, provider: str) -> int:
    r = schema.dosage_rules.c
    found = conn.execute(select(func.max(r.id)).where(r.programme_id == programme_id, r.provider == provider)).scalar()
    return int(found or 0)


def _refuse_if_changed(conn: Connection, programme_id: int, programme: Programme, provider: str, since: int) -> None:
    """A whole set of rules is written, so an old form would take a colleague's change back unseen."""
    newest = _newest(conn, programme_id, provider)
    if newest == since:
        return
    r = schema.dosage_rules.c
    row = conn.execute(select(r.changed_by, r.changed_at).where(r.id == newest)).first()
    who = f" by {row.changed_by} on {formats.local_time(row.changed_at)}" if row else ""
    raise RulesError(
        f"How {programme.provider_name(provider)} is counted has been changed{who}, after this form was filled. "
        "Reload the page to see the rules that hold now."
    )


def _now(conn: Connection, programme_id: int) -> Programme:
    p = schema.programme.c
    return parse_programme(conn.execute(select(p.config).where(p.id == programme_id)).scalar_one())


def _record(conn: Connection, programme_id: int, provider: str, rules: Rules, reason: str, actor: str) -> int:
    values = {"programme_id": programme_id, "provider": provider, "rules": rules_as_json(rules),
              "reason": reason.strip(), "moved": {}, "changed_at": utc_now(), "changed_by": actor[:120]}  # fmt: skip
    return int(conn.execute(insert(schema.dosage_rules).values(**values)).inserted_primary_key[0])


def _settle(
    conn: Connection, programme_id: int, row_id: int, provider: str, moved: dict[str, Any], what: dict[str, Any], actor: str
) -> None:  # fmt: skip
    rules = schema.dosage_rules
    conn.execute(update(rules).where(rules.c.id == row_id).values(moved=moved))
    detail = {"provider": provider, "change": what, "moved": moved["total"]}
    audit.record(conn, actor=actor, event="counting rules changed", detail=detail, programme_id=programme_id)


def _write_dose(conn: Connection, programme_id: int, provider: str, start: date, minutes: float) -> None:
    p = schema.programme.c
    document = deepcopy(conn.execute(select(p.config).where(p.id == programme_id)).scalar_one())
    for held in document["providers"]:
        if held["code"] == provider:
            others = [d for d in held.get("planned_dose", []) if str(d["from"]) != start.isoformat()]
            held["planned_dose"] = [*others, {"from": start.isoformat(), "minutes": minutes}]
    parse_programme(document)
    conn.execute(update(schema.programme).where(p.id == programme_id).values(config=document, updated_at=utc_now()))


# --- what moved ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Totals:
    total: dict[str, float]
    by_hot_spot: dict[str, float]
    by_year: dict[str, float]


def _totals(conn: Connection, programme_id: int, programme: Programme, provider: str) -> _Totals:
    v, a = schema.visit.c, schema.area.c
    counted = case((v.counts_as_visit, 1), else_=0)
    reached = case((v.patrol_minutes >= dose_expression(programme) - DOSE_TOLERANCE_MINUTES, 1), else_=0)
    rows = conn.execute(
        select(
            a.code, v.local_date, func.sum(counted), func.sum(counted * reached), func.sum(counted * v.patrol_minutes),
            func.sum(counted * v.person_minutes), func.sum((1 - counted) * v.patrol_minutes),
        )
        .join_from(schema.visit, schema.area, a.id == v.area_id)
        .where(v.programme_id == programme_id, v.provider == provider)
        .group_by(a.code, v.local_date)
    )  # fmt: skip
    total, spots, years = dict.fromkeys(COUNTS, 0.0), {}, {}
    for code, day, *numbers in rows:
        for name, value in zip(COUNTS, numbers, strict=True):
            total[name] += float(value or 0)
        minutes, year = float(numbers[2] or 0), financial_year(day)
        spots[code] = spots.get(code, 0.0) + minutes
        years[year] = years.get(year, 0.0) + minutes
    return _Totals(total, spots, years)


def _moved(before: _Totals, after: _Totals) -> Moved:
    def pairs(one: dict[str, float], other: dict[str, float]) -> dict[str, tuple[float, float]]:
        keys = [*one, *(k for k in other if k not in one)]
        return {k: (round(one.get(k, 0.0), 3), round(other.get(k, 0.0), 3)) for k in sorted(keys)}

    return Moved(
        {name: (round(before.total[name], 3), round(after.total[name], 3)) for name in COUNTS},
        pairs(before.by_hot_spot, after.by_hot_spot),
        pairs(before.by_year, after.by_year),
    )

"""Programmes: which there are, their settings, what an empty filter means, and how fresh the data are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from analysis.dosage.rules import Rules
from data_access import schema
from data_access.dosage_rules import rules_as_json, rules_rows
from data_access.engine import get_engine, utc_now
from data_access.reading import Opened, crimes_covered, opened, pings_covered
from data_access.remembered import remembered
from domain.filters import FilterDefaults
from domain.periods import Period, add_months, month_end
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import Scope

DEFAULT_MONTHS = 12


@dataclass(frozen=True)
class ProgrammeSummary:
    code: str
    name: str
    demonstration: bool


@dataclass(frozen=True)
class AsAt:
    """How fresh the data are, and the hash that says which data a figure was made from."""

    last_load: datetime | None  # UTC
    crimes_to: date | None
    pings_to: date | None
    provisional_from: date | None  # later records may still arrive from this day on
    weight_edition: str | None
    weight_basis: str | None
    weight_fallback: bool
    data_sha256: (
        str  # over the sorted hashes of the current loads, and over how minutes are counted where that was changed
    )


def list_programmes(scope: Scope) -> list[ProgrammeSummary]:
    """The programmes the viewer may see, by name."""
    scope.require(Permission.OWN_ACCOUNT)
    p = schema.programme.c
    with get_engine().connect() as conn:
        rows = conn.execute(select(p.code, p.name, p.demonstration).order_by(p.name, p.code)).all()
    return [ProgrammeSummary(r.code, r.name, bool(r.demonstration)) for r in rows if scope.sees(r.code)]


@remembered
def get_programme(scope: Scope, code: str) -> Programme:
    with opened(scope, code, Permission.OWN_ACCOUNT) as o:
        return o.programme


@remembered
def filter_defaults(scope: Scope, code: str) -> FilterDefaults:
    """The service window, or else the last 12 whole months of crime data; all hot spots."""
    with opened(scope, code, Permission.OWN_ACCOUNT) as o:
        programme, areas = o.programme, o.areas()
        period = programme.during.period if programme.during else _last_whole_months(o)
        return FilterDefaults(
            programme=code,
            area_name=programme.area_name or programme.name,
            period=period,
            hot_spot_names=dict(zip(areas["code"], areas["name"], strict=True)),
            area_word="areas" if programme.resolution == "month" else "hot spots",
            before_window=programme.before.period if programme.before else None,
            during_window=programme.during.period if programme.during else None,
        )


def _last_whole_months(o: Opened) -> Period:
    cover = crimes_covered(o)
    last = cover.last_day or utc_now().date()
    first_of_last = last.replace(day=1)
    if last != month_end(first_of_last):
        first_of_last = add_months(first_of_last, -1)
    start = add_months(first_of_last, 1 - DEFAULT_MONTHS)
    if cover.periods:
        start = min(max(start, min(p.start for p in cover.periods)), first_of_last)
    return Period(start, month_end(first_of_last))


@remembered
def data_as_at(scope: Scope, code: str) -> AsAt:
    """When data last arrived, how far they reach, which harm weights, and the data's hash."""
    with opened(scope, code, Permission.OWN_ACCOUNT) as o:
        load = schema.load.c
        current = (load.programme_id == o.programme_id, load.status == "current")
        made_of = [*o.conn.execute(select(load.sha256).where(*current)).scalars(), *_changed_counting(o)]
        last_load = o.conn.execute(select(func.max(load.loaded_at)).where(*current)).scalar()
        crimes_to = crimes_covered(o).last_day
        weights = _weight_set(o)
        return AsAt(
            last_load=last_load,
            crimes_to=crimes_to,
            pings_to=pings_covered(o).last_day,
            provisional_from=_provisional_from(crimes_to, o.programme.provisional_weeks),
            weight_edition=weights[0],
            weight_basis=weights[1],
            weight_fallback=weights[2],
            data_sha256=hashlib.sha256("\n".join(sorted(made_of)).encode()).hexdigest(),
        )


def _changed_counting(o: Opened) -> list[str]:
    """Figures also move without a new file: by rules that are not the defaults, and doses set on the page."""
    own = {provider: rules for provider, (_, rules) in rules_rows(o.conn, o.programme_id).items() if rules != Rules()}
    rules = [f"rules {provider} {json.dumps(rules_as_json(of), sort_keys=True)}" for provider, of in own.items()]
    r = schema.dosage_rules.c
    changes = o.conn.execute(select(r.provider, r.moved).where(r.programme_id == o.programme_id))
    dosed = {row.provider for row in changes if "planned_dose" in row.moved}
    planned = {p.code: [(d.start.isoformat(), d.minutes) for d in p.planned_dose] for p in o.programme.providers}
    return [*rules, *(f"dose {code} {json.dumps(planned[code])}" for code in dosed if code in planned)]


def _provisional_from(crimes_to: date | None, weeks: int) -> date | None:
    return crimes_to - timedelta(weeks=weeks) if crimes_to and weeks else None


def _weight_set(o: Opened) -> tuple[str | None, str | None, bool]:
    w = schema.weight_set.c
    row = o.conn.execute(select(w.edition, w.basis, w.fallback).where(w.id == o.weight_set_id)).first()
    return (row.edition, row.basis, bool(row.fallback)) if row else (None, None, False)

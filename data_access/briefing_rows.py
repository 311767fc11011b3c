"""What a briefing reads: teams, the plan of a provider, days with trackers, minutes that were not credited."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import func, select

from data_access import schema
from data_access.briefing_model import Team
from data_access.reading import Opened
from domain.periods import Period

_PLAN_NUMBERS = ("planned_start_minute", "planned_minutes", "abstracted_minutes")


def teams(o: Opened) -> list[Team]:
    """Teams with tracker data, in the programme's order of providers, then by name."""
    found: dict[tuple[str, str], tuple[date, date]] = {}
    for table in (schema.visit, schema.tracker_day):
        c = table.c
        rows = o.conn.execute(
            select(c.provider, c.team, func.min(c.local_date), func.max(c.local_date))
            .where(c.programme_id == o.programme_id)
            .group_by(c.provider, c.team)
        )
        for provider, team, first, last in rows:
            held = found.get((provider, team), (first, last))
            found[provider, team] = min(held[0], first), max(held[1], last)
    order = {p.code: i for i, p in enumerate(o.programme.providers)}
    keys = sorted(found, key=lambda k: (order.get(k[0], len(order)), *k))
    return [Team(p, o.programme.provider_name(p), t, *found[p, t]) for p, t in keys]


def team_days(o: Opened, provider: str, period: Period | None = None) -> dict[date, set[str]]:
    """Day -> the provider's teams whose trackers were on."""
    found: dict[date, set[str]] = {}
    for table in (schema.visit, schema.tracker_day):
        c = table.c
        query = select(c.local_date, c.team).where(c.programme_id == o.programme_id, c.provider == provider).distinct()
        if period:
            query = query.where(c.local_date.between(period.start, period.end))
        for day, team in o.conn.execute(query):
            found.setdefault(day, set()).add(team)
    return found


def plan_rows(o: Opened, provider: str, period: Period, areas: pd.DataFrame) -> pd.DataFrame:
    """One row a planned visit: [area_id, local_date, planned_start_minute, planned_minutes, abstracted_minutes, reason]."""
    c = schema.plan.c
    frame = o.frame(
        select(
            c.area_id, c.local_date, c.planned_start_minute, c.planned_minutes, c.abstracted_minutes,
            func.coalesce(func.trim(c.abstraction_reason), "").label("reason"),
        )
        .where(
            c.programme_id == o.programme_id, c.provider == provider, c.planned_minutes > 0,
            c.local_date.between(period.start, period.end), c.area_id.in_([int(i) for i in areas["id"]]),
        )
        .order_by(c.local_date, c.planned_start_minute, c.id)
    )  # fmt: skip
    for column in _PLAN_NUMBERS:
        frame[column] = pd.to_numeric(frame[column]).astype(float)
    return frame


def not_credited(o: Opened, team: Team, period: Period) -> dict[tuple[int, date], tuple[float, float]]:
    """(area, day) -> minutes just outside the boundary and minutes of silence, neither credited."""
    c = schema.dose_day.c
    rows = o.conn.execute(
        select(
            c.area_id, c.local_date, func.sum(c.near_minutes), func.sum(c.uncredited_silence_minutes)
        ).where(
            c.programme_id == o.programme_id, c.provider == team.provider, c.team == team.name,
            c.local_date.between(period.start, period.end),
        ).group_by(c.area_id, c.local_date)
    )  # fmt: skip
    return {(area, day): (float(near), float(silent)) for area, day, near, silent in rows}


def boundaries(o: Opened) -> list[dict[str, Any]]:
    """[id, code, name, position, geometry, active_from, active_to] in display order."""
    a = schema.area.c
    return [
        dict(row)
        for row in o.conn.execute(
            select(a.id, a.code, a.name, a.position, a.geometry, a.active_from, a.active_to)
            .where(a.programme_id == o.programme_id)
            .order_by(a.position, a.code)
        ).mappings()
    ]

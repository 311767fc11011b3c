"""Months of patrols: what is held of each, whether a manager stands by it, and when its positions go."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import case, func, select

from data_access.confirmed import confirmed_months
from data_access.reading import finished, opened
from data_access.schema import ping_part, visit
from domain.periods import month_of
from domain.roles import Permission
from domain.scope import Scope

COLUMNS = ["month", "pings", "expired", "visits", "patrol_minutes", "confirmed_at", "confirmed_by"]


def patrol_months(scope: Scope, code: str) -> pd.DataFrame:
    """COLUMNS, newest first: positions held and expired, visits and their patrol-minutes, who confirmed when."""
    with opened(scope, code, Permission.VIEW_DATA, Permission.SEE_DAYS) as o:
        p, v = ping_part.c, visit.c
        held = o.frame(
            select(
                p.local_date,
                func.sum(case((p.expired_at.is_(None), p.pings), else_=0)).label("pings"),
                func.sum(case((p.expired_at.is_(None), 0), else_=p.pings)).label("expired"),
            )
            .where(p.programme_id == o.programme_id)
            .group_by(p.local_date)
        )
        counted = o.frame(
            select(v.local_date, func.count().label("visits"), func.sum(v.patrol_minutes).label("patrol_minutes"))
            .where(v.programme_id == o.programme_id, v.counts_as_visit)
            .group_by(v.local_date)
        )
        days = held.merge(counted, on="local_date", how="outer").fillna(dict.fromkeys(COLUMNS[1:5], 0))
        days["month"] = [month_of(day) for day in days["local_date"]]
        months = days.groupby("month", as_index=False)[COLUMNS[1:5]].sum()
        confirmed = confirmed_months(scope, code)
        for number, name in enumerate(("confirmed_at", "confirmed_by")):
            months[name] = pd.Series([confirmed.get(m, (None, None))[number] for m in months["month"]], dtype=object)
        return finished(months.sort_values("month", ascending=False, ignore_index=True)[COLUMNS], o)

"""How complete the data behind an evaluation are, by month, so that a change of recording is not read as one of crime."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Integer, func, select

from data_access import schema
from data_access.delivery import delivery_table
from data_access.loads import CRIME_KINDS
from data_access.patrols import tracker_quality
from data_access.placement import NO_COORDINATES
from data_access.reading import opened
from domain.filters import Filters
from domain.periods import Period, month_end, month_period, parse_month
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import Scope


def records_by_month(scope: Scope, code: str) -> pd.DataFrame:
    """[month, window, records, located_share, crimes, not_scored, not_scored_share, timed_share].

    Shares are fractions: of records with coordinates, of crimes without a harm weight, of records with a time of day.
    ``window`` is "before", "during" or "" for months of neither (a month partly inside counts as inside).
    """
    c = schema.crime.c
    with opened(scope, code, Permission.INSPECT_EVALUATION, Permission.SEE_SMALL_COUNTS) as o:
        frame = o.frame(
            select(
                c.month, func.count().label("records"),
                func.sum((c.placement != NO_COORDINATES).cast(Integer)).label("located"),
                func.sum(c.is_crime.cast(Integer)).label("crimes"),
                func.sum((c.is_crime & c.harm_days.is_(None)).cast(Integer)).label("not_scored"),
                func.count(c.local_minute).label("timed"),
            ).where(c.programme_id == o.programme_id).group_by(c.month).order_by(c.month)
        )  # fmt: skip
        programme = o.programme
    frame["window"] = [_window(programme, month) for month in frame["month"]]
    for share, part, whole in (
        ("located_share", "located", "records"),
        ("timed_share", "timed", "records"),
        ("not_scored_share", "not_scored", "crimes"),
    ):
        frame[share] = (frame[part] / frame[whole]).where(frame[whole] > 0)
    wanted = ["month", "window", "records", "located_share", "crimes", "not_scored", "not_scored_share", "timed_share"]
    return frame[wanted]


def _window(programme: Programme, month: str) -> str:
    whole = month_period(month)
    for name, window in (("before", programme.before), ("during", programme.during)):
        if window and window.period.overlap_days(whole):
            return name
    return ""


def revisions(scope: Scope, code: str) -> pd.DataFrame:
    """[month, rows_before, rows_after, change, age_days, loaded_at]: months whose crimes a later file gave anew, newest first.

    ``age_days``: from the end of the month to the day of the later load. ``change``: fraction.
    """
    s = schema.load.c
    with opened(scope, code, Permission.INSPECT_EVALUATION, Permission.SEE_SMALL_COUNTS) as o:
        loads = o.conn.execute(
            select(s.difference, s.loaded_at)
            .where(s.programme_id == o.programme_id, s.kind.in_(CRIME_KINDS))
            .order_by(s.loaded_at.desc(), s.id.desc())
        ).all()
    rows = [
        (month, before, after, after / before - 1 if before else None, _age(month, load.loaded_at), load.loaded_at)
        for load in loads
        for month, (before, after) in (load.difference or {}).get("by_month", {}).items()
    ]
    return pd.DataFrame(rows, columns=["month", "rows_before", "rows_after", "change", "age_days", "loaded_at"])


def _age(month: str, loaded_at: pd.Timestamp) -> int:
    return (loaded_at.date() - month_end(parse_month(month))).days


def tracker_gaps(scope: Scope, code: str, period: Period) -> pd.DataFrame:
    """[provider, provider_name, planned_days, abstracted_days, silent_days, silent_share, tracked_minutes, gap_minutes, gap_share].

    ``abstracted_days``: days whose planned minutes were all abstracted. ``silent_days``: other days with planned minutes of
    the provider and not one GPS-verified minute. ``gap_share``: minutes between pings too far apart to be credited, of the
    minutes tracked and missing.
    """
    scope.require(Permission.INSPECT_EVALUATION)
    filters = Filters(code, period)
    days = delivery_table(scope, filters, ("local_date", "provider"))
    planned = days[days["planned_minutes"].fillna(0) > 0]
    away = planned["abstracted_minutes"].fillna(0) >= planned["planned_minutes"]
    silent = ~away & (planned["patrol_minutes"].fillna(0) <= 0)
    grouped = planned.assign(away=away, silent=silent).groupby(["provider", "provider_name"], sort=False)
    found = grouped.agg(
        planned_days=("silent", "size"), abstracted_days=("away", "sum"), silent_days=("silent", "sum")
    ).reset_index()
    found["silent_share"] = found["silent_days"] / (found["planned_days"] - found["abstracted_days"])
    seen = tracker_quality(scope, filters)[["provider", "tracked_minutes", "gap_minutes"]]
    found = found.merge(seen, on="provider", how="left")
    found["gap_share"] = found["gap_minutes"] / (found["tracked_minutes"] + found["gap_minutes"])
    return found


def coverage_by_hot_spot(scope: Scope, code: str, period: Period) -> pd.DataFrame:
    """Delivery by hot spot with ``covered_share``: hot spot-days with any GPS-verified visit, of all its days with tracker data."""
    scope.require(Permission.INSPECT_EVALUATION)
    filters = Filters(code, period)
    frame = delivery_table(scope, filters, ("hot_spot",))
    days = delivery_table(scope, filters, ("local_date", "hot_spot")).dropna(subset=["visits"])
    covered = days.assign(any=days["visits"] > 0).groupby("hot_spot")["any"].agg(covered_days="sum", known_days="size")
    frame = frame.merge(covered.reset_index(), on="hot_spot", how="left")
    frame["covered_share"] = frame["covered_days"] / frame["known_days"]
    return frame

"""Visits as rows, with their planned dose: what tables, medians, hours and overlaps are made from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Float, and_, case, literal, null, select

from data_access import schema
from data_access.reading import Opened
from data_access.remembered import once
from domain.periods import Period
from domain.programme import Programme

COUNTS = ["visits", "visits_with_dose", "visits_at_dose"]
MINUTES = ["patrol_minutes", "person_minutes", "passed_through_minutes"]
# Minutes come from milliseconds: a visit of 40:00.000 must not miss its dose by a rounding error.
DOSE_TOLERANCE_MINUTES = 1e-6

_visit = schema.visit.c


def dose_expression(programme: Programme) -> ColumnElement[Any]:
    """SQL: the planned minutes of one visit of this provider on this day; NULL where none is planned."""
    branches = []
    for provider in programme.providers:
        for dose in reversed(provider.planned_dose):  # the latest dose that has begun wins
            begun = and_(_visit.provider == provider.code, _visit.local_date >= dose.start)
            branches.append((begun, literal(float(dose.minutes), Float)))
    return case(*branches, else_=null()) if branches else null()


def visit_rows(o: Opened, period: Period, areas: pd.DataFrame, provider: str | None) -> pd.DataFrame:
    """One row a visit: the finest grain, because a median and the hours need it (some thousands a year)."""
    key = ("visits", o.programme_id, period, tuple(areas["id"]), provider)
    return once(key, lambda: _visit_rows(o, period, areas, provider))


def _visit_rows(o: Opened, period: Period, areas: pd.DataFrame, provider: str | None) -> pd.DataFrame:
    dose = dose_expression(o.programme)
    query = select(
        _visit.area_id, _visit.provider, _visit.team, _visit.local_date, _visit.local_minute, _visit.entered_at,
        _visit.left_at, _visit.patrol_minutes.label("minutes"), _visit.person_minutes.label("persons"), _visit.counts_as_visit,
        dose.label("planned_dose"),
    ).where(
        _visit.programme_id == o.programme_id,
        _visit.area_id.in_([int(i) for i in areas["id"]]),
        _visit.local_date.between(period.start, period.end),
    )  # fmt: skip
    frame = o.frame(query if provider is None else query.where(_visit.provider == provider))
    counted = frame["counts_as_visit"].astype(bool)
    frame["planned_dose"] = pd.to_numeric(frame["planned_dose"])
    frame["hot_spot"] = frame["area_id"].map(dict(zip(areas["id"], areas["code"], strict=True)))
    frame["patrol_minutes"] = frame["minutes"].astype(float).where(counted, 0.0)
    frame["person_minutes"] = frame["persons"].astype(float).where(counted, 0.0)
    frame["passed_through_minutes"] = frame["minutes"].astype(float).where(~counted, 0.0)
    frame["visits"] = counted.astype(int)
    frame["visits_with_dose"] = (counted & frame["planned_dose"].notna()).astype(int)
    reached = frame["minutes"] >= frame["planned_dose"] - DOSE_TOLERANCE_MINUTES
    frame["visits_at_dose"] = (counted & reached).astype(int)
    return frame


def by_hour(visits: pd.DataFrame) -> pd.DataFrame:
    """Each visit cut at the hours: minutes in proportion to the time in each, the visit in its first hour.

    London is a whole number of hours from UTC, so UTC hours are local hours also when the clocks change.
    """
    start, end = pd.to_datetime(visits["entered_at"]), pd.to_datetime(visits["left_at"])
    first = start.dt.floor("h")
    count = np.maximum(np.ceil(((end - first) / pd.Timedelta(hours=1)).to_numpy()).astype(int), 1)
    at = np.repeat(np.arange(len(visits)), count)
    step = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    piece = visits.iloc[at].reset_index(drop=True)
    hour = first.iloc[at].reset_index(drop=True) + pd.to_timedelta(step, unit="h")
    began = np.maximum(start.iloc[at].reset_index(drop=True), hour)
    ended = np.minimum(end.iloc[at].reset_index(drop=True), hour + pd.Timedelta(hours=1))
    whole = (end - start).iloc[at].reset_index(drop=True) / pd.Timedelta(minutes=1)
    inside = (ended - began) / pd.Timedelta(minutes=1)
    share = (inside / whole).where(whole > 0, 1.0)
    for column in MINUTES:
        piece[column] = piece[column] * share
    for column in COUNTS:
        piece[column] = piece[column].where(step == 0, 0)
    piece["hour"] = hour.dt.tz_localize("UTC").dt.tz_convert("Europe/London").dt.hour.astype(int)
    return piece

"""The day-level frame of ``Inputs``: hot spot x day of the service, crimes in and around its hours, patrols, conditions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import func, select

from analysis.evaluation.inputs import DAYS
from analysis.evaluation.patrol_days.aoristic import window_weights
from data_access import schema
from data_access.evaluation.windows import covered_days
from data_access.reading import Covered, Opened, pings_covered, plan_covered
from domain.periods import LONDON, Period

BEFORE, AFTER = 7, 1  # days outside the window that lags and "tomorrow" need
MORNING = 120  # 02:00, to which the night before is counted
DAY_MINUTES = 1440
CAP_DAYS = 365.0  # of one crime, for the outcome that no single crime can carry

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Hot spots x days, the days from ``start`` on; every matrix of this module has this shape."""

    spots: tuple[str, ...]
    ids: tuple[int, ...]
    start: date
    days: int

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.ids), self.days

    def sums(self, area_ids: Any, days: Any, weights: Any = None) -> Matrix:
        """Weights added up by hot spot and day; what lies outside the grid is left out."""
        place = pd.Index(self.ids).get_indexer(pd.Index(area_ids))
        first = np.datetime64(self.start, "D")
        at = (np.asarray(days, dtype="datetime64[D]") - first).astype(np.int64)
        kept = (place >= 0) & (at >= 0) & (at < self.days)
        flat = place[kept] * self.days + at[kept]
        weighted = None if weights is None else np.asarray(weights, float)[kept]
        found = np.bincount(flat, weighted, minlength=len(self.ids) * self.days)
        return found.astype(float).reshape(self.shape)

    def known(self, cover: Covered) -> npt.NDArray[np.bool_]:
        """Which days data cover."""
        span = Period(self.start, self.start + timedelta(days=self.days - 1))
        held = covered_days(cover, span)
        return np.array([day in held for day in span.each_day()])


def days(
    o: Opened, areas: pd.DataFrame, cover: Covered, during: Period, window: tuple[int, int]
) -> tuple[pd.DataFrame, int]:
    """``DAYS`` with conditions, and how many days of the window no tracker file covers.

    Days on which crimes are not loaded, or not for the seven days before, are left out.
    """
    grid = Grid(
        tuple(areas["code"]),
        tuple(int(i) for i in areas["id"]),
        during.start - timedelta(days=BEFORE),
        during.days + BEFORE + AFTER,
    )
    crimes, tracked = grid.known(cover), grid.known(pings_covered(o))
    columns = {**_crimes(o, grid, window), **_patrols(o, grid, window, tracked), **_planned(o, grid)}
    inside = np.zeros(grid.days, bool)
    inside[BEFORE : BEFORE + during.days] = True
    week_known = np.convolve(crimes, np.ones(BEFORE + 1), "full")[: grid.days] == BEFORE + 1
    kept = inside & tracked & week_known
    dates = np.array(list(Period(grid.start, grid.start + timedelta(days=grid.days - 1)).each_day()), dtype=object)
    frame = pd.DataFrame({
        "hot_spot": np.repeat(grid.spots, kept.sum()),
        "local_date": np.tile(dates[kept], len(grid.spots)),
        **{name: matrix[:, kept].ravel() for name, matrix in columns.items()},
    })  # fmt: skip
    frame["patrol"] = frame["patrol"].astype(bool)
    frame["holiday"] = _holidays(frame["local_date"], during)
    conditions = _conditions(o, during)
    frame = frame[list(DAYS)].join(conditions, on="local_date")
    return frame, int((inside & ~tracked).sum())


# --- crimes -------------------------------------------------------------------------------------------------


def _crimes(o: Opened, grid: Grid, window: tuple[int, int]) -> dict[str, Matrix]:
    rows = _rows(o, grid)
    start, end = _moments(rows)
    low, high = window
    by_start = rows["local_minute"].between(low, high - 1).to_numpy()
    whole = grid.sums(rows["area_id"], rows["local_date"])
    in_hours = _weighted(grid, rows, start, end, window)
    night = (high, min(DAY_MINUTES + MORNING, high + DAY_MINUTES))
    earlier = _weighted(grid, rows, start, end, (MORNING, low)) if low > MORNING else np.zeros(grid.shape)
    harm = rows["harm_days"].to_numpy(float)
    return {
        "crimes": in_hours,
        "crimes_by_start": grid.sums(rows["area_id"], rows["local_date"], by_start),
        "later_crimes": _weighted(grid, rows, start, end, night),
        "earlier_crimes": earlier,
        "whole_day": whole,
        "previous_7_days": _week_before(whole),
        **_harm(grid, rows, start, end, window, harm),
    }


def _rows(o: Opened, grid: Grid) -> pd.DataFrame:
    """Dated crimes inside the hot spots. Long intervals reach back, so a month more is read."""
    c = schema.crime.c
    first, last = grid.start - timedelta(days=31), grid.start + timedelta(days=grid.days)
    return o.frame(
        select(c.area_id, c.local_date, c.local_minute, c.occurred_from, c.occurred_to, c.harm_days)
        .where(c.programme_id == o.programme_id, c.is_crime, c.area_id.is_not(None))
        .where(c.local_date.between(first, last))
        .order_by(c.local_date, c.id)
    ).astype({"local_minute": float, "harm_days": float})


def _moments(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """First and last possible moment in UTC; a crime of which only the day is known may lie anywhere in it."""
    midnight = pd.to_datetime(rows["local_date"])
    timed = rows["local_minute"].notna()
    clock = midnight + pd.to_timedelta(rows["local_minute"].fillna(0), unit="min")
    start = pd.to_datetime(rows["occurred_from"]).where(timed)
    start = start.fillna(_utc(clock))
    end = pd.to_datetime(rows["occurred_to"])
    next_midnight = _utc(midnight + pd.Timedelta(days=1))
    return start, end.where(timed | (end > next_midnight), next_midnight)


def _utc(local: pd.Series) -> pd.Series:
    first_of_two = np.ones(len(local), bool)
    zoned = local.dt.tz_localize(LONDON, ambiguous=first_of_two, nonexistent="shift_forward")
    return zoned.dt.tz_convert("UTC").dt.tz_localize(None)


def _weighted(
    grid: Grid, rows: pd.DataFrame, start: pd.Series, end: pd.Series, window: tuple[int, int], worth: Any = None
) -> Matrix:
    found = window_weights(start, end, window)
    at = found["crime"].to_numpy()
    weight = found["weight"].to_numpy() * (1.0 if worth is None else np.asarray(worth, float)[at])
    return grid.sums(rows["area_id"].to_numpy()[at], found["local_date"].to_numpy(), weight)


def _harm(
    grid: Grid, rows: pd.DataFrame, start: pd.Series, end: pd.Series, window: tuple[int, int], harm: Matrix
) -> dict[str, Matrix]:
    """Not known, rather than 0, where no crime has a weight."""
    if not np.isfinite(harm).any():
        return dict.fromkeys(("harm_days", "harm_capped_days"), np.full(grid.shape, np.nan))
    weights = np.nan_to_num(harm)
    return {
        "harm_days": _weighted(grid, rows, start, end, window, weights),
        "harm_capped_days": _weighted(grid, rows, start, end, window, np.minimum(weights, CAP_DAYS)),
    }


def _week_before(whole: Matrix) -> Matrix:
    total = np.cumsum(whole, axis=1)
    found = np.full(whole.shape, np.nan)
    found[:, BEFORE] = total[:, BEFORE - 1]
    found[:, BEFORE + 1 :] = total[:, BEFORE:-1] - total[:, : -BEFORE - 1]
    return found


# --- patrols and conditions -----------------------------------------------------------------------------------


def _patrols(o: Opened, grid: Grid, window: tuple[int, int], tracked: npt.NDArray[np.bool_]) -> dict[str, Matrix]:
    v = schema.visit.c
    last = grid.start + timedelta(days=grid.days - 1)
    rows = o.frame(
        select(v.area_id, v.local_date, v.local_minute, v.entered_at, v.left_at, v.patrol_minutes)
        .where(v.programme_id == o.programme_id, v.counts_as_visit, v.local_minute < window[1])
        .where(v.local_date.between(grid.start, last))
    )
    visited = grid.sums(rows["area_id"], rows["local_date"]) > 0
    known = np.where(tracked[None, :], visited.astype(float), np.nan)
    missing = np.full((len(grid.spots), 1), np.nan)
    return {
        "patrol": visited.astype(float),
        "patrol_minutes": grid.sums(rows["area_id"], rows["local_date"], _minutes_inside(rows, window)),
        "patrol_1_day_ago": np.hstack([missing, known[:, :-1]]),
        "patrol_2_days_ago": np.hstack([missing, missing, known[:, :-2]]),
        "patrol_tomorrow": np.hstack([known[:, 1:], missing]),
    }


def _minutes_inside(rows: pd.DataFrame, window: tuple[int, int]) -> Matrix:
    """Patrol-minutes of each visit by the share of it that lies inside the hours of the service."""
    left, entered = pd.to_datetime(rows["left_at"]), pd.to_datetime(rows["entered_at"])
    length = ((left - entered).dt.total_seconds() / 60).to_numpy(float)
    start = rows["local_minute"].to_numpy(float)
    inside = np.clip(np.minimum(start + length, window[1]) - np.maximum(start, window[0]), 0.0, None)
    share = np.divide(inside, length, out=(start >= window[0]).astype(float), where=length > 0)
    return rows["patrol_minutes"].to_numpy(float) * np.minimum(share, 1.0)


def _planned(o: Opened, grid: Grid) -> dict[str, Matrix]:
    p = schema.plan.c
    last = grid.start + timedelta(days=grid.days - 1)
    rows = o.frame(
        select(p.area_id, p.local_date, func.sum(p.planned_minutes).label("minutes"))
        .where(p.programme_id == o.programme_id, p.local_date.between(grid.start, last))
        .group_by(p.area_id, p.local_date)
    )
    sums = grid.sums(rows["area_id"], rows["local_date"], rows["minutes"])
    return {"planned_minutes": np.where(grid.known(plan_covered(o))[None, :], sums, np.nan)}


def _holidays(dates: pd.Series, during: Period) -> pd.Series:
    from holidays import country_holidays  # slow to import, and only this needs it

    years = range(during.start.year, during.end.year + 1)
    free = set(country_holidays("GB", subdiv="ENG", years=years))
    return dates.isin(free).astype(int)


def _conditions(o: Opened, during: Period) -> pd.DataFrame:
    """What was loaded by day, only the measures that were; a day that was not measured stays missing."""
    c = schema.condition_day.c
    rows = o.frame(
        select(c.local_date, c.event, c.rain_mm, c.temperature_c)
        .where(c.programme_id == o.programme_id, c.local_date.between(during.start, during.end))
        .order_by(c.local_date, c.id)
    )
    return (
        rows.drop_duplicates("local_date", keep="last").set_index("local_date").astype(float).dropna(axis=1, how="all")
    )

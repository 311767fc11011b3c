"""The month-level frames of ``Inputs``: hot spots, windows, other places, distance bands, single weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from sqlalchemy import func, select

from analysis.evaluation.displacement.bands import bands_of
from analysis.evaluation.inputs import BAND_COUNTS, BANDS, CELLS, MONTHS, SCORED, YEARS
from data_access import placement, schema
from data_access.crimes import inside_period
from data_access.evaluation.windows import covered_days, exposure, whole_months_covered
from data_access.projection import to_metres
from data_access.reading import Covered, Opened, monday
from domain.periods import Period, month_period

_crime = schema.crime.c
MOST_YEARS = 10  # what happened longer ago says little about the drift of today


def months(o: Opened, areas: pd.DataFrame, cover: Covered) -> pd.DataFrame:
    """``MONTHS``: every hot spot in every month that crimes cover as a whole."""
    wanted = whole_months_covered(cover)
    counted = _by_month(o, None)
    grid = pd.MultiIndex.from_product([areas["code"], wanted], names=["hot_spot", "month"])
    frame = counted.reindex(grid, fill_value=0).reset_index()
    days = {month: float(month_period(month).days) for month in wanted}
    return _typed(frame.assign(exposure_days=frame["month"].map(days)))[list(MONTHS)]


def cells(o: Opened, areas: pd.DataFrame, cover: Covered, windows: Mapping[str, Period]) -> pd.DataFrame:
    """``CELLS``: hot spot x month x window; months that no load covers are left out, not 0."""
    parts = []
    for name, period in windows.items():
        days = exposure(cover, period)
        grid = pd.MultiIndex.from_product([areas["code"], list(days)], names=["hot_spot", "month"])
        frame = _by_month(o, period).reindex(grid, fill_value=0).reset_index()
        parts.append(frame.assign(window=name, exposure_days=frame["month"].map(days)))
    if not parts:
        return pd.DataFrame(columns=list(CELLS))
    return _typed(pd.concat(parts, ignore_index=True))[list(CELLS)]


def years(o: Opened, areas: pd.DataFrame, cover: Covered, before: Period | None) -> pd.DataFrame:
    """``YEARS``: the "before" window and the same days of earlier years, as far back as every day is covered."""
    rows: list[tuple[object, ...]] = []
    period = before
    while period is not None and len(rows) < MOST_YEARS and len(covered_days(cover, period)) == period.days:
        crimes = int(_by_month(o, period)["crimes"].sum())
        rows.append((period.start, period.end, crimes, float(period.days * len(areas))))
        period = period.year_before()
    return pd.DataFrame(rows[::-1], columns=list(YEARS))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    whole = {"crimes": int, "harm_days": float, "exposure_days": float}
    return frame.astype({name: kind for name, kind in whole.items() if name in frame})


def _by_month(o: Opened, period: Period | None) -> pd.DataFrame:
    """[crimes, harm_days] by hot spot and month."""
    where = [_crime.programme_id == o.programme_id, _crime.is_crime]
    if period is not None:
        where.append(inside_period(period))
    frame = o.frame(
        select(
            schema.area.c.code.label("hot_spot"),
            _crime.month,
            func.count().label("crimes"),
            func.coalesce(func.sum(_crime.harm_days), 0.0).label("harm_days"),
        )
        .join_from(schema.crime, schema.area, _crime.area_id == schema.area.c.id)
        .where(*where)
        .group_by(schema.area.c.code, _crime.month)
    )
    return frame.set_index(["hot_spot", "month"])


def scored(o: Opened, windows: Mapping[str, Period]) -> tuple[pd.DataFrame, dict[str, int]]:
    """``SCORED``, and by window how many crimes inside have no weight."""
    parts, without = [], {}
    for name, period in windows.items():
        frame = o.frame(
            select(schema.area.c.code.label("hot_spot"), _crime.local_date, _crime.harm_days)
            .join_from(schema.crime, schema.area, _crime.area_id == schema.area.c.id)
            .where(_crime.programme_id == o.programme_id, _crime.is_crime, inside_period(period))
            .order_by(_crime.month, _crime.local_date, _crime.id)
        )
        without[name] = int(frame["harm_days"].isna().sum())
        parts.append(frame[frame["harm_days"].notna()].assign(window=name))
    if not parts:
        return pd.DataFrame(columns=list(SCORED)), {}
    frame = pd.concat(parts, ignore_index=True).astype({"harm_days": float})
    mondays = {day: monday(day) for day in frame["local_date"].dropna().unique()}
    weeks = pd.Series([mondays.get(day) for day in frame["local_date"]], index=frame.index, dtype=object)
    return frame.assign(week=weeks)[list(SCORED)], without


def bands(o: Opened, cover: Covered, windows: Mapping[str, Period]) -> pd.DataFrame:
    """``BAND_COUNTS``: every crime with a place by the distance to its nearest hot spot boundary."""
    parts = []
    for name, period in windows.items():
        days = exposure(cover, period)
        rows = o.frame(
            select(_crime.month, _crime.area_id, _crime.lon, _crime.lat, _crime.harm_days)
            .where(_crime.programme_id == o.programme_id, _crime.is_crime, inside_period(period))
            .where(_crime.lon.is_not(None) | _crime.area_id.is_not(None))
        )
        rows = rows.astype({"lon": float, "lat": float, "harm_days": float})
        rows["band"] = _bands(o, rows)
        rows = rows.assign(harm_days=rows["harm_days"].fillna(0.0), crimes=1)
        grid = pd.MultiIndex.from_product([BANDS, list(days)], names=["band", "month"])
        counted = rows.groupby(["band", "month"])[["crimes", "harm_days"]].sum().reindex(grid, fill_value=0)
        frame = counted.reset_index()
        parts.append(frame.assign(window=name, exposure_days=frame["month"].map(days)))
    return _typed(pd.concat(parts, ignore_index=True))[list(BAND_COUNTS)]


def _bands(o: Opened, rows: pd.DataFrame) -> npt.NDArray[np.str_]:
    """Inside is what the placement says; map points are shared, so each is measured once."""
    outside = rows["area_id"].isna().to_numpy()
    distance = np.full(len(rows), -1.0)
    points, back = np.unique(rows.loc[outside, ["lon", "lat"]].to_numpy(float), axis=0, return_inverse=True)
    if len(points):
        distance[outside] = _metres(o, points)[np.ravel(back)]
    return bands_of(distance)


def _metres(o: Opened, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Metres from each (lon, lat) to the nearest boundary; infinite where the grid does not reach."""
    shapes = [shapely.transform(area.geometry, to_metres) for area in placement.areas_of(o.conn, o.programme_id)]
    found = np.full(len(points), np.inf)
    projected = to_metres(points)
    usable = np.isfinite(projected).all(axis=1)
    if shapes and usable.any():
        tree = shapely.STRtree(shapes)
        (at, _), metres = tree.query_nearest(shapely.points(projected[usable]), return_distance=True, all_matches=False)
        found[np.flatnonzero(usable)[at]] = metres
    return np.maximum(found, 1e-6)  # on the edge but placed outside: the first ring

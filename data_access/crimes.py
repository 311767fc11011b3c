"""Crimes and harm placed inside a programme's areas: one function behind every such figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, and_, case, func, select

from data_access import released, schema
from data_access.reading import (
    DAY_DIMS,
    NoDayLevel,
    Opened,
    add_time_dims,
    check_dims,
    crimes_covered,
    finished,
    monday,
    named,
    note_gaps,
    note_part_months,
    opened,
    require_days,
    time_levels,
    viewer_period,
    zero_filled,
)
from data_access.remembered import remembered
from domain import formats
from domain.filters import Filters
from domain.periods import Period, month_of
from domain.roles import Permission
from domain.scope import Scope

DIMS = ("month", "week", "hot_spot", "offence_group", "local_date", "hour", "weekday")
COUNTS = ["crimes", "not_scored", "asb_incidents"]
COLUMNS = ["crimes", "harm_days", "not_scored", "asb_incidents"]
MINUTES_IN_DAY = 24 * 60

_crime = schema.crime.c


@remembered
def crime_table(
    scope: Scope,
    filters: Filters,
    by: Sequence[str] = (),
    *,
    offence_group: str | Sequence[str] | None = None,
    minutes_of_day: tuple[int, int] | None = None,
) -> pd.DataFrame:
    """Recorded crimes inside the chosen areas: [*by, crimes, harm_days, not_scored, asb_incidents, suppressed].

    ``by``: any of month ("2023-02"), week (its Monday), hot_spot (code; hot_spot_name comes with it),
    offence_group, local_date, hour (0 to 23), weekday (0 = Monday). () gives one row.
    ``harm_days`` sums scored crimes only; harm per crime is harm_days / (crimes - not_scored). It is missing
    where every crime is unscored. ``minutes_of_day``: (from, to) after local midnight, ``to`` excluded.
    Rows without crimes are true zeros; a month that no load covers is missing. Missing with ``suppressed``
    True is [c]. ``frame.attrs``: notes (sentences for the reader), period (the one really used).

    Raises NoDayLevel on day-level questions to month-only data, OutOfScope for other programmes and roles.
    """
    by, groups = tuple(by), _listed(offence_group)
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW) as o:
        _check(o, by, minutes_of_day)
        period = viewer_period(o, filters.period, o.programme.resolution == "month")
        if scope.may(Permission.SEE_SMALL_COUNTS):
            frame = _counted(o, period, by, filters.hot_spots, groups, minutes_of_day)
            frame["suppressed"] = False
        else:
            frame = _protected(o, period, by, filters.hot_spots, groups)
        frame["harm_days"] = frame["harm_days"].mask((frame["crimes"] > 0) & (frame["not_scored"] >= frame["crimes"]))
        note_gaps(o, crimes_covered(o), period, "crimes")
        note_part_months(o, period, by)
        return finished(named(frame, o.areas()), o, period)


def _listed(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _check(o: Opened, by: tuple[str, ...], minutes_of_day: tuple[int, int] | None) -> None:
    check_dims(by, DIMS)
    fine = DAY_DIMS & set(by)
    if (fine or minutes_of_day) and o.programme.resolution == "month":
        raise NoDayLevel(
            f"The crime data of {o.programme.name} name only the month, so nothing can be counted by day or hour. "
            "Load the force's dated extract (kind crimes) for that."
        )
    require_days(o, by)
    if minutes_of_day:
        o.scope.require(Permission.SEE_DAYS)
        low, high = minutes_of_day
        if not 0 <= low < high <= MINUTES_IN_DAY:
            raise ValueError(f"minutes_of_day={minutes_of_day}: 0 <= from < to <= {MINUTES_IN_DAY} is needed.")


def inside_period(period: Period) -> ColumnElement[bool]:
    """Whole months by month (the index has it; month-only rows count); else by day."""
    months = _crime.month.between(month_of(period.start), month_of(period.end))
    return months if period.whole_months() else _crime.local_date.between(period.start, period.end)


def _where(o: Opened, period: Period, hot_spots: Sequence[str], groups: Sequence[str]) -> list[ColumnElement[bool]]:
    areas = o.areas()
    chosen = areas[areas["code"].isin(hot_spots)] if hot_spots else areas
    # area_id itself says "inside"; the list lets the index start at the area.
    found = [_crime.programme_id == o.programme_id, _crime.area_id.in_([int(i) for i in chosen["id"]])]
    found.append(inside_period(period))
    if groups:
        found.append(_crime.offence_group.in_(groups))
    return found


def _sums() -> list[ColumnElement[Any]]:
    is_crime = _crime.is_crime
    return [
        func.sum(case((is_crime, 1), else_=0)).label("crimes"),
        func.coalesce(func.sum(case((is_crime, _crime.harm_days), else_=0.0)), 0.0).label("harm_days"),
        func.sum(case((and_(is_crime, _crime.harm_days.is_(None)), 1), else_=0)).label("not_scored"),
        func.sum(case((is_crime, 0), else_=1)).label("asb_incidents"),
    ]


def _keys(by: Sequence[str], day_level: bool) -> dict[str, ColumnElement[Any]]:
    """SQL grouping keys; week and weekday come from local_date, and month too when days are asked for."""
    keys: dict[str, ColumnElement[Any]] = {}
    if day_level and {"local_date", "week", "weekday"} & set(by):
        keys["local_date"] = _crime.local_date
    if "month" in by:
        keys["month"] = _crime.month
    if "hot_spot" in by:
        keys["area_id"] = _crime.area_id
    if "offence_group" in by:
        keys["offence_group"] = _crime.offence_group
    if "hour" in by:
        keys["hour"] = _crime.local_minute // 60
    return keys


def _counted(
    o: Opened,
    period: Period,
    by: tuple[str, ...],
    hot_spots: Sequence[str],
    groups: Sequence[str],
    minutes: tuple[int, int] | None = None,
) -> pd.DataFrame:
    keys = _keys(by, o.programme.resolution == "day")
    where = _where(o, period, hot_spots, groups)
    if minutes:
        where.append(and_(_crime.local_minute >= minutes[0], _crime.local_minute < minutes[1]))
    query = select(*[k.label(n) for n, k in keys.items()], *_sums()).where(*where).group_by(*keys.values())
    frame = o.frame(query)
    if not keys and frame["crimes"].isna().all():
        frame = frame.fillna(0)
    frame = _without_untimed(o, frame, by)
    areas = o.areas()
    if "hot_spot" in by:
        frame["hot_spot"] = frame["area_id"].map(dict(zip(areas["id"], areas["code"], strict=True)))
    frame = add_time_dims(frame, [d for d in by if d != "month"])
    levels = {d: _levels(d, period, areas, hot_spots, frame, groups) for d in by}
    filled = zero_filled(frame, by, levels, COLUMNS, crimes_covered(o), period)
    return _whole_counts(filled)


def _without_untimed(o: Opened, frame: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    """Crimes without a day or time cannot stand in a table by day or hour; they are said, not lost."""
    for dim, what in (("local_date", "day"), ("hour", "time of day")):
        if dim not in frame:
            continue
        gone = frame[dim].isna()
        if gone.any():
            number = int(frame.loc[gone, ["crimes", "asb_incidents"]].sum().sum())
            o.notes.append(f"{formats.number(number)} records have no {what} and are left out of this table.")
            frame = frame[~gone].copy()
    if "hour" in frame:
        frame["hour"] = frame["hour"].astype(int)
    return frame


def _levels(
    dim: str, period: Period, areas: pd.DataFrame, hot_spots: Sequence[str], frame: pd.DataFrame, groups: Sequence[str]
) -> list[Any]:
    if dim == "hot_spot":
        return [code for code in areas["code"] if not hot_spots or code in hot_spots]
    if dim == "offence_group":
        return sorted(set(frame["offence_group"]) | set(groups))
    return time_levels(dim, period)


def _whole_counts(frame: pd.DataFrame) -> pd.DataFrame:
    for column in COUNTS:
        if not frame[column].isna().any():
            frame[column] = frame[column].astype("int64")
    frame["harm_days"] = frame["harm_days"].astype(float)
    return frame


def _protected(
    o: Opened, period: Period, by: tuple[str, ...], hot_spots: Sequence[str], groups: Sequence[str]
) -> pd.DataFrame:
    """The released family of tables, or all hidden where places and groups are crossed: that is not released."""
    cover, areas = crimes_covered(o), o.areas()
    dims = {"hot_spot"} & {*by, *(("hot_spot",) if hot_spots else ())}
    dims |= {"offence_group"} & {*by, *(("offence_group",) if groups else ())}
    if len(dims) > 1:
        o.notes.append("Your role sees offence groups for all hot spots together only.")
        empty = pd.DataFrame(columns=[*by, *COLUMNS, "suppressed"])
        return empty if by else empty.reindex([0]).astype(float).assign(suppressed=True)
    dim = next(iter(dims), None)
    family = released.build(lambda span, keys: _counted(o, span, keys, (), ()), cover, o.programme, dim)
    frame = released.table(family, dim, by, hot_spots or groups, period, o.notes)
    if not any(cover.has_month(m) for m in period.months()):
        frame[COLUMNS] = float("nan")
        frame["suppressed"] = False
    if "month" in by:
        frame = _with_missing_months(frame, by, released.whole_months(period))
    if by:
        frame = frame.sort_values(list(by), key=_order(areas), kind="stable", ignore_index=True)
    return _whole_counts(frame[[*by, *COLUMNS, "suppressed"]])


def _order(areas: pd.DataFrame) -> Any:
    places = {code: i for i, code in enumerate(areas["code"])}
    return lambda column: column.map(places) if column.name == "hot_spot" else column


def _with_missing_months(frame: pd.DataFrame, by: tuple[str, ...], period: Period) -> pd.DataFrame:
    gone = [m for m in period.months() if m not in set(frame["month"])]
    if not gone:
        return frame
    others = frame[[d for d in by if d != "month"]].drop_duplicates()
    extra = others.merge(pd.DataFrame({"month": gone}), how="cross") if len(by) > 1 else pd.DataFrame({"month": gone})
    frame = pd.concat([frame, extra], ignore_index=True)
    frame["suppressed"] = frame["suppressed"].fillna(False).astype(bool)
    return frame


@dataclass(frozen=True)
class Placement:
    """Where the records of a period lie; they add up to all records loaded for it."""

    inside: int
    outside: int
    no_coordinates: int

    @property
    def total(self) -> int:
        return self.inside + self.outside + self.no_coordinates


def crime_placement(scope: Scope, code: str, period: Period) -> Placement:
    """Records (crimes and ASB incidents) inside the areas, outside them, and without coordinates.

    Operational roles only: less the ASB incidents, "inside" would give a hidden count of crimes.
    """
    with opened(scope, code, Permission.VIEW_OVERVIEW, Permission.SEE_SMALL_COUNTS) as o:
        period = viewer_period(o, period, o.programme.resolution == "month")
        rows = o.conn.execute(
            select(_crime.placement, func.count())
            .where(_crime.programme_id == o.programme_id, inside_period(period))
            .group_by(_crime.placement)
        )
        found = {row[0]: row[1] for row in rows}
        return Placement(found.get("inside", 0), found.get("outside", 0), found.get("no coordinates", 0))


def weekly_counts(scope: Scope, filters: Filters) -> pd.DataFrame:
    """[week (its Monday), days (of the week inside the period), crimes, harm_days, not_scored, asb_incidents, suppressed]."""
    frame = crime_table(scope, filters, ("week",))
    period: Period = frame.attrs["period"]
    days = Counter(monday(day) for day in period.each_day())
    frame.insert(1, "days", frame["week"].map(days).astype(int))
    return frame


__all__ = ["COLUMNS", "DIMS", "NoDayLevel", "Placement", "crime_placement", "crime_table", "weekly_counts"]

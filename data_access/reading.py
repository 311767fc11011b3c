"""What every query begins with: permission, programme, connection; and what zero-filling needs.

A zero is written only where data cover the place and time: a month that no load covers is missing, not 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Column, Connection, Select, func, select

from data_access import schema
from data_access.engine import get_engine
from data_access.remembered import once
from domain import formats
from domain.filters import Filters
from domain.periods import Period, month_end, month_of, month_period
from domain.programme import Programme, parse_programme
from domain.roles import Permission
from domain.scope import Scope

CRIME_KINDS = ("crimes", "police-uk")
# Finer than a month: for the operational roles only.
DAY_DIMS = frozenset({"local_date", "week", "hour", "weekday"})


class UnknownProgramme(LookupError):
    """No programme with this code is held; the message says what to do."""


class NoDayLevel(ValueError):
    """The programme's data name the month only, so a day-level figure cannot be made."""


@dataclass(frozen=True)
class Opened:
    """A programme opened for one viewer: every query reads through one of these."""

    conn: Connection
    scope: Scope
    programme_id: int
    programme: Programme
    weight_set_id: int | None
    notes: list[str] = field(default_factory=list)

    def frame(self, statement: Select[Any]) -> pd.DataFrame:
        result = self.conn.execute(statement)
        # Plain tuples: pandas asks every Row whether it is a dataclass, which takes longer than reading it.
        return pd.DataFrame([tuple(row) for row in result], columns=list(result.keys()))

    def areas(self) -> pd.DataFrame:
        """[id, code, name, active_from, active_to] in display order."""
        a = schema.area.c
        statement = (
            select(a.id, a.code, a.name, a.active_from, a.active_to)
            .where(a.programme_id == self.programme_id)
            .order_by(a.position, a.code)
        )
        return once(("areas", self.programme_id), lambda: self.frame(statement))


@contextmanager
def opened(scope: Scope, code: str, *permissions: Permission) -> Iterator[Opened]:
    """Check the permissions and the programme, then open a connection; OutOfScope or UnknownProgramme."""
    for permission in permissions:
        scope.require(permission)
    scope.require_programme(code)
    with get_engine().connect() as conn:
        programme_id, programme, weight_set_id = once(("programme", code), lambda: _programme(conn, code))
        yield Opened(conn, scope, programme_id, programme, weight_set_id)


def _programme(conn: Connection, code: str) -> tuple[int, Programme, int | None]:
    p = schema.programme.c
    row = conn.execute(select(p.id, p.config, p.weight_set_id).where(p.code == code)).first()
    if row is None:
        raise UnknownProgramme(f"No programme has the code “{code}”. Load its programme file first.")
    return row.id, parse_programme(row.config), row.weight_set_id


def require_days(opened_: Opened, by: Iterable[str]) -> None:
    """Dimensions finer than a month are for the operational roles."""
    if DAY_DIMS & set(by):
        opened_.scope.require(Permission.SEE_DAYS)


def check_dims(by: Sequence[str], allowed: Sequence[str]) -> None:
    wrong = [dim for dim in by if dim not in allowed]
    if wrong or len(set(by)) < len(by):
        raise ValueError(f"by={tuple(by)}: choose each at most once from {formats.joined(list(allowed))}.")


def whole_months(period: Period) -> Period:
    return Period(period.start.replace(day=1), month_end(period.end.replace(day=1)))


def shown_period(scope: Scope, programme: Programme, period: Period) -> tuple[Period, str]:
    """The period a viewer may see, and a sentence when it is not the one asked for.

    Whole months on month-only data and outside the operational roles; for those the evaluation windows stay exact,
    because disclosure control releases them together with the months (see disclosure).
    """
    month_only = programme.resolution == "month"
    windows = [w.period for w in (programme.before, programme.during) if w]
    fixed = windows + [w.year_before() for w in windows]
    if period.whole_months() or (not month_only and (scope.may(Permission.SEE_DAYS) or period in fixed)):
        return period, ""
    wide = whole_months(period)
    why = "These data name only the month" if month_only else "Your role sees whole months"
    return wide, f"{why}, so {formats.period(wide)} is shown instead of {formats.period(period)}."


def viewer_period(o: Opened, period: Period, month_only: bool) -> Period:
    """``shown_period`` for a query; ``month_only`` False where the rows have days although the crimes have not."""
    programme = o.programme if month_only else replace(o.programme, resolution="day")
    found, note = shown_period(o.scope, programme, period)
    if note:
        o.notes.append(note)
    return found


# --- where data cover the calendar ----------------------------------------------------------------------


# The last crime or patrol of a month is seldom on its last day: a load that stops this close to it covers it.
EDGE_DAYS = 3


@dataclass(frozen=True)
class Covered:
    """The days that data of one kind cover, as a union of periods; ``last_day`` is the last day held."""

    periods: tuple[Period, ...]
    last_day: date | None = None

    def has_day(self, day: date) -> bool:
        return any(p.start <= day <= p.end for p in self.periods)

    def has_month(self, month: str) -> bool:
        whole = month_period(month)
        return any(p.overlap_days(whole) for p in self.periods)

    def clip(self, period: Period) -> Period | None:
        """The part of ``period`` between the first and the last covered day inside it."""
        inside = [(max(p.start, period.start), min(p.end, period.end)) for p in self.periods if p.overlap_days(period)]
        return Period(min(i[0] for i in inside), max(i[1] for i in inside)) if inside else None


def covered(o: Opened, kinds: Sequence[str], held: Column[Any], *, month_text: bool = False) -> Covered:
    """Union of the periods of current loads; a load without a period leaves the span of what is held.

    A load's period runs from its first row to its last; it covers its first month from the start, because the
    first crime of an extract is not the day the extract begins, and its last month as EDGE_DAYS says.
    """
    key = ("covered", o.programme_id, tuple(kinds), str(held), month_text)
    return once(key, lambda: _covered(o, kinds, held, month_text))


def _covered(o: Opened, kinds: Sequence[str], held: Column[Any], month_text: bool) -> Covered:
    c = schema.load.c
    rows = o.conn.execute(
        select(c.period_from, c.period_to).where(
            c.programme_id == o.programme_id, c.kind.in_(kinds), c.status == "current"
        )
    ).all()
    spans = [(r.period_from, r.period_to) for r in rows if r.period_from and r.period_to]
    if len(spans) < len(rows) or not rows:
        spans += _span(o, held, month_text)
    periods = tuple(Period(start.replace(day=1), _edge(end)) for start, end in spans)
    return Covered(periods, max((end for _, end in spans), default=None))


def _edge(end: date) -> date:
    last = month_end(end.replace(day=1))
    return last if (last - end).days <= EDGE_DAYS else end


def _span(o: Opened, held: Column[Any], month_text: bool) -> list[tuple[date, date]]:
    first, last = o.conn.execute(
        select(func.min(held), func.max(held)).where(held.table.c.programme_id == o.programme_id)
    ).one()
    if first is None:
        return []
    return [(month_period(first).start, month_period(last).end)] if month_text else [(first, last)]


def crimes_covered(o: Opened) -> Covered:
    return covered(o, CRIME_KINDS, schema.crime.c.month, month_text=True)


def pings_covered(o: Opened) -> Covered:
    return covered(o, ("pings",), schema.visit.c.local_date)


def plan_covered(o: Opened) -> Covered:
    return covered(o, ("plan",), schema.plan.c.local_date)


def note_gaps(o: Opened, cover: Covered, period: Period, what: str) -> None:
    """Say which months of the period no load covers: they are missing, not zero."""
    missing = [m for m in period.months() if not cover.has_month(m)]
    if missing:
        run = [formats.month(m) for m in missing]
        text = formats.joined(run) if len(run) <= 3 else f"{len(run)} months from {run[0]} to {run[-1]}"
        o.notes.append(f"No {what} are loaded for {text}.")


def note_part_months(o: Opened, period: Period, by: Sequence[str]) -> None:
    """Beside whole months a part of one would read as a fall, so it is said."""
    if "month" not in by or period.whole_months():
        return
    first, last = period.start, period.end
    said = [f"{formats.month(month_of(first))} starts on {formats.day(first)}"] if first.day > 1 else []
    said += (
        [f"{formats.month(month_of(last))} ends on {formats.day(last)}"]
        if last != month_end(last.replace(day=1))
        else []
    )
    o.notes.append(f"Part months: {formats.joined(said)}.")


# --- zero-filling -----------------------------------------------------------------------------------------


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def time_levels(dim: str, period: Period) -> list[Any]:
    """Every value that ``dim`` takes in the period."""
    if dim == "month":
        return period.months()
    if dim == "local_date":
        return list(period.each_day())
    if dim == "week":
        return sorted({monday(day) for day in period.each_day()})
    return list(range(24)) if dim == "hour" else list(range(7))


def is_covered(dim: str, level: Any, cover: Covered) -> bool:
    if dim == "month":
        return cover.has_month(level)
    if dim == "local_date":
        return cover.has_day(level)
    if dim == "week":
        return any(cover.has_day(level + timedelta(days=i)) for i in range(7))
    return True


def add_time_dims(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """month, week and weekday from local_date, in pandas: no dialect spells them alike."""
    if "local_date" not in frame:
        return frame
    days = {day: day for day in frame["local_date"].unique()}
    makers = {"month": month_of, "week": monday, "weekday": lambda day: day.weekday()}
    for dim, maker in makers.items():
        if dim in by:
            frame[dim] = frame["local_date"].map({day: maker(day) for day in days})
    return frame


def zero_filled(
    frame: pd.DataFrame,
    by: Sequence[str],
    levels: Mapping[str, list[Any]],
    columns: Sequence[str],
    cover: Covered,
    period: Period,
) -> pd.DataFrame:
    """One row for every combination of levels: 0 where data cover it, missing where none do."""
    if not by:
        filled = pd.DataFrame({c: [frame[c].sum() if len(frame) else 0] for c in columns})
        return filled if cover.clip(period) else filled.astype(float).mask(filled.notna())
    summed = frame.groupby(list(by), sort=False)[list(columns)].sum() if len(frame) else None
    index = pd.MultiIndex.from_product([levels[dim] for dim in by], names=list(by))
    if summed is None:
        filled = pd.DataFrame(0, index=index, columns=list(columns))
    else:
        summed.index = pd.MultiIndex.from_arrays([summed.index.get_level_values(d) for d in by], names=list(by))
        filled = summed.reindex(index, fill_value=0)
    gone = pd.Series(cover.clip(period) is None, index=index)
    for dim in by:
        bad = [level for level in levels[dim] if not is_covered(dim, level, cover)]
        if bad:
            gone |= index.get_level_values(dim).isin(bad)
    if gone.any():
        filled = filled.astype(float)
        filled.loc[gone] = float("nan")
    return filled.reset_index()


def named(frame: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Put hot_spot_name beside hot_spot."""
    if "hot_spot" not in frame:
        return frame
    names = dict(zip(areas["code"], areas["name"], strict=True))
    frame.insert(int(frame.columns.get_loc("hot_spot")) + 1, "hot_spot_name", frame["hot_spot"].map(names))
    return frame


def finished(frame: pd.DataFrame, o: Opened, period: Period | None = None) -> pd.DataFrame:
    """Hang the notes (sentences for the reader) and the period really used on the frame."""
    frame.attrs["notes"] = list(o.notes)
    if period is not None:
        frame.attrs["period"] = period
    return frame


def chosen_areas(o: Opened, filters: Filters) -> pd.DataFrame:
    areas = o.areas()
    return areas[areas["code"].isin(filters.hot_spots)] if filters.hot_spots else areas

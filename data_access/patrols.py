"""Patrols delivered (from trackers) against patrols planned: minutes, visits, dose, gaps, overlap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, case, func, select

from data_access import schema
from data_access.disclosure import SUPPRESS_BELOW
from data_access.presence import (
    FLAG_DAYS,
    Coverage,
    Overlap,
    coverage,
    days_since_last_patrol,
    longest_gaps,
    provider_overlap,
)
from data_access.reading import (
    Opened,
    add_time_dims,
    check_dims,
    chosen_areas,
    finished,
    named,
    note_gaps,
    note_part_months,
    opened,
    pings_covered,
    plan_covered,
    require_days,
    time_levels,
    whole_months,
    zero_filled,
)
from data_access.released_patrols import ALL_PROVIDERS, crosses, is_protected, patrol_period
from data_access.released_patrols import table as released_table
from data_access.remembered import remembered
from data_access.visit_rows import COUNTS, MINUTES, by_hour, visit_rows
from domain.filters import Filters
from domain.periods import Period
from domain.roles import Permission
from domain.scope import Scope

DIMS = ("month", "week", "hot_spot", "provider", "local_date", "hour", "weekday")
PLAN_DIMS = ("month", "week", "hot_spot", "provider", "local_date", "weekday")
PLAN_COLUMNS = [
    "planned_minutes",
    "planned_person_minutes",
    "planned_visits",
    "abstracted_minutes",
    "extended_minutes",
    "self_reported_minutes",
]
ALL_TIME = Period(date(1900, 1, 1), date(2999, 12, 31))
NO_REASON = "no reason recorded"
OTHER_REASONS = "other reasons"

_plan = schema.plan.c

__all__ = [
    "FLAG_DAYS",
    "Coverage",
    "Overlap",
    "abstractions",
    "coverage",
    "days_since_last_patrol",
    "longest_gaps",
    "months_loaded",
    "patrol_table",
    "plan_table",
    "provider_overlap",
    "tracker_quality",
    "visit_lengths",
]


@remembered
def patrol_table(
    scope: Scope, filters: Filters, by: Sequence[str] = (), *, provider: str | None = None
) -> pd.DataFrame:
    """GPS-verified patrols in the chosen hot spots.

    [*by, patrol_minutes, person_minutes, visits, passed_through_minutes, visits_with_dose, visits_at_dose,
    median_visit_minutes]. ``by``: any of month, week (its Monday), hot_spot (code, with hot_spot_name),
    provider (code), local_date, hour (0 to 23), weekday (0 = Monday).

    patrol_minutes: minutes with one or more people of a team present, over visits that reached the minimum
    dwell; person_minutes: summed over people. Shorter presence is passed_through_minutes. visits_at_dose:
    visits at or over the provider's planned dose on that day, out of visits_with_dose. By hour, minutes go
    to the hours they fell in and a visit to the hour it began. Days that no tracker file covers are missing.
    Outside the operational roles as in released_patrols, with suppressed_* beside each column.
    """
    by = tuple(by)
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW) as o:
        check_dims(by, DIMS)
        require_days(o, by)
        period = patrol_period(o, filters.period)
        areas = chosen_areas(o, filters)
        if is_protected(o):
            frame = _released(o, filters, period, by, provider)
        else:
            frame = _exact(o, period, areas, by, visit_rows(o, period, areas, provider), provider)
        note_gaps(o, pings_covered(o), period, "tracker files")
        if not is_protected(o):
            note_part_months(o, period, by)
        return finished(named(_tidy(frame), areas), o, period)


def _exact(
    o: Opened,
    period: Period,
    areas: pd.DataFrame,
    by: tuple[str, ...],
    visits: pd.DataFrame,
    provider: str | None,
    *,
    medians: bool = True,
) -> pd.DataFrame:
    pieces = by_hour(visits) if "hour" in by else visits
    pieces = add_time_dims(pieces, by)
    levels = {d: _levels(o, d, period, areas, visits, provider) for d in by}
    frame = zero_filled(pieces, by, levels, [*MINUTES, *COUNTS], pings_covered(o), period)
    return _with_median(frame, pieces, by) if medians else frame


def _released(o: Opened, filters: Filters, period: Period, by: tuple[str, ...], provider: str | None) -> pd.DataFrame:
    every, areas = o.areas(), chosen_areas(o, filters)
    held = visit_rows(o, ALL_TIME, every, None)

    def count(span: Period, keys: tuple[str, ...]) -> pd.DataFrame:
        inside = held[held["local_date"].between(span.start, span.end)].copy()
        return _exact(o, span, every, keys, inside, None, medians=False)

    def levels(dim: str) -> list[Any]:
        return _levels(o, dim, whole_months(period), areas, held, provider)

    return released_table(o, filters, period, by, provider, count, levels)


@remembered
def minutes_for_rates(scope: Scope, filters: Filters) -> pd.DataFrame:
    """[month, provider, patrol_minutes, person_minutes] of all hot spots, to divide spend by; never to be shown.

    Exact for every role, because a rate over a part of a month needs the part; a role that may not see a provider's
    minutes over the whole period gets none for it.
    """
    every = filters.with_hot_spots()
    shown = patrol_table(scope, every, ("provider",)).set_index("provider")["patrol_minutes"]
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW) as o:
        period, areas = patrol_period(o, filters.period), o.areas()
        by = ("month", "provider")
        frame = _exact(o, period, areas, by, visit_rows(o, period, areas, None), None, medians=False)[
            [*by, *MINUTES[:2]]
        ]
        hidden = frame["provider"].map(shown).isna()
        frame[MINUTES[:2]] = frame[MINUTES[:2]].astype(float).mask(hidden)
        return finished(frame, o, period)


def _levels(
    o: Opened, dim: str, period: Period, areas: pd.DataFrame, found: pd.DataFrame, provider: str | None
) -> list[Any]:
    if dim == "hot_spot":
        return list(areas["code"])
    if dim == "provider":
        known = [p.code for p in o.programme.providers]
        known += sorted(set(found["provider"]) - set(known))
        return [code for code in known if provider in (None, code)]
    return time_levels(dim, period)


def _with_median(frame: pd.DataFrame, pieces: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    """Median length of whole visits; missing where there was none."""
    whole = pieces[pieces["visits"] == 1]
    if not by:
        frame["median_visit_minutes"] = whole["minutes"].median() if len(whole) else float("nan")
        return frame
    if whole.empty:
        frame["median_visit_minutes"] = float("nan")
        return frame
    medians = whole.groupby(list(by), sort=False)["minutes"].median().rename("median_visit_minutes").reset_index()
    return frame.merge(medians, on=list(by), how="left")


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    for column in COUNTS:
        if column in frame and not frame[column].isna().any():
            frame[column] = frame[column].astype("int64")
    return frame


# --- the plan -----------------------------------------------------------------------------------------------


@remembered
def plan_table(scope: Scope, filters: Filters, by: Sequence[str] = (), *, provider: str | None = None) -> pd.DataFrame:
    """What was planned in the chosen hot spots: one row of the plan is one planned visit.

    [*by, planned_minutes, planned_person_minutes, planned_visits, abstracted_minutes, extended_minutes,
    self_reported_minutes]; ``by`` as in patrol_table without hour. self_reported_minutes is missing where
    nobody reported any: it is never mixed with GPS-verified minutes.
    """
    by = tuple(by)
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW) as o:
        check_dims(by, PLAN_DIMS)
        require_days(o, by)
        period = patrol_period(o, filters.period)
        if is_protected(o) and "month" in by:
            period = whole_months(period)  # as patrols are released
        areas = chosen_areas(o, filters)
        rows = add_time_dims(_plan_rows(o, period, areas, provider), by)
        levels = {d: _levels(o, d, period, areas, rows, provider) for d in by}
        if crosses(o, filters, by):
            rows["provider"], levels["provider"] = ALL_PROVIDERS, [ALL_PROVIDERS]
        columns = [*PLAN_COLUMNS, "reports"]
        frame = zero_filled(rows, by, levels, columns, plan_covered(o), period)
        frame["self_reported_minutes"] = frame["self_reported_minutes"].where(frame["reports"] > 0)
        note_gaps(o, plan_covered(o), period, "plans")
        note_part_months(o, period, by)
        return finished(named(frame.drop(columns="reports"), areas), o, period)


def _plan_where(o: Opened, period: Period, areas: pd.DataFrame, provider: str | None) -> list[ColumnElement[bool]]:
    where = [
        _plan.programme_id == o.programme_id,
        _plan.area_id.in_([int(i) for i in areas["id"]]),
        _plan.local_date.between(period.start, period.end),
    ]
    return where if provider is None else [*where, _plan.provider == provider]


def _plan_rows(o: Opened, period: Period, areas: pd.DataFrame, provider: str | None) -> pd.DataFrame:
    keys = (_plan.area_id, _plan.provider, _plan.local_date)
    frame = o.frame(
        select(
            *keys,
            func.sum(_plan.planned_minutes).label("planned_minutes"),
            func.sum(_plan.planned_minutes * _plan.planned_persons).label("planned_person_minutes"),
            func.sum(case((_plan.planned_minutes > 0, 1), else_=0)).label("planned_visits"),
            func.sum(_plan.abstracted_minutes).label("abstracted_minutes"),
            func.sum(_plan.extended_minutes).label("extended_minutes"),
            func.coalesce(func.sum(_plan.self_reported_minutes), 0.0).label("self_reported_minutes"),
            func.count(_plan.self_reported_minutes).label("reports"),
        )
        .where(*_plan_where(o, period, areas, provider))
        .group_by(*keys)
    )
    frame["hot_spot"] = frame["area_id"].map(dict(zip(areas["id"], areas["code"], strict=True)))
    return frame


def abstractions(scope: Scope, filters: Filters) -> pd.DataFrame:
    """Planned minutes taken away: [reason, provider, minutes, visits], most minutes first.

    Outside the operational roles over all providers together, and reasons with fewer than 5 visits in one row.
    """
    with opened(scope, filters.programme, Permission.VIEW_PATROLS) as o:
        period = patrol_period(o, filters.period)
        reason = func.coalesce(func.nullif(func.trim(_plan.abstraction_reason), ""), NO_REASON)
        minutes = func.sum(_plan.abstracted_minutes)
        frame = o.frame(
            select(reason.label("reason"), _plan.provider, minutes.label("minutes"), func.count().label("visits"))
            .where(*_plan_where(o, period, chosen_areas(o, filters), None), _plan.abstracted_minutes > 0)
            .group_by(reason, _plan.provider)
            .order_by(minutes.desc(), reason, _plan.provider)
        )
        if not scope.may(Permission.SEE_SMALL_COUNTS):
            frame = _merged_reasons(o, frame)
        return finished(frame, o, period)


def _merged_reasons(o: Opened, frame: pd.DataFrame) -> pd.DataFrame:
    """Over all providers, small reasons together: one person off sick must not be told by a row of their own."""
    whole = frame.groupby("reason", as_index=False)[["minutes", "visits"]].sum()
    small = whole["visits"] < SUPPRESS_BELOW
    if small.any():
        small |= whole["reason"] == "other"  # the same to a reader, and it may make the row large enough
    whole["reason"] = whole["reason"].mask(small, OTHER_REASONS)
    whole = whole.groupby("reason", as_index=False)[["minutes", "visits"]].sum()
    hidden = whole["visits"] < SUPPRESS_BELOW
    if hidden.any():
        o.notes.append(f"Reasons that took away fewer than {SUPPRESS_BELOW} planned visits in all are left out.")
    whole.insert(1, "provider", ALL_PROVIDERS)
    return whole[~hidden].sort_values(["minutes", "reason"], ascending=[False, True], ignore_index=True)


# --- single visits, gaps, coverage ----------------------------------------------------------------------------


def visit_lengths(scope: Scope, filters: Filters) -> pd.DataFrame:
    """One row a visit, operational roles only: [provider, hot_spot, patrol_minutes, planned_dose, at_dose]."""
    with opened(scope, filters.programme, Permission.VIEW_PATROLS, Permission.SEE_DAYS) as o:
        visits = visit_rows(o, filters.period, chosen_areas(o, filters), None)
        visits = visits[visits["visits"] == 1]
        frame = visits[["provider", "hot_spot", "patrol_minutes", "planned_dose"]].copy()
        frame["at_dose"] = visits["visits_at_dose"].astype(bool)
        return finished(frame.reset_index(drop=True), o, filters.period)


def tracker_quality(scope: Scope, filters: Filters) -> pd.DataFrame:
    """What the trackers did: [provider, devices, pings, tracked_minutes, inside_minutes, unallocated_minutes,
    gap_minutes, median_interval_s (median over device-days)].

    unallocated_minutes: tracked outside every boundary. Trackers are not tied to a hot spot: that filter is ignored.
    """
    t = schema.tracker_day.c
    with opened(scope, filters.programme, Permission.VIEW_PATROLS) as o:
        period = patrol_period(o, filters.period)
        where = (t.programme_id == o.programme_id, t.local_date.between(period.start, period.end))
        frame = o.frame(
            select(
                t.provider, func.count(t.device.distinct()).label("devices"), func.sum(t.pings).label("pings"),
                func.sum(t.tracked_minutes).label("tracked_minutes"),
                func.sum(t.inside_minutes).label("inside_minutes"),
                func.sum(t.tracked_minutes - t.inside_minutes).label("unallocated_minutes"),
                func.sum(t.gap_minutes).label("gap_minutes"),
            ).where(*where).group_by(t.provider).order_by(t.provider)
        )  # fmt: skip
        days = o.frame(select(t.provider, t.median_interval_s).where(*where, t.median_interval_s.is_not(None)))
        frame["median_interval_s"] = frame["provider"].map(days.groupby("provider")["median_interval_s"].median())
        return finished(frame, o, period)


def has_patrol_data(scope: Scope, code: str) -> bool:
    """Whether any tracker file or plan is loaded; without either there is nothing to say about patrols."""
    with opened(scope, code, Permission.VIEW_PATROLS) as o:
        return bool(pings_covered(o).periods or plan_covered(o).periods)


def months_loaded(scope: Scope, code: str) -> list[str]:
    """Months that tracker files or a plan cover, first to last: what period controls of patrol pages offer."""
    with opened(scope, code, Permission.OWN_ACCOUNT) as o:
        periods = (*pings_covered(o).periods, *plan_covered(o).periods)
        return sorted({m for period in periods for m in period.months()})


def months_tracked(scope: Scope, code: str) -> list[str]:
    """Months that a load of tracker files covers, first to last; the twin of ``trends.months_loaded``."""
    with opened(scope, code, Permission.OWN_ACCOUNT) as o:
        return sorted({m for period in pings_covered(o).periods for m in period.months()})


def covers(scope: Scope, code: str, period: Period) -> bool:
    """Whether tracker files cover every month of the period: three months of minutes are not five."""
    with opened(scope, code, Permission.VIEW_PATROLS) as o:
        cover = pings_covered(o)
        return all(cover.has_month(m) for m in period.months())

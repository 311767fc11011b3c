"""The same minutes counted in three ways, and what each tracker can support: how minutes are counted."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from sqlalchemy import case, func, select

from analysis.dosage.bridge import SPARSE_FROM_S
from analysis.dosage.rules import Rules
from data_access import schema
from data_access.dosage_rules import rules_in_force
from data_access.like_for_like import half_range
from data_access.patrols import patrol_table
from data_access.reading import Opened, chosen_areas, finished, opened, viewer_period
from data_access.released_patrols import is_protected, patrol_period
from domain.filters import Filters
from domain.periods import Period, month_of
from domain.roles import Permission
from domain.scope import Scope

METHOD_COLUMNS = [
    "provider", "provider_name", "median_interval_s", "sparse", "plain_patrol_minutes", "rule_patrol_minutes",
    "rule_person_minutes", "visit_minutes", "passed_through_minutes", "bridged_minutes", "silent_minutes",
    "needed_gap_s", "estimated_patrol_minutes", "estimated_low",
    "estimated_high", "like_for_like_minutes", "like_for_like_low", "like_for_like_high", "basis", "not_applicable",
]  # fmt: skip
# Simulated patrols at 300 s: with a shorter gap rule most steps count nothing (analysis/dosage/counting.py).
INTERVALS_A_GAP_NEEDS = 3
BY_RULES = "rules: trackers are dense enough for them"
BY_ESTIMATE = "estimate where trackers are sparse, rules elsewhere"

_dose = schema.dose_day.c


def minutes_by_method(scope: Scope, filters: Filters) -> pd.DataFrame:
    """One row a provider, METHOD_COLUMNS: patrol-minutes inside the chosen hot spots, passing through included.

    visit and passed_through minutes: the two parts of rule_patrol_minutes, from patrol_table as on Patrols.
    needed_gap_s: the gap rule that a tracker of the provider's median interval needs, where the one in force is
    shorter (INTERVALS_A_GAP_NEEDS intervals); else missing. plain: exact crossings and the gap rule only; rule: by the provider's rules; estimated: Markov bridge with a 95%
    range, only where trackers are sparse (median interval over SPARSE_FROM_S seconds). The range adds the variances
    of days, places and teams, and is widened by the calibration's own bias. like_for_like: the estimate where there
    is one, else the rules: what providers are compared by.
    """
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW) as o:
        period = patrol_period(o, filters.period)
        if is_protected(o) and filters.hot_spots:  # providers by hot spot are not released
            filters = filters.with_hot_spots()
            o.notes.append(
                "Your role sees providers for all hot spots together only, so these figures cover all of them."
            )
        areas = [int(i) for i in chosen_areas(o, filters)["id"]]
        sums = _sums(o, period, areas).merge(_credited(o, period, areas), on="provider", how="left")
        trackers = _trackers(o, period)
        sums["median_interval_s"] = sums["provider"].map(_median_intervals(trackers))
        sums["needed_gap_s"] = sums["provider"].map(_needed_gaps(o, trackers)).astype(float)
        sums["provider_name"] = [o.programme.provider_name(code) for code in sums["provider"]]
        visits = patrol_table(scope, filters, ("provider",))[["provider", "patrol_minutes", "passed_through_minutes"]]
        if is_protected(o):  # a provider of too few visits
            sums = sums[sums["provider"].isin(visits.loc[visits["patrol_minutes"].notna(), "provider"])].copy()
        credited = ["bridged_minutes", "silent_minutes"]
        sums[credited] = sums[credited].astype(float).fillna(0.0)  # no visit, so nothing of one is credited
        sums = sums.merge(visits.rename(columns={"patrol_minutes": "visit_minutes"}), on="provider", how="left")
        return finished(_with_ranges(sums)[METHOD_COLUMNS], o, period)


def _sums(o: Opened, period: Period, areas: list[int]) -> pd.DataFrame:
    calibration = schema.bridge_calibration.c
    estimated = func.coalesce(_dose.estimated_patrol_minutes, _dose.rule_patrol_minutes)
    bias = func.abs(func.coalesce(calibration.bias_share, 0.0)) * func.coalesce(_dose.estimated_patrol_minutes, 0.0)
    return o.frame(
        select(
            _dose.provider,
            func.sum(_dose.plain_patrol_minutes).label("plain_patrol_minutes"),
            func.sum(_dose.rule_patrol_minutes).label("rule_patrol_minutes"),
            func.sum(_dose.rule_person_minutes).label("rule_person_minutes"),
            func.sum(estimated).label("estimated_patrol_minutes"),
            func.sum(_dose.estimated_variance).label("variance"),
            func.sum(case((_dose.estimated_patrol_minutes.is_not(None), 1), else_=0)).label("cells"),
            func.sum(bias).label("bias_minutes"),
        )
        .join_from(schema.dose_day, schema.bridge_calibration, calibration.id == _dose.calibration_id, isouter=True)
        .where(
            _dose.programme_id == o.programme_id,
            _dose.area_id.in_(areas),
            _dose.local_date.between(period.start, period.end),
        )
        .group_by(_dose.provider)
        .order_by(_dose.provider)
    )


def _credited(o: Opened, period: Period, areas: list[int]) -> pd.DataFrame:
    v = schema.visit.c
    return o.frame(
        select(
            v.provider,
            func.sum(v.bridged_minutes).label("bridged_minutes"),
            func.sum(v.silent_minutes).label("silent_minutes"),
        )
        .where(v.programme_id == o.programme_id, v.area_id.in_(areas), v.local_date.between(period.start, period.end))
        .group_by(v.provider)
    )


def _trackers(o: Opened, period: Period) -> pd.DataFrame:
    """[provider, device, median_interval_s], a row a device and day."""
    t = schema.tracker_day.c
    where = (t.programme_id == o.programme_id, t.local_date.between(period.start, period.end))
    days = o.frame(select(t.provider, t.device, t.median_interval_s).where(*where, t.median_interval_s.is_not(None)))
    return days.astype({"median_interval_s": float})


def _median_intervals(trackers: pd.DataFrame) -> dict[str, float]:
    return {str(k): float(v) for k, v in trackers.groupby("provider")["median_interval_s"].median().items()}


def intervals(scope: Scope, filters: Filters) -> dict[str, float]:
    """Seconds between positions by provider: the median over its trackers' days of the period."""
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW) as o:
        return _median_intervals(_trackers(o, viewer_period(o, filters.period, False)))


def _needed_gaps(o: Opened, trackers: pd.DataFrame) -> dict[str, float]:
    """By provider the gap rule that its slowest sparse tracker needs, where the one in force is shorter."""
    held, found = rules_in_force(o.conn, o.programme_id), {}
    devices = trackers.groupby(["provider", "device"])["median_interval_s"].median()
    for provider, slowest in devices.groupby(level="provider").max().items():
        needed = INTERVALS_A_GAP_NEEDS * float(slowest)
        if slowest > SPARSE_FROM_S and held.get(str(provider), Rules()).gap_s < needed:
            found[str(provider)] = needed
    return found


def _with_ranges(frame: pd.DataFrame) -> pd.DataFrame:
    number = ["estimated_patrol_minutes", "variance", "bias_minutes", "plain_patrol_minutes", "rule_patrol_minutes"]
    frame[number] = frame[number].astype(float)
    has = frame["cells"].astype(int) > 0
    half = half_range(frame["variance"], frame["bias_minutes"])
    value = frame["estimated_patrol_minutes"].where(has)
    frame["sparse"] = (frame["median_interval_s"].astype(float) > SPARSE_FROM_S) | has
    frame["estimated_patrol_minutes"] = value
    frame["estimated_low"] = (value - half).clip(lower=0.0)
    frame["estimated_high"] = value + half
    frame["like_for_like_minutes"] = value.where(has, frame["rule_patrol_minutes"])
    frame["like_for_like_low"], frame["like_for_like_high"] = frame["estimated_low"], frame["estimated_high"]
    frame["basis"] = [BY_ESTIMATE if found else BY_RULES for found in has]
    ends = ("estimated_patrol_minutes", "estimated_low", "estimated_high")
    frame["not_applicable"] = [() if found else ends for found in has]
    return frame


def calibrations(scope: Scope, filters: Filters) -> pd.DataFrame:
    """What the estimates of the period were calibrated by: [provider, interval_s, basis, cells, bias_share, coverage]."""
    c = schema.bridge_calibration.c
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW) as o:
        period = viewer_period(o, filters.period, False)
        frame = o.frame(
            select(_dose.provider, c.interval_s, c.basis, c.cells, c.bias_share, c.coverage)
            .join_from(schema.dose_day, schema.bridge_calibration, c.id == _dose.calibration_id)
            .where(_dose.programme_id == o.programme_id, _dose.local_date.between(period.start, period.end))
            .distinct()
            .order_by(_dose.provider, c.interval_s)
        )
        return finished(frame, o, period)


def devices(scope: Scope, filters: Filters) -> pd.DataFrame:
    """One row a device, operational roles only: [provider, provider_name, device, days, pings, interval_s,
    sparse_months, uptime, dropped_share].

    interval_s: median over its days of the day's median time between pings; sparse_months: months in which that is
    over SPARSE_FROM_S, as estimates are made by the month. uptime: tracked time over tracked time and lost signal.
    dropped_share: pings that its own interval of the day would have given and that are not there.
    """
    t = schema.tracker_day.c
    with opened(scope, filters.programme, Permission.VIEW_PATROLS, Permission.SEE_DAYS) as o:
        period = filters.period
        days = o.frame(
            select(t.provider, t.device, t.local_date, t.pings, t.tracked_minutes, t.gap_minutes, t.median_interval_s)
            .where(t.programme_id == o.programme_id, t.local_date.between(period.start, period.end))
            .order_by(t.provider, t.device)
        )
        rows = [_device(o, str(key[0]), str(key[1]), part) for key, part in days.groupby(["provider", "device"])]
        columns = ["provider", "provider_name", "device", "days", "pings", "interval_s", "sparse_months",
                   "uptime", "dropped_share"]  # fmt: skip
        return finished(pd.DataFrame(rows, columns=columns), o, period)


def _device(o: Opened, provider: str, device: str, days: pd.DataFrame) -> tuple[Any, ...]:
    interval = days["median_interval_s"].astype(float)
    by_month = interval.groupby([month_of(day) for day in days["local_date"]]).median()
    tracked, lost = float(days["tracked_minutes"].sum()), float(days["gap_minutes"].sum())
    timed = days[interval > 0]
    expected = float(((timed["tracked_minutes"] + timed["gap_minutes"]) * 60 / interval[interval > 0] + 1).sum())
    dropped = max(0.0, 1 - int(timed["pings"].sum()) / expected) if expected > 0 else math.nan
    uptime = tracked / (tracked + lost) if tracked + lost else math.nan
    return (
        provider, o.programme.provider_name(provider), device, len(days), int(days["pings"].sum()), float(interval.median()),
        int((by_month > SPARSE_FROM_S).sum()), uptime, dropped,
    )  # fmt: skip

"""How sure can we be? Panels from the database, estimates from ``analysis.evaluation``, one summary for all readers.

The page, the overview sentence and the PDF read the same frozen ``EvaluationSummary``. Estimates are made from
unsuppressed panels whoever asks; what leaves here are totals over all hot spots, and small counts are
withheld from roles that may not see them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from functools import lru_cache

import pandas as pd
from sqlalchemy import func, select

from analysis.evaluation.before_after.counts import TwoCounts, exact_conditional
from analysis.evaluation.before_after.drift import YearCount, year_drift
from analysis.evaluation.before_after.overlap import BaselineOverlap, overlap_check
from analysis.evaluation.before_after.overlap import baseline_overlap as overlap_of
from analysis.evaluation.before_after.ratio import PHI, before_after_ratio
from analysis.evaluation.comparators.places import ComparatorsChange
from analysis.evaluation.comparators.places import comparators_change as rank_places
from analysis.evaluation.harm.split import HarmSplit
from analysis.evaluation.harm.split import harm_split as split_harm
from analysis.evaluation.patrol_days.model import add_previous_7_days, day_counts
from analysis.evaluation.patrol_days.model import patrol_days as patrol_day_ratio
from analysis.evaluation.record import Refusal, ResultRecord
from data_access import schema
from data_access.crimes import crime_table, inside_period
from data_access.engine import get_engine
from data_access.evaluation.records import BeforeAfter, EvaluationSummary, PatrolDays, WindowTotals
from data_access.evaluation.released import days_without_small_counts, without_small_counts
from data_access.programmes import AsAt, data_as_at, get_programme
from data_access.reading import opened, pings_covered
from domain import formats
from domain.filters import Filters
from domain.periods import Period, month_period
from domain.programme import Programme, Window
from domain.roles import Permission
from domain.scope import Scope

MAX_EARLIER_YEARS = 10
MONTH_ONLY = (
    "The crime data of this programme name only the month, so days with and without patrol cannot be compared. "
    "Load the force's dated extract (kind crimes) to make this comparison."
)
NO_WINDOWS = (
    "This programme has no “before” and “during” windows in its settings, so there is nothing to compare. "
    "Add them under [evaluation] in the programme file and load it again."
)
NO_SERVICE_WINDOW = (
    "No provider in the programme's settings has shift times, so there is no service window to count crimes in. "
    "Add shift_from and shift_to to a provider and load the programme file again."
)


def evaluation_summary(scope: Scope, code: str) -> EvaluationSummary:
    """Every part of the evaluation for one programme; OutOfScope without the permission or the programme."""
    programme = _programme(scope, code)
    sees_small = scope.may(Permission.SEE_SMALL_COUNTS)
    return _summary(str(get_engine().url), data_as_at(scope, code), programme, _inside(scope, code), sees_small)


@lru_cache(maxsize=32)
def _summary(database: str, held: AsAt, programme: Programme, inside: Scope, sees_small: bool) -> EvaluationSummary:
    """Kept until the loads or the settings change: the home page, this page and the return ask for the same."""
    compared, code = before_after(inside, programme.code), programme.code
    patrols = patrol_days(inside, code)
    found = EvaluationSummary(
        programme_code=code,
        area_name=programme.area_name,
        before_after=compared,
        harm=_harm(inside, programme, compared),
        patrol_days=patrols,
        overlap=baseline_overlap(inside, code),
        comparators=comparators_change(inside, code),
        overlap_check=overlap_check(programme.before.period, programme.service_live_from) if programme.before else None,
    )
    return found if sees_small else without_small_counts(found)


def before_after(scope: Scope, code: str) -> BeforeAfter | Refusal:
    """Recorded crime during against before, over all hot spots; Refusal when the windows or data are lacking."""
    programme = _programme(scope, code)
    if not (programme.before and programme.during):
        return Refusal("Recorded crime, during / before", NO_WINDOWS)
    inside = _inside(scope, code)
    parts = []
    for name, window in (("before", programme.before), ("during", programme.during)):
        cells = _cells(inside, code, window.period)
        if cells["crimes"].isna().any():
            missing = sorted(cells.loc[cells["crimes"].isna(), "month"].unique())
            gone = formats.joined([formats.month(month) for month in missing])
            return Refusal(
                "Recorded crime, during / before", f"No crimes are loaded for {gone}, part of the “{name}” window."
            )
        parts.append(cells.assign(window=name))
    cells = pd.concat(parts, ignore_index=True)
    totals = [
        _totals(inside, code, window, float(part["exposure_days"].sum()))
        for window, part in zip((programme.before, programme.during), parts, strict=True)
    ]
    years = _earlier_years(inside, code, programme, parts[0]["hot_spot"].nunique())
    counted = [YearCount(crimes, days) for _, crimes, days in years]
    default = before_after_ratio(cells, counted)
    phi = _phi(default)
    return BeforeAfter(
        before=totals[0],
        during=totals[1],
        default=default,
        exact=exact_conditional(
            TwoCounts(totals[0].crimes, totals[1].crimes, totals[0].exposure_days, totals[1].exposure_days)
        ),
        earlier_years=tuple((period, crimes) for period, crimes, _ in years),
        phi=phi,
        drift=year_drift(counted, phi),
    )


def harm_split(scope: Scope, code: str) -> HarmSplit | Refusal:
    """Total harm = count x mean severity, each ratio with its interval."""
    programme = _programme(scope, code)
    return _harm(scope, programme, before_after(scope, code))


def patrol_days(scope: Scope, code: str) -> PatrolDays:
    """Crimes inside the service window on hot spot-days with any verified patrol, against days without."""
    programme = _programme(scope, code)
    window, estimand = service_window(programme), "Crimes in the service window, patrol days / other days"
    reason = MONTH_ONLY if programme.resolution == "month" else "" if window else NO_SERVICE_WINDOW
    period = programme.during.period if programme.during else None
    if not reason and period is None:
        reason = NO_WINDOWS
    if reason or window is None or period is None:
        return PatrolDays(Refusal(estimand, reason), None, window, period, 0)
    panel, without = _panel(_inside(scope, code), programme, period, window)
    if panel.empty:
        why = f"No tracker data are loaded for {formats.period(period)}, so patrol days are not known."
        return PatrolDays(Refusal(estimand, why), None, window, period, without)
    found = PatrolDays(patrol_day_ratio(panel, estimand=estimand), day_counts(panel), window, period, without)
    return found if scope.may(Permission.SEE_SMALL_COUNTS) else days_without_small_counts(found)


def baseline_overlap(scope: Scope, code: str) -> BaselineOverlap | None:
    """The warning when the "before" window holds service days; None when it does not."""
    programme = _programme(scope, code)
    return overlap_of(programme.before.period, programme.service_live_from) if programme.before else None


def comparators_change(scope: Scope, code: str) -> ComparatorsChange | Refusal:
    """Each comparison place's own change over the whole months of the windows; no effect claim.

    Comparison places come by month, so the windows are cut to their whole months for every place alike.
    """
    programme = _programme(scope, code)
    if not (programme.before and programme.during):
        return Refusal("Change in comparison places", NO_WINDOWS)
    months = {name: _inner_months(w.period) for name, w in (("before", programme.before), ("during", programme.during))}
    monthly = _comparator_months(scope, code)
    if not (months["before"] and months["during"]):
        return Refusal(
            "Change in comparison places", "A window holds no whole month, and comparison places come by month."
        )
    if monthly.empty:
        return Refusal("Change in comparison places", "No comparison places are loaded (kind comparators).")
    own = crime_table(_inside(scope, code), Filters(code, _span(months)), ("month",))[["month", "crimes"]]
    monthly = pd.concat([monthly, own.assign(place=programme.area_name).dropna()], ignore_index=True)
    rows = []
    for place, part in monthly.groupby("place"):
        row: dict[str, object] = {"place": place}
        for name, wanted in months.items():
            held = part[part["month"].isin(wanted)]
            row |= {name: int(held["crimes"].sum()), f"months_{name}": held["month"].nunique()}
        rows.append(row)
    return rank_places(pd.DataFrame(rows), programme.area_name)


def service_window(programme: Programme) -> tuple[time, time] | None:
    """Shift of the service under evaluation: the first partner with shift times, else the first provider with them."""
    timed = [p for p in programme.providers if p.shift_from and p.shift_to and p.shift_from < p.shift_to]
    ordered = [p for p in timed if p.kind == "partner"] + timed
    if not ordered or ordered[0].shift_from is None or ordered[0].shift_to is None:
        return None
    return ordered[0].shift_from, ordered[0].shift_to


# --- panels -------------------------------------------------------------------------------------------------


def _programme(scope: Scope, code: str) -> Programme:
    scope.require(Permission.VIEW_EVALUATION)
    return get_programme(scope, code)


def _inside(scope: Scope, code: str) -> Scope:
    """A scope for building panels only: suppressed cells would bias every estimate. Never leaves this module."""
    scope.require(Permission.VIEW_EVALUATION)
    scope.require_programme(code)
    return Scope("evaluation", None, frozenset({code}), frozenset(Permission))


def _cells(inside: Scope, code: str, period: Period) -> pd.DataFrame:
    """Hot spot x month: crimes and the days of the month inside the window."""
    frame = crime_table(inside, Filters(code, period), ("hot_spot", "month"))
    used: Period = frame.attrs["period"]
    days = {month: float(month_period(month).overlap_days(used)) for month in frame["month"].unique()}
    return frame.assign(exposure_days=frame["month"].map(days))[["hot_spot", "month", "crimes", "exposure_days"]]


def _totals(inside: Scope, code: str, window: Window, exposure: float) -> WindowTotals:
    row = crime_table(inside, Filters(code, window.period), ()).iloc[0]
    harm = None if pd.isna(row["harm_days"]) else float(row["harm_days"])
    return WindowTotals(window.label, window.period, int(row["crimes"]), harm, int(row["not_scored"]), exposure)


def _earlier_years(inside: Scope, code: str, programme: Programme, hot_spots: int) -> list[tuple[Period, int, float]]:
    """The "before" window and the same window in earlier years, as far back as crimes are loaded; oldest first."""
    if programme.before is None:
        return []
    found: list[tuple[Period, int, float]] = []
    period = programme.before.period
    while len(found) < MAX_EARLIER_YEARS:
        frame = crime_table(inside, Filters(code, period), ("month",))
        if frame["crimes"].isna().any():
            break
        found.append((period, int(frame["crimes"].sum()), float(period.days * hot_spots)))
        period = period.year_before()
    return found[::-1]


def _phi(default: ResultRecord | Refusal) -> float:
    check = default.check(PHI) if isinstance(default, ResultRecord) else None
    return float(check.value) if check and isinstance(check.value, float) else 1.0


def _harm(scope: Scope, programme: Programme, compared: BeforeAfter | Refusal) -> HarmSplit | Refusal:
    if isinstance(compared, Refusal):
        return replace(compared, estimand="Harm, during / before")
    windows = (compared.before, compared.during)
    weights = [_weights(scope, programme.code, window.period) for window in windows]
    return split_harm(
        weights[0],
        weights[1],
        windows[0].exposure_days,
        windows[1].exposure_days,
        phi=compared.phi,
        drift=compared.drift,
        not_scored=sum(window.not_scored for window in windows),
    )


def _weights(scope: Scope, code: str, period: Period) -> list[float]:
    """Harm weight of every scored crime inside the hot spots; their spread is what severity intervals need."""
    c = schema.crime.c
    with opened(scope, code, Permission.VIEW_EVALUATION) as o:
        rows = o.conn.execute(
            select(c.harm_days)
            .where(c.programme_id == o.programme_id, c.area_id.is_not(None), c.is_crime, c.harm_days.is_not(None))
            .where(inside_period(period))
            .order_by(c.id)
        )
        return [float(row.harm_days) for row in rows]


def _panel(inside: Scope, programme: Programme, period: Period, window: tuple[time, time]) -> tuple[pd.DataFrame, int]:
    """hot_spot, local_date, crimes (service window), previous_7_days (whole day), patrol; and days not known."""
    wide = Filters(programme.code, Period(period.start - timedelta(days=7), period.end))
    keys, minutes = ["hot_spot", "local_date"], tuple(t.hour * 60 + t.minute for t in window)
    whole = crime_table(inside, wide, tuple(keys))[[*keys, "crimes"]].rename(columns={"crimes": "whole_day"})
    timed = crime_table(inside, wide, tuple(keys), minutes_of_day=(minutes[0], minutes[1]))[[*keys, "crimes"]]
    panel = add_previous_7_days(timed.merge(whole, on=keys), "whole_day").dropna(subset=["crimes"])
    patrolled, known = _patrolled(inside, programme.code, period, minutes[1])
    panel = panel.assign(
        patrol=[pair in patrolled for pair in zip(panel["hot_spot"], panel["local_date"], strict=True)]
    )
    on_known = panel["local_date"].isin(known)
    return panel[on_known].reset_index(drop=True), int(panel.loc[~on_known, "local_date"].nunique())


def _patrolled(inside: Scope, code: str, period: Period, before_minute: int) -> tuple[set[tuple[str, date]], set[date]]:
    """Hot spot-days with a visit begun before the service window closed; days that tracker loads cover."""
    v, a = schema.visit.c, schema.area.c
    with opened(inside, code, Permission.VIEW_EVALUATION) as o:
        rows = o.conn.execute(
            select(a.code, v.local_date, func.count())
            .join_from(schema.visit, schema.area, v.area_id == a.id)
            .where(v.programme_id == o.programme_id, v.counts_as_visit, v.local_minute < before_minute)
            .where(v.local_date.between(period.start, period.end))
            .group_by(a.code, v.local_date)
        ).all()
        cover = pings_covered(o)
    known = {day for day in period.each_day() if cover.has_day(day)}
    return {(row.code, row.local_date) for row in rows}, known


def _comparator_months(scope: Scope, code: str) -> pd.DataFrame:
    c = schema.comparator.c
    with opened(scope, code, Permission.VIEW_EVALUATION) as o:
        return o.frame(select(c.place, c.month, c.crimes).where(c.programme_id == o.programme_id))


def _inner_months(period: Period) -> list[str]:
    return [month for month in period.months() if period.share_of_month(month) == 1]


def _span(months: dict[str, list[str]]) -> Period:
    every = sorted(month for part in months.values() for month in part)
    return Period(month_period(every[0]).start, month_period(every[-1]).end)

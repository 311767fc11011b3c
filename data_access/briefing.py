"""One team's period for its sergeant: planned and delivered, short visits and why, best times, where minutes fell.

Operational roles only: days, hours and places of recent patrols are for those who plan them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry import shape

from analysis.dosage.best_times import best_window
from analysis.dosage.heat import heat
from analysis.dosage.local_days import midnight_ms
from analysis.dosage.tables import PingBatch
from data_access import briefing_rows, ping_store
from data_access.briefing_model import (
    Briefing,
    NoBriefing,
    Reason,
    ShortVisit,
    SpotHeat,
    SpotLine,
    SpotTimes,
    Team,
)
from data_access.briefing_short import Planned, Roster, planned_visits, short_visits
from data_access.crimes import crime_table
from data_access.engine import utc_now
from data_access.programmes import AsAt, data_as_at
from data_access.reading import Opened, monday, opened, pings_covered, plan_covered
from data_access.visit_rows import by_hour, visit_rows
from domain import formats
from domain.filters import Filters
from domain.periods import Period, year_before
from domain.roles import Permission
from domain.scope import Scope

MOST_DAYS = 366
# With fewer visits to a hot spot a map of it would be one trail that can be followed.
FEWEST_VISITS_FOR_HEAT = 3

__all__ = ["Briefing", "NoBriefing", "Reason", "ShortVisit", "Team", "build", "default_period", "find_team", "teams"]


def teams(scope: Scope, code: str) -> list[Team]:
    """The teams one can be briefed on; those with the newest tracker data are not first, the programme's order is."""
    with opened(scope, code, Permission.VIEW_PATROLS, Permission.SEE_DAYS) as o:
        return briefing_rows.teams(o)


def find_team(known: Sequence[Team], wanted: str) -> Team:
    """By "provider/name" or by a name that one provider uses; NoBriefing lists the teams there are."""
    found = [t for t in known if t.key == wanted] or [t for t in known if t.name == wanted]
    if len(found) == 1:
        return found[0]
    if not known:
        raise NoBriefing("No tracker data are loaded, so there is no team to brief on. Load tracker files first.")
    if found:
        keys = formats.joined([f"“{t.key}”" for t in found])
        raise NoBriefing(f"More than one provider has a team “{wanted}”. Write {keys}.")
    names = formats.joined([f"“{t.name}”" for t in known])
    raise NoBriefing(f"No team is called “{wanted}”. Teams with tracker data: {names}.")


def default_period(scope: Scope, code: str, team: Team) -> Period:
    """The last whole week, Monday to Sunday, with data of the team; a week begun where there is no whole one."""
    with opened(scope, code, Permission.VIEW_PATROLS, Permission.SEE_DAYS) as o:
        last = pings_covered(o).last_day or team.last
        days = [d for d, names in briefing_rows.team_days(o, team.provider).items() if team.name in names]
    weeks = {monday(day) for day in days}
    whole = [week for week in weeks if week + timedelta(days=6) <= last]
    start = max(whole or weeks or {monday(last)})
    return Period(start, start + timedelta(days=6))


def build(scope: Scope, code: str, team: Team, period: Period) -> Briefing:
    """Everything in the briefing of ``team`` over ``period``; NoBriefing says why there is none."""
    as_at = data_as_at(scope, code)
    with opened(scope, code, Permission.VIEW_PATROLS, Permission.SEE_DAYS) as o:
        by_day = briefing_rows.team_days(o, team.provider, period)
        _check(o, team, period, by_day)
        areas = _areas_in_force(o, period)
        visits = visit_rows(o, period, areas, team.provider)
        plan = briefing_rows.plan_rows(o, team.provider, period, areas)
        notes, plan = _covered_plan(o, plan, period)
        roster = Roster(team.name, by_day)
        planned = planned_visits(plan, visits, roster)
        mine = visits[visits["team"] == team.name]
        credit = briefing_rows.not_credited(o, team, period)
        if len(mine) and not credit:
            notes.append(
                "Minutes just outside boundaries and in tracker silences are not held for this period, so those two "
                "reasons could not be looked for."
            )
        plan_loaded = bool(plan_covered(o).clip(period))
        shift = _shift(o, team)
        names = {a: (c, n) for a, c, n in areas[["id", "code", "name"]].itertuples(index=False)}
        short = short_visits(planned, visits, roster, credit, names, shift)
        extra = mine[(mine["visits_with_dose"] == 1) & (mine["visits_at_dose"] == 0)]
        extra = extra[~extra.index.isin(planned.visit_rows)]
        notes += _plan_notes(planned, plan_loaded)
        heats = _heats(o, team, period, mine, notes)
        lines = _lines(areas, mine, planned, plan_loaded)
    crime_period, no_times, times = _times(scope, o, as_at, areas, mine, notes, _hours(shift))
    return Briefing(
        programme=o.programme, team=team, period=period, as_at=as_at, lines=lines, short=tuple(short),
        unplanned_short=len(extra), unplanned_short_minutes=float(extra["minutes"].sum()), crime_period=crime_period,
        shift=shift, no_times=no_times, times=times, heats=heats, plan_loaded=plan_loaded,
        shared_planned=len(planned.shared), notes=tuple(dict.fromkeys(notes)),
    )  # fmt: skip


def _check(o: Opened, team: Team, period: Period, by_day: dict[date, set[str]]) -> None:
    """NoBriefing for a period that cannot be briefed on."""
    said = formats.span(period)
    if period.days > MOST_DAYS:
        raise NoBriefing(
            f"A briefing covers at most a year ({MOST_DAYS} days); {said} is {formats.number(period.days)} days. "
            "Choose a shorter period."
        )
    if any(team.name in names for names in by_day.values()):
        return
    held = f"Its tracker data run from {formats.day(team.first)} to {formats.day(team.last)}; choose a period in that."
    if period.start > utc_now().date():
        raise NoBriefing(f"{said} lies in the future, so {team.name} cannot have patrolled yet. {held}")
    plan = briefing_rows.plan_rows(o, team.provider, period, o.areas())
    extra = ""
    if len(plan):
        away = formats.number(float(plan["abstracted_minutes"].sum()))
        extra = (
            f" The plan of {team.provider_name} has {formats.number(len(plan))} visits in that time, with "
            f"{away} of {formats.number(float(plan['planned_minutes'].sum()))} planned minutes recorded as abstracted."
        )
    raise NoBriefing(f"No tracker data of {team.name} are held for {said}.{extra} {held}")


def _areas_in_force(o: Opened, period: Period) -> pd.DataFrame:
    areas = o.areas()
    begun = areas["active_from"].map(lambda d: d is None or pd.isna(d) or d <= period.end)
    going = areas["active_to"].map(lambda d: d is None or pd.isna(d) or d >= period.start)
    return areas[begun.astype(bool) & going.astype(bool)]


def _covered_plan(o: Opened, plan: pd.DataFrame, period: Period) -> tuple[list[str], pd.DataFrame]:
    """Without the days that no tracker file covers: what was delivered on them is not known."""
    cover = pings_covered(o)
    gone = [day for day in period.each_day() if not cover.has_day(day)]
    if not gone:
        return [], plan
    what = "day" if len(gone) == 1 else "days"
    note = (
        f"No tracker file covers {formats.number(len(gone))} {what} of the period ({formats.day(gone[0])}"
        f"{'' if len(gone) == 1 else f' to {formats.day(gone[-1])}'}); the plan of {'that day' if len(gone) == 1 else 'those days'} is left out."
    )
    return [note], plan[~plan["local_date"].isin(gone)]


def _plan_notes(planned: Planned, plan_loaded: bool) -> list[str]:
    if not plan_loaded:
        return ["No patrol plan is loaded for this period, so delivery cannot be held against one."]
    if not planned.shared:
        return []
    count, minutes = len(planned.shared), sum(row["planned_minutes"] for row in planned.shared)
    what = "1 planned visit" if count == 1 else f"{formats.number(count)} planned visits"
    return [
        f"The plan names the provider, not the team: {what} ({formats.number(minutes)} minutes) that nobody made may have "
        f"been another team's and {'is' if count == 1 else 'are'} left out here."
    ]


def _lines(areas: pd.DataFrame, mine: pd.DataFrame, planned: Planned, plan_loaded: bool) -> tuple[SpotLine, ...]:
    plan = planned.frame().groupby("area_id")
    done = mine.groupby("area_id")
    sums = [
        "patrol_minutes",
        "person_minutes",
        "passed_through_minutes",
        "visits",
        "visits_with_dose",
        "visits_at_dose",
    ]
    delivered = done[sums].sum()
    wanted = plan[["planned_minutes", "abstracted_minutes"]].sum()
    counts = plan.size()
    found = []
    for area in areas.itertuples():
        got = delivered.loc[area.id].to_dict() if area.id in delivered.index else dict.fromkeys(sums, 0)
        has = area.id in wanted.index
        line = SpotLine(
            area.code, area.name,
            planned_minutes=(float(wanted.at[area.id, "planned_minutes"]) if has else 0.0) if plan_loaded else None,
            planned_visits=(int(counts[area.id]) if has else 0) if plan_loaded else None,
            abstracted_minutes=(float(wanted.at[area.id, "abstracted_minutes"]) if has else 0.0)
            if plan_loaded else None,
            **{name: float(got[name]) if name.endswith("minutes") else int(got[name]) for name in sums},
        )  # fmt: skip
        found.append(line)
    return tuple(found)


# --- best times -----------------------------------------------------------------------------------------------


def _shift(o: Opened, team: Team) -> tuple[time, time] | None:
    provider = o.programme.provider(team.provider)
    if provider is None or provider.shift_from is None or provider.shift_to is None:
        return None
    return provider.shift_from, provider.shift_to


def _hours(shift: tuple[time, time] | None) -> np.ndarray | None:
    """(7, 24): the hours of the week wholly inside the shift; None where it leaves none, or there is no shift."""
    if shift is None:
        return None
    start, end = (t.hour * 60 + t.minute for t in shift)
    end += 1440 if end <= start else 0
    whole = [hour % 24 for hour in range(-(-start // 60), end // 60)]
    found = np.zeros((7, 24), bool)
    found[:, whole] = True
    return found if whole else None


def _times(
    scope: Scope,
    o: Opened,
    as_at: AsAt,
    areas: pd.DataFrame,
    mine: pd.DataFrame,
    notes: list[str],
    shift: np.ndarray | None,
) -> tuple[Period | None, str, tuple[SpotTimes, ...]]:
    """The crime pattern of the 12 months to the last crime, and the team's minutes in the window it shows."""
    if o.programme.resolution == "month":
        why = "The crime data name only the month, so no best times can be given; load the force's dated extract."
        return None, why, ()
    if as_at.crimes_to is None:
        return None, "No recorded crime is loaded, so no best times can be given.", ()
    period = Period(year_before(as_at.crimes_to) + timedelta(days=1), as_at.crimes_to)
    table = crime_table(scope, Filters(o.programme.code, period), ("hot_spot", "weekday", "hour"))
    notes += table.attrs.get("notes", [])
    hours = by_hour(mine)
    hours["weekday"] = [day.weekday() for day in hours["local_date"]]
    found = []
    for area in areas.itertuples():
        crimes = np.rint(_week(table[table["hot_spot"] == area.code], "crimes")).astype(np.int64)
        minutes = _week(hours[hours["area_id"] == area.id], "patrol_minutes")
        found.append(_spot_times(area.code, area.name, crimes, minutes, shift))
    return period, "", tuple(found)


def _spot_times(code: str, name: str, crimes: np.ndarray, minutes: np.ndarray, shift: np.ndarray | None) -> SpotTimes:
    """What the team can act on comes first: a clear window in its own hours, else the one of the whole week."""
    own = best_window(crimes, shift) if shift is not None else None
    within = own is not None and own.clear
    window = own if within else best_window(crimes)
    mask = window.mask() if window else np.zeros((7, 24), bool)
    return SpotTimes(
        code, name, crimes=int(crimes.sum()), crimes_in_shift=None if shift is None else int(crimes[shift].sum()),
        window=window, within_shift=within,
        hours_in_shift=None if shift is None or not window else float((mask & shift).sum() / mask.sum()),
        patrol_minutes=float(minutes.sum()), patrol_minutes_in_window=float(minutes[mask].sum()),
    )  # fmt: skip


def _week(frame: pd.DataFrame, value: str) -> np.ndarray:
    """Sums by weekday and hour, (7, 24)."""
    week = np.zeros((7, 24))
    np.add.at(
        week, (frame["weekday"].to_numpy(int), frame["hour"].to_numpy(int)), frame[value].fillna(0).to_numpy(float)
    )
    return week


# --- where minutes fell -----------------------------------------------------------------------------------------


def _heats(
    o: Opened, team: Team, period: Period, mine: pd.DataFrame, notes: list[str]
) -> tuple[SpotHeat, ...]:  # fmt: skip
    batch, problem = _positions(o, team, period, notes)
    visits = mine.groupby("area_id")["visits"].sum()
    found = []
    for area in briefing_rows.boundaries(o):
        start = max(filter(None, (period.start, area["active_from"])))
        end = min(filter(None, (period.end, area["active_to"])))
        if end < start:
            continue
        count = int(visits.get(area["id"], 0))
        why = problem or _too_few(count)
        between = float(midnight_ms(start)), float(midnight_ms(end + timedelta(days=1)))
        cells = None if why else heat(batch, _polygon(area["geometry"]), between=between)
        if cells is not None and not cells.total_minutes:
            cells, why = None, "no positions held"
        found.append(SpotHeat(area["code"], area["name"], area["position"], area["geometry"], count, cells, why))
    return tuple(found)


def _too_few(visits: int) -> str:
    if not visits:
        return "no visits"
    return f"fewer than {FEWEST_VISITS_FOR_HEAT} visits" if visits < FEWEST_VISITS_FOR_HEAT else ""


def _polygon(geometry: Any) -> Any:
    found = shape(geometry)
    return found if found.is_valid else shapely.make_valid(found, method="structure", keep_collapsed=False)


def _positions(o: Opened, team: Team, period: Period, notes: list[str]) -> tuple[PingBatch, str]:
    """The team's positions, a day more at either end for the steps over midnight; or why there are none."""
    gone = sorted(
        day
        for provider, day in ping_store.expired_days(o.conn, o.programme_id)
        if provider == team.provider and period.start <= day <= period.end
    )
    around = Period(period.start - timedelta(days=1), period.end + timedelta(days=1))
    try:
        held = ping_store.read(o.conn, o.programme_id, team.provider, around)
    except ping_store.StoreError as problem:
        notes.append(str(problem))
        return PingBatch.empty(), "positions cannot be read"
    wanted = [code for code, name in enumerate(held.teams) if name == team.name]
    batch = held.batch.take(np.isin(held.batch.team, wanted))
    if gone:
        days = f"{formats.day(gone[0])}" if len(gone) == 1 else f"{len(gone)} days from {formats.day(gone[0])}"
        notes.append(
            f"Positions of {days} have expired under the retention rule and are not on the maps; visits are kept."
        )
        if len(gone) == period.days or not len(batch):
            return PingBatch.empty(), "positions have expired"
    return batch, ""

"""Planned visits of one team beside what its trackers show: what was planned for it, which visits were short, why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Any

import numpy as np
import pandas as pd

from analysis.dosage.planned import paired
from data_access.briefing_model import Reason, ShortVisit
from data_access.reading import monday

# The most likely reason must account for at least this share of the missing minutes; else none is named.
LIKELY = 0.5
PARTLY = 0.2  # with less than this a reason is not even mentioned beside "no reason found"

SpotDay = tuple[int, date]


@dataclass(frozen=True)
class Roster:
    """Whom a planned visit can have been for. The plan names the provider; a day, then its week, names the team."""

    team: str
    by_day: Mapping[date, set[str]]

    def on(self, day: date) -> set[str]:
        """The teams of the provider that were out that day, else that week, else at all in the days given."""
        if day in self.by_day:
            return self.by_day[day]
        week = [teams for d, teams in self.by_day.items() if monday(d) == monday(day)]
        return set().union(*(week or self.by_day.values()))

    def tracked(self, day: date) -> bool:
        return self.team in self.by_day.get(day, ())

    def alone(self, day: date) -> bool:
        return self.on(day) == {self.team}


@dataclass
class Planned:
    """The planned visits that were this team's; ``shared``: those that could have been another team's."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    shared: list[dict[str, Any]] = field(default_factory=list)
    visit_rows: set[int] = field(default_factory=set)  # positions in the visits that were planned ones

    def frame(self) -> pd.DataFrame:
        columns = ["area_id", "local_date", "planned_minutes", "abstracted_minutes"]
        return pd.DataFrame(self.rows, columns=columns)


def planned_visits(plan: pd.DataFrame, visits: pd.DataFrame, roster: Roster) -> Planned:
    """Pair the provider's plan with the visits of all its teams, and keep what is this team's.

    A planned visit whose visit this team made is its own. One that nobody made is its own where no other team was out
    that day. ``rows`` gain ``visit``: the position of the visit, or None, and of a short presence, if any, ``passed``.
    """
    found = Planned()
    places = dict(visits.groupby(["area_id", "local_date"]).groups.items())
    for key, group in plan.groupby(["area_id", "local_date"], sort=False):
        rows = group.to_dict("records")
        held = visits.loc[places[key]] if key in places else visits.iloc[:0]
        counted = held["visits"].to_numpy() == 1
        partner = _partners(rows, held[counted])
        left = [row for row, visit in zip(rows, partner, strict=True) if visit is None]
        passed = iter(_partners(left, held[~counted & (held["team"] == roster.team).to_numpy()]))
        for row, visit in zip(rows, partner, strict=True):
            row |= {"visit": visit, "passed": next(passed) if visit is None else None}
            if visit is None and not roster.alone(row["local_date"]):
                found.shared.append(row)
            elif visit is None or visits.at[visit, "team"] == roster.team:
                found.rows.append(row)
                found.visit_rows |= {visit} - {None}
    return found


def _partners(rows: list[dict[str, Any]], visits: pd.DataFrame) -> list[int | None]:
    start = np.array([row["planned_start_minute"] for row in rows], dtype=np.float64)
    at = paired(start, visits["local_minute"].to_numpy(np.float64))
    return [None if place < 0 else int(visits.index[place]) for place in at]


def short_visits(
    planned: Planned,
    visits: pd.DataFrame,
    roster: Roster,
    not_credited: Mapping[SpotDay, tuple[float, float]],
    names: Mapping[int, tuple[str, str]],
    shift: tuple[time, time] | None = None,
) -> list[ShortVisit]:
    """Planned visits of the team that no visit at the planned dose answers, by day and time.

    ``not_credited``: (near, silent) minutes of a place and day; where several visits there were short that day, each
    takes its share by missing minutes. ``names``: area -> (code, name). ``shift``: the provider's, local.
    """
    found = [(row, _short(row, visits, names)) for row in planned.rows]
    kept = [(row, short) for row, short in found if short is not None]
    missing: Counter[SpotDay] = Counter()
    for row, short in kept:
        missing[row["area_id"], row["local_date"]] += short.missing_minutes  # type: ignore[assignment]
    explained = []
    for row, short in kept:
        key = row["area_id"], row["local_date"]
        share = short.missing_minutes / missing[key] if missing[key] else 0.0
        near, silent = not_credited.get(key, (0.0, 0.0))
        explained.append(_explained(short, row, near * share, silent * share, roster, shift))
    return sorted(explained, key=lambda s: (s.day, s.came if s.planned_start is None else s.planned_start or 0.0))


def _short(row: dict[str, Any], visits: pd.DataFrame, names: Mapping[int, tuple[str, str]]) -> ShortVisit | None:
    """The planned visit as short, or None when it reached its dose."""
    visit = None if row["visit"] is None else visits.loc[row["visit"]]
    dose, minutes, came = row["planned_minutes"], 0.0, None
    if visit is not None:
        dose = dose if pd.isna(visit["planned_dose"]) else float(visit["planned_dose"])
        minutes, came = float(visit["minutes"]), float(visit["local_minute"])
        if visit["visits_at_dose"] or minutes >= dose:
            return None
    start = row["planned_start_minute"]
    return ShortVisit(
        day=row["local_date"], hot_spot=names[row["area_id"]][0], name=names[row["area_id"]][1],
        planned_start=None if pd.isna(start) else float(start), came=came, planned_minutes=float(dose),
        patrol_minutes=minutes, reason=Reason.NONE, explained_minutes=0.0,
    )  # fmt: skip


def _after_shift(short: ShortVisit, shift: tuple[time, time] | None) -> float:
    """Minutes of the dose that lay behind the end of the shift when the visit began."""
    start = short.planned_start if short.came is None else short.came
    if shift is None or start is None:
        return 0.0
    first, last = (t.hour * 60 + t.minute for t in shift)
    if last <= first:  # past midnight: early hours belong to the shift of the day before
        last += 1440
        start += 1440 if start < first and start + 1440 < last else 0
    return min(short.planned_minutes, max(0.0, start + short.planned_minutes - last)) if start < last else 0.0


def _explained(
    short: ShortVisit,
    row: dict[str, Any],
    near: float,
    silent: float,
    roster: Roster,
    shift: tuple[time, time] | None,
) -> ShortVisit:
    """The reason that accounts for most of the missing minutes, if it accounts for half of them or more."""
    missing = short.missing_minutes
    # What people wrote down comes first where two account for as much.
    candidates = {
        Reason.ABSTRACTED: float(row["abstracted_minutes"]),
        Reason.SHIFT_END: _after_shift(short, shift),
        Reason.BOUNDARY: near,
        Reason.SILENCE: silent,
    }
    best = max(candidates, key=lambda reason: min(candidates[reason], missing))
    minutes = min(candidates[best], missing)
    detail = str(row["reason"]) if best is Reason.ABSTRACTED else ""
    if minutes > 0 and minutes >= LIKELY * missing:
        return replace(short, reason=best, explained_minutes=minutes, detail=detail)
    if short.came is None and not roster.tracked(short.day):
        return replace(short, reason=Reason.NO_TRACKER)
    if short.came is None and row["passed"] is not None:
        return replace(short, reason=Reason.PASSED)
    return replace(short, explained_minutes=minutes, near=best if minutes >= PARTLY * missing else None, detail=detail)

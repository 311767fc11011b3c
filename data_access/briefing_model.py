"""What a briefing holds: one team, one period, plain values. No device and no person is in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, time
from enum import StrEnum
from typing import Any

from analysis.dosage.best_times import BestWindow
from analysis.dosage.heat import Heat
from data_access.programmes import AsAt
from domain.periods import Period
from domain.programme import Programme


class NoBriefing(LookupError):
    """There is nothing to brief on; the message says why and what to ask for instead."""


class Reason(StrEnum):
    """Why a visit was most likely short."""

    ABSTRACTED = "abstracted"
    BOUNDARY = "just outside the boundary"
    SILENCE = "tracker silent"
    SHIFT_END = "end of the shift"
    NO_TRACKER = "no tracker data that day"
    PASSED = "passed through"
    NONE = "no reason found"


@dataclass(frozen=True)
class Team:
    """A team of one provider; ``first`` and ``last`` are days with tracker data."""

    provider: str
    provider_name: str
    name: str
    first: date
    last: date

    @property
    def key(self) -> str:
        """How the address and the command name it: team names are unique within a provider only."""
        return f"{self.provider}/{self.name}"


@dataclass(frozen=True)
class SpotLine:
    """One hot spot. Minutes are GPS-verified patrol-minutes unless the name says otherwise.

    Planned figures are None where no plan is loaded; passed_through_minutes are presence under the minimum dwell.
    """

    hot_spot: str
    name: str
    planned_minutes: float | None
    planned_visits: int | None
    abstracted_minutes: float | None
    patrol_minutes: float
    person_minutes: float
    passed_through_minutes: float
    visits: int
    visits_with_dose: int
    visits_at_dose: int

    @property
    def delivered_share(self) -> float | None:
        return self.patrol_minutes / self.planned_minutes if self.planned_minutes else None


@dataclass(frozen=True)
class ShortVisit:
    """A planned visit that was short, or of which there is no trace.

    ``planned_start``, ``came``: minutes after local midnight. ``explained_minutes``: how many of the missing minutes
    ``reason`` accounts for (of NONE: the most that any one reason does). ``detail``: the plan's reason for an
    abstraction; ``near`` of NONE: which reason the explained minutes belong to.
    """

    day: date
    hot_spot: str
    name: str
    planned_start: float | None
    came: float | None
    planned_minutes: float
    patrol_minutes: float
    reason: Reason
    explained_minutes: float
    detail: str = ""
    near: Reason | None = None

    @property
    def missing_minutes(self) -> float:
        return max(0.0, self.planned_minutes - self.patrol_minutes)


@dataclass(frozen=True)
class SpotTimes:
    """When crime gathered in a hot spot, and how much of the team's time fell into that window.

    ``window``: one inside the provider's shift where a clear one is found there, else over the whole week; None with
    too few crimes. ``hours_in_shift``: share of the window's hours that the shift covers; None without a shift.
    """

    hot_spot: str
    name: str
    crimes: int
    crimes_in_shift: int | None
    window: BestWindow | None
    within_shift: bool
    hours_in_shift: float | None
    patrol_minutes: float
    patrol_minutes_in_window: float

    @property
    def patrol_share(self) -> float | None:
        return self.patrol_minutes_in_window / self.patrol_minutes if self.patrol_minutes else None


@dataclass(frozen=True)
class SpotHeat:
    """Device-minutes over a grid of one hot spot, or why there are none to show."""

    hot_spot: str
    name: str
    position: int
    geometry: dict[str, Any]
    visits: int
    heat: Heat | None
    why_not: str = ""


@dataclass(frozen=True)
class Briefing:
    programme: Programme
    team: Team
    period: Period
    as_at: AsAt
    lines: tuple[SpotLine, ...]
    short: tuple[ShortVisit, ...]  # by day and time
    unplanned_short: int  # visits under the planned dose that were no planned visit
    unplanned_short_minutes: float
    crime_period: Period | None  # of the best times; None where crimes have no days
    shift: tuple[time, time] | None  # of the provider, from its settings
    no_times: str  # why there are no best times; "" where there are
    times: tuple[SpotTimes, ...]
    heats: tuple[SpotHeat, ...]
    plan_loaded: bool
    shared_planned: int  # planned visits that nobody made and that may have been another team's
    notes: tuple[str, ...]

    @property
    def total(self) -> SpotLine:
        """All hot spots together."""
        numbers = [f.name for f in fields(SpotLine) if f.name not in ("hot_spot", "name")]
        sums = {name: _sum(getattr(line, name) for line in self.lines) for name in numbers}
        return SpotLine("", "All hot spots", **sums)


def _sum(values: Iterable[Any]) -> Any:
    found = [v for v in values if v is not None]
    return sum(found) if found else None

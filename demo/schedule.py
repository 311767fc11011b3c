"""Who patrols where and when: shifts, planned visits, abstractions and what was really done.

Made before crimes and tracks: crimes are somewhat fewer on patrolled days, and tracks follow the visits.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from demo.calendar import CRIME_DAYS, LONGER_DOSE_FROM, SERVICE_DAYS, day_index, stream
from demo.places import BASES, PLACES, metres_between

WALK_M_PER_MINUTE = 75.0
BREAK_MINUTES = 30
TRACKER_FAILS = 0.02

OUTREACH_REASONS = ("emergency call", "sickness", "safeguarding call")
POLICE_REASONS = ("arrest", "emergency call", "court", "sickness", "public order event")
LOST_SHIFT = {
    "outreach": (0.045, ("sickness", "training day", "severe weather")),
    "police-dedicated": (0.07, ("public order event", "court", "sickness")),
    "police-overtime": (0.07, ("no officers available", "public order event")),
}
# Stretches without one service, as real services have: leave, mutual aid elsewhere.
AWAY: dict[str, tuple[tuple[date, date, str], ...]] = {
    "outreach": (
        (date(2022, 12, 24), date(2023, 1, 2), "closed for the holiday"),
        (date(2023, 8, 14), date(2023, 8, 20), "sickness"),
        (date(2023, 12, 24), date(2024, 1, 1), "closed for the holiday"),
    ),
    "police-dedicated": (
        (date(2023, 5, 1), date(2023, 5, 9), "public order event"),
        (date(2023, 8, 12), date(2023, 8, 21), "public order event"),
        (date(2023, 12, 22), date(2023, 12, 27), "emergency call"),
    ),
    "police-overtime": ((date(2023, 8, 13), date(2023, 8, 19), "no officers available"),),
}


@dataclass(frozen=True)
class Visit:
    """One planned visit; minutes count from local midnight of the shift's date and may pass 1440."""

    place: int
    start: float
    planned_minutes: float
    minutes: float  # really spent inside; 0 when abstracted
    abstracted_minutes: float = 0.0
    reason: str = ""
    extended_minutes: float = 0.0

    @property
    def end(self) -> float:
        return self.start + self.minutes


@dataclass(frozen=True)
class Shift:
    provider: str
    team: str
    devices: tuple[str, ...]
    day: date
    start: float
    end: float
    lost: str = ""  # reason when the whole shift did not happen
    tracker_failed: bool = False
    visits: tuple[Visit, ...] = field(default_factory=tuple)


def works(provider: str, day: date) -> bool:
    if provider == "outreach":  # five days of seven, on a fortnightly rota
        return day.weekday() in ((0, 2, 3, 4, 5), (1, 3, 4, 5, 6))[day.isocalendar().week % 2]
    if provider == "police-dedicated":  # four on, four off
        return (day.toordinal() + 4) % 8 < 4
    return day.weekday() in (4, 5) or (day.weekday() == 3 and day.isocalendar().week % 2 == 0)


def _lost_reason(provider: str, day: date, rng: np.random.Generator) -> str:
    chance, reasons = LOST_SHIFT[provider]
    away = next((reason for first, last, reason in AWAY[provider] if first <= day <= last), "")
    drawn = str(rng.choice(reasons)) if rng.random() < chance else ""
    return away or drawn


def _places(count: int, rng: np.random.Generator) -> list[int]:
    """Different hot spots, the busier ones more often, in random order."""
    shares = np.array([p.share for p in PLACES]) ** 0.6
    return [int(i) for i in rng.choice(len(PLACES), size=count, replace=False, p=shares / shares.sum())]


def _walk_minutes(a: tuple[float, float], b: tuple[float, float]) -> float:
    return 1.0 + 1.2 * metres_between(a, b) / WALK_M_PER_MINUTE


def _dwell(planned: float, rng: np.random.Generator) -> float:
    """Minutes really spent: mostly about the dose, sometimes clearly short."""
    kind = rng.choice(3, p=(0.70, 0.21, 0.09))
    mean, spread = ((1.08, 0.09), (0.85, 0.09), (0.55, 0.12))[kind]
    return float(max(5.0, planned * rng.normal(mean, spread)))


def _outreach_visits(day: date, rng: np.random.Generator) -> tuple[Visit, ...]:
    long = day >= LONGER_DOSE_FROM
    planned = 40.0 if long else 15.0
    order = _places(int(rng.choice((5, 6), p=(0.45, 0.55))) if long else 7, rng)
    if not long:
        order += _places(2, rng)
    now, here, visits = 14 * 60.0, BASES["outreach"], []
    for number, place in enumerate(order):
        if number == len(order) // 2:
            now += BREAK_MINUTES + _walk_minutes(here, BASES["outreach"])
            here = BASES["outreach"]
        now += _walk_minutes(here, PLACES[place].centre)
        visit = _one_visit(place, now, planned, rng, OUTREACH_REASONS, 0.025)
        visit = replace(visit, minutes=max(0.0, min(visit.minutes, 19 * 60 + 54 - now)))
        visits.append(visit)
        now, here = visit.start + (visit.minutes or visit.abstracted_minutes), PLACES[place].centre
    return tuple(visits)


def _one_visit(
    place: int, now: float, planned: float, rng: np.random.Generator, reasons: tuple[str, ...], abstracted: float
) -> Visit:
    minutes, chance = _dwell(planned, rng), rng.random()
    if chance < abstracted:  # pulled away before it began
        extended = float(rng.integers(30, 120)) if rng.random() < 0.35 else 0.0
        return Visit(place, now, planned, 0.0, planned, str(rng.choice(reasons)), extended)
    if chance < 1.6 * abstracted:  # pulled away during it
        part = planned * rng.uniform(0.25, 0.6)
        return Visit(place, now, planned, float(part), float(round(planned - part)), str(rng.choice(reasons)))
    return Visit(place, now, planned, minutes)


def _police_visits(
    start: float,
    end: float,
    base: tuple[float, float],
    wanted: list[int],
    busy: list[Visit],
    rng: np.random.Generator,
) -> tuple[Visit, ...]:
    """Visits of 15 minutes one after another, choosing a hot spot where nobody else patrols just then."""
    now, here, visits = start, base, []
    while wanted and now < end - 20:
        free = [p for p in wanted if rng.random() < 0.02 or _nobody_there(p, now, busy)]
        if not free:
            now += 8.0
            continue
        place = free[0]
        wanted.remove(place)
        now += _walk_minutes(here, PLACES[place].centre)
        visit = _one_visit(place, now, 15.0, rng, POLICE_REASONS, 0.10)
        visits.append(visit)
        now = visit.start + (visit.minutes or visit.abstracted_minutes) + rng.uniform(2, 12)
        here = PLACES[place].centre
    return tuple(visits)


def _nobody_there(place: int, now: float, busy: list[Visit]) -> bool:
    return not any(v.place == place and v.start - 32 < now < v.end + 4 for v in busy if v.minutes)


def _outreach_shift(day: date, rng: np.random.Generator) -> Shift:
    pair = day.isocalendar().week % 2
    return Shift(
        "outreach",
        f"Outreach pair {'AB'[pair]}",
        (f"OUT-0{2 * pair + 1}", f"OUT-0{2 * pair + 2}"),
        day,
        14 * 60,
        20 * 60,
        _lost_reason("outreach", day, rng),
        rng.random() < TRACKER_FAILS,
        _outreach_visits(day, rng),
    )


def _dedicated_shift(day: date, busy: list[Visit], rng: np.random.Generator) -> Shift:
    wanted = _places(5, rng)
    wanted = wanted + wanted[:3] + wanted[:2]
    visits = _police_visits(16 * 60 + 10, 23 * 60, BASES["police-dedicated"], wanted, busy, rng)
    return Shift(
        "police-dedicated",
        "Dedicated team 1",
        ("PD-01", "PD-02"),
        day,
        16 * 60,
        23 * 60,
        _lost_reason("police-dedicated", day, rng),
        rng.random() < TRACKER_FAILS,
        visits,
    )


def _overtime_shift(day: date, busy: list[Visit], rng: np.random.Generator) -> Shift:
    wanted = _places(5, rng)
    wanted = wanted + wanted[:3]
    visits = _police_visits(20 * 60 + 8, 25 * 60, BASES["police-overtime"], wanted, busy, rng)
    return Shift(
        "police-overtime",
        "Overtime patrol",
        ("PO-01", "PO-02"),
        day,
        20 * 60,
        25 * 60,
        _lost_reason("police-overtime", day, rng),
        rng.random() < TRACKER_FAILS,
        visits,
    )


def make_schedule(seed: int) -> list[Shift]:
    """Every shift of the three services, in date order."""
    rng = stream(seed, "schedule")
    shifts: list[Shift] = []
    for day in SERVICE_DAYS:
        busy: list[Visit] = []
        makers = {
            "outreach": lambda d, _busy: _outreach_shift(d, rng),
            "police-dedicated": lambda d, b: _dedicated_shift(d, b, rng),
            "police-overtime": lambda d, b: _overtime_shift(d, b, rng),
        }
        for provider, make in makers.items():
            if works(provider, day):
                shift = make(day, busy)
                shifts.append(shift)
                busy += [] if shift.lost else list(shift.visits)
    return shifts


def visit_day(shift: Shift, visit: Visit) -> date:
    """The local date a visit starts on: overtime shifts run past midnight."""
    return shift.day + timedelta(days=int(visit.start // 1440))


def patrolled_days(shifts: list[Shift]) -> np.ndarray:
    """bool (places, days of CRIME_DAYS): a visit of three minutes or more took place."""
    found = np.zeros((len(PLACES), len(CRIME_DAYS)), bool)
    for shift in shifts:
        for visit in () if shift.lost else shift.visits:
            index = day_index(visit_day(shift, visit))
            if visit.minutes >= 3 and index < found.shape[1]:
                found[visit.place, index] = True
    return found

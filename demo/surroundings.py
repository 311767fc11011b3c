"""What lies around the services: other cities, places that could have been chosen, events and weather."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import shapely

from demo.calendar import CRIME_DAYS, CRIMES_FROM, DATA_TO, SELECTION, stream
from demo.crimes import LOCKDOWNS, SEASON
from demo.offences import ASB_GROUP
from demo.places import METRES_PER_DEGREE_LAT, METRES_PER_DEGREE_LON, polygons
from domain.periods import Period, month_of, parse_month

COMPARATOR_HEADER = ("month", "place", "crimes", "role")
CONDITION_HEADER = ("date", "event", "rain_mm", "temperature_c")
CANDIDATES = 23  # beside the seven that were chosen
SQUARE_M = 200
CORNER = (-1.1315, 52.6355)
# Invented fixtures and festivals, as (month, day) of every year that nothing was closed.
EVENTS = ((2, 11), (3, 17), (5, 6), (6, 3), (6, 24), (7, 1), (8, 5), (8, 26), (10, 31), (11, 5), (11, 19), (12, 31))


def _months() -> list[str]:
    return Period(CRIMES_FROM, DATA_TO).months()


def comparator_rows(seed: int, crimes: list[list[str]]) -> list[list[str]]:
    """Eight invented cities, and the busiest squares of the city that are no hot spot, by month."""
    return sorted(_cities(seed)) + _candidates(crimes)


def _cities(seed: int) -> list[list[str]]:
    """Each with its own level, drift and noise."""
    rng = stream(seed, "comparators")
    rows = []
    for letter in "ABCDEFGH":
        level, lockdown_depth = rng.uniform(28, 70), rng.uniform(0.7, 1.1)
        year = {y: rng.normal(-0.12 if y > 2022 else 0.0, 0.08) for y in range(2019, 2025)}
        for month in _months():
            first = parse_month(month)
            closed = next((s for p, s in LOCKDOWNS if p.start <= first.replace(day=15) <= p.end), 1.0)
            usual = level * SEASON[first.month - 1] * closed**lockdown_depth * np.exp(year[first.year])
            count = str(rng.poisson(usual * rng.gamma(40, 1 / 40)))
            rows.append([month, f"Demonstration city {letter}", count, "comparator"])
    return rows


def _candidates(crimes: list[list[str]]) -> list[list[str]]:
    """Squares of 200 m, their crimes outside the hot spots, the busiest of the selection period first."""
    placed = [r for r in crimes if r[5] != ASB_GROUP and r[6]]
    lon, lat = np.array([float(r[6]) for r in placed]), np.array([float(r[7]) for r in placed])
    inside = np.any([shapely.contains_xy(p, lon, lat) for p in polygons()], axis=0)
    east = np.floor((lon - CORNER[0]) * METRES_PER_DEGREE_LON / SQUARE_M).astype(int)
    north = np.floor((lat - CORNER[1]) * METRES_PER_DEGREE_LAT / SQUARE_M).astype(int)
    days = [date.fromisoformat(r[1][:10]) for r in placed]
    squares = list(zip(east.tolist(), north.tolist(), strict=True))
    outside = [(square, day) for square, day, within in zip(squares, days, inside, strict=True) if not within]
    busy = Counter(square for square, day in outside if SELECTION.start <= day <= SELECTION.end)
    counts = Counter((square, month_of(day)) for square, day in outside)
    chosen = sorted(busy, key=lambda square: (-busy[square], square))[:CANDIDATES]
    return [
        [month, f"Demonstration square {number:02d}", str(counts[square, month]), "candidate"]
        for number, square in enumerate(chosen, 1)
        for month in _months()
    ]


def condition_rows(seed: int) -> list[list[str]]:
    """Events, rain and temperature of every day: mild and wet, warm spells and wet spells lasting some days."""
    rng = stream(seed, "conditions")
    warmth = wet = 0.0
    rows = []
    for day in CRIME_DAYS:
        warmth = 0.7 * warmth + rng.normal(0, 2.0)
        wet = 0.6 * wet + rng.normal(0, 1.0)
        rain = rng.gamma(0.9, 4.5) if wet > 0.1 else 0.0
        usual = 10.5 - 6.5 * np.cos(2 * np.pi * (day.timetuple().tm_yday - 22) / 365.25)
        open_again = not any(period.start <= day <= period.end for period, _ in LOCKDOWNS)
        event = open_again and ((day.month, day.day) in EVENTS or (day.weekday() == 5 and rng.random() < 0.3))
        rows.append([day.isoformat(), str(int(event)), f"{rain:.1f}", f"{usual + warmth:.1f}"])
    return rows

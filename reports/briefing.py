"""A briefing in words and tables: page, CSV and PDF are written from the same frames, columns and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import time
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry import shape

from analysis.dosage.best_times import FEW, BestWindow
from analysis.dosage.heat import Heat
from components.columns import Column, count, decimal, share, text
from components.figures import DAYS
from components.heat_picture import HeatPicture
from data_access.briefing_model import Briefing, SpotTimes
from domain import formats
from reports.briefing_short import plural

HALF = 0.5  # of a hot spot's minutes: how few squares hold them

_number = formats.number


# --- planned and delivered --------------------------------------------------------------------------------------

LINE_COLUMNS: Sequence[Column] = (
    text("name", "Hot spot"),
    count("planned_visits", "Planned visits"),
    count("visits", "Visits"),
    count("visits_at_dose", "Visits at dose"),
    decimal("planned_minutes", "Planned (minutes)", 0),
    decimal("patrol_minutes", "Delivered (patrol-minutes)", 0),
    share("delivered_share", "Delivered, % of planned"),
    decimal("person_minutes", "Person-minutes", 0),
    decimal("abstracted_minutes", "Abstracted (minutes)", 0),
)


def line_frame(b: Briefing) -> pd.DataFrame:
    """One row a hot spot, then all together."""
    rows = [{**asdict(line), "delivered_share": line.delivered_share} for line in (*b.lines, b.total)]
    frame = pd.DataFrame(rows)
    gone = [
        ({"planned_visits", "planned_minutes", "abstracted_minutes"} if not b.plan_loaded else set())
        | ({"delivered_share"} if not row["planned_minutes"] else set())
        for row in rows
    ]
    frame["not_applicable"] = gone
    return frame


def delivered_sentence(b: Briefing) -> str:
    total = b.total
    visits = plural(total.visits, "visit", "visits")
    people = f"{_number(total.person_minutes)} person-minutes"
    if total.planned_minutes:
        return (
            f"{b.team.name} delivered {_number(total.patrol_minutes)} of {_number(total.planned_minutes)} planned minutes "
            f"({formats.percent(total.delivered_share)}) in {visits}, {people}, GPS-verified."
        )
    done = (
        f"{b.team.name} delivered {_number(total.patrol_minutes)} patrol-minutes in {visits}, {people}, GPS-verified."
    )
    return f"{done} {_nothing_to_set_against(b)}"


def _nothing_to_set_against(b: Briefing) -> str:
    if not b.plan_loaded:
        return "No plan is loaded for this period to set them against."
    if b.shared_planned:
        return "No planned visit is certain to have been this team's, so there is nothing to set them against."
    return "No visit was planned for this team in the period, so there is nothing to set them against."


def dose_sentence(b: Briefing) -> str:
    total = b.total
    if not total.visits_with_dose:
        return "No planned dose is set for these days, so visits cannot be held against one."
    provider = b.programme.provider(b.team.provider)
    doses = sorted({d for day in (b.period.start, b.period.end) if provider and (d := provider.dose_on(day))})
    dose = f" of {formats.joined([f'{d:g}' for d in doses])} minutes" if doses else ""
    said = (
        f"{_number(total.visits_at_dose)} of {_number(total.visits_with_dose)} visits reached the planned dose{dose}."
    )
    if b.unplanned_short and b.plan_loaded:
        said += (
            f" {plural(b.unplanned_short, 'visit', 'visits')} below it ({_number(b.unplanned_short_minutes)} minutes in all) "
            f"{'was' if b.unplanned_short == 1 else 'were'} not in the plan, such as walking through or coming back."
        )
    return said


# --- best times -----------------------------------------------------------------------------------------------------

TIME_COLUMNS: Sequence[Column] = (
    text("name", "Hot spot"),
    count("crimes", "Recorded crimes, 12 months"),
    count("crimes_in_shift", "In the shift's hours"),
    text("best", "Most gathered"),
    count("in_window", "Crimes then"),
    decimal("expected", "If spread evenly"),
    text("clear", "Beyond chance"),
    decimal("patrol_minutes", "Team's patrol-minutes in the period", 0),
    decimal("patrol_minutes_in_window", "Of them then", 0),
    share("patrol_share", "Share then, %"),
)


def time_frame(b: Briefing) -> pd.DataFrame:
    rows = []
    for t in b.times:
        w = t.window
        gone = {n for n, v in (("in_window", w), ("expected", w), ("crimes_in_shift", b.shift)) if v is None}
        gone |= {"patrol_share"} if not t.patrol_minutes or w is None else set()
        gone |= {"patrol_minutes_in_window"} if w is None else set()
        rows.append({
            "name": t.name, "crimes": t.crimes, "crimes_in_shift": t.crimes_in_shift,
            "best": window_words(w) if w else "too few crimes", "in_window": w.crimes if w else None,
            "expected": w.expected if w else None, "clear": ("yes" if w.clear else "no") if w else "–",
            "patrol_minutes": t.patrol_minutes, "patrol_minutes_in_window": t.patrol_minutes_in_window,
            "patrol_share": t.patrol_share, "not_applicable": gone,
        })  # fmt: skip
    return pd.DataFrame(rows, columns=[*(c.name for c in TIME_COLUMNS), "not_applicable"])


def window_words(w: BestWindow) -> str:
    """ "Fri to Sun 18:00–21:00"."""
    last = DAYS[(w.first_day + w.days - 1) % 7]
    first = DAYS[w.first_day]
    days = "every day" if w.days == 7 else first if w.days == 1 else f"{first} {'and' if w.days == 2 else 'to'} {last}"
    end = w.from_hour + w.hours
    return f"{days} {w.from_hour:02d}:00–{end - 24 if end > 24 else end:02d}:00"


def shift_words(shift: tuple[time, time]) -> str:
    return f"{shift[0]:%H:%M}–{shift[1]:%H:%M}"


def time_sentence(t: SpotTimes, b: Briefing) -> str:
    """One sentence: when crime gathers here, whether chance would do as much, and when patrols came."""
    few = "; few crimes, a weak guide" if t.crimes < FEW else ""
    if t.window is None:
        return f"{plural(t.crimes, 'crime', 'crimes')} in 12 months: too few to name a time."
    w = t.window
    if not w.clear:
        return f"{_number(t.crimes)} crimes in 12 months, and no time stands out beyond chance{few}."
    where = "crimes in the shift's hours" if t.within_shift else "crimes"
    said = (
        f"{window_words(w)}: {_number(w.crimes)} of {_number(w.total)} {where} (spread evenly: {_number(w.expected)})"
    )
    return f"{said[0].upper()}{said[1:]}; {_came(t)}{_outside(t, b)}{few}."


def _came(t: SpotTimes) -> str:
    if not t.patrol_minutes:
        return "the team was not here in the period"
    part = "none" if not t.patrol_minutes_in_window else formats.percent(t.patrol_share)
    return f"{part} of the team's {_number(t.patrol_minutes)} minutes"


def _outside(t: SpotTimes, b: Briefing) -> str:
    if b.shift is None or t.hours_in_shift is None or t.hours_in_shift > 0.999:
        return ""
    return "; outside the shift" if t.hours_in_shift == 0 else "; partly outside the shift"


def times_sentence(b: Briefing) -> str:
    if b.no_times or b.crime_period is None:
        return b.no_times
    shift = f" The shift is {shift_words(b.shift)}." if b.shift else ""
    return (
        f"Where recorded crime of {formats.period(b.crime_period)} gathers most (2 to 4 hours, named where chance would "
        f"rarely do as much), and the share of the team's patrol-minutes of {formats.span(b.period)} in those hours.{shift}"
    )


# --- where minutes fell -----------------------------------------------------------------------------------------------

HEAT_COLUMNS: Sequence[Column] = (
    text("name", "Hot spot"),
    count("visits", "Visits"),
    decimal("device_minutes", "Device-minutes inside", 0),
    count("squares", "Squares inside the boundary"),
    count("visited", "Squares with time"),
    count("half", "Squares that hold half of the time"),
    text("why_not", "Map"),
)


def heat_frame(b: Briefing) -> pd.DataFrame:
    rows = []
    for h in b.heats:
        grid = h.heat
        rows.append({
            "name": h.name, "visits": h.visits,
            "device_minutes": grid.total_minutes if grid else None,
            "squares": _squares(grid, h.geometry) if grid else None,
            "visited": int((grid.minutes > 0).sum()) if grid else None,
            "half": grid.cells_for_share(HALF) if grid else None,
            "why_not": f"none: {h.why_not}" if h.why_not else "shown",
            "not_applicable": set() if grid else {"device_minutes", "squares", "visited", "half"},
        })  # fmt: skip
    return pd.DataFrame(rows, columns=[*(c.name for c in HEAT_COLUMNS), "not_applicable"])


def _squares(g: Heat, geometry: dict[str, Any]) -> int:
    """Squares of the grid that the hot spot reaches into with more than a sliver, or that hold time."""
    rows, columns = g.minutes.shape
    west = g.west + np.arange(columns) * g.cell_lon
    south = g.south + np.arange(rows) * g.cell_lat
    x, y = np.meshgrid(west, south)
    boxes = shapely.box(x, y, x + g.cell_lon, y + g.cell_lat)
    part = shapely.area(shapely.intersection(boxes, shape(geometry))) / (g.cell_lon * g.cell_lat)
    return int(((part > 0.01) | (g.minutes > 0)).sum())


def heat_sentence(b: Briefing) -> str:
    shown = [h for h in b.heats if h.heat]
    if not shown:
        return "No map can be shown for this period; the table says why for each hot spot."
    frame = heat_frame(b)
    frame = frame[frame["visited"].notna()]
    half = (frame["half"] / frame["squares"]).astype(float)
    tight, wide = frame.loc[half.idxmin()], frame.loc[half.idxmax()]
    said = f"Half of the time in {tight['name']} was spent in {_number(tight['half'])} of its {_number(tight['squares'])} squares"
    if tight["name"] != wide["name"]:
        said += f"; it was spread most evenly in {wide['name']} ({_number(wide['half'])} of {_number(wide['squares'])})"
    return f"{said}."


def pictures(b: Briefing) -> tuple[list[HeatPicture], list[tuple[str, str]]]:
    """The maps, and (name, why) of the hot spots without one."""
    found, missing = [], []
    for h in b.heats:
        if h.heat is None:
            missing.append((h.name, h.why_not))
            continue
        rows = [[float(v) for v in row] for row in h.heat.minutes]
        alt = (
            f"Map of {h.name}, north up: {_number(h.heat.total_minutes)} device-minutes in "
            f"{_number(int((h.heat.minutes > 0).sum()))} squares; half of them in {_number(h.heat.cells_for_share(HALF))}."
        )
        found.append(HeatPicture(h.hot_spot, h.name, rows, _rings(h.heat, h.geometry), alt))
    return found, missing


def _rings(g: Heat, geometry: dict[str, Any]) -> list[list[tuple[float, float]]]:
    polygons: list[Any] = geometry["coordinates"]
    polygons = [polygons] if geometry["type"] == "Polygon" else polygons
    return [
        [((p[0] - g.west) / g.cell_lon, (p[1] - g.south) / g.cell_lat) for p in ring]
        for polygon in polygons
        for ring in polygon
    ]


def heat_unit(b: Briefing) -> str:
    """What a shade stands for."""
    sides = sorted({h.heat.cell_m for h in b.heats if h.heat})
    squares = formats.joined([f"{side:g} m" for side in sides])
    return f"Device-minutes in a square of {squares}; white inside the boundary: none"


# --- what stands beside all of it -----------------------------------------------------------------------------------------

DEFINITIONS = (
    "Patrol-minutes: one or more of the team inside the boundary, by GPS with exact crossing times. Person-minutes and "
    "device-minutes are summed over people and trackers. At dose: as long as planned or longer."
)
TIMES_NOTE = (
    "Recorded crime by the local hour and weekday of the earliest time it could have happened. Of all runs of days and of "
    "2, 3 or 4 hours the one that stands out most; it is beyond chance when at most 1 in 20 even spreads of as many "
    "crimes show one that stands out as much. It says when crime was recorded, not what a patrol then would do."
)
HEAT_NOTE = "Maps: all visits of the period together, no device, person or path; none with fewer than 3 visits."


def data_reach(b: Briefing) -> str:
    parts = [
        f"recorded crime to {formats.day(b.as_at.crimes_to)}" if b.as_at.crimes_to else "",
        f"trackers to {formats.day(b.as_at.pings_to)}" if b.as_at.pings_to else "",
    ]
    return ", ".join(p for p in parts if p) or "no data loaded"


def source_line(b: Briefing) -> str:
    demonstration = "Demonstration data. " if b.programme.demonstration else ""
    source = b.programme.source or f"extracts of {b.programme.force} and its partners, loaded to the portal"
    return f"{demonstration}Source: {source}. Data as at: {data_reach(b)}."

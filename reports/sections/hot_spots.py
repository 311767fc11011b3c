"""Section B: which places, how chosen, what changed; and the map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from components import figures, palette
from data_access.areas import hot_spots
from data_access.crimes import crime_placement, crime_table
from data_access.projection import to_metres
from domain import formats
from reports.model import Chart, DataTable, Entry, Fact
from reports.source import Source, known, to_number


def section(s: Source) -> tuple[Entry, ...]:
    spots = hot_spots(s.scope, s.code)
    in_force = spots[[_active(row, s) for row in spots.to_dict("records")]]
    return (_listed(s, in_force), _selection(s, in_force), _changes(s, spots))


def _active(row: dict[str, Any], s: Source) -> bool:
    start, end = row["active_from"], row["active_to"]
    return not (known(start) and start > s.period.end) and not (known(end) and end < s.period.start)


def _listed(s: Source, spots: pd.DataFrame) -> Entry:
    if spots.empty:
        return s.entry("B", "hot_spot_count", facts=(s.missing("B", "hot_spot_count", "No boundaries are loaded."),))
    count = Fact(
        "Number in force", formats.number(len(spots)), f"{formats.number(spots['area_m2'].sum() / 1e6, 2)} km² in all"
    )
    return s.entry("B", "hot_spot_count", facts=(count,), charts=(_map(s, spots),))


def _since(row: dict[str, Any]) -> str:
    start = formats.day(row["active_from"]) if known(row["active_from"]) else "start of data"
    return f"{start} to {formats.day(row['active_to'])}" if known(row["active_to"]) else f"from {start}"


def outline(geometry: dict[str, Any]) -> tuple[list[float | None], list[float | None]]:
    """Outer rings as British National Grid metres; None lifts the pen between polygons."""
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    x: list[float | None] = []
    y: list[float | None] = []
    for polygon in polygons:
        for ring in polygon:
            east, north = to_metres(np.array(ring, float)[:, :2]).T.tolist()
            x += [None, *(round(v, 1) for v in east)] if x else [round(v, 1) for v in east]
            y += [None, *(round(v, 1) for v in north)] if y else [round(v, 1) for v in north]
    return x, y


def _map(s: Source, spots: pd.DataFrame) -> Chart:
    counted = crime_table(s.scope, s.filters, ("hot_spot",)).set_index("hot_spot")["crimes"]
    values = [to_number(counted.get(code)) for code in spots["code"]]
    found = [v for v in values if v is not None]
    breaks = palette.class_breaks(found)
    shapes, rows = [], []
    for row, value in zip(spots.to_dict("records"), values, strict=True):
        x, y = outline(row["geometry"])
        xs, ys = [v for v in x if v is not None], [v for v in y if v is not None]
        shapes.append({
            "name": row["name"], "position": row["position"], "x": x, "y": y, "shade": palette.shade(value, breaks),
            "label_x": (min(xs) + max(xs)) / 2, "label_y": (min(ys) + max(ys)) / 2,
        })  # fmt: skip
        kind = row["hot_spot_type"] or f"{formats.UNAVAILABLE} not set"
        rows.append(
            (
                f"{row['position']} {row['name']}",
                kind,
                _since(row),
                formats.number(row["area_m2"]),
                formats.number(value),
            )
        )
    when = formats.month(s.month)
    reading = (
        f"Darker means more crimes recorded in {when}: from {formats.number(breaks[0])} to {formats.number(breaks[-1])}."
        if found
        else f"[x] No crimes are loaded for {when}, so the shapes carry no value."
    )
    return Chart(
        "map", "Map of the hot spots", reading,
        "Boundaries as loaded, drawn in British National Grid metres, north up; no background map.",
        DataTable("Hot spots in force", ("Number and name", "Type", "Active", "Area (m²)", f"Crimes, {when}"), tuple(rows), (1, 2)),
        figures.hot_spot_outline(shapes=shapes, unit="crimes"), 760, 360,
    )  # fmt: skip


def _selection(s: Source, spots: pd.DataFrame) -> Entry:
    method = s.programme.selection_method
    facts = [
        Fact(
            "Selection method", method or formats.UNAVAILABLE, "" if method else "Not set in the programme's settings."
        )
    ]
    placed = crime_placement(s.scope, s.code, s.to_date)
    located = placed.inside + placed.outside
    if placed.outside and located:
        facts.append(Fact(
            "Share of located records inside", formats.percent(placed.inside / located, 1),
            f"{formats.number(placed.inside)} of {formats.number(located)} records with coordinates in the loaded extract, {s.financial_year} to date.",
        ))  # fmt: skip
    else:
        facts.append(s.missing(
            "B", "selection_method",
            "The loaded extract holds no crimes outside the hot spots, so their share of the force's crime cannot be worked out.",
            "Share of the force's crime",
        ))  # fmt: skip
    facts.append(
        s.missing("B", "selection_method", "The force's total harm is not loaded.", "Share of the force's harm")
    )
    return s.entry("B", "selection_method", facts=tuple(facts))


def _changes(s: Source, spots: pd.DataFrame) -> Entry:
    rows = []
    for row in spots.to_dict("records"):
        start, end = row["active_from"], row["active_to"]
        if known(start) and s.period.start <= start <= s.period.end:
            rows.append((row["name"], f"active from {formats.day(start)}"))
        if known(end) and s.period.start <= end <= s.period.end:
            rows.append((row["name"], f"active until {formats.day(end)}"))
    if not rows:
        fact = Fact("Boundary changes in the month", "none", "No hot spot began or ended in the month.")
        return s.entry("B", "changes_since_last_return", facts=(fact,))
    table = DataTable("Hot spots that began or ended in the month", ("Hot spot", "Change"), tuple(rows), (1,))
    note = "A change of boundary breaks the series: months before and after are not like for like."
    return s.entry("B", "changes_since_last_return", sentences=(note,), tables=(table,))

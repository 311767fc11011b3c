"""One feature's geometry into a valid polygon in WGS84: converted, flattened, repaired where that is possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from data_access.loading import coordinate_systems as systems
from data_access.loading.coordinate_systems import Convert
from data_access.loading.result import LoadRefused

MAX_POSITIONS = 500_000  # of one feature; checking more takes GEOS more than ten seconds
MAX_REPAIRED = 50_000
MAX_MEETINGS = 1_000  # of its lines with one another: a slip of the pen makes a few, and 10,000 take GEOS 15 seconds
_DEGREES = "The polygon's coordinates are not longitudes and latitudes."


@dataclass(frozen=True)
class Made:
    shape: BaseGeometry | None
    problem: str = ""
    repaired: str = ""  # what was done, where something was


def to_wgs84(
    file_name: str, shapes: Sequence[BaseGeometry | None], stated: str, wanted: str, notes: list[str]
) -> Convert | None:
    """What turns the file's coordinates into longitude and latitude; None when they are already.

    ``stated`` is the system the file names, ``wanted`` the one its reader names; without either, degrees are taken
    for WGS84 and British National Grid is recognised by its range.
    """
    points = _first_positions(shapes)
    first = tuple(float(v) for v in points[0]) if len(points) else ()
    system = _system(file_name, stated, wanted, notes)
    if not len(points) and system is None:
        return None
    if system is None or (system.is_degrees and not wanted):
        if len(points) and not systems.look_like_degrees(points):
            return _as_grid(file_name, points, system, notes)
    elif len(points) and system.is_degrees != systems.look_like_degrees(points):
        unit, other = (
            ("degrees", "are not") if system.is_degrees else ("metres or feet", "look like degrees, and are not")
        )
        raise LoadRefused(
            f"{file_name}: its coordinate system {system.code} ({system.name}) is in {unit}, and its coordinates such as "
            f"{first} {other}. Export it again, or give the right system with --crs."
        )
    if (system is None or system.is_degrees) and len(points) and systems.are_swapped(points):
        raise LoadRefused(
            f"{file_name}: longitude and latitude look swapped (first position {first}). GeoJSON writes longitude first."
        )
    if system is None or system.is_wgs84:
        return None
    return _converted(system, notes)


def _first_positions(shapes: Sequence[BaseGeometry | None]) -> np.ndarray:
    """(n, 2): one position a feature, so that one wild feature does not speak for the file."""
    found, of = shapely.get_coordinates([s for s in shapes if s is not None], return_index=True)
    first = found[np.unique(of, return_index=True)[1]]
    return first[np.isfinite(first).all(axis=1)]


def _system(file_name: str, stated: str, wanted: str, notes: list[str]) -> systems.System | None:
    said = systems.is_stated(stated)
    if not wanted:
        return systems.system(stated, file_name) if said else None
    chosen = systems.system(wanted, "--crs")
    if said:
        try:
            differs = systems.system(stated, file_name) != chosen
        except LoadRefused:  # a system without a code is why the reader names one
            differs = True
        if differs:
            notes.append(f"The file names the coordinate system {stated[:80]}; {chosen.code} was used, as asked.")
    return chosen


def _as_grid(file_name: str, points: np.ndarray, system: systems.System | None, notes: list[str]) -> Convert:
    if not systems.look_like_british_grid(points):
        first = tuple(float(v) for v in points[~systems.are_degrees(points)][0])
        says = f"is said to be in {system.code}, but" if system else "names no coordinate system, and"
        raise LoadRefused(
            f"{file_name} {says} coordinates such as {first} are neither degrees nor British National Grid metres. "
            "Export it as WGS84, or give its coordinate system with --crs, such as --crs EPSG:2154."
        )
    return _converted(systems.system(systems.BRITISH_GRID, file_name), notes)


def _converted(system: systems.System, notes: list[str]) -> Convert:
    what = "British National Grid" if system.code == systems.BRITISH_GRID else f"{system.name} ({system.code})"
    notes.append(f"Boundaries were converted from {what} (within a few metres).")
    return system.to_wgs84


def polygon_of(shape: BaseGeometry | None, convert: Convert | None) -> Made:
    """The feature's polygon, or why it has none."""
    if shape is None:
        return Made(None, "The feature has no usable polygon.")
    if shapely.get_num_coordinates(shape) > MAX_POSITIONS:
        return Made(None, f"The boundary has more than {MAX_POSITIONS:,} positions. Simplify it in mapping software.")
    flat = _only_polygons(shape)
    if flat is None:
        return Made(None, f"A polygon is needed; the feature is {shape.geom_type}.")
    if flat.is_empty:
        return Made(None, "The polygon is empty.")
    try:
        flat = shapely.transform(flat, convert) if convert else flat
    except (shapely.errors.ShapelyError, ValueError):
        return Made(None, "The polygon cannot be converted to longitudes and latitudes.")
    west, south, east, north = shapely.total_bounds(flat)
    # A comparison with NaN is false; GEOS leaves NaN out of the bounds, so positions are looked at too.
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        return Made(None, _DEGREES)
    if not np.isfinite(shapely.get_coordinates(flat)).all():
        return Made(None, _DEGREES)
    if systems.are_swapped(np.array([[west, south], [east, north]])):
        return Made(None, "Longitude and latitude look swapped: Britain lies at longitude -9 to 2.")
    return _valid(flat)


def _only_polygons(shape: BaseGeometry) -> BaseGeometry | None:
    """The polygons, without heights; None where there are none. A label point beside a polygon is left aside."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shapely.force_2d(shape)
    if shape.geom_type != "GeometryCollection":
        return None
    parts = [part for piece in shapely.get_parts(shape) for part in [_only_polygons(piece)] if part is not None]
    singles = [single for part in parts for single in shapely.get_parts(part)]
    return shapely.multipolygons(singles) if singles else None


def _valid(shape: BaseGeometry) -> Made:
    if shape.is_valid:
        return Made(shape) if shape.area > 0 else Made(None, "The boundary encloses nothing.")
    why = shapely.is_valid_reason(shape).split("[")[0].strip().lower()
    if shapely.get_num_coordinates(shape) > MAX_REPAIRED or _meetings(shape) > MAX_MEETINGS:
        return Made(None, f"The boundary is not valid ({why}), and too tangled to repair. Draw it again.")
    parts = [p for p in shapely.get_parts(shapely.make_valid(shape)) if p.geom_type in ("Polygon", "MultiPolygon")]
    joined = shapely.union_all(parts) if parts else None
    if joined is None or not joined.area > 0:
        return Made(None, "The boundary encloses nothing, or crosses itself beyond repair.")
    what = "crossed itself" if "self-intersection" in why else "was not valid"
    return Made(joined, repaired=f"the boundary {what} ({why}) and was repaired")


def _meetings(shape: BaseGeometry) -> int:
    """How often the boundary's lines meet other than end to start; no more than a little over MAX_MEETINGS is counted."""
    points, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shape)), return_index=True)
    same = ring[1:] == ring[:-1]
    segments = shapely.linestrings(np.stack([points[:-1][same], points[1:][same]], axis=1))
    tree, met = shapely.STRtree(segments), 0
    step = max(1, 1_000_000 // max(1, len(segments)))  # a tangle gives as many pairs as there are segments, each
    for at in range(0, len(segments), step):
        some = segments[at : at + step]
        met += max(0, len(tree.query(some, predicate="intersects")[0]) - 3 * len(some))  # itself and its neighbours
        if met > 2 * MAX_MEETINGS:
            break
    return met // 2

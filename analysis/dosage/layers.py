"""Sets of polygons that may overlap: layers in which none do, and outer bands in metres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from analysis.dosage.tables import Floats, Int32s

Area: TypeAlias = "Polygon | MultiPolygon"

# WGS84: semi-major axis in metres and squared eccentricity.
_AXIS_M, _ECCENTRICITY_2 = 6_378_137.0, 0.006694379990141317
# Corners to a quarter turn of a band: its edge is within 2% of band_m of a true circle's.
_QUARTER_TURN = 4


def check(polygons: Sequence[Area]) -> None:
    """Raise ValueError for the first polygon that is invalid, empty or something else."""
    for number, polygon in enumerate(polygons):
        if not isinstance(polygon, Polygon | MultiPolygon):
            raise ValueError(f"polygons[{number}] is a {type(polygon).__name__}; a polygon is needed.")
        if polygon.is_empty:
            raise ValueError(f"polygons[{number}] is empty.")
    for number in np.flatnonzero(~shapely.is_valid(np.array(polygons, dtype=object))).tolist():
        raise ValueError(f"polygons[{number}] is not valid: {shapely.is_valid_reason(polygons[number])}.")


def colours(polygons: Sequence[Area]) -> Int32s:
    """The layer of each polygon, shape (n,): two polygons that share a point are never in one layer.

    Greedy colouring in the order given: each polygon takes the lowest layer free of its neighbours.
    """
    shapes = np.array(polygons, dtype=object)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    later = other < one
    one, other = one[later], other[later]
    order = np.argsort(one, kind="stable")
    one, other = one[order], other[order]
    found = np.zeros(len(shapes), dtype=np.int32)
    starts = np.searchsorted(one, np.arange(len(shapes) + 1))
    for number in np.unique(one).tolist():
        taken = set(found[other[starts[number] : starts[number + 1]]].tolist())
        found[number] = next(layer for layer in range(len(taken) + 1) if layer not in taken)
    return found


def metres_per_degree(lat: Floats) -> tuple[Floats, Floats]:
    """Metres in one degree of longitude and of latitude at ``lat`` degrees, on the WGS84 ellipsoid."""
    phi = np.radians(lat)
    curve = 1 - _ECCENTRICITY_2 * np.sin(phi) ** 2
    east = _AXIS_M * np.cos(phi) / np.sqrt(curve)
    north = _AXIS_M * (1 - _ECCENTRICITY_2) / curve**1.5
    return np.radians(east), np.radians(north)


def with_bands(polygons: Sequence[Area], band_m: float) -> list[Area]:
    """The polygons, then for ``band_m`` > 0 each one's outer buffer: the band of polygon ``p`` is ``p + n``.

    Parameters
    ----------
    polygons : n polygons in degrees. band_m : width in metres, measured at each polygon's own latitude.

    Examples
    --------
    >>> square = shapely.box(-1.001, 51.0, -1.0, 51.001)
    >>> [round(p.area / square.area, 2) for p in with_bands([square], 20)]
    [1.0, 2.04]
    """
    if band_m <= 0 or not len(polygons):
        return list(polygons)
    shapes = np.array(polygons, dtype=object)
    west, south, east, north = shapely.bounds(shapes).T
    scale = np.column_stack(metres_per_degree((south + north) / 2))
    middle = np.column_stack(((west + east) / 2, (south + north) / 2))
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    local = shapely.set_coordinates(shapes.copy(), (points - middle[owner]) * scale[owner])
    wider = shapely.buffer(local, band_m, quad_segs=_QUARTER_TURN)
    points, owner = shapely.get_coordinates(wider, return_index=True)
    return [*polygons, *shapely.set_coordinates(wider, points / scale[owner] + middle[owner])]

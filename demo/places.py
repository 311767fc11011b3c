"""Seven invented hot spots in Leicester city centre, drawn in metres around well known public places.

The outlines are made up for the demonstration: they follow the spirit of the places, not any
force's boundaries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon, mapping

METRES_PER_DEGREE_LAT = 111_250.0
METRES_PER_DEGREE_LON = METRES_PER_DEGREE_LAT * math.cos(math.radians(52.635))


@dataclass(frozen=True)
class Place:
    """A hot spot: ``outline_m`` are metres east and north of the centre; ``share`` its part of the crime."""

    code: str
    name: str
    kind: str
    centre: tuple[float, float]
    outline_m: tuple[tuple[int, int], ...]
    share: float


PLACES: tuple[Place, ...] = (
    Place(
        "HS1",
        "Clock Tower",
        "serious violence",
        (-1.13310, 52.63640),
        ((-92, -38), (-40, -84), (31, -71), (88, -29), (79, 34), (22, 83), (-47, 71), (-63, 18)),
        0.21,
    ),
    Place(
        "HS2",
        "Haymarket",
        "both",
        (-1.13020, 52.63830),
        ((-86, -44), (12, -72), (94, -51), (103, 22), (41, 41), (28, 84), (-66, 77), (-97, 21)),
        0.18,
    ),
    Place(
        "HS3",
        "Humberstone Gate",
        "serious violence",
        (-1.12830, 52.63580),
        ((-108, -34), (-18, -58), (96, -43), (121, 8), (72, 52), (-21, 61), (-98, 33)),
        0.16,
    ),
    Place(
        "HS4",
        "Granby Street",
        "serious violence",
        (-1.12960, 52.63330),
        ((-81, 62), (-49, -6), (14, -77), (66, -93), (97, -52), (41, 22), (4, 96), (-52, 99)),
        0.15,
    ),
    Place(
        "HS5",
        "London Road station",
        "both",
        (-1.12470, 52.63140),
        ((-84, 58), (-71, -29), (-6, -86), (74, -101), (92, -31), (38, 19), (31, 78), (-31, 91)),
        0.11,
    ),
    Place(
        "HS6",
        "Market Place",
        "both",
        (-1.13580, 52.63420),
        ((-94, 27), (-88, -57), (-11, -88), (61, -62), (84, 9), (49, 71), (-29, 66)),
        0.11,
    ),
    Place(
        "HS7",
        "Church Gate",
        "serious violence",
        (-1.13720, 52.63870),
        ((-67, 88), (-93, 24), (-39, -41), (22, -97), (81, -74), (63, -4), (9, 57), (-18, 103)),
        0.08,
    ),
)

# Where shifts start, take a break and end: outside every hot spot.
BASES: dict[str, tuple[float, float]] = {
    "outreach": (-1.1402, 52.6362),
    "police-dedicated": (-1.1251, 52.6387),
    "police-overtime": (-1.1251, 52.6387),
}


def to_degrees(centre: tuple[float, float], east_m: float, north_m: float) -> tuple[float, float]:
    return centre[0] + east_m / METRES_PER_DEGREE_LON, centre[1] + north_m / METRES_PER_DEGREE_LAT


@cache
def polygons() -> tuple[Polygon, ...]:
    """Outlines in WGS84, in the order of PLACES, rounded as the file has them."""
    return tuple(
        Polygon([tuple(round(v, 6) for v in to_degrees(p.centre, x, y)) for x, y in p.outline_m]) for p in PLACES
    )


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    return math.hypot((a[0] - b[0]) * METRES_PER_DEGREE_LON, (a[1] - b[1]) * METRES_PER_DEGREE_LAT)


def points_in(polygon: Polygon, count: int, rng: np.random.Generator, margin_m: float) -> np.ndarray:
    """``count`` random points (lon, lat) at least about ``margin_m`` inside the outline."""
    inner = polygon.buffer(-margin_m / METRES_PER_DEGREE_LON)
    west, south, east, north = inner.bounds
    found = np.empty((0, 2))
    while len(found) < count:
        draw = rng.uniform((west, south), (east, north), (4 * count, 2))
        found = np.vstack([found, draw[shapely.contains_xy(inner, draw[:, 0], draw[:, 1])]])
    return found[:count]


def points_outside(count: int, rng: np.random.Generator, margin_m: float) -> np.ndarray:
    """``count`` random points around the city centre, none within about ``margin_m`` of a hot spot."""
    keep_out = shapely.union_all([p.buffer(margin_m / METRES_PER_DEGREE_LON) for p in polygons()])
    found = np.empty((0, 2))
    while len(found) < count:
        draw = rng.normal((-1.1315, 52.6355), (0.014, 0.009), (2 * count, 2))
        found = np.vstack([found, draw[~shapely.contains_xy(keep_out, draw[:, 0], draw[:, 1])]])
    return found[:count]


def hot_spots_geojson() -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "name": "Demonstration hot spots (invented outlines)",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": p.code, "name": p.name, "type": p.kind},
                "geometry": mapping(polygon),
            }
            for p, polygon in zip(PLACES, polygons(), strict=True)
        ],
    }

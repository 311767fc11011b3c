"""Outlines of the distance bands around the hot spots, for the map of displacement."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import shapely

from analysis.evaluation.displacement.bands import RINGS
from data_access import placement
from data_access.projection import to_degrees, to_metres
from data_access.reading import opened
from domain.roles import Permission
from domain.scope import Scope

_FINE_M = 5.0  # outlines are drawn no finer than this
Outline = dict[str, Any]


def ring_outlines(scope: Scope, code: str) -> list[Outline]:
    """[{band, geometry}], the widest first and the hot spots last, to be drawn one over the other.

    A place belongs to the band of its nearest hot spot, so a band is everything within its outer distance of any hot spot
    that no narrower band holds. Geometries are GeoJSON in longitude and latitude; [] without boundaries.
    """
    with opened(scope, code, Permission.INSPECT_EVALUATION) as o:
        shapes = [area.geometry for area in placement.areas_of(o.conn, o.programme_id)]
    return [dict(one) for one in _outlines(tuple(shapely.to_wkb(shape) for shape in shapes))]


@lru_cache(maxsize=8)
def _outlines(boundaries: tuple[bytes, ...]) -> tuple[Outline, ...]:
    if not boundaries:
        return ()
    inside = shapely.union_all([shapely.transform(shapely.from_wkb(b), to_metres) for b in boundaries])
    found = [("inside", inside)]
    for band in RINGS:
        wide = shapely.simplify(shapely.buffer(inside, float(band.split("-")[1]), quad_segs=16), _FINE_M)
        found.append((band, wide))
    return tuple(
        {
            "band": band,
            "geometry": json.loads(shapely.to_geojson(shapely.transform(shape, to_degrees))),
        }
        for band, shape in found[::-1]
    )

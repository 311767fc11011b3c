"""Points to areas: which boundary a point lies in, by exact point in polygon (LSOA codes move, boundaries do not)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, bindparam, select, update

from data_access import schema as s

INSIDE, OUTSIDE, NO_COORDINATES = "inside", "outside", "no coordinates"
NOWHERE = -1


@dataclass(frozen=True)
class PlacedArea:
    id: int
    code: str
    geometry: BaseGeometry


@dataclass(frozen=True)
class Placing:
    """``index``: position in the list of areas, or NOWHERE; ``shared``: points inside more than one area."""

    index: np.ndarray
    shared: int


def areas_of(conn: Connection, programme_id: int) -> list[PlacedArea]:
    """The programme's areas in their display order."""
    found = conn.execute(
        select(s.area.c.id, s.area.c.code, s.area.c.geometry)
        .where(s.area.c.programme_id == programme_id)
        .order_by(s.area.c.position)
    )
    return [PlacedArea(row.id, row.code, shapely.from_geojson(json.dumps(row.geometry))) for row in found]


def place(lon: np.ndarray, lat: np.ndarray, polygons: Sequence[BaseGeometry]) -> Placing:
    """For each point the first polygon it lies in or on the edge of; NOWHERE for none or for NaN coordinates."""
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    index = np.full(len(lon), NOWHERE, dtype=np.int64)
    shared = np.zeros(len(lon), dtype=bool)
    for i, polygon in enumerate(polygons):
        shapely.prepare(polygon)
        west, south, east, north = polygon.bounds
        near = np.flatnonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
        hit = near[shapely.intersects_xy(polygon, lon[near], lat[near])]
        shared[hit] |= index[hit] != NOWHERE
        index[hit] = np.where(index[hit] == NOWHERE, i, index[hit])
    return Placing(index, int(shared.sum()))


def place_frame(frame: pd.DataFrame, areas: Sequence[PlacedArea]) -> tuple[pd.DataFrame, int]:
    """A frame with lon, lat -> the same with ``area_id`` and ``placement``; and how many points several areas share."""
    placing = place(frame["lon"].to_numpy(dtype=float), frame["lat"].to_numpy(dtype=float), [a.geometry for a in areas])
    ids = np.array([a.id for a in areas] + [-1])[placing.index]  # NOWHERE = -1 picks the last: none
    inside = placing.index != NOWHERE
    words = np.where(frame["lon"].isna(), NO_COORDINATES, np.where(inside, INSIDE, OUTSIDE))
    area_id = pd.Series(ids, index=frame.index, dtype=object).where(inside, None)
    return frame.assign(area_id=area_id, placement=words), placing.shared


def replace_crimes(conn: Connection, programme_id: int) -> int:
    """Place every crime of the programme again (its boundaries changed); returns points that several areas share."""
    found = pd.DataFrame(
        conn.execute(
            select(s.crime.c.id, s.crime.c.lon, s.crime.c.lat, s.crime.c.area_id, s.crime.c.placement).where(
                s.crime.c.programme_id == programme_id
            )
        ).all(),
        columns=["id", "lon", "lat", "was_area", "was"],
    )
    if found.empty:
        return 0
    found[["lon", "lat"]] = found[["lon", "lat"]].astype(float)
    placed, shared = place_frame(found, areas_of(conn, programme_id))
    was = placed["was_area"].astype(float).fillna(-1)
    changed = placed[(placed["area_id"].astype(float).fillna(-1) != was) | (placed["placement"] != placed["was"])]
    if len(changed):
        conn.execute(
            update(s.crime)
            .where(s.crime.c.id == bindparam("row_id"))
            .values(area_id=bindparam("new_area"), placement=bindparam("new_placement")),
            [
                {"row_id": i, "new_area": a, "new_placement": p}
                for i, a, p in zip(
                    changed["id"].tolist(), changed["area_id"].tolist(), changed["placement"].tolist(), strict=True
                )
            ],
        )
    return shared

"""Coordinates as longitude and latitude in canonical form; places that cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.tables import DEGREE
from data_access.loading.coordinate_systems import BRITISH_GRID, System, system
from data_access.loading.mapping import Mapping
from data_access.loading.pings.ledger import Ledger, Mask

Floats = NDArray[np.float64]
Int32s = NDArray[np.int32]

PAIRS = (("longitude", "latitude"), ("easting", "northing"), ("x", "y"))
_GRID_END = (700_000, 1_300_000)
_ZERO = 0.5 / DEGREE  # what canonical form makes 0
NO_PLACE = "The row has no position."
SWAPPED = "Longitude and latitude look swapped: Britain lies at longitude -9 to 2."
OUT_OF_RANGE = "Longitude must lie between -180 and 180, latitude between -90 and 90."
OFF_GRID = "Easting and northing lie outside the British National Grid (0-700000, 0-1300000 metres)."


@dataclass(frozen=True)
class Pair:
    """Two columns that say where: their canonical names and the system of their numbers (None: degrees, WGS84)."""

    x: str
    y: str
    crs: System | None = None

    @property
    def is_grid(self) -> bool:
        return self.crs is not None and self.crs.code == BRITISH_GRID


def pairs_of(found: dict[str, str], mapping: Mapping, sample: dict[str, Floats], file_name: str) -> list[Pair]:
    """The pairs of a file, the first one first asked; ``sample``: numbers of the first rows, for x and y.

    A system that was given is that of metres where the file has metres, else that of its only pair.
    """
    there = [pair for pair in PAIRS if pair[0] in found and pair[1] in found]
    given = system(mapping.crs, file_name) if mapping.crs else None
    if given is not None and given.is_wgs84:
        given = None
    pairs = []
    for x, y in there:
        if x == "longitude" and (given is None or len(there) > 1):
            crs = None
        elif x == "longitude" or mapping.crs:
            crs = given
        elif x == "x" and _degrees(sample.get("x"), sample.get("y")):
            crs = None
        else:
            crs = system(BRITISH_GRID, file_name)
        pairs.append(Pair(x, y, crs))
    return pairs


def _degrees(x: Floats | None, y: Floats | None) -> bool:
    if x is None or y is None or not len(x) or not len(y):
        return False
    return bool((np.abs(x) <= 180).all() and (np.abs(y) <= 90).all())


def canonical(degrees: Floats, space: Floats | None = None) -> Int32s:
    """``space``: room for as many numbers, used on the way."""
    scaled = np.multiply(degrees, DEGREE, out=space)
    return np.rint(scaled, out=scaled).astype(np.int32)


def canonical_if_good(lon: Floats, lat: Floats, space: Floats) -> tuple[Int32s, Int32s] | None:
    """Canonical places of a block, or None when one of them may be none; told by the extremes alone (NaN is one)."""
    west, east, south, north = lon.min(), lon.max(), lat.min(), lat.max()
    inside = west >= -180 and east <= 180 and south >= -90 and north <= 90
    may_be_swapped = east >= 49 and south <= 2.1
    may_be_zero = west <= _ZERO and east >= -_ZERO and south <= _ZERO and north >= -_ZERO
    if not inside or may_be_swapped or may_be_zero:
        return None
    return canonical(lon, space), canonical(lat, space)


def to_degrees(x: Floats, y: Floats, pair: Pair) -> tuple[Floats, Floats]:
    if pair.crs is None:
        return x, y
    points = pair.crs.to_wgs84(np.column_stack([x, y]))
    return points[:, 0], points[:, 1]


def on_grid(x: Floats, y: Floats) -> Mask:
    return (x >= 0) & (x <= _GRID_END[0]) & (y >= 0) & (y <= _GRID_END[1]) & ((x > 0) | (y > 0))


def read_places(columns: Sequence[tuple[Pair, Floats, Floats]], ledger: Ledger) -> tuple[Floats, Floats, Mask]:
    """(longitude, latitude, which were converted): the first pair of a row that says something; what cannot be is rejected.

    NaN stands for "says nothing".
    """
    lon, lat = np.full(len(ledger), np.nan), np.full(len(ledger), np.nan)
    converted = np.zeros(len(ledger), dtype=bool)
    for pair, x, y in columns:
        ledger.reject(np.isnan(x) != np.isnan(y), pair.x, f"The row has only one of {pair.x} and {pair.y}.")
        nowhere = (x == 0) & (y == 0)
        use = ~np.isnan(x) & ~np.isnan(y) & ~nowhere & np.isnan(lon) & ledger.good
        if pair.crs is not None and use.any():
            if pair.is_grid:
                beyond = use & ~on_grid(x, y)
                ledger.reject(beyond, pair.x, OFF_GRID)
                use &= ~beyond
            found = to_degrees(x[use], y[use], pair)
            lon[use], lat[use] = found
            outside = use & ~(np.isfinite(lon) & np.isfinite(lat))
            ledger.reject(outside, pair.x, f"{pair.x} and {pair.y} lie outside {pair.crs.code} ({pair.crs.name}).")
            converted |= use
        else:
            lon[use], lat[use] = x[use], y[use]
    _check(lon, lat, columns[0][0].x, ledger)
    return lon, lat, converted


def _check(lon: Floats, lat: Floats, field: str, ledger: Ledger) -> None:
    with np.errstate(invalid="ignore"):
        ledger.reject((lon >= 49) & (lon <= 61) & (lat >= -9) & (lat <= 2.1), field, SWAPPED)
        ledger.reject((np.abs(lon) > 180) | (np.abs(lat) > 90), field, OUT_OF_RANGE)
        ledger.reject((np.abs(lon) <= _ZERO) & (np.abs(lat) <= _ZERO), field, NO_PLACE)
    ledger.reject(np.isnan(lon) | np.isnan(lat), field, NO_PLACE)

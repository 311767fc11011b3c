"""Degrees to metres on the British National Grid and back. Each way is made once: looking up a system takes 30 ms."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pyproj import Transformer

DEGREES, METRIC = "EPSG:4326", "EPSG:27700"  # lon, lat; metres, since every programme lies in Great Britain


def to_metres(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n, 2) lon, lat to (n, 2) easting, northing; infinite where the grid does not reach."""
    return _through(DEGREES, METRIC, xy)


def to_degrees(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n, 2) easting, northing to (n, 2) lon, lat."""
    return _through(METRIC, DEGREES, xy)


def _through(start: str, end: str, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.column_stack(_transformer(start, end).transform(xy[:, 0], xy[:, 1]))


@lru_cache(maxsize=2)
def _transformer(start: str, end: str) -> Transformer:
    from pyproj import Transformer  # slow to import, and only maps and distances need it

    return Transformer.from_crs(start, end, always_xy=True)

"""Coordinate systems by their code, and what turns a file's numbers into longitude and latitude (WGS84)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from data_access.loading.result import LoadRefused

BRITISH_GRID = "EPSG:27700"
_CODE = re.compile(
    r"^(?:urn:(?:ogc|x-ogc):def:crs:|https?://www\.opengis\.net/def/crs/)?(?P<authority>EPSG|ESRI|OGC|IGNF)"
    r"[:/](?:[0-9.]*[:/])?(?P<code>[A-Za-z0-9_]{1,30})$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^[0-9]{4,6}$")
_CRS84 = re.compile(r"(?:^|[:/])CRS84h?$", re.IGNORECASE)
_WKT = re.compile(r"^[A-Z_]{4,25}\s*\[", re.IGNORECASE)
_UNDEFINED = re.compile(r"^\s*(?:ENG|LOCAL)_?(?:CRS|CS)\s*\[|undefined (?:geographic|cartesian) srs", re.IGNORECASE)
_MATCH = 70  # of 100: PROJ's confidence that a description without a code is the system of that code

Convert = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class System:
    """A horizontal coordinate system that has a code."""

    code: str  # EPSG:27700
    name: str  # OSGB36 / British National Grid
    is_degrees: bool

    @property
    def is_wgs84(self) -> bool:
        return self.code == "EPSG:4326"

    def to_wgs84(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) x and y -> (n, 2) longitude and latitude; infinite where a point has none."""
        if self.is_wgs84:
            return points
        x, y = points[:, 0], points[:, 1]
        there = _transformer(self.code)
        lon, lat = there.transform(x, y, errcheck=False)
        # PROJ wraps a wild number round the globe to a place that looks like any other; back it does not come. There
        # and back may take different shifts of datum, tens of metres apart, so a kilometre is allowed.
        back_x, back_y = there.transform(lon, lat, direction="INVERSE", errcheck=False)
        near = 0.01 if self.is_degrees else 1000.0
        with np.errstate(invalid="ignore"):
            lost = ~((np.abs(back_x - x) <= near) & (np.abs(back_y - y) <= near))
        return np.where(lost[:, None], np.inf, np.column_stack([lon, lat]))


@lru_cache(maxsize=16)
def _transformer(code: str) -> Transformer:
    # x before y whatever the system's own order: files write it so.
    return Transformer.from_crs(code, "EPSG:4326", always_xy=True)


@lru_cache(maxsize=64)
def system(text: str, said_by: str) -> System:
    """The system of a code (27700, EPSG:27700, a URN) or of a description (WKT) that has one; LoadRefused else.

    Names of files and PROJ strings are not taken: they could make PROJ open what they name.
    """
    text = text.strip()
    try:
        crs = _crs(text)
    except CRSError:
        crs = None
    if crs is None:
        raise LoadRefused(f"{said_by}: there is no coordinate system “{text[:80]}”. Give its code, such as EPSG:27700.")
    if crs.is_bound and crs.source_crs is not None:
        crs = crs.source_crs
    if crs.is_compound and crs.sub_crs_list:  # with heights: the first part is the horizontal one
        crs = crs.sub_crs_list[0]
    crs = crs.to_2d()
    known = crs.to_authority(min_confidence=_MATCH)
    if known is None:
        raise LoadRefused(
            f"{said_by}: the coordinate system “{crs.name[:80]}” has no code that is known. Give its code with --crs, "
            "such as --crs EPSG:27700, or export the file as WGS84."
        )
    if not (crs.is_geographic or crs.is_projected):
        raise LoadRefused(f"{said_by}: {':'.join(known)} ({crs.name}) is no system of places on a map.")
    code = ":".join(known)
    return System("EPSG:4326" if code in ("OGC:CRS84", "EPSG:4979") else code, crs.name, bool(crs.is_geographic))


def _crs(text: str) -> CRS | None:
    if _CRS84.search(text):
        return CRS.from_authority("OGC", "CRS84")
    if _NUMBER.match(text):
        return CRS.from_authority("EPSG", text)
    found = _CODE.match(text)
    if found:
        return CRS.from_authority(found["authority"].upper(), found["code"])
    return CRS.from_wkt(text) if _WKT.match(text) else None


def is_stated(text: str) -> bool:
    """Whether a file's own words name a system; GeoPackage writes an undefined one where it has none."""
    return bool(text.strip()) and not _UNDEFINED.search(text)


def are_degrees(points: np.ndarray) -> np.ndarray:
    """Which of the points (n, 2) can be longitude and latitude."""
    return (np.abs(points[:, 0]) <= 180) & (np.abs(points[:, 1]) <= 90)


def look_like_degrees(points: np.ndarray) -> bool:
    return _mostly(are_degrees(points))


def look_like_british_grid(points: np.ndarray) -> bool:
    x, y = points[:, 0], points[:, 1]
    return _mostly((x >= 0) & (x <= 700_000) & (y >= 0) & (y <= 1_300_000))


def _mostly(those: np.ndarray) -> bool:
    """A wild row or two do not speak for the file; they are rejected by themselves."""
    return bool(len(those)) and bool(those.sum() * 2 >= len(those))


def are_swapped(points: np.ndarray) -> bool:
    """Britain, with latitude first."""
    x, y = points[:, 0], points[:, 1]
    return bool((x >= 49).all() and (x <= 61).all() and (y >= -9).all() and (y <= 2.1).all())

"""Boundaries: GeoJSON polygons in WGS84 or British National Grid, each with a code and a name."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from data_access.loading.reading import Context, Parsed
from data_access.loading.result import LoadRefused
from data_access.loading.source_file import refuse_unkeepable_text
from data_access.loading.table import Rows, column_key
from data_access.loading.values import british_grid

CODES = ("code", "hotspotcode", "areacode", "ref", "reference", "id")
NAMES = ("name", "hotspotname", "areaname", "hotspot", "title")
# Office for National Statistics boundaries: WD13CD and WD13NM, LSOA21CD and LSOA21NM, ...
ONS_CODE, ONS_NAME = re.compile(r"^[a-z]{2,5}[0-9]{2}cd$"), re.compile(r"^[a-z]{2,5}[0-9]{2}nm$")
_WGS84 = ("CRS84", "4326")
_GEOD = Geod(ellps="WGS84")
_KIND = {"type": "hot_spot_type", "hotspottype": "hot_spot_type", "activefrom": "active_from", "activeto": "active_to"}


def read(context: Context) -> Parsed:
    features, crs = _features(context)
    properties = [f.get("properties") if isinstance(f.get("properties"), dict) else {} for f in features]
    code_property = _property(context, properties, context.options.code_property, CODES, ONS_CODE, "code")
    name_property = _property(context, properties, context.options.name_property, NAMES, ONS_NAME, "name")
    rows = Rows(
        pd.DataFrame(
            {
                "code": [_cell(p.get(code_property)) for p in properties],
                "name": [_cell(p.get(name_property)) for p in properties],
            },
            dtype=object,
        ),
        range(1, len(features) + 1),
        lambda i: json.dumps(features[i], ensure_ascii=False)[:4000],
    )
    rows.notes.append(
        f"Codes are read from the property {code_property}, names from {name_property}; row numbers count features."
    )
    shapes = _shapes(rows, features, _to_wgs84(context, features, crs, rows))
    _check_names(rows)
    frame = pd.DataFrame({"code": rows.column("code"), "name": rows.column("name")})
    for column in ("hot_spot_type", "active_from", "active_to"):
        frame[column] = pd.Series([_extra(p, column) for p in properties], dtype=object)
    for column in ("active_from", "active_to"):
        day = pd.to_datetime(frame[column], format="%Y-%m-%d", errors="coerce")
        rows.reject(day.isna() & frame[column].notna(), column, f"{column} is not a date (YYYY-MM-DD).")
        frame[column] = day
    frame["hot_spot_type"] = frame["hot_spot_type"].str.slice(0, 40)
    frame["geometry"] = pd.Series(
        [json.loads(shapely.to_geojson(g)) if g is not None else None for g in shapes], dtype=object
    )
    frame["area_m2"] = [abs(_GEOD.geometry_area_perimeter(g)[0]) if g is not None else np.nan for g in shapes]
    return Parsed(rows, frame, context.options.source or "hot-spots")


def _features(context: Context) -> tuple[list[dict[str, Any]], str]:
    name = context.file.name
    try:
        document = json.loads(context.file.text())
    except (json.JSONDecodeError, RecursionError) as error:
        raise LoadRefused(f"{name} is not GeoJSON, or is cut off: {error}. Export it again.") from None
    refuse_unkeepable_text(name, document)
    if not isinstance(document, dict) or document.get("type") not in ("FeatureCollection", "Feature"):
        raise LoadRefused(f"{name} is not GeoJSON: it must be a FeatureCollection of polygons.")
    features = [document] if document["type"] == "Feature" else document.get("features")
    if not isinstance(features, list) or not features:
        raise LoadRefused(f"{name} has no features. Export the boundaries again.")
    crs = document.get("crs")
    named = (
        crs.get("properties", {}).get("name", "")
        if isinstance(crs, dict) and isinstance(crs.get("properties"), dict)
        else ""
    )
    return [f if isinstance(f, dict) else {} for f in features], str(named)


def _property(
    context: Context,
    properties: list[dict[str, Any]],
    wanted: str,
    known: tuple[str, ...],
    pattern: re.Pattern[str],
    what: str,
) -> str:
    found = list(dict.fromkeys(str(key) for p in properties for key in p))
    keys = {column_key(name): name for name in reversed(found)}
    if wanted and column_key(wanted) in keys:
        return keys[column_key(wanted)]
    if not wanted:
        for key in known:
            if key in keys:
                return keys[key]
        ons = next((keys[key] for key in keys if pattern.match(key)), None)
        if ons:
            return ons
    listed = ", ".join(found) or "none"
    raise LoadRefused(
        f"{context.file.name}: no property {f'“{wanted}”' if wanted else f'that is known to hold the {what}'}. "
        f"Say which with --{what}-property. Properties found: {listed[:600]}."
    )


def _cell(value: Any) -> str:
    return "" if value is None else re.sub(r"\s+", " ", str(value)).strip()


def _extra(properties: dict[str, Any], column: str) -> str | None:
    for key, value in properties.items():
        if _KIND.get(column_key(str(key))) == column and value not in (None, ""):
            return _cell(value)
    return None


def _check_names(rows: Rows) -> None:
    for column, limit in (("code", 40), ("name", 200)):
        cells = rows.column(column)
        rows.reject(cells == "", column, f"The feature has no {column}.")
        rows.reject(cells.str.len() > limit, column, f"The {column} is longer than {limit} characters.")
    repeated = pd.Series(False, index=rows.frame.index)
    repeated[rows.good] = rows.frame[rows.good].duplicated("code")
    rows.reject(repeated, "code", "Another feature of the file has this code.")


def _to_wgs84(
    context: Context, features: list[dict[str, Any]], crs: str, rows: Rows
) -> Callable[[np.ndarray], np.ndarray] | None:
    """What turns the file's coordinates into longitude and latitude; None when they are already."""
    grid = "27700" in crs
    if crs and not grid and not any(known in crs for known in _WGS84):
        raise LoadRefused(
            f"{context.file.name} uses the coordinate system {crs}. Export it as WGS84 (EPSG:4326) or British National Grid (EPSG:27700)."
        )
    xy = [c for f in features if (c := _first_position(f.get("geometry"))) is not None]
    if xy and not grid and max(abs(v) for c in xy for v in c) > 180:
        if not all(0 <= x <= 700_000 and 0 <= y <= 1_300_000 for x, y in xy):
            raise LoadRefused(
                f"{context.file.name}: coordinates such as {xy[0]} are neither degrees nor British National Grid metres. "
                "Export it as WGS84."
            )
        grid = True
    if xy and not grid and all(49 <= x <= 61 and -9 <= y <= 2.1 for x, y in xy):
        raise LoadRefused(
            f"{context.file.name}: longitude and latitude look swapped (first position {xy[0]}). GeoJSON writes longitude first."
        )
    if not grid:
        return None
    rows.notes.append("Boundaries were converted from British National Grid (within a few metres).")
    return lambda points: np.column_stack(british_grid().transform(points[:, 0], points[:, 1]))


def _first_position(geometry: Any) -> tuple[float, float] | None:
    inner = geometry.get("coordinates") if isinstance(geometry, dict) else None
    while isinstance(inner, list) and inner and isinstance(inner[0], list):
        inner = inner[0]
    if isinstance(inner, list) and len(inner) >= 2 and all(isinstance(v, int | float) for v in inner[:2]):
        return float(inner[0]), float(inner[1])
    return None


def _shapes(
    rows: Rows, features: list[dict[str, Any]], convert: Callable[[np.ndarray], np.ndarray] | None
) -> list[BaseGeometry | None]:
    shapes: list[BaseGeometry | None] = []
    for i, feature in enumerate(features):
        shape, reason = _shape(feature.get("geometry"), convert)
        if shape is not None and not shape.is_valid:
            shape = _polygons_of(shapely.make_valid(shape))
            reason = "" if shape is not None else "The boundary encloses nothing, or crosses itself beyond repair."
            if shape is not None:
                rows.notes.append(
                    f"Feature {i + 1}: the boundary crossed itself and was repaired; check it on the map."
                )
        where = np.zeros(rows.read, dtype=bool)
        where[i] = shape is None
        rows.reject(where, "geometry", reason or "The feature has no usable polygon.")
        shapes.append(shape)
    return shapes


def _shape(geometry: Any, convert: Callable[[np.ndarray], np.ndarray] | None) -> tuple[BaseGeometry | None, str]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        return None, f"A polygon is needed; the feature is {kind or 'without geometry'}."
    try:
        shape = shapely.force_2d(shapely.from_geojson(json.dumps(geometry)))
        shape = shapely.transform(shape, convert) if convert else shape
    except (shapely.errors.ShapelyError, ValueError, TypeError):
        return None, "The polygon cannot be read: its coordinates are not as GeoJSON writes them."
    west, south, east, north = shape.bounds if not shape.is_empty else (math.nan,) * 4
    if not all(math.isfinite(v) for v in (west, south, east, north)):
        return None, "The polygon is empty."
    if west < -180 or east > 180 or south < -90 or north > 90:
        return None, "The polygon's coordinates are not longitudes and latitudes."
    return shape, ""


def _polygons_of(shape: BaseGeometry) -> BaseGeometry | None:
    parts = [p for p in shapely.get_parts(shape) if p.geom_type in ("Polygon", "MultiPolygon")]
    joined = shapely.union_all(parts) if parts else None
    return joined if joined is not None and joined.area > 0 else None

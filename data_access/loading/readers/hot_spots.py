"""Boundaries: polygons in any coordinate system that has a code, each with a code and a name of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from data_access.loading.boundary_layers import Feature, Layer, read_layer
from data_access.loading.boundary_limits import check_amount, check_overlaps
from data_access.loading.boundary_shapes import polygon_of, to_wgs84
from data_access.loading.reading import Context, Parsed
from data_access.loading.result import LoadOptions, LoadRefused
from data_access.loading.source_file import SourceFile
from data_access.loading.table import Rows, column_key

CODES = ("code", "hotspotcode", "areacode", "ref", "reference", "id")
NAMES = ("name", "hotspotname", "areaname", "hotspot", "title")
# Office for National Statistics boundaries: WD13CD and WD13NM, LSOA21CD and LSOA21NM, ...
ONS_CODE, ONS_NAME = re.compile(r"^(?:[a-z]{2,5}[0-9]{2}cd|gsscode)$"), re.compile(r"^[a-z]{2,5}[0-9]{2}nm$")
_GEOD = Geod(ellps="WGS84")
_KIND = {"type": "hot_spot_type", "hotspottype": "hot_spot_type", "activefrom": "active_from", "activeto": "active_to"}
_SHOWN = 10  # repaired features named in the notes


def read(context: Context) -> Parsed:
    features = read_features(context.file, context.options)
    rows, properties, shapes = features.rows, features.properties, features.shapes
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
    frame["area_m2"] = [area_m2(g) if g is not None else np.nan for g in shapes]
    return Parsed(rows, frame, context.options.source or "hot-spots")


@dataclass(frozen=True)
class Features:
    """Every feature: its row (code and name), its properties, its polygon in WGS84 where it has a usable one."""

    rows: Rows
    properties: list[dict[str, Any]]
    shapes: list[BaseGeometry | None]
    repairs: dict[int, str]  # what was done to which, by place in the file


def read_features(file: SourceFile, options: LoadOptions) -> Features:
    """Features with their polygons; LoadRefused when the file is of no use, rows rejected where a feature is."""
    layer = read_layer(file, options.sheet)
    check_amount(file.name, [feature.shape for feature in layer.features])
    properties = [feature.properties for feature in layer.features]
    code_property = _property(file.name, properties, options.code_property, CODES, ONS_CODE, "code")
    name_property = _property(file.name, properties, options.name_property, NAMES, ONS_NAME, "name")
    cells = {
        "code": [_cell(p.get(code_property)) for p in properties],
        "name": [_cell(p.get(name_property)) for p in properties],
    }
    features = layer.features
    rows = Rows(pd.DataFrame(cells, dtype=object), range(1, len(features) + 1), lambda i: features[i].raw())
    rows.notes.append(
        f"Codes are read from the property {code_property}, names from {name_property}; row numbers count features."
    )
    rows.notes += layer.notes
    shapes, repairs = _shapes(rows, file.name, layer, options.crs)
    _check_names(rows)
    used = [i for i in np.flatnonzero(rows.good) if shapes[i] is not None]
    names = _names(rows, features)
    check_overlaps(file.name, [shape for i in used if (shape := shapes[i]) is not None], lambda i: names[used[i]])
    return Features(rows, properties, shapes, repairs)


def area_m2(shape: BaseGeometry) -> float:
    return abs(_GEOD.geometry_area_perimeter(shape)[0])


def _property(
    file_name: str,
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
        ending = [keys[key] for key in keys if key.endswith(what)]  # ward_code, where it is the only one
        if ons or len(ending) == 1:
            return ons or ending[0]
    listed = ", ".join(found) or "none"
    raise LoadRefused(
        f"{file_name}: no property {f'“{wanted}”' if wanted else f'that is known to hold the {what}'}. "
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


def _shapes(rows: Rows, file_name: str, layer: Layer, crs: str) -> tuple[list[BaseGeometry | None], dict[int, str]]:
    convert = to_wgs84(file_name, [f.shape for f in layer.features], layer.crs, crs, rows.notes)
    names = _names(rows, layer.features)
    shapes: list[BaseGeometry | None] = []
    repairs: dict[int, str] = {}
    reasons = pd.Series("", index=rows.frame.index, dtype=object)
    for i, feature in enumerate(layer.features):
        made = polygon_of(feature.shape, convert)
        shapes.append(made.shape)
        if made.shape is None:
            reasons[i] = f"{names[i]}: {feature.problem or made.problem}"
        elif made.repaired:
            repairs[i] = f"{names[i]}: {made.repaired} (now {area_m2(made.shape):,.0f} m²); check it on the map."
    rows.reject(reasons != "", "geometry", reasons)
    rows.notes += list(repairs.values())[:_SHOWN]
    if len(repairs) > _SHOWN:
        rows.notes.append(f"{len(repairs) - _SHOWN} more features were repaired in the same way.")
    return shapes, repairs


def _names(rows: Rows, features: Sequence[Feature]) -> list[str]:
    """Feature 7 (HS7 Clock Tower)."""
    both = (rows.column("code") + " " + rows.column("name")).str.strip().str.slice(0, 80)
    return [f"Feature {i + 1} ({text})" if text else f"Feature {i + 1}" for i, text in enumerate(both[: len(features)])]

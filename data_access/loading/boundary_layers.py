"""Files of boundaries into features: GeoJSON, GeoPackage, KML, and any of them or a shapefile in a zip.

What a file is, its content says, never its name. GDAL reads a copy under a name of ours, in a process of its own.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from xml.parsers import expat

import shapely
from shapely.geometry.base import BaseGeometry

from data_access.loading import gdal_process
from data_access.loading.result import LoadRefused
from data_access.loading.source_file import SourceFile, check_unpacked_size, refuse_unkeepable_text

FORMATS = "GeoJSON, GeoPackage (.gpkg), KML or a zipped shapefile"
MAX_MEMBERS = 1_000  # files in a zip
MOST_GEOJSON = 96 << 20  # bytes; parsed it takes twenty times that
_SQLITE, _ZIP = b"SQLite format 3\0", b"PK\x03\x04"
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")


@dataclass
class Feature:
    properties: dict[str, Any]
    shape: BaseGeometry | None
    problem: str  # why there is no shape
    raw: Callable[[], str]


@dataclass
class Layer:
    features: list[Feature]
    crs: str  # as the file states it; empty where it does not
    notes: list[str] = field(default_factory=list)


def read_layer(file: SourceFile, sheet: str = "") -> Layer:
    """The file's only layer of boundaries, or the one named ``sheet``; LoadRefused with the layers there are."""
    if file.data.startswith(_ZIP):
        return _from_zip(file, sheet)
    if file.data.startswith(_SQLITE):
        return _from_gdal(file.name, {"boundaries.gpkg": file.data}, sheet)
    if file.data[:256].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<") or _is_utf16_xml(file.data):
        return _from_kml(file, sheet)
    return _from_geojson(file)


def _is_utf16_xml(data: bytes) -> bool:
    return data.startswith((b"\xff\xfe<\0", b"\xfe\xff\0<"))


def _from_geojson(file: SourceFile) -> Layer:
    if len(file.data) > MOST_GEOJSON:
        raise LoadRefused(
            f"{file.name} is larger than {MOST_GEOJSON >> 20} MB, more than boundaries need. Simplify them in mapping "
            "software, or export fewer."
        )
    name, text = file.name, file.text()
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise LoadRefused(
            f"{name} is not GeoJSON, or is cut off: {error}. Boundaries may be {FORMATS}. Export it again."
        ) from None
    except ValueError:  # a number of more than 4,300 digits
        raise LoadRefused(f"{name} is not GeoJSON: a number in it is too long to be one. Export it again.") from None
    refuse_unkeepable_text(name, document)
    if not isinstance(document, dict) or document.get("type") not in ("FeatureCollection", "Feature"):
        raise LoadRefused(f"{name} is not GeoJSON: it must be a FeatureCollection of polygons.")
    features = [document] if document["type"] == "Feature" else document.get("features")
    if not isinstance(features, list) or not features:
        raise LoadRefused(f"{name} has no features. Export the boundaries again.")
    crs = document.get("crs")
    stated = crs.get("properties") if isinstance(crs, dict) else None
    named = stated.get("name", "") if isinstance(stated, dict) else ""
    return Layer([_geojson_feature(f if isinstance(f, dict) else {}) for f in features], str(named or ""))


def _geojson_feature(feature: dict[str, Any]) -> Feature:
    properties, geometry = feature.get("properties"), feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    shape, problem = None, ""
    if not isinstance(kind, str):
        problem = "A polygon is needed; the feature is without geometry."
    else:
        try:
            shape = shapely.from_geojson(json.dumps(geometry))
        except (shapely.errors.ShapelyError, ValueError, TypeError, RecursionError):
            problem = "The polygon cannot be read: its coordinates are not as GeoJSON writes them."
    return Feature(
        properties if isinstance(properties, dict) else {},
        shape,
        problem,
        lambda: json.dumps(feature, ensure_ascii=False)[:4000],
    )


def _from_kml(file: SourceFile, sheet: str) -> Layer:
    placemarks = _count_placemarks(file.name, file.data)
    if not placemarks:
        raise LoadRefused(f"{file.name} has no placemarks. Boundaries may be {FORMATS}.")
    layer = _from_gdal(file.name, {"boundaries.kml": file.data}, sheet, whole=not sheet)
    if not sheet and len(layer.features) != placemarks:
        raise LoadRefused(
            f"{file.name}: only {len(layer.features):,} of its {placemarks:,} placemarks can be read. Export it as GeoJSON."
        )
    layer.notes.append("Placemarks are counted folder by folder.")
    return layer


def _count_placemarks(name: str, data: bytes) -> int:
    """How many placemarks; LoadRefused for what is no KML, is cut off, or defines entities of its own."""
    found, roots = [0], []

    def start(tag: str, _attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if not roots:
            roots.append(tag)
        found[0] += tag == "Placemark"

    def refuse(*_: object) -> None:
        raise LoadRefused(f"{name} holds a document type (DTD), which no map needs. Export it again as plain KML.")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = start, refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise LoadRefused(f"{name} is not KML, or is cut off: {error}. Export it again.") from None
    if roots[0] != "kml":
        raise LoadRefused(f"{name} is XML but not KML: it starts with <{roots[0][:40]}>. Boundaries may be {FORMATS}.")
    return found[0]


def _from_zip(file: SourceFile, sheet: str) -> Layer:
    members = _members(file)
    by_end: dict[str, list[str]] = {}
    for path in members:
        by_end.setdefault(PurePosixPath(path).suffix.casefold(), []).append(path)
    shapefiles = by_end.get(".shp", [])
    others = [path for end in (".gpkg", ".kml", ".geojson", ".json") for path in by_end.get(end, [])]
    wanted = [path for path in shapefiles if sheet in ("", PurePosixPath(path).stem)]
    if len(wanted) == 1 and (sheet or not others):
        return _from_shapefile(file, members, wanted[0])
    if len(others) == 1 and not shapefiles:
        inner = SourceFile(f"{file.name}: {PurePosixPath(others[0]).name}", _member(file, members[others[0]]), "")
        if inner.data.startswith(_ZIP):
            raise LoadRefused(f"{file.name} holds a zip in a zip. Take the inner one out and load that.")
        return read_layer(inner, sheet)
    found = ", ".join(PurePosixPath(path).stem for path in shapefiles) if shapefiles else ", ".join(others)
    if not found:
        listed = ", ".join(members)[:300] or "nothing"
        raise LoadRefused(f"{file.name} holds no boundaries ({FORMATS}). In it: {listed}.")
    if sheet:
        raise LoadRefused(f"{file.name} holds no one file of boundaries called “{sheet[:80]}”. In it: {found[:600]}.")
    raise LoadRefused(f"{file.name} holds several files of boundaries: {found[:600]}. Say which with --sheet NAME.")


def _members(file: SourceFile) -> dict[str, zipfile.ZipInfo]:
    """The zip's files by name; LoadRefused where they would unpack to too much or lie outside their folder."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as packed:
            entries = [entry for entry in packed.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError):
        raise LoadRefused(f"{file.name} is damaged: it starts as a zip but cannot be opened. Make it again.") from None
    if len(entries) > MAX_MEMBERS:
        raise LoadRefused(f"{file.name} holds {len(entries):,} files; a zip of boundaries holds a few. Make it again.")
    check_unpacked_size(file.name, len(file.data), sum(entry.file_size for entry in entries))
    for entry in entries:
        parts = PurePosixPath(entry.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
            raise LoadRefused(f"{file.name} holds “{entry.filename[:80]}”, which lies outside the zip. Make it again.")
    return {
        entry.filename: entry
        for entry in entries
        if not entry.filename.startswith("__MACOSX/") and not PurePosixPath(entry.filename).name.startswith(".")
    }


def _member(file: SourceFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as packed:
            return packed.read(entry)
    except RuntimeError:
        raise LoadRefused(f"{file.name} is locked with a password. Make it again without one.") from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, zipfile.zlib.error):
        raise LoadRefused(
            f"{file.name}: “{entry.filename[:80]}” in it is damaged and cannot be unpacked. Make it again."
        ) from None


def _from_shapefile(file: SourceFile, members: dict[str, zipfile.ZipInfo], path: str) -> Layer:
    base = path[: -len(".shp")].casefold()
    parts = {end: entry for name, entry in members.items() for end in _SHAPEFILE if name.casefold() == base + end}
    if ".dbf" not in parts:
        raise LoadRefused(f"{file.name} has no .dbf beside {path}: that is where codes and names are. Zip it again.")
    copies = {f"boundaries{end}": _member(file, entry) for end, entry in parts.items()}
    layer = _from_gdal(file.name, copies, "")
    if ".cpg" not in parts:
        _read_as_utf8(layer)
    if not layer.crs:
        layer.notes.append("The shapefile has no .prj, which would say its coordinate system.")
    return layer


def _read_as_utf8(layer: Layer) -> None:
    """Without a .cpg GDAL takes names for Latin-1; text that is UTF-8 throughout was UTF-8."""
    texts = [v for f in layer.features for v in f.properties.values() if isinstance(v, str) and not v.isascii()]
    try:
        mended = {text: text.encode("latin-1").decode("utf-8") for text in texts}
    except UnicodeError:
        return
    for feature in layer.features:
        feature.properties.update({k: mended.get(v, v) for k, v in feature.properties.items() if isinstance(v, str)})


def _from_gdal(name: str, copies: dict[str, bytes], sheet: str, whole: bool = False) -> Layer:
    """Features of one layer (of all, ``whole``), by GDAL in a process of its own that reads copies of ours."""
    found = _asked(name, copies, sheet, whole)
    layers = [title for title, _ in found["layers"]]
    if not found["read"]:
        listed = f"Layers: {', '.join(layers)[:600] or 'none'}."
        if sheet:
            raise LoadRefused(f"{name} has no layer “{sheet[:80]}”. {listed}")
        raise LoadRefused(
            f"{name} has several layers that may hold polygons, or none. Say which with --sheet NAME. {listed}"
        )
    if not found["features"]:
        raise LoadRefused(f"{name}: the layer {found['read'][0]} has no features. Export the boundaries again.")
    refuse_unkeepable_text(name, [properties for properties, _ in found["features"]])
    layer = Layer([_gdal_feature(properties, shape) for properties, shape in found["features"]], found["crs"])
    aside = [title for title in layers if title not in found["read"]]
    if aside:
        layer.notes.append(f"Only the layer {found['read'][0]} is read; left aside: {', '.join(aside)[:600]}.")
    return layer


def _asked(name: str, copies: dict[str, bytes], sheet: str, whole: bool) -> dict[str, Any]:
    found = gdal_process.ask(copies, sheet, whole)
    problem = found.get("problem", "")
    if "sqlite3" in problem:  # its words are statements in SQL
        problem = "it is damaged, or no GeoPackage"
    if problem:
        raise LoadRefused(
            f"{name} cannot be read as boundaries: {problem}. Open it in mapping software and export it as GeoJSON."
        )
    return found


def _gdal_feature(properties: dict[str, Any], hexed: str | None) -> Feature:
    shape, problem = None, "" if hexed else "A polygon is needed; the feature is without geometry."
    if hexed:
        try:
            shape = shapely.from_wkb(hexed)
        except shapely.errors.ShapelyError:
            problem = "The feature's geometry cannot be read."

    def raw() -> str:
        text = json.dumps({"properties": properties}, ensure_ascii=False)[:2000]
        return f"{text} {shape.wkt[:2000] if shape is not None else (hexed or '')[:2000]}"

    return Feature(properties, shape, problem, raw)

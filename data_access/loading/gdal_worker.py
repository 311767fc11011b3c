"""Reads one file with GDAL, in a process of its own: ``python -I gdal_worker.py FILE LAYER WHOLE [PARENT]``, JSON on the way out.

GDAL knows a hundred formats in C and C++, several of which fetch addresses that a file names. Here it has only three
of them, no way to the network, a limit of memory and of time, and whatever it does, the portal goes on. The script
imports nothing of the portal, so that starting it costs a quarter of a second.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

DRIVERS = frozenset({"ESRI Shapefile", "GPKG", "LIBKML"})
# Every other driver of the wheel, so that none is even registered (tests/.../test_boundary_files.py holds it complete).
SKIPPED = (
    "MEM,PCIDSK,PDS4,VICAR,PDF,MBTiles,EEDA,OGCAPI,GDALG,MapInfo File,LVBAG,S57,DGN,OGR_VRT,CSV,GML,GPX,KML,GeoJSON,"
    "GeoJSONSeq,ESRIJSON,TopoJSON,OGR_GMT,SQLite,WAsP,OpenFileGDB,DXF,FlatGeobuf,GeoRSS,VFK,PGDUMP,OSM,GPSBabel,OGR_PDS,"
    "WFS,OAPIF,EDIGEO,Idrisi,ODS,XLSX,Elasticsearch,Carto,AmigoCloud,SXF,Selafin,JML,PLSCENES,CSW,VDV,MVT,NGW,MapML,"
    "GTFS,PMTiles,JSONFG,MiraMonVector,ADBC,AVCBin,AVCE00,AIVector,HTTP"
)
NOWHERE = "127.0.0.1:9"  # the discard port of this computer: a proxy that never answers
SETTINGS = {
    "GDAL_SKIP": SKIPPED,
    "GDAL_DRIVER_PATH": "disable",
    "GDAL_HTTP_PROXY": NOWHERE,
    "GDAL_HTTPS_PROXY": NOWHERE,
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "CPL_CURL_ENABLE_VSIMEM": "NO",
    "OGR_SQLITE_LOAD_EXTENSIONS": "",
    "SHAPE_RESTORE_SHX": "YES",
    "PROJ_NETWORK": "OFF",
    "OPENBLAS_NUM_THREADS": "1",
}
MEMORY = 1 << 30
SECONDS = 30  # of computing
_DIE_WITH_PARENT, _KILL = 1, 9  # PR_SET_PDEATHSIG, SIGKILL
# What LIBKML says of every placemark and no boundary needs.
_KML_DRAWING = {"altitudemode", "tessellate", "extrude", "visibility", "draworder", "icon", "timestamp", "begin", "end"}


def read(path: str, wanted: str, whole: bool) -> dict[str, Any]:
    """The layers, and the features of the wanted one: of the only one with polygons, or of all (``whole``)."""
    refuse_views(path, wanted)
    import pyogrio

    layers = [(str(name), str(kind or "")) for name, kind in pyogrio.list_layers(path)]
    driver = pyogrio.read_info(path, layer=layers[0][0])["driver"] if layers else ""
    found: dict[str, Any] = {"layers": layers, "driver": driver, "read": [], "crs": "", "features": []}
    if whole:
        chosen = [name for name, _ in layers]
    elif wanted:
        chosen = [name for name, _ in layers if name == wanted]
    else:
        maybe = [name for name, kind in layers if kind and not kind.startswith(("Point", "MultiPoint", "LineString"))]
        chosen = maybe if len(maybe) == 1 else []
    for name in chosen:
        crs, features = _features(path, name, driver)
        found["read"].append(name)
        found["crs"] = found["crs"] or crs
        found["features"] += features
    return found


def refuse_views(path: str, wanted: str) -> None:
    """ValueError where a GeoPackage's layer is a view: its rows are computed, which may never end or fill the memory.

    Views that are no layers stay: some tools keep the names of older standards as such.
    """
    if not path.endswith(".gpkg"):
        return
    with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True)) as conn:
        views = {str(name).casefold() for (name,) in conn.execute("select name from sqlite_master where type = 'view'")}
        layers = [wanted, "gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys", "gpkg_ogr_contents"]
        if views and not views & set(layers):
            layers += [str(name) for (name,) in conn.execute("select table_name from gpkg_contents")]
    for layer in layers:
        if layer.casefold() in views:
            raise ValueError(f"“{layer[:80]}” in it is a view, not a table of boundaries")


def _features(path: str, layer: str, driver: str) -> tuple[str, list[list[Any]]]:
    from pyogrio.raw import read as read_raw

    meta, _, shapes, columns = read_raw(path, layer=layer, datetime_as_string=True)
    names = [str(name) for name in meta["fields"]]
    if driver == "LIBKML":
        kept = [i for i, name in enumerate(names) if name.casefold() not in _KML_DRAWING]
        names, columns = [names[i] for i in kept], [columns[i] for i in kept]
    shapes = shapes if shapes is not None else [None] * (len(columns[0]) if columns else 0)
    features = []
    for i, shape in enumerate(shapes):
        properties = {name: _plain(column[i]) for name, column in zip(names, columns, strict=True)}
        if driver == "LIBKML":  # its fields are there whether or not the file has them
            properties = {name: value for name, value in properties.items() if value is not None}
        features.append([properties, None if shape is None else shape.hex()])
    return str(meta["crs"] or ""), features


def _plain(value: Any) -> Any:
    """A value that JSON can hold; a whole number that the format keeps as 7.0 is 7."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value if value is None or isinstance(value, str | int) else str(value)


def _die_with(parent: int) -> None:
    """Linux only: killed when whoever started this is."""
    if not sys.platform.startswith("linux") or not parent:
        return
    import ctypes

    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, _KILL)
    if os.getppid() != parent:  # it was killed before this
        sys.exit(1)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has the time limit of whoever started this
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(path: str, wanted: str, whole: str, parent: str = "0") -> int:
    _die_with(int(parent))
    _limit()
    try:
        found = read(path, wanted, whole == "whole")
    except MemoryError:
        found = {"problem": "it needs more memory than a file of boundaries may"}
    except sqlite3.Error:
        found = {"problem": "it is damaged, or no GeoPackage"}
    except Exception as problem:  # whatever GDAL or its wheel raises is said, not shown as a trace
        found = {"problem": str(problem).replace(str(Path(path).parent), "").replace("\n", " ")[:300]}
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogatepass")  # type: ignore[union-attr]
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))

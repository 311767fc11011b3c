"""Reads one file with GDAL, in a process of its own: ``python -I gdal_worker.py FILE LAYER WHOLE``, JSON on the way out.

GDAL knows a hundred formats in C and C++, several of which fetch addresses that a file names. Here it has only three
of them, no way to the network, a limit of memory and of time, and whatever it does, the portal goes on. The script
imports nothing of the portal, so that starting it costs a quarter of a second.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

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
MEMORY = 4 << 30
SECONDS = 120  # of computing
# What LIBKML says of every placemark and no boundary needs.
_KML_DRAWING = {"altitudemode", "tessellate", "extrude", "visibility", "draworder", "icon", "timestamp", "begin", "end"}


def read(path: str, wanted: str, whole: bool) -> dict[str, Any]:
    """The layers, and the features of the wanted one: of the only one with polygons, or of all (``whole``)."""
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


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has the time limit of whoever started this
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(path: str, wanted: str, whole: str) -> int:
    _limit()
    try:
        found = read(path, wanted, whole == "whole")
    except MemoryError:
        found = {"problem": "it needs more memory than a file of boundaries may"}
    except Exception as problem:  # whatever GDAL or its wheel raises is said, not shown as a trace
        found = {"problem": str(problem).replace(str(Path(path).parent), "").replace("\n", " ")[:300]}
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogatepass")  # type: ignore[union-attr]
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))

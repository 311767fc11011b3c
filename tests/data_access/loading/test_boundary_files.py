"""Boundaries as people have them: GeoPackage, shapefile, KML, any coordinate system; and files made to do harm."""

from __future__ import annotations

import io
import json
import os
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import shapely.affinity
from pyogrio.raw import write
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from data_access import schema as s
from data_access.loading import LoadRefused, gdal_worker
from data_access.loading.boundary_files import read_boundaries
from data_access.loading.boundary_shapes import MAX_MEETINGS, polygon_of
from tests.open_data import SHARED

CLOCK = shapely.box(-1.140, 52.620, -1.130, 52.630)
MARKET = shapely.box(-1.120, 52.620, -1.110, 52.630).difference(shapely.box(-1.117, 52.623, -1.113, 52.627))
TWO = {"HS1": CLOCK, "HS2": MARKET}
KML = """<?xml version="1.0" encoding="{encoding}"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document>
<Placemark><name>Clock Tower</name><ExtendedData><Data name="code"><value>HS1</value></Data></ExtendedData>{polygon}</Placemark>
<Folder><name>East</name><Folder><name>Inner</name>
<Placemark><name>Market</name><ExtendedData><Data name="code"><value>HS2</value></Data></ExtendedData>
<MultiGeometry>{polygon}<Point><coordinates>-1.135,52.625</coordinates></Point></MultiGeometry></Placemark></Folder>
<Placemark><name>A pin</name><Point><coordinates>-1.135,52.625</coordinates></Point></Placemark></Folder>
</Document></kml>"""
KML_RING = (
    "<Polygon><outerBoundaryIs><LinearRing><coordinates>-1.14,52.62,7 -1.13,52.62,7 -1.13,52.63,7 -1.14,52.63,7 -1.14,52.62,7"
    "</coordinates></LinearRing></outerBoundaryIs></Polygon>"
)


def moved(shape: BaseGeometry, code: int) -> BaseGeometry:
    """The same place in another coordinate system."""
    change = Transformer.from_crs(4326, code, always_xy=True)
    return shapely.transform(shape, lambda p: np.column_stack(change.transform(p[:, 0], p[:, 1])))


def save(path: Path, shapes: dict[str, BaseGeometry], crs: str | None = "EPSG:4326", **more: Any) -> Path:
    """A file that GDAL writes: the codes and shapes given, names of them, in the format of the file's name."""
    codes = np.array(list(shapes), dtype=object)
    names = np.array([f"Place {code}" for code in shapes], dtype=object)
    wkb = np.array([shapely.to_wkb(shape, flavor="iso") for shape in shapes.values()], dtype=object)
    kind = more.pop("geometry_type", None) or next(iter(shapes.values())).geom_type
    write(path, wkb, [codes, names], fields=["code", "name"], geometry_type=kind, crs=crs, **more)
    return path


def shapefile(folder: Path, shapes: dict[str, BaseGeometry], stem: str = "spots", **more: Any) -> dict[str, bytes]:
    folder.mkdir(exist_ok=True)
    save(folder / f"{stem}.shp", shapes, **more)
    return {path.name: path.read_bytes() for path in folder.glob(f"{stem}.*")}


def zipped(path: Path, files: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return path


def same_place(found: BaseGeometry, wanted: BaseGeometry) -> bool:
    """The same within a ten-thousandth of its size: a conversion there and back costs a centimetre."""
    return found.is_valid and found.symmetric_difference(wanted).area < 1e-4 * wanted.area


@pytest.mark.parametrize(
    ("kind", "code"), [("gpkg", 4326), ("gpkg", 27700), ("gpkg", 3857), ("gpkg", 4277), ("shp", 27700), ("shp", 2154)]
)
def test_any_coordinate_system_with_a_code_comes_out_in_the_same_place(tmp_path, kind, code):
    shapes = {name: moved(shape, code) for name, shape in TWO.items()}
    if kind == "gpkg":
        path = save(tmp_path / "spots.gpkg", shapes, f"EPSG:{code}")
    else:
        path = zipped(tmp_path / "spots.zip", shapefile(tmp_path / "s", shapes, crs=f"EPSG:{code}"))
    found = read_boundaries(path)
    assert [(b.code, b.name) for b in found] == [("HS1", "Place HS1"), ("HS2", "Place HS2")]
    assert all(same_place(b.polygon, TWO[b.code]) for b in found)
    assert any("converted" in note for note in found.notes) == (code != 4326)


def test_geojson_names_its_system_in_any_of_the_usual_ways(tmp_path):
    for name in ("EPSG:2154", "urn:ogc:def:crs:EPSG::2154", "http://www.opengis.net/def/crs/EPSG/0/2154"):
        feature = {"type": "Feature", "properties": {"code": "HS1", "name": "x"}}
        feature["geometry"] = json.loads(shapely.to_geojson(moved(CLOCK, 2154)))
        document = {"type": "FeatureCollection", "features": [feature]}
        (tmp_path / "a.geojson").write_text(
            json.dumps(document | {"crs": {"type": "name", "properties": {"name": name}}})
        )
        assert same_place(read_boundaries(tmp_path / "a.geojson")[0].polygon, CLOCK)


def test_without_a_system_metres_are_refused_until_one_is_named(tmp_path):
    path = save(tmp_path / "l.gpkg", {"HS1": moved(CLOCK, 2154)}, None)
    with pytest.raises(LoadRefused, match=r"names no coordinate system.*--crs EPSG:2154"):
        read_boundaries(path)
    found = read_boundaries(path, crs="2154")
    assert same_place(found[0].polygon, CLOCK)
    degrees = read_boundaries(save(tmp_path / "d.gpkg", TWO, None))
    assert same_place(degrees[0].polygon, CLOCK)
    grid = read_boundaries(save(tmp_path / "g.gpkg", {"HS1": moved(CLOCK, 27700)}, None))
    assert same_place(grid[0].polygon, CLOCK)
    assert any("British National Grid" in note for note in grid.notes)


@pytest.mark.parametrize(
    "crs", ["9999", "EPSG:5703", "/etc/hostname", "+proj=merc +nadgrids=/etc/hostname", "EPSG:4978"]
)
def test_what_is_no_coordinate_system_of_maps_is_refused(tmp_path, crs):
    with pytest.raises(LoadRefused, match=r"coordinate system|no system of places"):
        read_boundaries(save(tmp_path / "a.gpkg", TWO), crs=crs)


def test_a_system_that_cannot_be_the_coordinates_own_is_refused(tmp_path):
    with pytest.raises(LoadRefused, match=r"EPSG:4326.* in degrees.*are not"):
        read_boundaries(save(tmp_path / "a.gpkg", {"HS1": moved(CLOCK, 27700)}), crs="EPSG:4326")
    with pytest.raises(LoadRefused, match=r"EPSG:27700.*look like degrees"):
        read_boundaries(save(tmp_path / "b.gpkg", TWO), crs="27700")
    wrong = read_boundaries(save(tmp_path / "c.gpkg", {"HS1": moved(CLOCK, 27700)}, "EPSG:2154"), crs="27700")
    assert same_place(wrong[0].polygon, CLOCK)
    assert any("names the coordinate system EPSG:2154; EPSG:27700 was used" in note for note in wrong.notes)


def test_a_shapefile_system_without_a_code_is_refused_until_one_is_named(tmp_path):
    files = shapefile(tmp_path / "s", {"HS1": moved(CLOCK, 2154)}, crs="EPSG:2154")
    files["spots.prj"] = CRS("+proj=laea +lat_0=10 +lon_0=3").to_wkt("WKT1_ESRI").encode()
    path = zipped(tmp_path / "own.zip", files)
    with pytest.raises(LoadRefused, match="no code that is known"):
        read_boundaries(path)
    assert same_place(read_boundaries(path, crs="2154")[0].polygon, CLOCK)


def test_a_layer_is_taken_where_only_one_has_polygons_and_named_where_several_have(tmp_path):
    path = save(tmp_path / "a.gpkg", TWO, layer="spots")
    save(path, {"P": shapely.Point(-1.1, 52.6)}, layer="labels")
    found = read_boundaries(path)
    assert len(found) == 2
    assert any("Only the layer spots is read; left aside: labels" in note for note in found.notes)
    save(path, {"OLD": CLOCK}, layer="old spots")
    with pytest.raises(LoadRefused, match=r"--sheet.*Layers: spots, labels, old spots"):
        read_boundaries(path)
    assert [b.code for b in read_boundaries(path, sheet="old spots")] == ["OLD"]
    with pytest.raises(LoadRefused, match="no layer “new”"):
        read_boundaries(path, sheet="new")


def test_a_layer_without_features_is_refused(tmp_path):
    path = tmp_path / "e.gpkg"
    write(path, np.array([], dtype=object), [np.array([], dtype=object)], fields=["code"], geometry_type="Polygon",
          crs="EPSG:4326")  # fmt: skip
    with pytest.raises(LoadRefused, match="no features"):
        read_boundaries(path)


def test_heights_measures_and_curves_become_plain_polygons(tmp_path):
    measured = shapely.from_wkt("POLYGON M ((0 50 1, 1 50 1, 1 51 1, 0 50 1))")
    for shape in (shapely.force_3d(CLOCK, 80), measured):
        polygon = read_boundaries(save(tmp_path / f"{shape.has_m}.gpkg", {"A": shape}))[0].polygon
        assert (polygon.has_z, polygon.has_m) == (False, False)
    path = save(tmp_path / "c.gpkg", {"A": CLOCK}, geometry_type="Unknown")
    with_circle(path)
    # A circle of 0.01 degrees about (-1.13, 52.62), in flat degrees.
    assert read_boundaries(path)[0].polygon.area == pytest.approx(np.pi * 1e-4, rel=2e-3)


def with_circle(path: Path) -> None:
    """The GeoPackage's only geometry made a CURVEPOLYGON of one circular string: no Python library writes one."""
    around = struct.pack("<10d", -1.14, 52.62, -1.13, 52.61, -1.12, 52.62, -1.13, 52.63, -1.14, 52.62)
    curve = struct.pack("<BII", 1, 10, 1) + struct.pack("<BII", 1, 8, 5) + around
    with sqlite3.connect(path) as db:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            db.create_function(name, 1, lambda _: 0.0)
        db.execute("update c set geom = ?", (b"GP\0\1" + struct.pack("<i", 4326) + curve,))


def test_broken_polygons_are_repaired_or_rejected_by_name(tmp_path):
    bow = shapely.Polygon([(-1.1, 52.6), (-1.09, 52.61), (-1.09, 52.6), (-1.1, 52.61)])
    flat = shapely.Polygon([(-1.1, 52.6), (-1.0, 52.6), (-1.1, 52.6)])
    far = shapely.box(1e300, 1e300, 2e300, 2e300)
    rng = np.random.default_rng(5)
    tangle = shapely.Polygon(rng.uniform((-1.1, 52.6), (-1.0, 52.7), (400, 2)))
    found = read_boundaries(save(tmp_path / "a.gpkg", {"OK": CLOCK, "BOW": bow, "FLAT": flat, "FAR": far, "TANGLE": tangle,
                                                       "OK2": MARKET}))  # fmt: skip
    assert [b.code for b in found] == ["OK", "BOW", "OK2"]
    assert found[1].polygon.area == pytest.approx(0.01 * 0.01 / 2)
    assert "Feature 2 (BOW Place BOW): the boundary crossed itself" in found[1].notes[0]
    assert found[1].notes[0] in found.notes
    assert not found[0].notes
    reasons = {row["row_number"]: row["reason"] for row in found.rejected}
    assert found.read == 6
    assert "(FLAT Place FLAT)" in reasons[3]
    assert "not longitudes and latitudes" in reasons[4]
    assert "too tangled" in reasons[5]


def test_a_tangle_of_several_parts_is_left_alone_and_two_parts_that_overlap_are_one():
    rng = np.random.default_rng(6)
    tangle = shapely.Polygon(rng.uniform((-1.1, 52.6), (-1.0, 52.7), (400, 2)))
    assert "too tangled" in polygon_of(shapely.MultiPolygon([tangle, CLOCK]), None).problem
    made = polygon_of(shapely.MultiPolygon([CLOCK, shapely.affinity.translate(CLOCK, 0.005)]), None)
    assert made.shape.area == pytest.approx(0.015 * 0.01)
    assert polygon_of(shapely.GeometryCollection([CLOCK, shapely.Point(0, 0)]), None).shape.equals(CLOCK)


def test_a_boundary_with_few_slips_is_repaired_however_long_it_is():
    angle = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * 0.01
    ring[[100, 105]] = ring[[105, 100]]
    made = polygon_of(shapely.Polygon(ring), None)
    assert made.repaired
    assert made.shape.area == pytest.approx(np.pi * 1e-4, rel=1e-3)
    assert MAX_MEETINGS >= 100


def test_shapefiles_lie_anywhere_in_the_zip_and_may_lack_what_can_be_done_without(tmp_path):
    files = shapefile(tmp_path / "s", TWO)
    path = tmp_path / "spots.zip"
    for left_out in ("", ".shx", ".prj"):
        some = {
            f"from GIS/2024/{name}": data for name, data in files.items() if not left_out or not name.endswith(left_out)
        }
        found = read_boundaries(zipped(path, some | {"__MACOSX/._spots.shp": b"x", "read me.txt": b"x"}))
        assert [b.code for b in found] == ["HS1", "HS2"], left_out
        assert any("no .prj" in note for note in found.notes) == (left_out == ".prj")
    with pytest.raises(LoadRefused, match=r"no \.dbf"):
        read_boundaries(zipped(path, {name: data for name, data in files.items() if not name.endswith(".dbf")}))


def test_names_in_welsh_survive_a_shapefile_with_and_without_its_code_page(tmp_path):
    files = shapefile(tmp_path / "s", {"Tŷ 1": CLOCK}, encoding="UTF-8")
    for some in (files, {name: data for name, data in files.items() if not name.endswith(".cpg")}):
        assert read_boundaries(zipped(tmp_path / "a.zip", some))[0].name == "Place Tŷ 1"
    latin = shapefile(tmp_path / "l", {"Café": CLOCK}, encoding="ISO-8859-1")
    latin.pop("spots.cpg", None)
    assert read_boundaries(zipped(tmp_path / "b.zip", latin))[0].code == "Café"


def test_of_several_shapefiles_one_is_chosen(tmp_path):
    files = shapefile(tmp_path / "s", TWO) | shapefile(tmp_path / "o", {"OLD": CLOCK}, "old")
    path = zipped(tmp_path / "a.zip", files)
    with pytest.raises(LoadRefused, match=r"several files of boundaries: spots, old.*--sheet"):
        read_boundaries(path)
    assert [b.code for b in read_boundaries(path, sheet="old")] == ["OLD"]


def test_a_number_as_code_keeps_no_decimals(tmp_path):
    write(tmp_path / "n.gpkg", np.array([shapely.to_wkb(CLOCK)], dtype=object), [np.array([7.0]), np.array(["x"], dtype=object)],
          fields=["code", "name"], geometry_type="Polygon", crs="EPSG:4326")  # fmt: skip
    assert read_boundaries(tmp_path / "n.gpkg")[0].code == "7"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_kml_in_folders_within_folders_and_as_kmz(tmp_path, encoding):
    """GDAL goes folder by folder, so the pin of the outer folder comes before the polygon of the inner one."""
    text = KML.format(encoding=encoding.upper(), polygon=KML_RING).encode(encoding)
    (tmp_path / "a.kml").write_bytes(text)
    for path in (tmp_path / "a.kml", zipped(tmp_path / "a.kmz", {"doc.kml": text, "files/pin.png": b"x"})):
        found = read_boundaries(path)
        assert [(b.code, b.name) for b in found] == [("HS1", "Clock Tower"), ("HS2", "Market")]
        assert all(same_place(b.polygon, CLOCK) for b in found)
        assert "Placemarks are counted folder by folder." in found.notes
        assert [row["reason"] for row in found.rejected] == [
            "Feature 2 (A pin): A polygon is needed; the feature is Point."
        ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (KML.replace("<kml ", '<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/hostname">]><kml '), "document type"),
        (KML[:300], "cut off"),
        ("<gpx></gpx>", "not KML"),
        ("<kml><Document/></kml>", "no placemarks"),
        ("SQLite format 3\0" + "x" * 5000, "damaged, or no GeoPackage"),
        ("PK\3\4" + "x" * 500, "damaged"),
    ],
)
def test_what_is_damaged_or_something_else_is_refused(tmp_path, content, said):
    (tmp_path / "a.kml").write_text(content.replace("{polygon}", KML_RING).replace("{encoding}", "UTF-8"))
    with pytest.raises(LoadRefused, match=said):
        read_boundaries(tmp_path / "a.kml")


def test_a_database_that_is_no_geopackage_and_one_cut_off_are_refused(tmp_path):
    with sqlite3.connect(tmp_path / "plain.gpkg") as db:
        db.execute("create table t (code text)")
    (tmp_path / "cut.gpkg").write_bytes(save(tmp_path / "whole.gpkg", TWO).read_bytes()[:9000])
    for name in ("plain.gpkg", "cut.gpkg"):
        with pytest.raises(LoadRefused, match=f"{name} cannot be read as boundaries") as refusal:
            read_boundaries(tmp_path / name)
        assert "/tmp" not in str(refusal.value)


def hostile_zips(good: dict[str, bytes]) -> dict[str, tuple[dict[str, bytes], str]]:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as out:
        out.writestr("a.geojson", "{}")
    return {
        "climbs": (good | {"../../evil.shp": b"x"}, "outside the zip"),
        "climbs back": (good | {"..\\evil.shp": b"x"}, "outside the zip"),
        "absolute": (good | {"/etc/evil.shp": b"x"}, "outside the zip"),
        "drive": (good | {"C:/evil.shp": b"x"}, "outside the zip"),
        "bomb": (good | {"zeros.bin": b"\0" * (40 << 20)}, "200 times"),
        "many": ({f"{i}.txt": b"" for i in range(1001)}, "1,001 files"),
        "zip in a zip": ({"a.geojson": inner.getvalue()}, "zip in a zip"),
        "nothing": ({"read me.txt": b"x"}, "no boundaries"),
        "cut shapefile": (good | {"spots.shp": good["spots.shp"][:120], "spots.shx": b""}, "cannot be read"),
    }


@pytest.mark.parametrize("which", hostile_zips({"spots.shp": b""}))
def test_zips_made_to_do_harm_are_refused_and_leave_nothing_behind(tmp_path, which):
    files, said = hostile_zips(shapefile(tmp_path / "s", TWO))[which]
    (tmp_path / "in").mkdir()
    path = zipped(tmp_path / "in" / "a.zip", files)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LoadRefused, match=said):
        read_boundaries(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_zip_with_a_password_is_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", {"a.geojson": b"{}"})
    data = bytearray(path.read_bytes())
    for head, flag in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # general purpose bit 0: encrypted
        data[data.index(head) + flag] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(LoadRefused, match="password"):
        read_boundaries(path)


def test_a_name_like_an_address_is_only_a_name(tmp_path):
    for name in ("http:example.gpkg", "GPKG:a.gpkg:layer", "vsicurl.zip"):
        assert len(read_boundaries(save(tmp_path / "a.gpkg", TWO).rename(tmp_path / name))) == 2
    for path in ("/vsicurl/http://127.0.0.1/a.gpkg", "http://127.0.0.1/a.geojson", "/vsizip/a.zip"):
        with pytest.raises(LoadRefused, match="no file"):
            read_boundaries(path)


def in_worker(*arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"]} | gdal_worker.SETTINGS
    done = subprocess.run(
        [sys.executable, "-I", *arguments], capture_output=True, env=environment, text=True, timeout=60
    )
    return done.stdout


def test_gdal_has_three_formats_only():
    """A newer wheel with a format more must not bring it in unnoticed."""
    drivers = in_worker("-c", "import pyogrio, json; print(json.dumps(sorted(pyogrio.list_drivers())))")
    assert set(json.loads(drivers)) == gdal_worker.DRIVERS


def test_gdal_reaches_no_address_even_when_it_is_asked_to():
    reached: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    reached.append(connection.recv(200))
                    connection.sendall(b"heard")

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        port = server.getsockname()[1]
        for prefix in ("/vsicurl/", "/vsizip/vsicurl/", ""):
            said = json.loads(in_worker(gdal_worker.__file__, f"{prefix}http://127.0.0.1:{port}/a.gpkg", "", "one"))
            assert "problem" in said
        with socket.create_connection(("127.0.0.1", port)) as mine:
            mine.sendall(b"from the test itself")
            assert mine.recv(5) == b"heard"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(30)
    assert reached == [b"from the test itself"]


def test_every_format_loads_through_the_door_as_geojson_does(door, tmp_path):
    shapes = {"HS1": CLOCK, "HS2": MARKET, "HS3": shapely.box(-1.09, 52.60, -1.08, 52.61)}
    packed = zipped(tmp_path / "s.zip", shapefile(tmp_path / "s", shapes))
    for path in (save(tmp_path / "n.gpkg", {k: moved(v, 27700) for k, v in shapes.items()}, "EPSG:27700"), packed):
        result = door.load("hot-spots", path.read_bytes(), path.name)
        assert (result.read, result.loaded, result.rejected) == (3, 3, 0)
        rows = door.rows(s.area)
        assert rows["code"].tolist() == ["HS1", "HS2", "HS3"]
        assert all(
            same_place(shapely.from_geojson(json.dumps(g)), shapes[c])
            for c, g in zip(rows["code"], rows["geometry"], strict=True)
        )


@pytest.mark.skipif(not (SHARED / "boundaries").is_dir(), reason="the real boundaries are not on this machine")
def test_real_boundaries_of_nottingham_and_london():
    folder = SHARED / "boundaries"
    wards = read_boundaries(folder / "nottingham_wards.gpkg")
    old = read_boundaries(folder / "wards_nottingham_E06000018.json")
    assert (len(wards), len(old)) == (20, 20)
    assert {"Aspley", "Bulwell"} <= {b.name for b in wards} & {b.name for b in old}
    # Two editions of one city: the boundary moved in 2018, the city did not.
    city, then = (shapely.union_all([b.polygon for b in spots]) for spots in (wards, old))
    assert city.symmetric_difference(then).area < 0.01 * city.area
    boroughs = read_boundaries(folder / "london_boroughs.gpkg")
    assert len(boroughs) == 33
    at_westminster = [b.name for b in boroughs if b.polygon.contains(shapely.Point(-0.1276, 51.5072))]
    assert at_westminster == ["Westminster"]

"""Boundaries made to exhaust whoever reads them: computed layers, answers without end, areas in heaps."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyogrio.raw import write

from data_access.loading import LoadRefused, boundary_limits, gdal_process, gdal_worker
from data_access.loading.boundary_files import read_boundaries

BOX = shapely.box(-1.14, 52.62, -1.13, 52.63)


def geopackage(path: Path, statement: str = "") -> Path:
    """One boundary in a layer called places; with ``statement``, also what the attacker adds."""
    fields = [np.array(["HS1"], dtype=object), np.array(["Clock"], dtype=object)]
    write(path, np.array([shapely.to_wkb(BOX)], dtype=object), fields, fields=["code", "name"], layer="places",
          geometry_type="Polygon", crs="EPSG:4326", driver="GPKG")  # fmt: skip
    if statement:
        with sqlite3.connect(path) as conn:
            conn.executescript(statement)
        conn.close()
    return path


REGISTER = (
    "insert into gpkg_contents (table_name, data_type, identifier, srs_id) values ('bomb', 'features', 'bomb', 4326);"
    "insert into gpkg_geometry_columns values ('bomb', 'geom', 'POLYGON', 4326, 0, 0);"
    "delete from gpkg_contents where table_name = 'places';"
)
VIEWS = {
    "long": "create view bomb as select fid, geom, hex(zeroblob(60000000)) as code, name from places;",
    "endless": "create view bomb as with recursive n(i) as (select 1 union all select i + 1 from n) "
    "select i as fid, null as geom, 'c' as code, 'n' as name from n;",
}


@pytest.mark.parametrize("which", VIEWS)
def test_a_layer_that_is_a_view_is_refused_without_being_read(tmp_path, which):
    path = geopackage(tmp_path / "a.gpkg", VIEWS[which] + REGISTER)
    with pytest.raises(LoadRefused, match="“bomb” in it is a view, not a table"):
        read_boundaries(path)


def test_a_view_beside_the_layer_changes_nothing_until_it_is_asked_for(tmp_path):
    path = geopackage(tmp_path / "a.gpkg", "create view spatial_ref_sys as select * from gpkg_spatial_ref_sys;")
    assert [found.code for found in read_boundaries(path)] == ["HS1"]
    with pytest.raises(LoadRefused, match="is a view"):
        read_boundaries(path, sheet="spatial_ref_sys")


def test_an_answer_that_is_too_long_is_not_taken_in(tmp_path, monkeypatch):
    monkeypatch.setattr(gdal_process, "MOST_SAID", 100)
    with pytest.raises(LoadRefused, match="unpacks to more than boundaries may"):
        read_boundaries(geopackage(tmp_path / "a.gpkg"))


def test_what_computes_too_long_is_stopped_and_said(tmp_path, monkeypatch):
    endless = tmp_path / "endless.py"
    endless.write_text("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass\n")
    monkeypatch.setattr(gdal_worker, "__file__", str(endless))
    with pytest.raises(LoadRefused, match="takes longer than"):
        read_boundaries(geopackage(tmp_path / "a.gpkg"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux tells a process of its parent's end")
def test_the_reader_dies_with_whoever_started_it():
    worker = (
        "import sys, os; sys.path.insert(0, sys.argv[1]); import gdal_worker; gdal_worker._die_with(int(sys.argv[2]));"
        "print(os.getpid(), flush=True); sys.stdin.read()"
    )
    parent = (
        "import subprocess, sys, os; subprocess.Popen([sys.executable, '-c', sys.argv[1], sys.argv[2], str(os.getpid())],"
        "stdin=subprocess.PIPE); sys.stdin.read()"
    )
    folder = str(Path(gdal_worker.__file__).parent)
    with subprocess.Popen(
        [sys.executable, "-c", parent, worker, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        child = int(started.stdout.readline())
        started.kill()
        # The pipe that both write to ends when the last of them is gone.
        assert started.stdout.read() == ""
    assert not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes()


def test_folders_of_readers_that_were_killed_are_removed_at_the_next_use(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, new = tmp_path / f"{gdal_process.FOLDER}old", tmp_path / f"{gdal_process.FOLDER}new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "boundaries.gpkg").write_bytes(b"x")
    os.utime(old, (time.time() - 3600,) * 2)
    read_boundaries(geopackage(tmp_path / "a.gpkg"))
    assert [path.name for path in tmp_path.glob(f"{gdal_process.FOLDER}*")] == [new.name]


def features(tmp_path: Path, shapes: list[shapely.Polygon]) -> Path:
    path = tmp_path / "spots.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"code": f"H{i}", "name": f"Place {i}"}, "geometry": shapely.geometry.mapping(s)}
        for i, s in enumerate(shapes)
    ]}))  # fmt: skip
    return path


@pytest.mark.parametrize("count", [41, 3_000])
def test_areas_in_a_heap_are_refused_naming_two(tmp_path, count):
    round_ones = shapely.buffer(shapely.points(-1.13 + np.arange(count) * 1e-6, 52.63), 0.01, quad_segs=15)
    with pytest.raises(
        LoadRefused, match=r"over 40 areas lie over one another, such as Feature \d+ \(H\d+ Place \d+\) and"
    ):
        read_boundaries(features(tmp_path, list(round_ones)))


def test_areas_side_by_side_and_a_few_over_one_another_are_read(tmp_path):
    tiles = [shapely.box(-1.2 + x / 1000, 52.6 + y / 1000, -1.199 + x / 1000, 52.601 + y / 1000)
             for x in range(30) for y in range(30)]  # fmt: skip
    heap = [shapely.box(-1.2, 52.6, -1.17, 52.63 + i / 1000) for i in range(30)]
    assert len(read_boundaries(features(tmp_path, tiles + heap))) == 930


def test_too_many_areas_or_positions_are_refused(tmp_path, monkeypatch):
    path = features(tmp_path, [BOX, shapely.box(-1.0, 52.62, -0.99, 52.63)])
    monkeypatch.setattr(boundary_limits, "MOST_POSITIONS", 9)
    with pytest.raises(LoadRefused, match="10 positions in all; at most 9"):
        read_boundaries(path)
    monkeypatch.setattr(boundary_limits, "MOST_AREAS", 1)
    with pytest.raises(LoadRefused, match="2 areas; at most 1"):
        read_boundaries(path)

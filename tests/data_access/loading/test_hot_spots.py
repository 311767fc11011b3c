"""Boundaries: what is recognised, what is refused, and that replacing them keeps everything else pointing right."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import shape

from data_access import schema as s
from data_access.loading import LoadRefused
from data_access.placement import NOWHERE, place
from tests.data_access.loading.conftest import HOT_SPOTS, collection, square

CRIMES = "crime_ref,occurred_from,offence_group,longitude,latitude\nA,2023-02-01 10:00,Theft,-1.130,52.630\nB,2023-02-02 10:00,Theft,-1.110,52.640\n"
PLAN = "date,hot_spot,provider,planned_minutes\n2023-02-01,HS1,outreach,40\n"


def placed(door) -> dict[str, str | None]:
    codes = dict(door.rows(s.area)[["id", "code"]].itertuples(index=False, name=None))
    return {row.reference: codes.get(row.area_id) for row in door.rows(s.crime).itertuples()}


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def document(*features, **extra) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features), **extra})


def test_areas_are_numbered_in_file_order_with_their_size(door):
    rows = door.rows(s.area)
    assert rows["code"].tolist() == ["HS1", "HS2", "HS3"]
    assert rows["position"].tolist() == [1, 2, 3]
    # 0.004 degrees each way at 52.63 north: about 271 by 445 metres.
    assert rows["area_m2"].iloc[0] == pytest.approx(271 * 445, rel=0.01)


@pytest.mark.parametrize(
    ("properties", "options", "code", "name"),
    [
        ({"WD13CD": "E05", "WD13CDO": "00F", "WD13NM": "Abbey"}, {}, "E05", "Abbey"),
        ({"Hot Spot Code": 7, "Hot-Spot Name": " Clock  Tower "}, {}, "7", "Clock Tower"),
        ({"x": "A1", "y": "Place"}, {"code_property": "X", "name_property": "y"}, "A1", "Place"),
    ],
)
def test_code_and_name_are_recognised_or_given(door, properties, options, code, name):
    door.load("hot-spots", document(feature(square(-1.1, 52.6), **properties)), "a.geojson", **options)
    assert door.rows(s.area)[["code", "name"]].to_numpy().tolist() == [[code, name]]


def test_national_grid_boundaries_become_longitude_and_latitude(door):
    ring = [[458000, 304000], [458400, 304000], [458400, 304400], [458000, 304400], [458000, 304000]]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    content = document(feature({"type": "Polygon", "coordinates": [ring]}, code="A", name="A"))
    named = document(feature({"type": "Polygon", "coordinates": [ring]}, code="A", name="A"), crs=crs)
    for text in (content, named):
        door.load("hot-spots", text, "grid.geojson")
        geometry = shape(door.rows(s.area)["geometry"].iloc[0])
        middle = Transformer.from_crs(27700, 4326, always_xy=True).transform(458200, 304200)
        assert (geometry.centroid.x, geometry.centroid.y) == pytest.approx(middle, abs=1e-5)
        assert door.rows(s.area)["area_m2"].iloc[0] == pytest.approx(160_000, rel=0.002)


def test_features_that_are_no_usable_polygon_are_rejected_one_by_one(door):
    bowtie = {
        "type": "Polygon",
        "coordinates": [[[-1.1, 52.6], [-1.09, 52.61], [-1.09, 52.6], [-1.1, 52.61], [-1.1, 52.6]]],
    }
    content = document(
        feature(square(-1.1, 52.6), code="A", name="A"), feature({"type": "Point", "coordinates": [-1.1, 52.6]}, code="B", name="B"),
        feature(square(-1.1, 52.6), code="A", name="again"), feature(None, code="C", name="C"),
        feature({"type": "Polygon", "coordinates": [[[-1.1, 52.6], ["x", 1]]]}, code="D", name="D"),
        feature(square(-1.1, 52.6), code="E"), feature(bowtie, code="F", name="F"),
        feature(square(-1.1, 52.7), code="G", name="G", active_from="soon"), 7,
    )  # fmt: skip
    result = door.load("hot-spots", content, "a.geojson")
    assert (result.read, result.loaded, result.rejected) == (9, 2, 7)
    assert door.rows(s.area)["code"].tolist() == ["A", "F"]
    assert any("crossed itself" in note and "Feature 7" in note for note in result.notes)
    kept = door.rows(s.reject)
    assert kept["row_number"].tolist() == [2, 3, 4, 5, 6, 8, 9]
    assert json.loads(kept["raw"].iloc[0])["properties"]["code"] == "B"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not GeoJSON"),
        ("[]", "FeatureCollection"),
        (document(), "no features"),
        (HOT_SPOTS[:-40], "cut off"),
        (document(feature(square(-1.1, 52.6), one="A", two="B")), "--code-property"),
        (document(feature(square(52.6, -1.1), code="A", name="A")), "swapped"),
        (document(feature(square(900000, 52.6, 10), code="A", name="A")), "neither degrees nor"),
        (
            document(feature(square(-1.1, 52.6), code="A", name="A"), crs={"properties": {"name": "EPSG:3857"}}),
            "EPSG:3857",
        ),
        (document(feature(None, code="A", name="A")), "every one of its 1 rows was rejected"),
    ],
)
def test_boundaries_that_cannot_be_used_are_refused_and_change_nothing(door, content, said):
    before = door.everything()
    with pytest.raises(LoadRefused, match=said):
        door.load("hot-spots", content, "bad.geojson")
    assert door.everything() == before


def test_replacing_boundaries_keeps_ids_and_places_crimes_again(door):
    door.load("crimes", CRIMES)
    assert placed(door) == {"A": "HS1", "B": "HS3"}
    ids = door.rows(s.area).set_index("code")["id"]
    moved = collection(HS2=square(-1.130, 52.630), HS1=square(-1.150, 52.650), NEW=square(-1.110, 52.640))
    result = door.load("hot-spots", moved, "moved.geojson")
    assert result.status == "replaced"
    assert result.difference["added"] == ["NEW"]
    assert result.difference["removed"] == ["HS3"]
    assert sorted(result.difference["changed"]) == ["HS1", "HS2"]
    now = door.rows(s.area).set_index("code")
    assert (now.loc["HS1", "id"], now.loc["HS2", "id"]) == (ids["HS1"], ids["HS2"])
    assert now.sort_values("position").index.tolist() == ["HS2", "HS1", "NEW"]
    assert placed(door) == {"A": "HS2", "B": "NEW"}


def test_crimes_loaded_before_any_boundary_are_placed_when_it_comes(bare):
    from tests.data_access.loading.conftest import PROGRAMME

    bare.load("programme", PROGRAMME, "programme.toml")
    bare.load("crimes", CRIMES)
    assert placed(bare) == {"A": None, "B": None}
    bare.load("hot-spots", HOT_SPOTS, "spots.geojson")
    assert placed(bare) == {"A": "HS1", "B": "HS3"}
    assert bare.rows(s.crime)["placement"].tolist() == ["inside", "inside"]


def test_a_hot_spot_that_plans_refer_to_cannot_vanish(door):
    door.load("plan", PLAN)
    before = door.everything()
    with pytest.raises(LoadRefused, match=r"HS1 \(1 plan row\)"):
        door.load("hot-spots", collection(HS2=square(-1.12, 52.635)), "less.geojson")
    assert door.everything() == before


def test_visits_follow_the_boundaries(door):
    pytest.importorskip("data_access.dosage")
    times = [f"2023-02-13T14:{m:02d}:00Z" for m in range(20)]
    door.load(
        "pings", "device,time,lon,lat,provider,team\n" + "".join(f"d,{t},-1.13,52.63,outreach,A\n" for t in times)
    )
    assert len(door.rows(s.visit)) == 1
    door.load(
        "hot-spots",
        collection(HS1=square(-1.2, 52.7), HS2=square(-1.12, 52.635), HS3=square(-1.11, 52.64)),
        "m.geojson",
    )
    assert len(door.rows(s.visit)) == 0


def test_points_in_several_boundaries_count_in_the_first_and_the_load_says_so(door):
    door.load("hot-spots", collection(B=square(-1.13, 52.63), A=square(-1.13, 52.63, 0.01)), "overlap.geojson")
    result = door.load("crimes", CRIMES)
    assert placed(door)["A"] == "B"
    assert any("more than one boundary" in note and "1 row" in note for note in result.notes)


def test_point_in_polygon_agrees_with_shapely_one_by_one():
    rng = np.random.default_rng(7)
    star = shapely.Polygon([(np.cos(a) * r, np.sin(a) * r) for a, r in
                            zip(np.linspace(0, 6.2, 40), rng.uniform(0.3, 1, 40), strict=True)])  # fmt: skip
    ring = shapely.Point(1.2, 0).buffer(0.8).difference(shapely.Point(1.2, 0).buffer(0.3))
    both = shapely.MultiPolygon([shapely.box(-2, -2, -1.5, -1.5), shapely.box(1.5, 1.5, 2, 2)])
    polygons = [star, ring, both]
    x, y = rng.uniform(-2.1, 2.1, (2, 4000))
    x[:3], y[:3] = [-2, np.nan, 1.5], [-2, 0, 1.7]  # a corner, nowhere, an edge
    found = place(x, y, polygons)
    for i, point in enumerate(shapely.points(x, y)):
        inside = [k for k, polygon in enumerate(polygons) if not np.isnan(x[i]) and polygon.intersects(point)]
        assert found.index[i] == (inside[0] if inside else NOWHERE)
    assert found.index[0] == found.index[2] == 2
    assert found.shared > 0

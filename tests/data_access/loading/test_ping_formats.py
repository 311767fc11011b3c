"""The same pings in every form trackers write them: what is read is the same, and what was assumed is said."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from data_access.loading import LoadRefused
from data_access.loading.mapping import Mapping, parse_mapping
from data_access.loading.pings import each_batch

TODAY = date(2024, 3, 1)
FIRST = 1_676_296_800_000  # 13 February 2023, 14:00 in London and UTC
STEP = 10_000
PLACES = [(-1.13, 52.63), (-1.1301, 52.6301), (-1.1302, 52.6302)]


def write(tmp_path, content: str | bytes, name: str = "pings.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path, mapping: Mapping | None = None, **options):
    file = each_batch(path, mapping, today=TODAY, **options)
    return file, list(file)


def pings_of(file, batches) -> list[tuple[str, int, float, float]]:
    return [
        (file.names.devices[d][1], t, x / 1e7, y / 1e7)
        for b in batches
        for d, t, x, y in zip(
            *(getattr(b.pings, n).tolist() for n in ("device", "t_ms", "lon_e7", "lat_e7")), strict=True
        )
    ]


EXPECTED = [("van 1", FIRST + STEP * i, *place) for i, place in enumerate(PLACES)]
FORMS = {
    "iso utc": [f"2023-02-13T14:00:{s:02d}Z" for s in (0, 10, 20)],
    "iso with an offset": [f"2023-02-13 16:00:{s:02d}+02:00" for s in (0, 10, 20)],
    "iso without a zone": [f"2023-02-13 14:00:{s:02d}" for s in (0, 10, 20)],
    "with thousandths": [f"2023-02-13T14:00:{s:02d}.000Z" for s in (0, 10, 20)],
    "with millionths": [f"2023-02-13T14:00:{s:02d}.000000" for s in (0, 10, 20)],
    "day first": [f"13/02/2023 14:00:{s:02d}" for s in (0, 10, 20)],
    "epoch seconds": [str(FIRST // 1000 + s) for s in (0, 10, 20)],
    "epoch milliseconds": [str(FIRST + s * 1000) for s in (0, 10, 20)],
    "epoch seconds with a point": [f"{FIRST // 1000 + s}.000" for s in (0, 10, 20)],
    "mixed": ["2023-02-13T14:00:00Z", "13/02/2023 14:00:10", str(FIRST // 1000 + 20)],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "names",
    ["device,time,lon,lat", "Unit,Fix Time,X,Y", "call-sign,GPS Timestamp,Long (deg),LAT", "tracker,ts,lng,latitude"],
)
def test_every_form_of_time_under_every_obvious_name(tmp_path, form, names):
    rows = "".join(f"van 1,{t},{x},{y}\n" for t, (x, y) in zip(FORMS[form], PLACES, strict=True))
    file, batches = read(write(tmp_path, f"{names}\n{rows}"))
    assert pings_of(file, batches) == EXPECTED
    assert any("without a zone" in note for note in file.notes) == (
        form in ("iso without a zone", "with millionths", "day first", "mixed")
    )
    unit = "milliseconds" if "milli" in form and "epoch" in form else "seconds"
    assert any(f"read as {unit} since 1970" in note for note in file.notes) == ("epoch" in form or form == "mixed")


@pytest.mark.parametrize(
    "dress",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").encode(),
        lambda text: text.replace(",", "|").encode(),
        lambda text: text.replace(",", ";").replace(".", ",").encode(),
        lambda text: "\n".join(",".join(f'"{c}"' for c in line.split(",")) for line in text.splitlines()).encode(),
        lambda text: text.replace("\n", ",\n").encode(),
        lambda text: text.replace("\n", ",,\n").replace("lat,,", "lat", 1).encode(),
        lambda text: ("\n\n" + text + "\n\n").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: gzip.compress(text.encode()),
    ],
    ids=["bom", "crlf", "cr", "semicolons", "tabs", "bars", "decimal commas", "quotes", "a comma more", "cells without a header",
         "blank lines", "no last line ending", "gzip"],
)  # fmt: skip
def test_every_dress_of_separated_text(tmp_path, dress):
    text = "device,time,lon,lat\n" + "".join(
        f"van 1,{t},{x},{y}\n" for t, (x, y) in zip(FORMS["iso utc"], PLACES, strict=True)
    )
    file, batches = read(write(tmp_path, dress(text)))
    assert pings_of(file, batches) == EXPECTED
    assert file.read == 3


def test_a_mapping_names_the_columns_and_says_what_the_file_does_not(tmp_path):
    mapping = parse_mapping(
        'provider = "outreach"\nteam = "A"\n[columns]\ntime = "Wann"\ndevice = "wer"\nlongitude = "Länge"\nlatitude = "breite"\n'
    )
    rows = "".join(f"van 1,{t},{x},{y},x\n" for t, (x, y) in zip(FORMS["iso utc"], PLACES, strict=True))
    file, batches = read(write(tmp_path, f"Wer,WANN,Länge,Breite,timestamp\n{rows}".encode("cp1252")), mapping)
    assert pings_of(file, batches) == EXPECTED
    assert file.names.devices == [("outreach", "van 1")]
    assert file.names.teams == [("outreach", "A")]
    assert any("time from “WANN”" in note for note in file.notes)


def test_a_mapping_that_names_a_column_the_file_lacks_is_refused(tmp_path):
    path = write(tmp_path, "device,time,lon,lat\nd,2023-02-13T14:00Z,-1.13,52.63\n")
    with pytest.raises(
        LoadRefused, match=r"no column “Fix”, which the mapping names for time\. Found: device, time, lon, lat"
    ):
        read(path, Mapping(columns={"time": "Fix"}))


def test_columns_that_nobody_recognises_are_refused_with_what_was_found(tmp_path):
    with pytest.raises(
        LoadRefused, match=r"no column device, time.*Found \(comma separated\): wer, wann, lon, lat.*--mapping"
    ):
        read(write(tmp_path, "wer,wann,lon,lat\nd,2023-02-13T14:00Z,-1.13,52.63\n"))


def test_the_number_of_a_row_is_no_tracker(tmp_path):
    """A column id mostly numbers the rows: as trackers, each ping would be its own and nobody would be anywhere."""
    with pytest.raises(LoadRefused, match="no column device"):
        read(write(tmp_path, "id,time,lon,lat\n1,2023-02-13T14:00Z,-1.13,52.63\n"))


def test_a_date_and_a_clock_in_two_columns(tmp_path):
    rows = "".join(f"van 1,13/02/2023,14:00:{10 * i:02d},{x},{y}\n" for i, (x, y) in enumerate(PLACES))
    file, batches = read(write(tmp_path, f"device,date,time,lon,lat\n{rows}"))
    assert pings_of(file, batches) == EXPECTED


def test_the_unit_of_numbers_is_one_for_a_column(tmp_path):
    rows = "".join(f"d,{t},-1.13,52.63\n" for t in (FIRST // 1000, FIRST // 1000 + 10, FIRST + 20_000))
    file, batches = read(write(tmp_path, f"device,time,lon,lat\n{rows}"))
    assert (file.loaded, file.rejected) == (2, 1)
    assert "in the future" in batches[-1].rejects[0].reason
    assert "Numbers of this column are seconds since 1970" in batches[-1].rejects[0].reason
    file, _ = read(tmp_path / "pings.csv", Mapping(time_unit="milliseconds"))
    assert (file.loaded, file.rejected) == (1, 2), "unless a mapping says otherwise"


@pytest.mark.parametrize("code", ["EPSG:27700", "EPSG:3857", "EPSG:2154", "EPSG:4277"])
def test_any_system_with_a_code(tmp_path, code):
    there = Transformer.from_crs("EPSG:4326", code, always_xy=True)
    rows = "".join(
        "van 1,{},{},{}\n".format(t, *there.transform(x, y)) for t, (x, y) in zip(FORMS["iso utc"], PLACES, strict=True)
    )
    file, batches = read(write(tmp_path, f"device,time,x,y\n{rows}"), Mapping(crs=code))
    for got, expected in zip(pings_of(file, batches), EXPECTED, strict=True):
        assert got[:2] == expected[:2]
        assert got[2:] == pytest.approx(expected[2:], abs=2e-5), "within 2 metres"
    assert any("Positions were converted from" in note for note in file.notes)


@pytest.mark.parametrize("names", ["easting,northing", "x,y"])
def test_metres_of_the_british_grid_need_no_code(tmp_path, names):
    file, batches = read(write(tmp_path, f"device,time,{names}\nvan 1,2023-02-13T14:00:00Z,458900.5,304100.25\n"))
    lon, lat = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True).transform(458900.5, 304100.25)
    assert pings_of(file, batches)[0][2:] == pytest.approx((lon, lat), abs=1e-7)


def test_a_system_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(LoadRefused, match="no coordinate system “EPSG:1”"):
        read(write(tmp_path, "device,time,x,y\nd,2023-02-13T14:00Z,1,2\n"), Mapping(crs="EPSG:1"))


def gpx(version: str = "1/1", name: str = "<name>van 1</name>") -> str:
    points = "".join(
        f'<trkpt lat="{y}" lon="{x}"><ele>60</ele><time>{t}</time></trkpt>'
        for t, (x, y) in zip(FORMS["iso utc"], PLACES, strict=True)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><gpx xmlns="http://www.topografix.com/GPX/{version}"><wpt lat="1" lon="1"/>'
        f"<trk>{name}<trkseg>{points}</trkseg></trk></gpx>"
    )


@pytest.mark.parametrize("version", ["1/0", "1/1"])
@pytest.mark.parametrize(
    "pack",
    [
        str.encode,
        lambda text: gzip.compress(text.encode()),
        lambda text: text.replace('encoding="UTF-8"', "").encode("utf-16"),
    ],
)
def test_gpx_of_both_versions(tmp_path, version, pack):
    file, batches = read(write(tmp_path, pack(gpx(version)), "walk.gpx"))
    assert pings_of(file, batches) == EXPECTED
    assert any("Waypoints" in note and "(1)" in note for note in file.notes)


def test_a_gpx_tracker_is_called_by_its_track_its_file_or_the_mapping(tmp_path):
    path = write(tmp_path, gpx(name=""), "van 1.gpx")
    assert pings_of(*read(path)) == EXPECTED
    file, _ = read(write(tmp_path, gpx(), "other.gpx"), Mapping(device="unit 7"))
    assert file.names.devices == [("", "unit 7")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gpx().replace("<time>", "<ele>").replace("</time>", "</ele>"), "none of its 3 track points has a time"),
        (gpx().replace("trkpt", "rtept"), "without any track point"),
        (gpx().replace("<gpx", '<!DOCTYPE gpx [<!ENTITY a "aaaa">]><gpx'), "document type or entities"),
        (gpx()[:-40], "cut off"),
        (gpx().replace("</ele>", "</el>", 1), "not well-formed XML, line 1"),
        ("<kml><Document/></kml>", "not GPX: it begins with <kml>"),
    ],
)
def test_gpx_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, content, said):
    with pytest.raises(LoadRefused, match=said):
        read(write(tmp_path, content, "walk.gpx"))


TIME_COLUMNS = {
    "milliseconds in utc": pa.array([FIRST, FIRST + STEP, FIRST + 2 * STEP], pa.timestamp("ms", tz="UTC")),
    "nanoseconds in a zone": pa.array(
        [(FIRST + i * STEP) * 10**6 for i in range(3)], pa.timestamp("ns", tz="America/New_York")
    ),
    "without a zone": pa.array([FIRST, FIRST + STEP, FIRST + 2 * STEP], pa.timestamp("ms")),
    "whole seconds": pa.array([FIRST // 1000 + 10 * i for i in range(3)], pa.int64()),
    "seconds with a point": pa.array([FIRST / 1000 + 10 * i for i in range(3)], pa.float64()),
    "texts": pa.array(FORMS["day first"]),
}


@pytest.mark.parametrize("kind", TIME_COLUMNS)
@pytest.mark.parametrize("packed", [False, True])
def test_parquet_with_typed_columns(tmp_path, kind, packed):
    table = pa.table({
        "Unit": pa.array(["van 1"] * 3).dictionary_encode(), "Fix Time": TIME_COLUMNS[kind],
        "lon": pa.array([x for x, _ in PLACES]), "lat": pa.array([y for _, y in PLACES]), "other": [[1], [2], []],
    })  # fmt: skip
    path = tmp_path / "pings.parquet"
    pq.write_table(table, path)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    file, batches = read(path)
    assert pings_of(file, batches) == EXPECTED
    assert any("without a zone were read as Europe/London" in n for n in file.notes) == (
        kind in ("without a zone", "texts")
    )


def test_parquet_rows_that_cannot_be_are_rejected_one_by_one(tmp_path):
    table = pa.table({
        "device": ["a", None, "a", "a"], "time": pa.array([FIRST, FIRST, None, FIRST + STEP], pa.timestamp("ms", tz="UTC")),
        "lon": [-1.13, -1.13, -1.13, float("nan")], "lat": [52.63] * 4,
    })  # fmt: skip
    path = tmp_path / "pings.parquet"
    pq.write_table(table, path)
    file, batches = read(path)
    assert (file.read, file.loaded, file.rejected) == (4, 1, 3)
    assert [(r.row_number, r.field) for r in batches[0].rejects] == [(2, "device"), (3, "time"), (4, "lon" + "gitude")]


def test_parquet_names_that_no_row_has_do_not_confuse_the_trackers(tmp_path):
    names = pa.DictionaryArray.from_arrays(pa.array([2, 0, 2, 0], pa.int32()), pa.array(["a", "unused", "b"]))
    stamps = pa.array([FIRST, FIRST, FIRST, FIRST + STEP], pa.timestamp("ms", tz="UTC"))
    path = tmp_path / "pings.parquet"
    pq.write_table(pa.table({"device": names, "time": stamps, "lon": [-1.13] * 4, "lat": [52.63] * 4}), path)
    file, batches = read(path)
    assert (file.loaded, file.duplicate) == (3, 1)
    assert batches[0].duplicates.tolist() == [3]
    assert {name for _, name in file.names.devices} == {"a", "b"}


def test_a_damaged_parquet_is_refused(tmp_path):
    path = tmp_path / "pings.parquet"
    pq.write_table(pa.table({"device": ["a"]}), path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(LoadRefused, match="damaged or cut off"):
        read(path)


@pytest.mark.parametrize("limit", [None, 50.0])
def test_accuracy_is_kept_and_may_be_limited(tmp_path, limit):
    content = "device,time,lon,lat,Accuracy (m)\n" + "".join(
        f"d,2023-02-13T14:00:{i:02d}Z,-1.13,52.63,{a}\n" for i, a in enumerate(("5", "", "50", "1001"))
    )
    file, batches = read(write(tmp_path, content), Mapping(max_accuracy_m=limit))
    kept = np.concatenate([b.accuracy_m for b in batches])
    assert kept.tolist()[::2] == [5.0, 50.0]
    assert np.isnan(kept[1]), "a ping that does not say is kept"
    assert file.rejected == (1 if limit else 0)
    if limit:
        assert "Accuracy 1001 m is worse than the 50 m" in batches[-1].rejects[0].reason


TIME_TEXTS = {
    "iso": lambda t: t.strftime("%Y-%m-%d %H:%M:%S"), "zoned": lambda t: t.strftime("%Y-%m-%dT%H:%M:%S%z"),
    "minutes": lambda t: t.strftime("%Y-%m-%d %H:%M"), "day first": lambda t: t.strftime("%d/%m/%Y %H:%M:%S"),
    "day first to the minute": lambda t: t.strftime("%d/%m/%Y %H:%M"), "fraction": lambda t: t.strftime("%Y-%m-%dT%H:%M:%S.%f"),
    "seconds": lambda t: str(int(t.timestamp())), "milliseconds": lambda t: str(int(t.timestamp() * 1000)),
    "decimal": lambda t: f"{t.timestamp():.3f}",
}  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), form=st.sampled_from(sorted(TIME_TEXTS)), quote=st.booleans(), comma=st.booleans())
def test_the_quick_way_and_the_careful_way_read_the_same(tmp_path, data, form, quote, comma):
    """One row that cannot be makes its block go row by row; the others must come out the same to the bit."""
    when = st.datetimes(
        min_value=datetime(2021, 1, 1), max_value=datetime(2023, 1, 1), timezones=st.just(ZoneInfo("Europe/London"))
    )
    degrees = st.floats(-8, 2).map(lambda v: round(v, 9))
    row = st.tuples(st.sampled_from(["a", "b ", "ć"]), when, degrees, degrees.map(lambda v: v + 53), st.floats(0, 99))
    rows = data.draw(st.lists(row, min_size=1, max_size=12))
    delimiter, mark = (";", '"' if quote else "") if comma else (",", '"' if quote else "")

    def cells(row) -> str:
        device, t, x, y, accuracy = row
        texts = [device, TIME_TEXTS[form](t), repr(x), repr(y), repr(accuracy)]
        texts[2:] = [v.replace(".", ",") if comma else v for v in texts[2:]]
        return delimiter.join(f"{mark}{text}{mark}" for text in texts) + "\n"

    head = delimiter.join(("device", "time", "lon", "lat", "accuracy")) + "\n"
    text = head + "".join(map(cells, rows))
    quick, quick_batches = read(write(tmp_path, text))
    slow, slow_batches = read(write(tmp_path, text + delimiter.join(("a", "never", "1", "1", "1")) + "\n"))
    assert (slow.read, slow.rejected) == (quick.read + 1, quick.rejected + 1)
    assert pings_of(quick, quick_batches) == pings_of(slow, slow_batches)
    one, other = (np.concatenate([b.accuracy_m for b in batches]) for batches in (quick_batches, slow_batches))
    assert np.array_equal(one, other)

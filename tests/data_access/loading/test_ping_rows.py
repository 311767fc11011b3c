"""Rows that cannot be: each is rejected with its number, field, reason and own text; the others stay."""

from __future__ import annotations

import gzip
from datetime import date

import pytest

from data_access import schema as s
from data_access.loading import LoadRefused
from data_access.loading.mapping import Mapping
from data_access.loading.pings import each_batch

TODAY = date(2024, 3, 1)
GOOD = "d,2023-02-13T14:00:00Z,-1.13,52.63"
MIDDLE = "d,2023-02-13T14:00:{:02d}Z,-1.13,52.63"


def read(tmp_path, text: str, mapping: Mapping | None = None):
    path = tmp_path / "pings.csv"
    path.write_text(text)
    file = each_batch(path, mapping, today=TODAY)
    return file, list(file)


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (",2023-02-13T14:00:30Z,-1.13,52.63", "device", "names no device"),
        ("x" * 61 + ",2023-02-13T14:00:30Z,-1.13,52.63", "device", "longer than 60"),
        ("d,,-1.13,52.63", "time", "An empty cell is not a date and time"),
        ("d,noon,-1.13,52.63", "time", "“noon” is not a date and time"),
        ("d,2023-02-30T10:00:00Z,-1.13,52.63", "time", "“2023-02-30T10:00:00Z” is not a date and time"),
        ("d,2023-02-13T24:00:00Z,-1.13,52.63", "time", "is not a date and time"),
        ("d,2023-02-13T14:00:00+99:00,-1.13,52.63", "time", "is not a date and time"),
        ("d,1999-12-31T23:59:59Z,-1.13,52.63", "time", "before 2000"),
        ("d,1970-01-01T00:00:00Z,-1.13,52.63", "time", "before 2000"),
        ("d,2024-03-02T00:00:00Z,-1.13,52.63", "time", "in the future (today is 2024-03-01)"),
        ("d,2023-02-13T14:00:30Z,181,52.63", "longitude", "between -180 and 180"),
        ("d,2023-02-13T14:00:30Z,-1.13,-91", "longitude", "between -90 and 90"),
        ("d,2023-02-13T14:00:30Z,0,0", "longitude", "no position"),
        ("d,2023-02-13T14:00:30Z,,", "longitude", "no position"),
        ("d,2023-02-13T14:00:30Z,-1.13,", "longitude", "only one of longitude and latitude"),
        ("d,2023-02-13T14:00:30Z,52.63,-1.13", "longitude", "look swapped"),
        ("d,2023-02-13T14:00:30Z,west,52.63", "longitude", "“west” is not a coordinate"),
        ("d,2023-02-13T14:00:30Z,nan,52.63", "longitude", "“nan” is not a coordinate"),
        ("d,2023-02-13T14:00:30Z,1e999,52.63", "longitude", "between -180 and 180"),
        ("d,2023-02-13T14:00:30Z,-1.13", "(row)", "has 3 cells, the header 4"),
        ("d,2023-02-13T14:00:30Z,-1.13,52.63,5", "(row)", "has 5 cells, the header 4"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("many", [0, 6000])
def test_a_row_that_cannot_be_is_rejected_alone(tmp_path, row, field, reason, many):
    """Alone in a small file, and in the middle of one that the quick way reads for the most part."""
    before = [
        f"d,{1_676_000_000 + i},-1.13,52.63" if i % 2 else f"e,{1_676_000_000 + i},-1.13,52.63" for i in range(many)
    ]
    after = [line.replace("1676", "1677", 1) for line in before]
    lines = ["device,time,lon,lat", *before, GOOD, row, MIDDLE.format(40), *after]
    file, batches = read(tmp_path, "\n".join(lines) + "\n", Mapping(time_unit="seconds"))
    rejects = [r for b in batches for r in b.rejects]
    assert [(r.row_number, r.field, r.raw) for r in rejects] == [(many + 3, field, row)]
    assert reason in rejects[0].reason
    assert (file.read, file.loaded, file.duplicate) == (2 * many + 3, 2 * many + 2, 0)


@pytest.mark.parametrize("many", [0, 6000])
@pytest.mark.parametrize("day", ["31/02/2023", "30/02/2023", "29/02/2023", "31/04/2023", "32/01/2023"])
def test_a_day_that_does_not_exist_is_not_another_day(tmp_path, day, many):
    """Also in a file that writes every time as DD/MM/YYYY, which a quick parser would roll over."""
    good = [
        f"d,{10 + n // 1440:02d}/01/2023 {n // 60 % 24:02d}:{n % 60:02d}:00,-1.13,52.63" for n in range(max(many, 3))
    ]
    row = f"d,{day} 10:00:00,-1.13,52.63"
    file, batches = read(tmp_path, "\n".join(["device,time,lon,lat", *good, row]) + "\n")
    assert [(r.field, r.raw) for b in batches for r in b.rejects] == [("time", row)]
    assert file.loaded == len(good)


@pytest.mark.parametrize("accuracy", ["-1", "1e300", "inf", "good"])
def test_an_accuracy_that_cannot_be_rejects_its_row(tmp_path, accuracy):
    text = f"device,time,lon,lat,accuracy\n{GOOD},5\n{MIDDLE.format(10)},{accuracy}\n{MIDDLE.format(20)},\n"
    file, batches = read(tmp_path, text)
    assert [(r.row_number, r.field) for r in batches[0].rejects] == [(3, "accuracy")]
    assert file.loaded == 2


def test_grid_references_off_the_grid_are_rejected(tmp_path):
    text = "device,time,easting,northing\nd,2023-02-13T14:00:00Z,458900,304100\nd,2023-02-13T14:00:10Z,800000,304100\nd,2023-02-13T14:00:20Z,0,0\n"
    file, batches = read(tmp_path, text)
    assert file.loaded == 1
    assert [r.reason[:20] for r in batches[0].rejects] == ["Easting and northing", "The row has no posit"]


@pytest.mark.parametrize("others", ["", "d,2023-02-13T14:00:20Z,458900,304100\n"])
def test_thousands_are_no_decimals(tmp_path, others):
    text = f'device,time,easting,northing\nd,2023-02-13T14:00:00Z,"458,900","304,100"\n{others}'
    file, batches = read(tmp_path, text)
    assert (file.loaded, file.rejected) == (len(others) // 30, 1)
    assert "“458,900” is not a coordinate" in batches[0].rejects[0].reason


def test_where_degrees_are_missing_metres_are_taken(tmp_path):
    text = "device,time,lon,lat,easting,northing\nd,2023-02-13T14:00:00Z,-1.13,52.63,,\nd,2023-02-13T14:00:10Z,,,458900,304100\n"
    file, batches = read(tmp_path, text)
    assert batches[0].pings.lat_e7.tolist()[1] == pytest.approx(526_317_000, abs=100_000)
    assert any("British National Grid, within a few metres (1 row)" in note for note in file.notes)


def test_a_repeat_of_tracker_and_time_is_a_duplicate_wherever_it_stands(tmp_path):
    rows = [MIDDLE.format(i) for i in range(0, 60, 10)]
    other = rows[2].replace("-1.13", "-1.14").replace("d,", "d ,")
    file, batches = read(tmp_path, "\n".join(["device,time,lon,lat", *rows, other, "e" + rows[0][1:], rows[5]]) + "\n")
    assert (file.read, file.loaded, file.duplicate, file.rejected) == (9, 7, 2, 0)
    assert [n for b in batches for n in b.duplicates.tolist()] == [8, 10]
    assert any("repeat a tracker and time of the file the first was kept: 2 (1 tracker)" in note for note in file.notes)


def test_dates_with_the_month_first_are_refused_not_swapped(tmp_path):
    american = "device,time,lon,lat\nd,02/03/2023 14:00,-1.13,52.63\nd,02/13/2023 14:00,-1.13,52.63\n"
    with pytest.raises(LoadRefused, match=r"look like MM/DD/YYYY \(“02/13/2023 14:00”\)"):
        read(tmp_path, american)
    file, _ = read(tmp_path, american + "d,28/02/2023 14:00,-1.13,52.63\n")
    assert (file.loaded, file.rejected) == (2, 1), "one that is wrong among days first is one that is wrong"


@pytest.mark.parametrize(
    ("around", "never"),
    [("01/03/2023", "31/02/2023 14:00:00"), ("02/05/2023", "31/04/2023 14:00:00"), ("01/12/2023", "31/11/2023 14:00:00"),
     ("13/02/2023", "13/02/2023 14:00:60"), ("13/02/2023", "13/02/2023 24:00:00")],
)  # fmt: skip
def test_days_and_seconds_that_never_are_do_not_become_the_next(tmp_path, around, never):
    clock = [f"{i // 3600:02d}:{i // 60 % 60:02d}:{i % 60:02d}" for i in range(9_000)]
    rows = [f"d,{around} {c},-1.13,52.63" for c in clock]
    rows.insert(5_000, f"d,{never},-1.13,52.63")
    file, batches = read(tmp_path, "device,time,lon,lat\n" + "\n".join(rows) + "\nd,28/12/2023 14:00:00,-1.13,52.63\n")
    assert [(r.row_number, r.field) for b in batches for r in b.rejects] == [(5_002, "time")]
    assert file.loaded == 9_001


def test_dates_without_a_clock_are_refused(tmp_path):
    with pytest.raises(LoadRefused, match="dates without a time of day"):
        read(tmp_path, "device,date,lon,lat\nd,2023-02-13,-1.13,52.63\nd,2023-02-14,-1.13,52.63\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("device,time,lon,lat\n", "header but no rows"),
        (f'device,time,lon,lat,note\n{GOOD},"open\n{GOOD},x\n{GOOD},y\n', "line 2: a quotation mark is opened"),
        (f"device,time,lon,lat\n{GOOD}\nd,2023-02-13T14:0", r"cut off: its last line \(3\)"),
        (f"device,time,lon,lat,time\n{GOOD},x\n", "column time twice"),
        ("\n\n \n", "nothing but blank space"),
        ("\ufeff", "blank|empty|no column"),
    ],
)
def test_a_file_that_cannot_be_trusted_as_a_whole_is_refused(tmp_path, text, said):
    with pytest.raises(LoadRefused, match=said):
        read(tmp_path, text)


@pytest.mark.parametrize("last", ["note", "more"])
def test_a_mark_that_is_never_closed_cannot_swallow_rows_of_a_large_file(tmp_path, last):
    lines = [f'd,{1_676_000_000 + i},-1.13,52.63,"plain"' + (",x" if last == "more" else "") for i in range(60_000)]
    lines[50_000] = lines[50_000].replace('n"', "n")
    head = "device,time,lon,lat,note" + (",more" if last == "more" else "")
    with pytest.raises(LoadRefused, match="line 50,002: a quotation mark"):
        read(tmp_path, head + "\n" + "\n".join(lines) + "\n")


def test_a_mark_in_a_file_without_quoting_is_text(tmp_path):
    lines = [f"d,{1_676_000_000 + i},-1.13,52.63,plain" for i in range(60_000)]
    lines[50_000] = lines[50_000].replace("plain", '"open')
    file, _ = read(tmp_path, "device,time,lon,lat,note\n" + "\n".join(lines) + "\n")
    assert file.loaded == 60_000


def test_texts_of_several_lines_are_one_row_wherever_blocks_are_cut(tmp_path):
    lines = [f'd,{1_676_000_000 + i},-1.13,52.63,"one\ntwo, {i}"' for i in range(60_000)]
    file, _ = read(tmp_path, "device,time,lon,lat,note\n" + "\n".join(lines) + "\n")
    assert (file.read, file.loaded) == (60_000, 60_000)


def test_the_portal_keeps_what_the_reader_says(door):
    content = "Unit;Fix Time;Lat;Lon;Accuracy\nvan;13/02/2023 14:00;52,63;-1,13;5\nvan;13/02/2023 14:00;52,63;-1,13;5\nvan;13/02/2023 14:01;;;\n"
    result = door.load("pings", content, provider="outreach", team="A")
    assert (result.read, result.loaded, result.duplicate, result.rejected) == (3, 1, 1, 1)
    assert door.rows(s.reject)[["row_number", "reason", "raw"]].iloc[0].tolist() == [
        4,
        "The row has no position.",
        "van;13/02/2023 14:01;;;",
    ]
    assert any("device from “Unit”" in note for note in result.notes)
    assert any("Europe/London (2 rows)" in note for note in result.notes)


def test_the_portal_takes_a_gpx_with_a_mapping(door):
    point = '<trkpt lat="52.63" lon="-1.13"><time>2023-02-13T14:00:00Z</time></trkpt>'
    content = f'<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>{point}</trkseg></trk></gpx>'
    with pytest.raises(LoadRefused, match="--provider"):
        door.load("pings", content, "walk.gpx")
    result = door.load("pings", content, "walk.gpx", mapping=Mapping(provider="outreach", team="A"))
    assert result.loaded == 1


@pytest.mark.parametrize("packed", [False, True])
def test_a_repeat_far_from_its_first_is_found_by_reading_again(tmp_path, packed):
    """Several blocks on, of files that are in order until then: what was seen is only looked up when a ping is late."""
    lines = [f"{d},{1_676_000_000 + i},-1.13,52.63" for i in range(40_000) for d in "ab"]
    late = [lines[0], lines[7].replace("-1.13", "-1.14"), "c" + lines[0][1:], lines[70_001]]
    content = "\n".join(["device,time,lon,lat", *lines, *late]).encode() + b"\n"
    path = tmp_path / ("pings.csv.gz" if packed else "pings.csv")
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    file = each_batch(path, today=TODAY)
    duplicates = [n for b in file for n in b.duplicates.tolist()]
    assert duplicates == [80_002, 80_003, 80_005]
    assert (file.read, file.loaded) == (80_004, 80_001)
    assert [file.oddities["", d].repeats for d in "ab"] == [1, 2]


def test_who_finds_repeats_anyway_may_leave_them_in(tmp_path):
    path = tmp_path / "pings.csv"
    path.write_text(f"device,time,lon,lat\n{GOOD}\n{GOOD}\n")
    file = each_batch(path, today=TODAY, watch=False)
    assert sum(len(b.pings) for b in file) == 2
    assert (file.read, file.duplicate) == (2, 0)

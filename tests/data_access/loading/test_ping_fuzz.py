"""Whatever a file of positions holds: every row is a ping, a duplicate or rejected with its reason, or the file is refused.

FUZZ_EXAMPLES sets how many files of each format are tried.
"""

from __future__ import annotations

import gzip
import io
import os
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.loading import LoadRefused
from data_access.loading.mapping import Mapping
from data_access.loading.pings import each_batch
from data_access.loading.pings.batches import NAME_LIMIT

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
TODAY = date(2024, 3, 1)
fuzz = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=EXAMPLES < 1000
)

TIMES = [
    "2023-02-13T14:00:00Z", "2023-02-13 14:00:10", "2023-02-13 14:00", "13/02/2023 14:00:20", "13/02/2023 14:00", "1676296830",
    "1676296840000", "1676296850.25", "2023-10-29 01:30:00", "2023-03-26 01:30:00", "1999-12-31 23:59", "2031-01-01T00:00Z",
    "2023-02-30 10:00", "2023-02-13", "noon", "", "0", "-1", "9" * 30, "2023-02-13T14:00:00+99:00", "02/13/2023 10:00",
    "2023-02-13T14:00:00.123456789Z", "NaN", "0001-01-01 00:00", "9999-12-31T23:59:59Z", "2023-02-13T14:00:00+01:00",
]  # fmt: skip
NUMBERS = ["-1.13", "52.63", "-1,13", "52,63", "0", "", "NaN", "inf", "1e999", "200", "458900", "304100", "12.5.1", "north", "-0",
           "+52.63", " 52.63 ", "1e2", "5" * 50, "0x1F", "-0.0"]  # fmt: skip
NAMES = [
    "d1",
    "d2",
    "",
    "  ",
    "Café",
    "x" * 61,
    "a,b",
    'say "hi"',
    "two\nlines",
    "A\u00a0B",
    "\x00",
    "=1+1",
    "D1 ",
    " d1",
]
HEADERS = [
    ["device", "time", "lon", "lat"], ["Unit", "Fix Time", "X", "Y", "Accuracy (m)"], ["tracker", "ts", "Easting", "Northing"],
    ["callsign", "Date", "Time", "latitude", "longitude", "team"], ["vehicle", "gps_utc", "lat", "lng", "provider", "note"],
    ["device", "time", "lon", "lat", "easting", "northing"], ["a", "b"], ["device", "device", "time", "lon", "lat"], [""],
]  # fmt: skip
MESS = [
    '"',
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\ufeff",
    "é",
    "\u2028",
    "\x1a",
    ",",
    ";",
    "\t",
    "|",
    "\n\n",
    '""',
    "{",
    "<",
    "&",
    " ",
    "Ā",
]


def cell_for(header: str) -> st.SearchStrategy[str]:
    name = header.casefold()
    if "time" in name or name in ("ts", "date", "gps_utc"):
        return st.sampled_from(TIMES)
    if name in ("lon", "lat", "lng", "x", "y", "longitude", "latitude", "easting", "northing") or "accuracy" in name:
        good = {"lat": "52.63", "latitude": "52.63", "y": "52.63", "easting": "458900", "northing": "304100"}.get(
            name, "-1.13"
        )
        return st.one_of(st.just(good), st.just(good), st.sampled_from(NUMBERS))
    return st.one_of(st.just("d1"), st.sampled_from(NAMES), st.text(max_size=8))


def quoted(cell: str, delimiter: str, always: bool) -> str:
    needs = always or any(c in cell for c in (delimiter, '"', "\n", "\r"))
    return '"' + cell.replace('"', '""') + '"' if needs else cell


@st.composite
def csv_bytes(draw: st.DrawFn) -> bytes:
    header, delimiter = draw(st.sampled_from(HEADERS)), draw(st.sampled_from(",;\t|"))
    ending, always = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])), draw(st.booleans())
    # Most files are regular: one form of time, so that the typed reader gets its share.
    if draw(st.booleans()):
        time = draw(st.sampled_from(TIMES[:8]))
        rows = [
            [time if "time" in h.casefold() or h == "ts" else draw(cell_for(h)) for h in header]
            for _ in range(draw(st.integers(0, 12)))
        ]
    else:
        rows = [[draw(cell_for(h)) for h in header] for _ in range(draw(st.integers(0, 12)))]
    lines = [delimiter.join(quoted(c, delimiter, always) for c in row) for row in [header, *rows]]
    for _ in range(draw(st.integers(0, 2))):
        lines.insert(
            draw(st.integers(0, len(lines))),
            draw(st.sampled_from(["", " ", delimiter * 3, "x", lines[-1] + delimiter])),
        )
    text = ending.join(lines) + draw(st.sampled_from([ending, ending, "", ending * 2]))
    data = text.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16"])), errors="replace")
    return mutated(draw, data, [m.encode() for m in MESS])


@st.composite
def gpx_bytes(draw: st.DrawFn) -> bytes:
    version = draw(st.sampled_from(["1/0", "1/1"]))
    points = []
    for _ in range(draw(st.integers(0, 8))):
        lat, lon = (
            draw(st.sampled_from([*NUMBERS, "52.63", "52.63"])),
            draw(st.sampled_from([*NUMBERS, "-1.13", "-1.13"])),
        )
        time = draw(st.one_of(st.none(), st.sampled_from(TIMES)))
        points.append(
            f'<trkpt lat="{lat}" lon="{lon}">'
            + (f"<time>{time}</time>" if time is not None else "<ele>3</ele>")
            + "</trkpt>"
        )
    cut = draw(st.integers(0, len(points)))
    name = draw(
        st.sampled_from(["", "<name>Walk</name>", "<name>Caf\u00e9 &amp; bar</name>", "<name>" + "x" * 100 + "</name>"])
    )
    before = draw(st.sampled_from(["", '<!DOCTYPE gpx [<!ENTITY a "b">]>', "<!-- made by -->"]))
    text = (
        f'<?xml version="1.0"?>{before}<gpx xmlns="http://www.topografix.com/GPX/{version}"><wpt lat="1" lon="2"/>'
        f"<trk>{name}<trkseg>{''.join(points[:cut])}</trkseg></trk><trk><trkseg>{''.join(points[cut:])}</trkseg></trk></gpx>"
    )
    return mutated(
        draw,
        text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))),
        [b"<", b">", b"&", b'"', b"\0", b"<trkpt>", b"</gpx>"],
    )


@st.composite
def parquet_bytes(draw: st.DrawFn) -> bytes:
    n = draw(st.integers(0, 10))

    def column(values: list[object], kind: pa.DataType) -> pa.Array:
        return pa.array(draw(st.lists(st.sampled_from(values), min_size=n, max_size=n)), kind)

    stamps = [1676296800000, 1676296810000, 0, None, 2**40, -1, 1676296800000]
    time = draw(st.sampled_from([
        (stamps, pa.timestamp("ms")), (stamps, pa.timestamp("ms", tz="UTC")), (stamps, pa.int64()), (TIMES, pa.string()),
        ([*stamps[:2], 1e300, float("nan")], pa.float64()), ([1676296800, 0, None], pa.timestamp("s", tz="Europe/London")),
        ([10, None], pa.date32()), ([[1], None], pa.list_(pa.int64())), ([True], pa.bool_()),
    ]))  # fmt: skip
    place = draw(st.sampled_from([pa.float64(), pa.float32(), pa.string()]))
    values = (
        NUMBERS
        if place == pa.string()
        else [-1.13, 52.63, float("nan"), float("inf"), 0.0, None, 1e300, 458900.0, -1.13]
    )
    names: list[object] = [*NAMES, None]
    device = draw(st.sampled_from([(names, pa.string()), ([1, 2, None], pa.int16()), ([b"a", b"\xff"], pa.binary())]))
    table = pa.table({
        "device": column(*device), "time": column(*time), "lon": column(values, place), "lat": column(values, place),
        "accuracy": column([5.0, None, -1.0, 500.0], pa.float32()),
    })  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(table, sink, compression=draw(st.sampled_from(["none", "zstd"])))
    return mutated(draw, sink.getvalue(), [b"\0", b"\xff", b"PAR1"])


def mutated(draw: st.DrawFn, data: bytes, mess: list[bytes]) -> bytes:
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, len(data)))
        to = min(len(data), at + draw(st.sampled_from([0, 0, 1, 5, 10_000])))
        data = data[:at] + draw(st.sampled_from(mess)) + data[to:]
    if draw(st.sampled_from([False] * 6 + [True])):
        data = gzip.compress(data)
        data = data[: draw(st.sampled_from([len(data), len(data) - 1, len(data) // 2]))]
    return data


@st.composite
def mappings(draw: st.DrawFn) -> Mapping:
    return Mapping(
        zone=draw(st.sampled_from(["", "", "UTC", "America/New_York", "Australia/Lord_Howe"])),
        crs=draw(st.sampled_from(["", "", "", "EPSG:27700", "EPSG:3857", "EPSG:4258"])),
        device=draw(st.sampled_from(["", "", "van"])),
        time_unit=draw(st.sampled_from(["", "", "", "seconds", "milliseconds"])),
        max_accuracy_m=draw(st.sampled_from([None, None, 100.0])),
    )


@pytest.mark.parametrize(
    ("suffix", "files"), [("csv", csv_bytes()), ("gpx", gpx_bytes()), ("parquet", parquet_bytes())]
)
def test_every_row_is_accounted_for_or_the_file_is_refused(tmp_path, suffix, files):
    outcomes = {"read": 0, "refused": 0}

    @fuzz
    @given(data=files, mapping=mappings(), needs=st.sampled_from([(), ("provider", "team")]))
    def check(data, mapping, needs):
        path = tmp_path / f"pings.{suffix}"
        path.write_bytes(data)
        file, batches, refusal = attempt(path, mapping, needs)
        if refusal:
            outcomes["refused"] += 1
            assert len(refusal) > 30, "a refusal is a sentence"
            assert "pings" in refusal or "EPSG" in refusal, "that names the file or what was asked"
        else:
            outcomes["read"] += 1
            accounted(file, batches)

    check()
    assert outcomes["read"] > EXAMPLES / 20, "files that can be read are among those tried"
    assert outcomes["refused"] > 0


def attempt(path, mapping, needs):
    """(file, batches, refusal): nothing but a refusal may leave."""
    try:
        file = each_batch(path, mapping, provider="p", team="A", today=TODAY, needs=needs)
        return file, list(file), ""
    except LoadRefused as refused:
        return None, [], str(refused)


def accounted(file, batches) -> None:
    assert file.read == file.loaded + file.duplicate + file.rejected > 0
    assert file.loaded == sum(len(b.pings) for b in batches)
    numbers = [n for b in batches for n in (*b.numbers, *b.duplicates, *(r.row_number for r in b.rejects))]
    assert len(numbers) == len(set(numbers)) == file.read, "each row has one fate"
    seen: set[tuple[int, int]] = set()
    for batch in batches:
        p = batch.pings
        assert {len(x) for x in (p.device, p.team, p.t_ms, p.lon_e7, p.lat_e7, batch.numbers)} == {len(p)}
        keys = set(zip(p.device.tolist(), p.t_ms.tolist(), strict=True))
        assert len(keys) == len(p)
        assert not keys & seen, "a device is at one place at a time"
        seen |= keys
        assert (np.abs(p.lon_e7.astype(int)) <= 1_800_000_000).all()
        assert (np.abs(p.lat_e7.astype(int)) <= 900_000_000).all()
        assert not ((p.lon_e7 == 0) & (p.lat_e7 == 0)).any()
        assert ((p.t_ms >= 946_684_800_000) & (p.t_ms < 1_709_337_600_000)).all()
        assert all(r.reason.strip() and r.field for r in batch.rejects)
        assert batch.accuracy_m is None or len(batch.accuracy_m) == len(p)
    assert all(0 < len(name) <= NAME_LIMIT for _, name in file.names.devices)
    assert all(note.strip() for note in file.notes)

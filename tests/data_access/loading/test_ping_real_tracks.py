"""Real tracks: each loads, or is refused for the reason it has; what is odd in them is counted as a plain look counts it."""

from __future__ import annotations

import csv
import math
import re
from collections import defaultdict
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
import shapely

from analysis.dosage.counting import count
from analysis.dosage.kernel import Boundaries, locate
from analysis.dosage.rules import PLAIN
from analysis.dosage.tables import PingBatch
from analysis.dosage.visits import visits
from data_access import schema as s
from data_access.loading import LoadRefused
from data_access.loading.mapping import Mapping
from data_access.loading.pings import each_batch
from tests.data_access.loading.conftest import collection
from tests.open_data import SHARED

GPS = SHARED / "gps"
pytestmark = pytest.mark.skipif(not GPS.is_dir(), reason="the real tracks are not on this machine (../shared/data/gps)")
POINT = re.compile(r'<trkpt lat="([-\d.]+)" lon="([-\d.]+)">(.*?)</trkpt>', re.DOTALL)


def read(name: str, mapping: Mapping | None = None):
    file = each_batch(GPS / name, mapping, provider="outreach", team="A")
    return file, list(file)


def points_of(text: str) -> list[tuple[float, float, float]]:
    """(seconds, longitude, latitude) of a GPX, by pattern rather than by parser."""
    found = [(lat, lon, re.search(r"<time>(.*?)</time>", rest)) for lat, lon, rest in POINT.findall(text)]
    return [(seconds(time[1]), float(lon), float(lat)) for lat, lon, time in found if time]


def seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def plain_counts(rows: list[tuple[float, float, float]]) -> tuple[int, int, int]:
    """(repeats, backward steps, steps of over 50 m/s) of one tracker's rows in the file's order."""
    backward = sum(b[0] < a[0] for a, b in pairwise(rows))
    first: dict[float, tuple[float, float, float]] = {}
    for row in rows:
        first.setdefault(row[0], row)
    track = [first[t] for t in sorted(first)]
    return len(rows) - len(first), backward, sum(metres(a, b) > 50 * (b[0] - a[0]) for a, b in pairwise(track))


def metres(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    across = (b[1] - a[1]) * math.cos(math.radians((a[2] + b[2]) / 2))
    return 111_320 * math.hypot(across, b[2] - a[2])


def test_the_walk_loads_whole():
    file, batches = read("gpxo_ExampleTrack.gpx")
    truth = points_of((GPS / "gpxo_ExampleTrack.gpx").read_text())
    assert (
        (file.read, file.loaded, file.duplicate, file.rejected) == (len(truth), len(truth), 0, 0) == (5120, 5120, 0, 0)
    )
    pings = PingBatch.concatenate([b.pings for b in batches])
    assert pings.t_ms.tolist() == [round(t * 1000) for t, _, _ in truth]
    assert pings.lon_e7.tolist() == [round(x * 1e7) for _, x, _ in truth]
    assert file.names.devices == [("outreach", "gpxo_ExampleTrack")]


def test_the_one_without_times_is_refused_because_it_has_none():
    with pytest.raises(LoadRefused, match="none of its 274 track points has a time"):
        read("gpxo_ExampleTrack_NoTime.gpx")


def test_a_refused_track_leaves_nothing_in_the_portal(door):
    before = door.everything()
    content = (GPS / "gpxo_ExampleTrack_NoTime.gpx").read_bytes()
    with pytest.raises(LoadRefused, match="has a time"):
        door.load("pings", content, "walk.gpx", provider="outreach", team="A")
    assert door.everything() == before


def test_what_is_odd_in_the_traces_is_counted():
    """Of one tracker, so that the many people's traces meet: the harder case."""
    file, _ = read("osm_traces.gpx", Mapping(device="all of them"))
    rows = points_of((GPS / "osm_traces.gpx").read_text())
    repeats, backward, jumps = plain_counts(rows)
    found = file.oddities["outreach", "all of them"]
    assert (found.repeats, found.backward, found.jumps) == (repeats, backward, jumps)
    assert min(repeats, backward, jumps) > 0, "the traces have all three"
    assert file.read == len(rows) == file.loaded + file.duplicate
    assert file.duplicate == repeats
    said = " ".join(file.notes)
    assert f"first was kept: {repeats:,}" in said
    assert f"(kept, and put in order of time): {backward:,}" in said
    assert f"{jumps:,} (1 tracker)" in said
    assert "all of them" not in said  # notes outlive the positions, so they name no tracker


def test_the_buses_are_told_apart():
    file, batches = read("liverpool_bus_route14_outbound.csv")
    by_bus: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    with (GPS / "liverpool_bus_route14_outbound.csv").open() as handle:
        for row in csv.DictReader(handle):  # January: London is UTC
            when = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC).timestamp()
            by_bus[row["vehicle_id"]].append((when, float(row["longitude"]), float(row["latitude"])))
    assert {name for _, name in file.names.devices} == set(by_bus)
    assert len(by_bus) > 1
    assert file.read == sum(map(len, by_bus.values()))
    oddities = {key[1]: (o.repeats, o.backward, o.jumps) for key, o in file.oddities.items()}
    assert oddities == {bus: odd for bus, rows in by_bus.items() if any(odd := plain_counts(rows))}
    assert any("Europe/London (1,533 rows)" in note for note in file.notes)
    assert sum(len(b.pings) for b in batches) == file.loaded


def test_the_phone_history_is_newest_first_with_its_accuracy():
    file, batches = read("trackintel_google_trajectory.csv")
    accuracy = np.concatenate([b.accuracy_m for b in batches])
    assert (accuracy.min(), accuracy.max()) == (14, 1001)
    assert any("newest pings come first" in note for note in file.notes)
    assert any("1,001 m at worst" in note for note in file.notes)
    limited, rest = read("trackintel_google_trajectory.csv", Mapping(max_accuracy_m=100))
    assert limited.rejected == int((accuracy > 100).sum()) > 0
    assert limited.read == file.read == limited.loaded + limited.rejected
    assert all("worse than the 100 m" in r.reason for b in rest for r in b.rejects)


HOT_SPOT = shapely.Polygon(
    [(4.7960, 45.8410), (4.8010, 45.8412), (4.8032, 45.8430), (4.7995, 45.8447), (4.7970, 45.8428), (4.7955, 45.8432)]
)


def clipped_minutes(rows: list[tuple[float, float, float]], spot: shapely.Polygon) -> float:
    """By hand: of each step of at most five minutes, the share of its line that lies in the spot."""
    total = 0.0
    for a, b in pairwise(rows):
        step = b[0] - a[0]
        if not 0 < step <= 300:
            continue
        line = shapely.LineString([a[1:], b[1:]])
        if line.length == 0:
            total += step * spot.covers(shapely.Point(a[1:]))
        else:
            total += step * spot.intersection(line).length / line.length
    return total / 60


def test_a_hot_spot_across_the_walk_gives_the_minutes_of_a_clip_by_hand():
    _, batches = read("gpxo_ExampleTrack.gpx")
    pings = PingBatch.concatenate([b.pings for b in batches])
    found = visits(count(locate(pings, Boundaries([HOT_SPOT])).pieces, 1, PLAIN), PLAIN)
    by_hand = clipped_minutes(points_of((GPS / "gpxo_ExampleTrack.gpx").read_text()), HOT_SPOT)
    assert by_hand > 10, "the walk is in it for a while"
    assert found.patrol_minutes.sum() == pytest.approx(by_hand, rel=1e-6)


def test_the_portal_gives_the_same_minutes_for_the_walk(door):
    """Loaded through the door: the plain rules' minutes are those of the clip; the rules in force add what they credit."""
    door.load("hot-spots", collection(LYON=shapely.geometry.mapping(HOT_SPOT)), "lyon.geojson")
    content = (GPS / "gpxo_ExampleTrack.gpx").read_bytes()
    result = door.load("pings", content, "walk.gpx", provider="outreach", team="A")
    assert (result.read, result.loaded) == (5120, 5120)
    by_hand = clipped_minutes(points_of(content.decode()), HOT_SPOT)
    counted = door.rows(s.visit)["patrol_minutes"].astype(float).sum()
    assert counted == pytest.approx(by_hand, rel=0.05)
    assert counted >= by_hand - 1e-6

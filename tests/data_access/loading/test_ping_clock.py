"""The nights the clocks change: the hour that comes twice, the hour that never comes, and zones other than ours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.loading import LoadRefused
from data_access.loading.mapping import Mapping, parse_mapping
from data_access.loading.pings import each_batch

TODAY = date(2024, 3, 1)
LONDON = ZoneInfo("Europe/London")
# 29 October 2023: at 02:00 BST (01:00 UTC) the clocks went back to 01:00 GMT.
MIDNIGHT = datetime(2023, 10, 28, 23, 0, tzinfo=UTC)


def read(tmp_path, rows: list[tuple[str, str]], mapping: Mapping | None = None, header: str = "device,time,lon,lat"):
    path = tmp_path / "night.csv"
    path.write_text(header + "\n" + "".join(f"{device},{time},-1.13,52.63\n" for device, time in rows))
    file = each_batch(path, mapping, today=TODAY)
    return file, list(file)


def local(utc: datetime, zone: ZoneInfo = LONDON) -> str:
    return f"{utc.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def times_of(batches) -> list[datetime]:
    return [datetime.fromtimestamp(ms / 1000, UTC) for b in batches for ms in b.pings.t_ms.tolist()]


def every(start: datetime, minutes: float, count: int) -> list[datetime]:
    return [start + timedelta(minutes=minutes * i) for i in range(count)]


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_tracker_that_runs_through_the_night_loses_no_minute(tmp_path, newest_first):
    truth = every(MIDNIGHT, 1, 300)
    if newest_first:
        truth.reverse()
    file, batches = read(tmp_path, [("a", local(t)) for t in truth])
    assert times_of(batches) == truth
    assert any("told which" in note and "120 rows" in note for note in file.notes)


def test_each_tracker_is_told_by_its_own_pings(tmp_path):
    a, b = every(MIDNIGHT, 2, 150), every(MIDNIGHT + timedelta(minutes=1), 7, 40)
    both = sorted([("a", t) for t in a] + [("b", t) for t in b], key=lambda pair: pair[1])
    file, batches = read(tmp_path, [(device, local(t)) for device, t in both])
    assert times_of(batches) == [t for _, t in both]
    assert file.duplicate == 0


def test_a_second_pass_alone_is_known_by_what_follows_it(tmp_path):
    truth = every(MIDNIGHT + timedelta(hours=2, minutes=20), 1, 90)  # from 01:20 GMT past 02:00
    _, batches = read(tmp_path, [("a", local(t)) for t in truth])
    assert times_of(batches) == truth


def test_what_nothing_tells_is_the_first_pass_and_is_counted(tmp_path):
    file, batches = read(
        tmp_path, [("a", "2023-10-29 01:20:00"), ("a", "2023-10-29 01:21:00"), ("b", "2023-10-29 12:00:00")]
    )
    assert [t.hour for t in times_of(batches)] == [0, 0, 12]
    assert any("first of the two was taken" in note and "2 rows" in note for note in file.notes)


def test_a_clock_that_slips_back_by_seconds_does_not_start_the_second_pass(tmp_path):
    times = ["00:59:50", "01:00:10", "01:00:05", "01:00:30", "01:59:00"]
    _, batches = read(tmp_path, [("a", f"2023-10-29 {t}") for t in times])
    assert {t.hour for t in times_of(batches)[1:]} == {0}


def test_the_hour_that_never_comes_is_rejected_row_by_row(tmp_path):
    file, batches = read(tmp_path, [("a", f"2023-03-26 {t}") for t in ("00:59:59", "01:00:00", "01:59:59", "02:00:00")])
    assert times_of(batches) == [datetime(2023, 3, 26, 0, 59, 59, tzinfo=UTC), datetime(2023, 3, 26, 1, 0, tzinfo=UTC)]
    rejects = batches[0].rejects
    assert [(r.row_number, r.field) for r in rejects] == [(3, "time"), (4, "time")]
    assert "“2023-03-26 01:00:00” does not exist: the clocks went forward" in rejects[0].reason
    assert rejects[0].raw == "a,2023-03-26 01:00:00,-1.13,52.63"
    assert file.read == 4


def test_the_zone_that_was_assumed_is_said(tmp_path):
    rows = [("a", "2023-07-01 12:00:00")]
    file, batches = read(tmp_path, rows)
    assert times_of(batches)[0].hour == 11
    assert any("without a zone were read as Europe/London (1 row)" in note for note in file.notes)
    file, batches = read(tmp_path, rows, Mapping(zone="America/New_York"))
    assert times_of(batches)[0].hour == 16
    file, batches = read(tmp_path, rows, header="device,gps_time_utc,lon,lat")
    assert times_of(batches)[0].hour == 12
    assert any("UTC because the column is named so" in note for note in file.notes)


def test_a_zone_that_does_not_exist_is_refused():
    with pytest.raises(LoadRefused, match="no time zone “Europe/Leicester”"):
        parse_mapping('zone = "Europe/Leicester"')


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(
        ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Atlantic/Azores", "UTC"]
    ),
    start=st.datetimes(datetime(2005, 1, 1), datetime(2023, 12, 1), timezones=st.just(UTC)),
    minutes=st.integers(20, 600),
)
def test_local_times_come_back_as_the_instants_they_were(tmp_path_factory, zone, start, minutes):
    """Every zone, any season: a tracker's instants, written as local times, are read as those instants."""
    tz = ZoneInfo(zone)
    truth = every(start.replace(microsecond=0), minutes, 60)
    shown = [local(t, tz) for t in truth]
    # An hour written once may be of either pass: only what its own text or order tells is claimed here.
    sure = [t for t, text in zip(truth, shown, strict=True) if _once(text, tz)]
    folder = tmp_path_factory.mktemp("zone")
    _, batches = read(folder, [("a", text) for text in shown], Mapping(zone=zone))
    assert set(sure) <= set(times_of(batches))


def _once(text: str, tz: ZoneInfo) -> bool:
    plain = datetime.fromisoformat(text)
    return plain.replace(tzinfo=tz, fold=0).utcoffset() == plain.replace(tzinfo=tz, fold=1).utcoffset()

"""Times, numbers and places: against Python's own clock arithmetic and known Ordnance Survey points."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from data_access.loading import values
from data_access.loading.table import Rows

LONDON = ZoneInfo("Europe/London")
TODAY = date(2024, 3, 1)


def rows_of(**columns: list[str]) -> Rows:
    frame = pd.DataFrame(columns, dtype=object)
    return Rows(frame, range(2, len(frame) + 2), lambda i: "|".join(frame.iloc[i]))


def utc_of(text: str, **kwargs) -> datetime | None:
    rows = rows_of(time=[text])
    found = values.times(rows, "time", **kwargs)["utc"].iloc[0]
    return None if pd.isna(found) or not rows.good.all() else found.to_pydatetime()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-02-13 14:05", datetime(2023, 2, 13, 14, 5)),
        ("2023-07-13T14:05:30", datetime(2023, 7, 13, 13, 5, 30)),
        ("13/07/2023 14:05", datetime(2023, 7, 13, 13, 5)),
        ("3/7/2023", datetime(2023, 7, 2, 23, 0)),
        ("2023-07-13T14:05:30.25Z", datetime(2023, 7, 13, 14, 5, 30, 250000)),
        ("2023-07-13 14:05+02:00", datetime(2023, 7, 13, 12, 5)),
        ("2023-07-13 14:05-0530", datetime(2023, 7, 13, 19, 35)),
        ("2023-10-29 01:30", datetime(2023, 10, 29, 0, 30)),  # twice that night: the first is meant
        ("2023-03-26 01:30", None),  # never that night
        ("2023-02-30 10:00", None),
        ("13/13/2023 10:00", None),
        ("2023-02-13 24:00", None),
        ("2023-02-13 10:00+99:00", None),
        ("yesterday", None),
        ("", None),
        ("1066-10-14", None),
    ],
)
def test_written_times_become_utc_or_reject_their_row(text, expected):
    assert utc_of(text, today=TODAY) == expected


@settings(max_examples=150, deadline=None)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)))
def test_zoneless_times_are_london_time(when):
    when = when.replace(microsecond=0)
    local = when.replace(tzinfo=LONDON)
    there_and_back = local.astimezone(UTC).astimezone(LONDON).replace(tzinfo=None)
    expected = local.astimezone(UTC).replace(tzinfo=None) if there_and_back == when else None
    assert utc_of(f"{when:%d/%m/%Y %H:%M:%S}") == expected


@settings(max_examples=50, deadline=None)
@given(st.integers(1_000_000_000, 2_000_000_000))
def test_epoch_seconds_and_milliseconds_are_the_same_moment(second):
    expected = datetime.fromtimestamp(second, UTC).replace(tzinfo=None)
    assert utc_of(str(second), epoch=True) == expected
    assert utc_of(str(second * 1000), epoch=True) == expected


def test_the_future_starts_after_today():
    assert utc_of("2024-03-01 23:59", today=TODAY) is not None
    assert utc_of("2024-03-02 00:00", today=TODAY) is None
    # 23:30 UTC on the last day of March is already April in London, by summer time.
    assert utc_of("2023-03-31T23:30Z", today=date(2023, 3, 31)) is None


def test_the_hour_that_comes_twice_is_counted_in_a_note():
    rows = rows_of(time=["2023-10-29 01:30", "2023-10-29T01:30Z", "2023-10-29 02:30", "2023-10-28 01:30"])
    values.times(rows, "time")
    rows.finish_notes()
    assert [note for note in rows.notes if "twice" in note and "1 row" in note]
    assert [note for note in rows.notes if "Europe/London" in note and "3 rows" in note]


# Ordnance Survey grid reference of well-known places, and their published WGS84 positions.
@pytest.mark.parametrize(
    ("easting", "northing", "lon", "lat"),
    [
        (651409.903, 313177.270, 1.716038, 52.657976),  # OS guide: Caister water tower, ETRS89 1°42'57.8"E 52°39'28.7"N
        (530042, 180381, -0.127625, 51.507321),  # Charing Cross
        (216676, 771283, -5.003508, 56.796856),  # Ben Nevis
    ],
)
def test_british_national_grid_agrees_with_wgs84_to_a_few_metres(easting, northing, lon, lat):
    rows = rows_of(easting=[str(easting)], northing=[str(northing)])
    x, y = values.coordinates(rows, required=True)
    _, _, metres = Geod(ellps="WGS84").inv(x.iloc[0], y.iloc[0], lon, lat)
    assert metres < 10


def test_positions_that_cannot_be_are_rejected_and_nowhere_is_not_zero():
    rows = rows_of(
        longitude=["-1.13", "52.63", "", "0", "200", "-1.13", "abc", "-87.6"],
        latitude=["52.63", "-1.13", "", "0", "52", "", "52", "41.8"],
    )
    lon, lat = values.coordinates(rows, required=False)
    assert rows.good.tolist() == [True, False, True, True, False, False, False, True]
    assert np.isnan(lon[[2, 3]]).all()
    assert np.isnan(lat[[2, 3]]).all()
    assert "swapped" in rows.rejects()[0]["reason"]


def test_decimal_commas_are_read_where_the_comma_does_not_separate():
    rows = rows_of(planned=["12,5", "7"])
    rows.decimal_comma = True
    assert values.numbers(rows, "planned").tolist() == [12.5, 7.0]
    rows.decimal_comma = False
    assert np.isnan(values.numbers(rows, "planned")[0])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=25))
def test_any_text_is_a_value_or_rejects_its_row(text):
    rows = rows_of(time=[text], longitude=[text], latitude=["52"], n=[text], month=[text])
    found = values.times(rows, "time", today=TODAY, epoch=True)
    values.coordinates(rows, required=True)
    values.amounts(rows, "n", whole=True)
    values.months(rows, "month")
    assert not rows.good.any() or found["utc"].notna().all()
    assert all(r["reason"] and r["field"] for r in rows.rejects())

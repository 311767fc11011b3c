"""The small file that names columns, and headers that need no naming."""

from __future__ import annotations

import pytest

from data_access.loading import LoadOptions, LoadRefused
from data_access.loading.mapping import Mapping, columns_of, mapping_of, parse_mapping, recognise


@pytest.mark.parametrize(
    ("header", "canonical"),
    [
        ("Fix Time", "time"), ("gps_time", "time"), ("utc", "time"), ("DateTime", "time"), ("TIMESTAMP", "time"), ("ts", "time"),
        ("unit", "device"), ("Callsign", "device"), ("call-sign", "device"), ("vehicle", "device"), ("Device ID", "device"),
        ("tracker", "device"), ("IMEI", "device"), ("Team Name", "team"), ("Accuracy (m)", "accuracy"), ("hAcc", "accuracy"),
    ],
)  # fmt: skip
def test_obvious_names_are_recognised(header, canonical):
    assert recognise(["other", header, "speed"], "pings") == {canonical: header}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["lat", "lng"], {"longitude": "lng", "latitude": "lat"}),
        (["Long.", "Latitude [deg]"], {"longitude": "Long.", "latitude": "Latitude [deg]"}),
        (["Easting", "NORTHINGS"], {"easting": "Easting", "northing": "NORTHINGS"}),
        (["X", "Y"], {"x": "X", "y": "Y"}),
        (["lat", "speed"], {}),
    ],
)
def test_places_come_in_pairs(headers, expected):
    assert recognise(headers, "pings") == expected


def test_the_plainest_of_several_names_is_taken():
    found = recognise(["id", "vehicle_id", "timestamp", "received_at", "time"], "pings")
    assert found == {"time": "time", "device": "vehicle_id"}


def test_what_the_mapping_names_is_not_guessed_again():
    mapping = Mapping(columns={"longitude": "gx", "latitude": "gy", "device": "Tracker"})
    found = columns_of(mapping, ["time", "Tracker", "unit", "x", "y", "gx", "gy"], "pings", "f.csv")
    assert found == {"time": "time", "device": "Tracker", "longitude": "gx", "latitude": "gy"}


def test_options_are_put_over_the_mapping():
    mapping = parse_mapping(
        'crs = "EPSG:27700"\nprovider = "a"\nteam = "T"\nmax_accuracy_m = 100\n[columns]\ntime = "when"\n'
    )
    merged = mapping_of(LoadOptions(mapping=mapping, provider="b", crs="EPSG:4326"))
    assert (merged.crs, merged.provider, merged.team, merged.max_accuracy_m) == ("EPSG:4326", "b", "T", 100.0)
    assert merged.columns == {"time": "when"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time = 'x'", "no setting time.*belong under .columns."),
        ("[columns]\nwhen = 'x'", "when is not a column"),
        ("[columns]\ntime = 3", "time must be a header"),
        ("columns = 3", "must list"),
        ("zone = 'Mars'", "no time zone “Mars”"),
        ("zone = '../../etc/passwd'", "no time zone"),
        ("zone = 3", "zone must be a text"),
        ("time_unit = 'hours'", "one of seconds, milliseconds"),
        ("max_accuracy_m = 0", "metres above 0"),
        ("max_accuracy_m = true", "metres above 0"),
        ("[columns", "is not TOML"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_which_entry(text, said):
    with pytest.raises(LoadRefused, match=f"van.toml.*{said}|{said}"):
        parse_mapping(text, "van.toml")

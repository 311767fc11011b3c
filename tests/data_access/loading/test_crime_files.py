"""Crimes as forces export them: every mixture of separators, endings, decimals and dates; any column names."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from data_access import schema as s
from data_access.loading import LoadOptions, LoadRefused
from data_access.loading.mapping import parse_mapping
from data_access.loading.readers import crimes
from data_access.loading.reading import Context, Parsed
from data_access.loading.source_file import SourceFile, open_source
from tests.open_data import SHARED

LON, LAT = -1.1301, 52.6302
EAST, NORTH = Transformer.from_crs(4326, 27700, always_xy=True).transform(LON, LAT)
CHICAGO = SHARED / "incidents" / "chicago_aggravated_assaults.csv.gz"


def parsed(content: str | bytes, **options: Any) -> Parsed:
    data = content.encode() if isinstance(content, str) else content
    mapping = parse_mapping(options.pop("mapping", ""))
    file = SourceFile("crimes.csv", data, "0" * 64)
    found = crimes.read(Context(file, LoadOptions(mapping=mapping, **options), date(2024, 3, 1), None))
    found.rows.finish_notes()
    return found


def reasons(found: Parsed) -> dict[int, str]:
    return {int(row["row_number"]): str(row["reason"]) for row in found.rows.rejects()}


def text_of(cells: list[list[str]], separator: str, ending: str) -> str:
    quoted = [[f'"{cell}"' if separator in cell else cell for cell in row] for row in cells]
    return "".join(separator.join(row) + ending for row in quoted)


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_every_mixture_reads_to_the_same_crimes(separator, ending):
    """Encodings x decimals x dates x places, for each separator and line ending: 24 files each."""
    encodings, decimals = ("utf-8", "utf-8-sig", "cp1252"), (".", ",")
    dates = (("2023-07-13 00:30", "2023-02-14"), ("13/07/2023 00:30", "14/02/2023"))
    for encoding, decimal, days, grid in product(encodings, decimals, dates, (False, True)):
        x, y = (f"{EAST:.1f}", f"{NORTH:.1f}") if grid else (str(LON), str(LAT))
        place = [x.replace(".", decimal), y.replace(".", decimal)]
        names = ["Easting", "Northing"] if grid else ["LONGITUDE", "Latitude"]
        cells = [
            ["Crime_Ref", "Occurred From", "Offence-Title", *names],
            ["A1", days[0], "Theft – “café”", *place],
            ["A2", days[1], "Theft – “café”", *place],
        ]
        found = parsed(text_of(cells, separator, ending).encode(encoding))
        what = (encoding, decimal, days, grid, reasons(found))
        assert found.rows.good.all(), what
        assert found.frame["lon"].to_numpy() == pytest.approx([LON, LON], abs=3e-5), what
        assert found.frame["lat"].to_numpy() == pytest.approx([LAT, LAT], abs=3e-5), what
        assert found.frame["occurred_from"].iloc[0] == pd.Timestamp("2023-07-12 23:30"), what
        assert found.frame["local_minute"].iloc[0] == 30, what
        assert np.isnan(found.frame["local_minute"].iloc[1]), what
        assert found.frame["local_date"].iloc[1] == pd.Timestamp("2023-02-14"), what
        assert found.frame["offence_title"].tolist() == ["Theft – “café”"] * 2, what


@pytest.mark.parametrize(
    "header",
    [
        "Crime Number,Committed From Date,HO Description,GridRef Easting,GridRef Northing",
        "CRN,Date From,Offence,Eastings,Northings",
        "URN,Date of Offence,Crime Type,OSX,OSY",
        "Crime No.,First Committed Date,Offence Description,X,Y",
        "crime_reference (unique),Occurred From (local),Offence [text],Easting (m),Northing (m)",
    ],
)
def test_obvious_names_are_recognised_and_the_load_says_which(header):
    found = parsed(f"{header}\nA1,13/02/2023 14:05,Burglary,{EAST:.0f},{NORTH:.0f}\n")
    assert found.rows.good.all()
    assert found.frame["reference"].tolist() == ["A1"]
    assert found.frame["lon"].iloc[0] == pytest.approx(LON, abs=3e-5)
    note = next(note for note in found.rows.notes if note.startswith("Columns taken"))
    assert f"occurred_from from “{header.split(',')[1]}”" in note


def test_a_mapping_names_columns_that_nobody_would_guess():
    text = f"Kolonne 1;K2;K3;Date;K5;K6\nA1;13/02/2023 14:05;Theft;2001-01-01;{EAST:.0f};{NORTH:.0f}\n"
    mapping = """
[columns]
crime_ref = "Kolonne 1"
occurred_from = "K2"
offence_title = "K3"
easting = "K5"
northing = "K6"
"""
    found = parsed(text, mapping=mapping)
    assert found.frame["local_date"].tolist() == [pd.Timestamp("2023-02-13")]
    assert found.frame["lon"].iloc[0] == pytest.approx(LON, abs=3e-5)
    with pytest.raises(LoadRefused, match="no column “K7”, which the mapping names for northing"):
        parsed(text, mapping=mapping.replace("K6", "K7"))


def test_without_the_columns_the_refusal_says_what_is_missing_found_and_to_do():
    with pytest.raises(LoadRefused) as refusal:
        parsed("When;What\n2023-02-13;Theft\n")
    for said in ("no column for occurred_from", "easting + northing", "When, What", "semicolon", "--mapping"):
        assert said in str(refusal.value)


def test_two_columns_of_one_name_are_refused_unless_the_mapping_chooses():
    text = "Date (to),Date (from),Offence,Lon,Lat\n2023-02-14,2023-02-13,Theft,-1.13,52.63\n"
    with pytest.raises(LoadRefused, match="twice"):
        parsed(text)
    found = parsed(text, mapping='[columns]\noccurred_from = "Date (from)"\noccurred_to = "Date (to)"')
    assert found.frame["local_date"].tolist() == [pd.Timestamp("2023-02-13")]


def test_a_stray_column_of_half_a_place_does_not_matter():
    found = parsed(f"date,offence,easting,northing,longitude\n2023-02-13,Theft,{EAST:.0f},{NORTH:.0f},W\n")
    assert found.rows.good.all()
    assert found.frame["lon"].iloc[0] == pytest.approx(LON, abs=3e-5)


@pytest.mark.parametrize("code", [3857, 2154, 29903, 4277])
def test_places_in_another_coordinate_system_are_converted(code):
    x, y = Transformer.from_crs(4326, code, always_xy=True).transform(LON, LAT)
    names = "longitude,latitude" if code == 4277 else "x,y"
    text = f"date,offence,{names}\n2023-02-13,Theft,{x:.6f},{y:.6f}\n2023-02-13,Theft,1e30,1e30\n2023-02-13,Theft,,\n"
    found = parsed(text, crs=f"EPSG:{code}")
    assert found.frame["lon"].iloc[0] == pytest.approx(LON, abs=2e-6)
    assert found.frame["lat"].iloc[0] == pytest.approx(LAT, abs=2e-6)
    assert list(reasons(found)) == [3]
    assert found.frame["lon"].isna().tolist() == [False, True, True]
    assert any("were converted from" in note for note in found.rows.notes)


def test_x_and_y_are_degrees_or_grid_metres_by_their_values_and_else_refused():
    head = "date,offence,x,y\n"
    degrees, grid = f"2023-02-13,Theft,{LON},{LAT}\n", f"2023-02-13,Theft,{EAST:.1f},{NORTH:.1f}\n"
    for text in (head + degrees, head + grid):
        found = parsed(text)
        assert found.frame["lon"].iloc[0] == pytest.approx(LON, abs=3e-5)
        assert any(note.startswith("The columns x and y were read as") for note in found.rows.notes)
    with pytest.raises(LoadRefused, match=r"neither degrees nor British National Grid.*--crs"):
        parsed(head + "2023-02-13,Theft,-125800.5,6913000.2\n")
    # One wild row does not speak for the file.
    found = parsed(head + degrees * 3 + "2023-02-13,Theft,-125800.5,6913000.2\n")
    assert list(reasons(found)) == [5]


@pytest.mark.parametrize(
    ("crs", "said"),
    [("2154", "look like degrees"), ("4277x", "no coordinate system"), ("EPSG:5703", "no system of places")],
)
def test_a_system_that_cannot_be_is_refused(crs, said):
    with pytest.raises(LoadRefused, match=said):
        parsed("date,offence,x,y\n2023-02-13,Theft,-1.13,52.63\n", crs=crs)
    with pytest.raises(LoadRefused, match="no easting and northing"):
        parsed("date,offence,lon,lat\n2023-02-13,Theft,-1.13,52.63\n", crs="2154")


def test_times_and_places_that_cannot_be_are_rejected_row_by_row_with_the_reason():
    head = "date,offence,longitude,latitude,easting,northing\n"
    bad = {
        "31/02/2023,Theft,-1.13,52.63,,": "“31/02/2023” is not a date and time",
        "2023-02-13 24:00,Theft,-1.13,52.63,,": "“2023-02-13 24:00” is not a date and time",
        "26/03/2023 01:30,Theft,-1.13,52.63,,": "the clocks went forward",
        "2023-02-13 10:00+99:00,Theft,-1.13,52.63,,": "is not a date and time",
        "1805-10-21,Theft,-1.13,52.63,,": "before 1900",
        "2024-03-02,Theft,-1.13,52.63,,": "in the future (today is 2024-03-01)",
        ",Theft,-1.13,52.63,,": "An empty cell is not a date",
        "2023-02-13,Theft,-181,52.63,,": "between -180 and 180",
        "2023-02-13,Theft,52.63,-1.13,,": "swapped",
        "2023-02-13,Theft,west,52.63,,": "“west” is not a coordinate",
        "2023-02-13,Theft,-1.13,,,": "only one of longitude and latitude",
        "2023-02-13,Theft,NaN,52.63,,": "“NaN” is not a coordinate",
        "2023-02-13,Theft,,,900000,300000": "outside the British National Grid",
        '2023-02-13,Theft,,,"458,900",300000': "“458,900” is not a coordinate",
        "2023-02-13,,-1.13,52.63,,": "names no offence",
    }
    good = ["2023-02-13,Theft,,,,", "2023-02-13,Theft,0,0,,", "2023-10-29 01:30,Theft,-1.13,52.63,,"]
    found = parsed(head + "\n".join([*bad, *good]) + "\n")
    said = reasons(found)
    assert list(said) == list(range(2, 2 + len(bad)))
    for (row, part), reason in zip(bad.items(), said.values(), strict=True):
        assert part in reason, row
    kept = found.frame[found.rows.good]
    assert kept["lon"].isna().tolist() == [True, True, False]
    assert kept["occurred_from"].iloc[2] == pd.Timestamp("2023-10-29 00:30")  # the first of the two: summer time
    assert any("comes twice" in note and "1 row" in note for note in found.rows.notes)


def test_dates_with_the_month_first_are_refused_because_half_of_them_would_pass():
    head = "date,offence,lon,lat\n"
    rows = "".join(f"{d},Theft,-1.13,52.63\n" for d in ("02/13/2023", "02/03/2023 10:00", "03/31/2023"))
    with pytest.raises(LoadRefused, match="month first, such as “02/13/2023”"):
        parsed(head + rows)
    # One slip among days first rejects its own row.
    found = parsed(head + "02/13/2023,Theft,-1.13,52.63\n13/02/2023,Theft,-1.13,52.63\n")
    assert list(reasons(found)) == [2]


def test_a_time_of_day_in_a_column_of_its_own_belongs_to_its_date():
    rows = [
        "2023-02-13,14:05,2023-02-13,14:30", "13/02/2023 00:00:00,1405,,", "2023-02-13,,,",
        "2023-02-13 09:00,14:05,,", "2023-02-13,25:00,,", "2023-02-13,noon,,", "2023-02-13,14:05,2023-02-13,14:00",
    ]  # fmt: skip
    head = "Date From,Time From,Date To,Time To,Offence,Lon,Lat\n"
    found = parsed(head + "".join(f"{row},Theft,-1.13,52.63\n" for row in rows))
    assert found.frame["local_minute"].iloc[:2].tolist() == [845, 845]
    assert np.isnan(found.frame["local_minute"].iloc[2])
    assert found.frame["local_minute"].iloc[3] == 540, "a date with a time keeps its own"
    assert found.frame["occurred_to"].iloc[0] == pd.Timestamp("2023-02-13 14:30")
    said = reasons(found)
    assert list(said) == [6, 7, 8]
    assert "time of day" in said[7]
    assert "before “Occurred from”" in said[8]


def test_the_zone_of_times_is_the_mapping_s():
    text = "date,offence,lon,lat\n2023-07-13 00:30,Theft,-1.13,52.63\n"
    london, utc = parsed(text), parsed(text, mapping='zone = "UTC"')
    assert london.frame["occurred_from"].iloc[0] == pd.Timestamp("2023-07-12 23:30")
    assert utc.frame["occurred_from"].iloc[0] == pd.Timestamp("2023-07-13 00:30")
    assert utc.frame["local_minute"].iloc[0] == 90
    assert any("read as UTC" in note for note in utc.rows.notes)


def test_an_extract_of_one_offence_says_so_in_the_mapping():
    text = "date,lon,lat\n2023-02-13,-1.13,52.63\n"
    with pytest.raises(LoadRefused, match="offence_group"):
        parsed(text)
    found = parsed(text, mapping='offence_group = "ROBBERY"')
    assert found.frame["offence_group"].tolist() == ["Robbery"]


def test_a_mapped_file_goes_through_the_door_and_its_rejects_keep_their_text(door):
    text = f"Ref;When;What;E;N\r\nA1;13/02/2023 14:05;Theft;{EAST:.0f};{NORTH:.0f}\r\nA2;soon;Theft;;\r\n"
    text += f"A1;13/02/2023 14:05;Theft;{EAST:.0f};{NORTH:.0f}\r\n"
    columns = {"crime_ref": "Ref", "occurred_from": "When", "offence_title": "What", "easting": "E", "northing": "N"}
    mapping = parse_mapping("[columns]\n" + "".join(f'{k} = "{v}"\n' for k, v in columns.items()))
    result = door.load("crimes", text, mapping=mapping)
    assert (result.read, result.loaded, result.duplicate, result.rejected) == (3, 1, 1, 1)
    reject = door.rows(s.reject).iloc[-1]
    assert (reject["row_number"], reject["raw"]) == (3, "A2;soon;Theft;;")
    assert door.rows(s.crime)["lon"].iloc[0] == pytest.approx(LON, abs=3e-5)


@pytest.mark.skipif(not CHICAGO.is_file(), reason="the real incidents are not on this machine")
def test_the_real_incidents_of_chicago_load_whole_with_a_mapping():
    mapping = parse_mapping("""
zone = "America/Chicago"
offence_group = "Violence and sexual offences"
[columns]
occurred_from = "date"
offence_title = "loc_cat"
""")
    context = Context(open_source(CHICAGO), LoadOptions(mapping=mapping), date(2024, 3, 1), None)
    found = crimes.read(context)
    assert (found.rows.read, int(found.rows.good.sum())) == (148_636, 148_636)
    assert found.frame["lon"].between(-88, -87).all()
    # Chicago's first minute of 2010 is five past six in London.
    assert found.frame["occurred_from"].iloc[0] == pd.Timestamp("2010-01-01 06:05")
    assert found.frame["offence_title"].value_counts().index[0] == "street"
    without = Context(open_source(CHICAGO), LoadOptions(), date(2024, 3, 1), None)
    with pytest.raises(LoadRefused, match="no column for offence_code or offence_title or offence_group"):
        crimes.read(without)


@pytest.mark.parametrize("until", ["2023-02-13", "13/02/2023", "13/02/2023 00:00", "2023-02-13T00:00:00"])
def test_an_end_without_a_clock_time_is_that_whole_day_and_an_earlier_day_is_said_in_known_words(until):
    head = "Crime Ref,Committed From Date,Committed To Date,Offence,Longitude,Latitude\n"
    text = head + f"A1,2023-02-13 14:05,{until},Theft,-1.13,52.63\nA2,2023-02-14 14:05,{until},Theft,-1.13,52.63\n"
    context = Context(SourceFile("c.csv", text.encode(), "0" * 64), LoadOptions(), date(2024, 3, 1), None)
    rows = crimes.read(context).rows
    assert rows.good.tolist() == [True, False]
    assert rows.rejects()[0]["reason"] == "“Occurred to” lies before “Occurred from”."

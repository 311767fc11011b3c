"""What a load is identified by: the same file, a newer file, a file that shares part of a period, a file refused."""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta

import pytest

from data_access import schema as s
from data_access.loading import LoadRefused

HEAD = "crime_ref,occurred_from,offence_group,longitude,latitude\n"


def crimes(first: date, days: int, each: int = 2, prefix: str = "C") -> str:
    """``each`` crimes a day; references are unique to the day and number."""
    lines = []
    for offset in range(days):
        day = first + timedelta(days=offset)
        lines += [f"{prefix}{day:%m%d}-{n},{day} 1{n}:00,Theft,-1.13,52.63\n" for n in range(each)]
    return HEAD + "".join(lines)


def statuses(door) -> list[str]:
    loads = door.rows(s.load)
    return loads[~loads["kind"].isin(["programme", "hot-spots"])]["status"].tolist()


KINDS = {
    "crimes": crimes(date(2023, 2, 1), 28),
    "police-uk": "Month,Reported by,Longitude,Latitude,Crime type\n2023-01,F,-1.1,52.6,Drugs\n2023-01,F,x,52.6,Drugs\n",
    "pings": "device,time,lon,lat,provider,team\nd,2023-02-01T10:00Z,-1.13,52.63,outreach,A\n",
    "plan": "date,hot_spot,provider,planned_minutes\n2023-02-01,HS1,outreach,40\n",
    "costs": "month,category,flow,amount_gbp\n2023-02,Staff,spend,5\n",
    "engagements": "date,provider,measure,count\n2023-02-01,outreach,arrests,5\n",
    "comparators": "month,place,crimes\n2023-02,Derby,5\n",
    "weights": "offence_group,harm_days,edition\nTheft,5,e\n",
    "case-studies": json.dumps(
        {
            "case_studies": [
                dict.fromkeys(("reference", "theme", "title", "situation", "action", "outcome", "author"), "x")
            ]
        }
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_file_again_changes_nothing(door, kind):
    first = door.load(kind, KINDS[kind], "one")
    before = door.everything()
    again = door.load(kind, KINDS[kind], "another name")
    packed = door.load(kind, gzip.compress(KINDS[kind].encode()), "one.gz")
    assert door.everything() == before
    for result in (again, packed):
        assert (result.status, result.load_id) == ("already loaded", first.load_id)
        assert (result.read, result.loaded) == (first.read, 0)
        assert (result.duplicate, result.rejected) == (first.read - first.rejected, first.rejected)


@pytest.mark.parametrize("kind", ["programme", "hot-spots"])
def test_the_same_document_again_changes_nothing(door, kind):
    name = {"programme": "programme.toml", "hot-spots": "spots.geojson"}[kind]
    content = (door.folder / name).read_bytes()
    before = door.everything()
    assert door.load(kind, content, name).status == "already loaded"
    assert door.everything() == before


# --- replacing ------------------------------------------------------------------------------------------


def test_a_corrected_month_replaces_the_month_and_reports_the_difference(door):
    old = door.load("crimes", crimes(date(2023, 2, 1), 28), "feb.csv")
    new = door.load("crimes", crimes(date(2023, 2, 2), 26, each=3), "feb corrected.csv")
    assert new.status == "replaced"
    assert new.difference == {
        "replaced_loads": [old.load_id], "rows_before": 56, "rows_after": 78, "by_month": {"2023-02": [56, 78]},
    }  # fmt: skip
    assert set(door.rows(s.crime)["load_id"]) == {new.load_id}
    assert statuses(door) == ["superseded", "current"]
    assert door.rows(s.load)["superseded_by"].tolist()[-2] == new.load_id


def test_a_longer_extract_replaces_every_month_it_covers(door):
    for month in (1, 2):
        door.load("crimes", crimes(date(2023, month, 1), 28), f"{month}.csv")
    result = door.load("crimes", crimes(date(2023, 1, 1), 80), "quarter.csv")
    assert len(result.difference["replaced_loads"]) == 2
    assert len(door.rows(s.crime)) == 160


def test_next_weeks_file_does_not_replace_this_weeks_though_both_are_of_february(door):
    door.load("crimes", crimes(date(2023, 2, 1), 7), "week 1.csv")
    result = door.load("crimes", crimes(date(2023, 2, 8), 7), "week 2.csv")
    assert (result.status, result.loaded, result.duplicate) == ("loaded", 14, 0)
    assert len(door.rows(s.crime)) == 28
    assert statuses(door) == ["current", "current"]


def test_a_rolling_extract_adds_its_new_days_and_counts_the_rest_as_duplicates(door):
    door.load("crimes", crimes(date(2023, 1, 1), 28), "a.csv")
    result = door.load("crimes", crimes(date(2023, 1, 15), 28), "b.csv")
    assert (result.loaded, result.duplicate) == (28, 28)
    assert len(door.rows(s.crime)) == len(set(door.rows(s.crime)["reference"])) == 84
    asked = door.load("crimes", crimes(date(2023, 1, 20), 28, prefix="N"), "c.csv", replace=True)
    assert asked.status == "replaced", "--replace goes by months alone"


def test_rows_without_references_are_matched_as_often_as_they_are_held(door):
    row = ",2023-02-01 10:00,Anti-social behaviour,-1.13,52.63\n"
    door.load("crimes", HEAD + row * 2 + ",2023-01-01 10:00,Theft,-1.13,52.63\n", "a.csv")
    result = door.load(
        "crimes", HEAD + row * 3 + ",2023-03-01 10:00,Theft,-1.13,52.63\n", "b.csv", today=date(2023, 4, 1)
    )
    assert (result.loaded, result.duplicate) == (2, 2)


def test_one_old_case_does_not_stretch_a_file_over_the_years_between(door):
    door.load("crimes", crimes(date(2022, 5, 1), 31), "may.csv")
    old = "H1,1975-06-01,Sexual offences,-1.13,52.63\n"
    result = door.load("crimes", crimes(date(2023, 2, 1), 28) + old, "feb.csv")
    assert (result.status, result.loaded, result.period) == ("loaded", 57, ("2023-02-01", "2023-02-28"))
    assert any("outside the period" in note for note in result.notes)


def test_another_source_is_another_subject(door):
    door.load("crimes", crimes(date(2023, 2, 1), 28), "a.csv", source="Records")
    result = door.load("crimes", crimes(date(2023, 2, 1), 28, prefix="T"), "b.csv", source="Transport police")
    assert result.status == "loaded"
    assert len(door.rows(s.crime)) == 112


def test_a_file_of_several_forces_does_not_double_the_file_of_one(door):
    head = "Crime ID,Month,Reported by,Longitude,Latitude,Crime type\n"
    north = (
        "".join(f"n{i},2023-01,North,-1.13,52.63,Drugs\n" for i in range(4))
        + ",2023-01,North,,,Anti-social behaviour\n"
    )
    south = "s1,2023-01,South,-1.13,52.63,Drugs\n,2023-01,South,,,Anti-social behaviour\n"
    door.load("police-uk", head + north, "north.csv")
    both = door.load("police-uk", head + north + south, "both.csv")
    assert both.status == "replaced"
    assert len(door.rows(s.crime)) == 7
    again = door.load("police-uk", head + south, "south.csv")
    assert (again.loaded, again.duplicate) == (0, 2)
    assert len(door.rows(s.crime)) == 7


@pytest.mark.parametrize(
    ("kind", "first", "second", "third"),
    [
        ("plan", "2023-02-01,HS1,outreach,40", "2023-02-01,HS1,police-overtime,15", "2023-02-01,HS1,outreach,45"),
        ("engagements", "2023-02-01,outreach,arrests,1", "2023-02-01,police-overtime,arrests,2", "2023-02-01,outreach,arrests,3"),
        ("costs", "2023-02,outreach,Staff,spend,5", "2023-02,outreach,Staff,claim,5", "2023-02,outreach,Staff,spend,6"),
        ("comparators", "2023-02,Derby,4", "2023-02,York,5", "2023-02,Derby,6"),
        ("pings", "d1,2023-02-01T10:00Z,-1.13,52.63,outreach,A", "d2,2023-02-01T10:00Z,-1.13,52.63,outreach,A",
         "d1,2023-02-01T11:00Z,-1.13,52.63,outreach,A"),
    ],
)  # fmt: skip
def test_one_providers_file_never_replaces_anothers(door, kind, first, second, third):
    heads = {
        "plan": "date,hot_spot,provider,planned_minutes", "engagements": "date,provider,measure,count",
        "costs": "month,provider,category,flow,amount_gbp", "comparators": "month,place,crimes",
        "pings": "device,time,lon,lat,provider,team",
    }  # fmt: skip
    loads = [door.load(kind, f"{heads[kind]}\n{row}\n", f"{i}.csv") for i, row in enumerate((first, second, third))]
    assert [result.status for result in loads] == ["loaded", "loaded", "replaced"]
    assert loads[2].difference["replaced_loads"] == [loads[0].load_id]
    assert statuses(door) == ["superseded", "current", "current"]


def test_pings_held_already_are_duplicates_whatever_file_they_come_in(door):
    head = "device,time,lon,lat,provider,team\n"
    rows = [f"d1,2023-02-01T10:0{i}:00Z,-1.13,52.63,outreach,A\n" for i in range(10)]
    late = "d1,2023-02-02T10:00:00Z,-1.13,52.63,outreach,A\n"
    door.load("pings", head + "".join(rows[:6]) + late, "a.csv", source="phone")
    result = door.load("pings", head + "".join(rows[4:]), "b.csv", source="tablet")
    assert (result.loaded, result.duplicate) == (4, 2)


def test_going_back_to_a_replaced_file_is_never_silent(door):
    first, second = crimes(date(2023, 2, 1), 28), crimes(date(2023, 2, 1), 28, each=3)
    door.load("crimes", first, "a.csv")
    door.load("crimes", second, "b.csv")
    before = door.everything()
    result = door.load("crimes", first, "a.csv")
    assert result.status == "already loaded"
    assert "--again" in result.notes[0]
    assert door.everything() == before
    assert door.load("crimes", first, "a.csv", again=True).status == "replaced"
    assert len(door.rows(s.crime)) == 56


# --- refused --------------------------------------------------------------------------------------------

GOOD = crimes(date(2023, 2, 1), 28)
UNUSABLE = {
    "empty": b"",
    "binary": bytes(range(256)) * 20,
    "truncated line": GOOD.encode()[:-9],
    "truncated gzip": gzip.compress(GOOD.encode())[:-20],
    "header only": HEAD.encode(),
    "other columns": b"a,b\n1,2\n",
    "open quotation mark": (HEAD + '"A1,2023-02-01,Theft,-1.13,52.63\n').encode(),
    "every row bad": (HEAD + "A1,2093-02-01,Theft,-1.13,52.63\n").encode(),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_file_that_cannot_be_used_is_refused_and_changes_nothing(door, what):
    door.load("crimes", crimes(date(2023, 2, 1), 28, each=1), "held.csv")
    before = door.everything()
    with pytest.raises(LoadRefused) as refusal:
        door.load("crimes", UNUSABLE[what], "bad.csv.gz" if "gzip" in what else "bad.csv")
    assert "bad.csv" in str(refusal.value), "the message names the file"
    assert door.everything() == before
    assert len(door.rows(s.crime)) == 28


def test_an_unknown_kind_or_programme_is_refused_with_what_is_known(bare):
    with pytest.raises(LoadRefused, match="police-uk"):
        bare.load("crime", "x")
    with pytest.raises(LoadRefused, match="load programme"):
        bare.load("crimes", GOOD)


def test_every_load_leaves_one_line_in_the_audit_log(door):
    before = len(door.rows(s.audit))
    result = door.load("crimes", GOOD, "feb.csv")
    last = door.rows(s.audit).iloc[-1]
    assert len(door.rows(s.audit)) == before + 1
    assert (last["event"], last["actor"]) == ("file loaded", "test")
    assert (last["detail"]["file_name"], last["detail"]["rows_loaded"]) == ("feb.csv", result.loaded)


def test_a_failure_half_way_leaves_nothing_behind(door):
    with door.engine.begin() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON crime WHEN NEW.row_number = 40 "
            "BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
        )
    before = door.everything()
    with pytest.raises(LoadRefused, match="disk is full"):
        door.load("crimes", GOOD, "feb.csv")
    assert door.everything() == before


def test_pings_of_the_same_provider_and_days_under_another_source_are_noticed(door):
    head = "provider,team,device,time,lon,lat\n"
    rows = [f"outreach,A,d{i % 2},2023-02-13T14:00:{i:02d}Z,-1.13,52.63\n" for i in range(10)]
    door.load("pings", head + "".join(rows), "a.csv", source="phone")
    again = [row.replace(":00:", ":30:").replace(",d1,", ",e,") for row in rows]
    result = door.load("pings", head + "".join(again), "b.csv", source="tablet")
    assert result.loaded == 10
    said = "a.csv (source “phone”) holds pings of outreach on 1 day of this file too; 1 device in both."
    assert sum(said in note for note in result.notes) == 1
    later = [row.replace("2023-02-13", "2023-02-15") for row in rows]
    assert not any(
        "of this file too" in n for n in door.load("pings", head + "".join(later), "c.csv", source="x").notes
    )

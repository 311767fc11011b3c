"""Each kind of extract file: what a good file leaves in the database and what happens to its bad rows."""

from __future__ import annotations

import io
import json
from datetime import date, datetime

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from data_access import schema as s
from data_access.loading import LoadRefused
from domain.programme import parse_programme

CRIMES = """crime_ref,occurred_from,occurred_to,offence_code,offence_title,offence_group,longitude,latitude
A1,2023-02-13 14:05,2023-02-13 14:30,8/06,Assault,Violence,-1.130,52.630
A2,13/07/2023 00:30,,8/06,Assault,Violence,-1.120,52.635
A3,2023-02-14,,,,Anti-social behaviour,-1.150,52.650
A4,2023-02-15 10:00,,,Theft,Theft,,
A5,2023-02-16 10:00,2023-02-15 09:00,,Theft,Theft,-1.130,52.630
A6,2033-02-16 10:00,,,Theft,Theft,-1.130,52.630
A7,2023-02-16 10:00,,,,,-1.130,52.630
A8,2023-02-16 10:00,,,Theft,Theft,52.630,-1.130
A1,2023-02-13 14:05,2023-02-13 14:30,8/06,Assault,Violence,-1.130,52.630
"""


def adds_up(result) -> bool:
    return result.read == result.loaded + result.duplicate + result.rejected


def area_ids(door) -> dict[str, int]:
    return dict(door.rows(s.area)[["code", "id"]].itertuples(index=False, name=None))


def test_programme_is_stored_as_a_document_that_parses_back(door):
    config = door.rows(s.programme)["config"].iloc[0]
    assert json.loads(json.dumps(config)) == config
    programme = parse_programme(config)
    assert programme.provider("outreach").dose_on(date(2023, 3, 1)) == 40
    assert programme.provider("outreach").shift_to.hour == 20
    assert programme.service_live_from == date(2022, 10, 1)


def test_programme_update_keeps_its_id_and_says_what_changed(door):
    before = door.rows(s.programme).iloc[0]
    changed = json.dumps(before["config"] | {"name": "Renamed", "contact": "someone"})
    result = door.load("programme", changed, "programme.json")
    assert (result.status, result.difference["changed"]) == ("replaced", ["contact", "name"])
    after = door.rows(s.programme)
    assert after["id"].tolist() == [before["id"]]
    assert after["name"].tolist() == ["Renamed"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("code = ", "not TOML"),
        ("{not json", "not JSON"),
        ("[1]", "code: a text is needed"),
        ('code = "x y"\nname = "n"', "force: a text is needed"),
        ('code="A"\nname="n"\nforce="f"\narea_name="a"\nproviders = 3', "table stands where a value belongs"),
        ('code="A"\nname="n"\nforce="f"\narea_name="a"\ntargets = [1]', "table stands where a value belongs"),
    ],
)
def test_a_programme_that_cannot_be_used_is_refused_and_changes_nothing(door, content, said):
    before = door.everything()
    with pytest.raises(LoadRefused, match=said):
        door.load("programme", content, "programme.toml")
    assert door.everything() == before


def test_crimes_are_placed_dated_and_counted(door):
    result = door.load("crimes", CRIMES)
    assert (result.read, result.loaded, result.duplicate, result.rejected) == (9, 4, 1, 4)
    assert result.period == ("2023-02-13", "2023-07-13")
    rows = door.rows(s.crime).set_index("reference")
    ids = area_ids(door)
    assert rows["placement"].to_dict() == {"A1": "inside", "A2": "inside", "A3": "outside", "A4": "no coordinates"}
    assert rows.loc["A1", "area_id"] == ids["HS1"]
    assert rows["is_crime"].to_dict() == {"A1": True, "A2": True, "A3": False, "A4": True}
    # Half past midnight by summer time is the day before in UTC; the local day is what counts.
    assert rows.loc["A2", "local_date"] == date(2023, 7, 13)
    assert rows.loc["A2", "occurred_from"] == datetime(2023, 7, 12, 23, 30)
    assert (rows.loc["A1", "month"], rows.loc["A1", "local_minute"]) == ("2023-02", 14 * 60 + 5)
    assert rows["local_minute"].isna().to_dict()["A3"], "a date without a time belongs to no hour"
    assert rows["lon"].isna().to_dict() == {"A1": False, "A2": False, "A3": False, "A4": True}


def test_rejected_rows_keep_number_field_reason_and_raw_text(door):
    door.load("crimes", CRIMES)
    kept = door.rows(s.reject).set_index("row_number")
    assert kept["field"].to_dict() == {6: "occurred_to", 7: "occurred_from", 8: "offence_group", 9: "longitude"}
    assert kept.loc[9, "raw"] == CRIMES.splitlines()[8]
    assert "future" in kept.loc[7, "reason"]
    assert "swapped" in kept.loc[9, "reason"]


def test_eastings_and_northings_fall_in_the_same_place_as_longitudes(door):
    from pyproj import Transformer

    east, north = Transformer.from_crs(4326, 27700, always_xy=True).transform(-1.130, 52.630)
    text = f"occurred_from;offence_group;Easting;Northing\n2023-02-13 14:05;Theft;{east:.1f};{north:.1f}\n".replace(
        ".", ","
    )
    assert door.load("crimes", text).loaded == 1
    crime = door.rows(s.crime).iloc[0]
    assert crime["area_id"] == area_ids(door)["HS1"]
    assert (crime["lon"], crime["lat"]) == pytest.approx((-1.130, 52.630), abs=5e-5)


def test_an_exact_repeat_is_a_duplicate_only_where_a_reference_says_so(door):
    head = "crime_ref,occurred_from,offence_group,longitude,latitude\n"
    row = ",2023-02-13 14:05,Anti-social behaviour,-1.13,52.63\n"
    result = door.load("crimes", head + row * 3 + ("R1" + row) * 3 + "R1,2023-02-13 14:05,Theft,-1.13,52.63\n")
    # Three incidents at one snap point, one crime thrice, and a second offence under the same reference.
    assert (result.loaded, result.duplicate) == (5, 2)


POLICE_HEAD = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context\n"
)


def police_row(reference="", month="2023-01", lon="-1.130", lat="52.630", kind="Anti-social behaviour"):
    return f"{reference},{month},Test Police,Test Police,{lon},{lat},On or near ,E01,Here,{kind},,\n"


def test_police_uk_keeps_asb_repeats_missing_and_far_points(door):
    content = (
        POLICE_HEAD + police_row() * 3 + police_row("c1", kind="Violence and Sexual Offences") * 2
        + police_row("c2", lon="", lat="", kind="Drugs") + police_row("c3", lon="-6.5", lat="57.1", kind="Drugs")
        + police_row("c4", lon="0", lat="0", kind="Drugs") + police_row("c5", month="2023-13", kind="Drugs")
        + police_row("c6", lon="x", kind="Drugs") + police_row("c7", kind="")
    )  # fmt: skip
    result = door.load("police-uk", content)
    assert (result.read, result.loaded, result.duplicate, result.rejected) == (11, 7, 1, 3)
    assert result.period == ("2023-01-01", "2023-01-31")
    rows = door.rows(s.crime)
    assert rows["placement"].value_counts().to_dict() == {"inside": 4, "no coordinates": 2, "outside": 1}
    assert rows["offence_group"].tolist()[3] == "Violence and sexual offences"
    assert rows["local_date"].isna().all()
    assert rows["occurred_from"].isna().all()
    assert not ((rows["lon"] == 0) & (rows["lat"] == 0)).any()
    assert door.rows(s.load)["source"].tolist()[-1] == "Test Police"


PINGS = """device,time,lon,lat,provider,team
d1,2023-02-13T14:00:00Z,-1.1300,52.6300,outreach,A
d1,1676296820,-1.1301,52.6300,Street outreach,A
d1,1676296820,-1.1399,52.6300,outreach,A
d1,13/02/2023 14:00:40,-1.1302,52.6300,outreach,A
d2,2023-02-13T14:00:00Z,-1.1300,52.6300,nobody,A
d2,,-1.1300,52.6300,outreach,A
d2,2023-02-13T14:00:00Z,0,0,outreach,A
"""


def test_pings_are_utc_milliseconds_once_each(door):
    result = door.load("pings", PINGS)
    assert (result.read, result.loaded, result.duplicate, result.rejected) == (7, 3, 1, 3)
    rows = door.pings()
    assert rows["t_utc_ms"].tolist() == [1676296800000, 1676296820000, 1676296840000]
    assert set(rows["provider"]) == {"outreach"}
    reasons = door.rows(s.reject)["reason"].tolist()
    assert "outreach, police-overtime" in reasons[0], "an unknown provider is told which are known"
    assert "no position" in reasons[2]


def test_pings_of_a_file_without_provider_need_to_be_told(door):
    content = "device,timestamp,longitude,latitude\nd1,2023-02-13T14:00:00Z,-1.13,52.63\n"
    with pytest.raises(LoadRefused, match="--provider"):
        door.load("pings", content)
    result = door.load("pings", content, provider="outreach", team="A")
    assert result.loaded == 1
    assert door.pings()[["provider", "team"]].iloc[0].tolist() == ["outreach", "A"]


def test_pings_become_visits_in_the_same_load(door):
    pytest.importorskip("data_access.dosage")
    times = [f"2023-02-13T14:{m:02d}:{sec:02d}Z" for m in range(0, 20) for sec in (0, 20, 40)]
    door.load(
        "pings", "device,time,lon,lat,provider,team\n" + "".join(f"d1,{t},-1.13,52.63,outreach,A\n" for t in times)
    )
    visits = door.rows(s.visit)
    assert visits["area_id"].tolist() == [area_ids(door)["HS1"]]
    assert visits["patrol_minutes"].sum() == pytest.approx(19 + 40 / 60, abs=0.01)


def test_plan_rows_name_known_spots_and_providers(door):
    content = (
        "date,hot_spot,provider,planned_minutes,planned_start,planned_persons,abstracted_minutes,abstraction_reason\n"
        "2023-02-13,HS1,outreach,40,14:30,,0,\n"
        "13/02/2023,Place HS2,Police overtime,15,,3,15,Custody\n"
        "2023-02-13,HS9,outreach,40,,,,\n"
        "2023-02-13,HS1,nobody,40,,,,\n"
        "2023-02-13,HS1,outreach,-4,,,,\n"
        "2023-02-13,HS1,outreach,10,,,20,\n"
        "2023-02-13,HS1,outreach,10,25:00,,,\n"
        "2023-02-31,HS1,outreach,10,,,,\n"
    )
    result = door.load("plan", content)
    assert (result.read, result.loaded, result.rejected) == (8, 2, 6)
    rows = door.rows(s.plan)
    assert rows["planned_persons"].tolist() == [2, 3], "a patrol has as many people as its provider sends"
    assert rows["planned_start_minute"].iloc[0] == 14 * 60 + 30
    assert rows["abstraction_reason"].tolist() == [None, "arrest or custody"]
    assert rows["self_reported_minutes"].isna().all(), "not reported is not zero"
    assert "HS1, HS2, HS3" in door.rows(s.reject)["reason"].iloc[0]


def test_costs_read_money_as_finance_systems_print_it(door):
    content = (
        "month,provider,category,flow,amount_gbp,note\n"
        '2023-02,outreach,Staff,spend,"£12,345.67",\n'
        "2023-02,,Training,Forecast,100,x\n"
        "2023-02,outreach,Staff,spend,-20.5,correction\n"
        "2023-02,outreach,Staff,gift,1,\n"
        "2023-02,outreach,,spend,1,\n"
        "2030-02,outreach,Staff,spend,1,\n"
        "2030-02,outreach,Staff,forecast,1,\n"
        "2023-02,outreach,Staff,spend,about 5,\n"
    )
    result = door.load("costs", content)
    assert (result.read, result.loaded, result.rejected) == (8, 4, 4)
    rows = door.rows(s.cost)
    assert rows["amount_gbp"].tolist() == [12345.67, 100, -20.5, 1]
    assert rows["provider"].tolist() == ["outreach", None, "outreach", "outreach"]


def test_engagements_use_known_measures_and_whole_counts(door):
    content = (
        "date,provider,measure,count,hot_spot\n2023-02-13,outreach,arrests,2,HS1\n"
        "2023-02-13,outreach,Weapons surrendered,0,\n2023-02-13,outreach,hugs,2,\n"
        "2023-02-13,outreach,arrests,1.5,\n2024-03-02,outreach,arrests,1,\n"
    )
    result = door.load("engagements", content)
    assert (result.loaded, result.rejected) == (2, 3)
    rows = door.rows(s.engagement)
    assert rows["measure"].tolist() == ["arrests", "weapons_surrender"]
    assert rows["area_id"].isna().tolist() == [False, True]


def test_comparators_hold_one_number_a_place_and_month(door):
    content = "month,place,crimes\n2023-01,Derby,40\n2023-01,Derby,40\n2023-01,Derby,41\n2023-02,Derby,38\n"
    result = door.load("comparators", content)
    assert (result.loaded, result.duplicate, result.rejected) == (2, 1, 1)


def test_case_studies_arrive_as_drafts_and_never_overwrite_what_people_decided(door):
    study = {
        "reference": "CS1",
        "theme": "t",
        "title": "T",
        "situation": "s",
        "action": "a",
        "outcome": "o",
        "author": "w",
    }

    def document(**changes):
        return json.dumps({"case_studies": [study | changes]})

    assert door.load("case-studies", document(status="approved"), "cs.json").loaded == 1
    assert door.rows(s.case_study)["status"].tolist() == ["draft"]
    assert door.load("case-studies", document(title="Better"), "cs.json").loaded == 1
    assert door.rows(s.case_study)["title"].tolist() == ["Better"]
    with door.engine.begin() as conn:
        conn.execute(s.case_study.update().values(status="approved", approvals=[{"who": "a"}]))
    second = json.dumps({"case_studies": [study | {"title": "Other words"}, study | {"reference": "CS2"}]})
    result = door.load("case-studies", second, "cs.json")
    assert (result.loaded, result.rejected) == (1, 1)
    held = door.rows(s.case_study).set_index("reference")
    assert held.loc["CS1", "title"] == "Better"
    assert held["status"].to_dict() == {"CS1": "approved", "CS2": "draft"}


# --- harm weights ---------------------------------------------------------------------------------------


def workbook(sheet="CCHI 2026 values sheet", drop="", rows=()) -> bytes:
    header = ["ATHENA URN", "FULL_OFFENCE_TITLE", "CCHI Score", "Starting Point", "GROUP", "SUB_GROUP", "SUB_SUB_GROUP",
              "HOME_OFFICE_CLASSIFICATION", "HO_CODE", "HO_SUB_CODE", "HO_SUB_SUB_CODE"]  # fmt: skip
    book = Workbook()
    book.active.title = "Cover page"
    page = book.create_sheet(sheet)
    kept = [name for name in header if name != drop]
    page.append(kept)
    for title, score, code, sub in rows:
        cells = dict.fromkeys(header) | {
            "FULL_OFFENCE_TITLE": title,
            "CCHI Score": score,
            "HO_CODE": code,
            "HO_SUB_CODE": sub,
        }
        page.append([cells[name] for name in kept])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


OFFENCES = (
    ("Assault  occasioning ABH", 19, 8, 6), ("Theft from shop", 2, 46, 0), ("Robbery", 365, 34, 1),
    ("Robbery with a firearm", 1460, 34, 1), ("Unclear offence", "n/a", 1, 1), (None, 4, 1, 2),
)  # fmt: skip


def test_the_official_workbook_scores_by_code_then_title(door):
    head = "occurred_from,offence_code,offence_title,offence_group,longitude,latitude\n"
    where = ",-1.13,52.63\n"
    door.load("crimes", head + "".join(f"2023-02-13 10:0{i},{cells}{where}" for i, cells in enumerate((
        "008/06,whatever,Violence", ",THEFT from  shop,Theft", "34/1,robbery with a firearm,Robbery",
        ",unheard of,Other", "8/6,,Anti-social behaviour",
    ))))  # fmt: skip
    result = door.load("weights", workbook(rows=OFFENCES), "cchi.xlsx")
    assert (result.read, result.loaded, result.rejected) == (6, 4, 2)
    held = door.rows(s.weight_set).iloc[0]
    assert (held["edition"], held["fallback"]) == ("2026", False)
    assert "Official workbook" in held["basis"]
    assert door.rows(s.programme)["weight_set_id"].tolist() == [held["id"]]
    # 34/1 has two scores, so the code decides nothing and the title does; without a weight: empty, never 0.
    harm = door.rows(s.crime)["harm_days"]
    assert harm.iloc[:3].tolist() == [19, 2, 1460]
    assert harm.iloc[3:].isna().all()
    assert door.rows(s.reject)["row_number"].tolist() == [6, 7]


def test_crimes_loaded_after_the_weights_are_scored_too(door):
    door.load("weights", "offence_group,harm_days,edition\nTheft,2.5,e1\n", "w.csv")
    assert door.rows(s.weight_set)["fallback"].tolist() == [True], "weights by group only are a stand-in"
    door.load("crimes", CRIMES)
    rows = door.rows(s.crime).set_index("reference")
    assert rows.loc["A4", "harm_days"] == 2.5
    assert rows["harm_days"].isna().sum() == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (workbook(sheet="Sheet 9", rows=OFFENCES), "no sheet “CCHI 2026 values sheet”"),
        (workbook(drop="CCHI Score", rows=OFFENCES), "lacks CCHI Score"),
        (workbook(), "no rows under it"),
        (workbook(rows=OFFENCES)[:2000], "damaged"),
        ("offence_code,harm_days\n8/6,4\n", "--edition"),
        ("offence_code,harm_days,edition\n8/6,4,a\n8/7,4,b\n", "several values of edition"),
        ("offence_code,harm_days,edition\n8/6,4,a\n08/06,5,a\n", "several different weights"),
        ("harm_days,edition\n4,a\n", "offence_code or offence_title or offence_group"),
    ],
)
def test_weights_that_cannot_be_used_are_refused_and_change_nothing(door, content, said):
    before = door.everything()
    with pytest.raises(LoadRefused, match=said):
        door.load("weights", content, "w.xlsx" if isinstance(content, bytes) else "w.csv")
    assert door.everything() == before


def test_a_newer_file_of_an_edition_replaces_it_and_another_edition_stays_beside(door):
    door.load("crimes", CRIMES)
    first = "offence_code,harm_days,edition\n8/6,10,2020\n"
    door.load("weights", first, "a.csv")
    result = door.load("weights", first.replace("10,", "11,"), "b.csv")
    assert (result.status, result.difference["changed"]) == ("replaced", 1)
    assert door.rows(s.crime)["harm_days"].max() == 11
    door.load("weights", first.replace("10,2020", "12,2026"), "c.csv")
    assert sorted(door.rows(s.weight_set)["edition"]) == ["2020", "2026"]
    with door.engine.connect() as conn:
        used = conn.execute(select(s.weight_set.c.edition).join(
            s.programme, s.programme.c.weight_set_id == s.weight_set.c.id)).scalar()  # fmt: skip
    assert used == "2026"
    assert door.rows(s.crime)["harm_days"].max() == 12

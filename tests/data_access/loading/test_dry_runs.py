"""Looking at a file before loading it: the counts of the load, no writing, and nobody's writing held up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import insert

from data_access import schema as s
from data_access.engine import ACCOUNTS, utc_now, writing
from data_access.loading import ALREADY_LOADED, KINDS, REPLACED, LoadOptions, LoadRefused, load_file, loader
from tests.data_access.loading.conftest import HOT_SPOTS, PROGRAMME, TODAY

CRIMES = "crime_ref,occurred_from,offence_group,longitude,latitude\n"
POLICE = "Crime ID,Month,Reported by,Longitude,Latitude,Crime type\n"
PINGS = "device,time,longitude,latitude,provider,team\n"
STUDY = {
    "reference": "C1", "theme": "Theft", "title": "Bikes", "situation": "Stolen.", "action": "Marked.", "outcome": "Fewer.",
    "author": "A. Writer",
}  # fmt: skip
# Kind -> (file name, content, the same subject again with more or other rows, options)
FILES = {
    "programme": ("p.toml", PROGRAMME, PROGRAMME.replace("Test city centre", "The centre"), {}),
    "hot-spots": ("h.geojson", HOT_SPOTS, HOT_SPOTS.replace("Place HS1", "Clock Tower"), {}),
    "police-uk": ("s.csv", POLICE + "a1,2023-02,Test Police,-1.13,52.63,Burglary\n" * 2 + ",2023-02,Test Police,-1.13,52.63,\n",
                  POLICE + "a1,2023-02,Test Police,-1.13,52.63,Burglary\na2,2023-02,Test Police,,,Drugs\n", {}),
    "crimes": ("c.csv", CRIMES + "A1,2023-02-13 14:05,Theft,-1.13,52.63\nA2,2033-02-13,Theft,-1.13,52.63\n",
               CRIMES + "A1,2023-02-13 14:05,Theft,-1.13,52.63\nA3,2023-02-14,Theft,-1.13,52.63\n", {}),
    "pings": ("g.csv", PINGS + "A1,2023-05-10T10:00:00Z,-1.13,52.63,outreach,A\n" * 2 + "A1,never,0,0,outreach,A\n",
              PINGS + "A1,2023-05-10T10:00:00Z,-1.13,52.63,outreach,A\nA1,2023-05-10T10:01:00Z,-1.13,52.63,outreach,A\n", {}),
    "plan": ("p.csv", "date,hot_spot,provider,planned_start,planned_minutes\n2023-02-13,HS1,outreach,14:00,15\n2023-02-13,HS9,outreach,14:00,15\n",
             "date,hot_spot,provider,planned_start,planned_minutes\n2023-02-13,HS1,outreach,14:00,20\n", {}),
    "costs": ("k.csv", "month,provider,category,flow,amount_gbp\n2023-02,outreach,overtime,spend,10\n2023-02,nobody,overtime,spend,10\n",
              "month,provider,category,flow,amount_gbp\n2023-02,outreach,overtime,spend,12\n", {}),
    "engagements": ("e.csv", "date,hot_spot,provider,measure,count\n2023-02-13,HS1,outreach,arrests,1\n2023-02-13,HS1,outreach,songs,1\n",
                    "date,hot_spot,provider,measure,count\n2023-02-13,HS1,outreach,arrests,2\n", {}),
    "weights": ("w.csv", "offence_group,harm_days\nTheft,2\nFraud,-1\n", "offence_group,harm_days\nTheft,3\n", {"edition": "2024"}),
    "comparators": ("m.csv", "month,place,crimes\n2023-02,Leeds,10\n2023-02,Leeds,11\n", "month,place,crimes\n2023-02,Leeds,12\n", {}),
    "conditions": ("d.csv", "date,event,rain_mm\n2023-02-13,1,2\n2023-02-14,maybe,2\n", "date,event,rain_mm\n2023-02-13,0,2\n", {}),
    "case-studies": ("s.json", json.dumps({"case_studies": [STUDY, {**STUDY, "title": ""}]}),
                     json.dumps({"case_studies": [{**STUDY, "outcome": "None."}]}), {}),
}  # fmt: skip


def outcome(result):
    """What must be alike; the notes of a load may say more, as it has looked further."""
    return replace(result, load_id=None, notes=[])


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_look_has_the_counts_of_the_load_and_changes_nothing(door, kind):
    name, first, second, said = FILES[kind]
    for content in (first, second):
        path, options = door.write(name, content), LoadOptions(**said)
        how = {"programme_code": "TEST", "actor": "test", "options": options, "today": TODAY}
        before = door.everything()
        files = {p for p in door.folder.rglob("*") if p.is_file() and ".sqlite3" not in p.name}
        would = load_file(door.engine, kind, path, **how, dry_run=True)
        assert door.everything() == before
        assert {p for p in door.folder.rglob("*") if p.is_file() and ".sqlite3" not in p.name} == files
        done = load_file(door.engine, kind, path, **how)
        assert outcome(would) == outcome(done)
        assert set(would.notes) <= set(done.notes)
        again = load_file(door.engine, kind, path, **how, dry_run=True)
        assert (again.status, again.loaded) == (ALREADY_LOADED, 0)
    assert would.status == REPLACED or kind == "case-studies"


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_look_is_taken_while_somebody_else_writes(door, kind):
    """Not only may it not write: it may not even wait for who does, nor make them wait."""
    name, content, _, said = FILES[kind]
    path = door.write(name, content.replace("Test city centre", "Elsewhere").replace("Place HS2", "Park"))
    with writing(door.engine, ACCOUNTS).begin() as conn:
        conn.execute(insert(s.audit).values(at=utc_now(), actor="somebody", event="signed in", detail={}))
        would = load_file(
            door.engine, kind, path, programme_code="TEST", actor="test", options=LoadOptions(**said), today=TODAY,
            dry_run=True,
        )  # fmt: skip
    assert would.loaded >= 1


def test_every_writer_only_looks_in_its_first_half(door, monkeypatch):
    """On a connection that cannot write, a writer that wrote would fail."""
    real = loader._context

    def cannot_write(conn, *rest):
        conn.exec_driver_sql("PRAGMA query_only = ON")
        return real(conn, *rest)

    monkeypatch.setattr(loader, "_context", cannot_write)
    for kind, (name, content, _, said) in FILES.items():
        if kind in ("programme", "hot-spots"):
            continue  # these are loaded by the fixture already
        how = {"programme_code": "TEST", "actor": "test", "options": LoadOptions(**said), "today": TODAY}
        path = door.write(name, content)
        assert load_file(door.engine, kind, path, **how, dry_run=True).loaded >= 1
    with pytest.raises(Exception, match="readonly"):
        load_file(
            door.engine,
            "costs",
            door.write("k.csv", FILES["costs"][1]),
            programme_code="TEST",
            actor="test",
            today=TODAY,
        )


def test_a_file_that_a_load_would_refuse_is_refused(door):
    path = door.write("other.toml", PROGRAMME.replace('"TEST"', '"ELSE"'))
    with pytest.raises(LoadRefused, match="describes the programme ELSE"):
        load_file(door.engine, "programme", path, programme_code="TEST", actor="test", dry_run=True)

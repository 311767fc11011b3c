"""The 48 real files: every one of 476,361 rows accounted for, the short months flagged, a second load without effect."""

from __future__ import annotations

import gzip

import pytest

from data_access import loads
from data_access import schema as s
from data_access.loading import LoadRefused, load_file
from domain.roles import Role
from domain.scope import scope_for, server_scope
from tests.data_access.loading.conftest import Door
from tests.factories import new_database
from tests.open_data import CITIES, SHARED, load_crime_files, load_everything, require_open_data


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    require_open_data()
    folder = tmp_path_factory.mktemp("open")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(folder))
        patch.setenv("DATABASE_URL", f"sqlite:///{folder / 'portal.sqlite3'}")
        engine = new_database(folder / "portal.sqlite3")
        yield Door(engine, folder), load_everything(engine)
        engine.dispose()


def test_every_row_of_the_48_files_is_accounted_for(real):
    door, results = real
    assert len(results) == 48
    total = {name: sum(getattr(r, name) for r in results) for name in ("read", "loaded", "duplicate", "rejected")}
    assert total == {"read": 476_361, "loaded": 476_361 - 37, "duplicate": 37, "rejected": 0}
    assert door.everything()["crime"] == total["loaded"]
    for code, expected in (("OPEN-LEICESTER", 217_944), ("OPEN-NOTTINGHAM", 258_417)):
        frame = loads.reconciliation(server_scope(), code).set_index("kind")
        assert frame.loc["police-uk", "rows_read"] == expected


def test_what_has_no_coordinates_is_counted_and_never_placed(real):
    for code, missing in (("OPEN-LEICESTER", 6_726), ("OPEN-NOTTINGHAM", 2_020)):
        quality = loads.quality(server_scope(), code).set_index("measure")
        assert quality.loc["Without coordinates", "count"] == missing
        parts = quality.loc[["Inside an area", "Outside every area", "Without coordinates"], "count"].sum()
        assert parts == quality.loc["Crimes and incidents held", "count"]


def test_the_two_short_months_of_nottinghamshire_are_flagged_and_no_others(real):
    flagged = {code: loads.undersupplied_months(server_scope(), code) for code in CITIES}
    assert flagged["OPEN-LEICESTER"] == []
    assert [item.month for item in flagged["OPEN-NOTTINGHAM"]] == ["2023-12", "2024-09"]
    for item in flagged["OPEN-NOTTINGHAM"]:
        assert item.rows < 0.9 * item.expected
        assert "Nottinghamshire Police" in item.sentence
        assert f"{item.rows:,} rows" in item.sentence
    funder = scope_for("fred@example.org", Role.FUNDER, frozenset(CITIES))
    assert "rows," not in loads.undersupplied_months(funder, "OPEN-NOTTINGHAM")[0].sentence


def test_the_same_files_again_change_nothing(real):
    door, _ = real
    before = door.everything()
    again = [result for code in CITIES for result in load_crime_files(door.engine, code)]
    assert door.everything() == before
    assert {result.status for result in again} == {"already loaded"}
    assert sum(result.read for result in again) == sum(result.duplicate for result in again) == 476_361


def test_a_truncated_download_is_refused_and_changes_nothing(real):
    door, _ = real
    whole = (SHARED / "police_uk" / "2023-01-leicestershire-street.csv.gz").read_bytes()
    before = door.everything()
    cut = [whole[: len(whole) // 2], gzip.decompress(whole)[:500_000], b"", whole[100:]]
    for content in cut:
        path = door.write("cut.csv.gz" if content[:2] == b"\x1f\x8b" else "cut.csv", content)
        with pytest.raises(LoadRefused):
            load_file(door.engine, "police-uk", path, programme_code="OPEN-LEICESTER", actor="test")
    assert door.everything() == before


def test_a_corrected_month_replaces_the_month_of_its_force(real):
    door, _ = real
    lines = gzip.decompress((SHARED / "police_uk" / "2024-09-nottinghamshire-street.csv.gz").read_bytes()).splitlines(
        True
    )
    path = door.write("2024-09-corrected.csv", b"".join(lines[:-100]))
    result = load_file(door.engine, "police-uk", path, programme_code="OPEN-NOTTINGHAM", actor="test")
    assert result.status == "replaced"
    assert (result.difference["rows_before"], result.difference["rows_after"]) == (8_944, 8_844)
    rows = door.rows(s.load)
    assert (rows["status"] == "superseded").sum() == 1

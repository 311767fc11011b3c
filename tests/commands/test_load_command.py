"""The command line: sentences or one JSON document, exit codes, and what stays after a refusal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from commands import load, load_archive
from data_access.engine import get_engine
from data_access.loading import load_file
from tests.data_access.loading.conftest import HOT_SPOTS, PROGRAMME
from tests.factories import new_database

STREET = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context\na{month},{month},Test Police,Test Police,-1.13,52.63,,,,Drugs,,\n"
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    (tmp_path / "var").mkdir()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'var' / 'portal.sqlite3'}")
    engine = new_database(tmp_path / "var" / "portal.sqlite3")
    for kind, name, content in (("programme", "p.toml", PROGRAMME), ("hot-spots", "h.geojson", HOT_SPOTS)):
        (tmp_path / name).write_text(content)
        load_file(engine, kind, tmp_path / name, actor="test")
    server = Flask("test")
    load.register(server)
    load_archive.register(server)
    runner = server.test_cli_runner()
    yield lambda *args: runner.invoke(args=[str(a) for a in args])
    engine.dispose()
    get_engine().dispose()


def street(folder: Path, month: str, force: str = "test") -> Path:
    path = folder / month / f"{month}-{force}-street.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STREET.replace("{month}", month))
    return path


def test_a_load_prints_its_reconciliation_in_words(run, tmp_path):
    result = run("load", "police-uk", street(tmp_path, "2023-01"), street(tmp_path, "2023-02"))
    assert result.exit_code == 0, result.output
    assert "(Jan 2023): 1 row read = 1 loaded + 0 duplicate + 0 rejected" in result.stdout
    assert "Total of 2 files: 2 rows read = 2 loaded + 0 duplicate + 0 rejected" in result.stdout
    again = run("load", "police-uk", tmp_path / "2023-01" / "2023-01-test-street.csv")
    assert "already loaded, nothing changed: 1 row read = 0 loaded + 1 duplicate + 0 rejected" in again.stdout


def test_json_is_one_document_on_standard_output(run, tmp_path):
    result = run("load", "police-uk", street(tmp_path, "2023-01"), "--programme", "TEST", "--json")
    document = json.loads(result.stdout)
    assert document["total"] == {"read": 1, "loaded": 1, "duplicate": 0, "rejected": 0}
    assert document["refused"] is None
    assert document["files"][0]["period"] == ["2023-01-01", "2023-01-31"]


@pytest.mark.parametrize("as_json", [False, True])
def test_a_refused_file_ends_the_run_and_says_what_stays(run, tmp_path, as_json):
    (tmp_path / "empty.csv").write_bytes(b"")
    files = [street(tmp_path, "2023-01"), tmp_path / "empty.csv", street(tmp_path, "2023-02")]
    result = run("load", "police-uk", *files, *(["--json"] if as_json else []))
    assert result.exit_code == 1
    assert "Refused: empty.csv" in result.stderr
    assert "The 1 file before it stays loaded." in result.stderr
    assert "The 1 after it was not tried." in result.stderr
    assert "Traceback" not in result.output
    if as_json:
        document = json.loads(result.stdout)
        assert (document["total"]["loaded"], document["refused"]["file"], document["not_tried"]) == (1, "empty.csv", 1)
    assert run("load", "police-uk", files[2]).exit_code == 0


def test_a_replacement_reports_the_difference(run, tmp_path):
    path = street(tmp_path, "2023-01")
    run("load", "police-uk", path)
    path.write_text(path.read_text() + path.read_text().splitlines()[1].replace("a2023", "b2023") + "\n")
    result = run("load", "police-uk", path)
    assert "replaced an older file" in result.stdout
    assert "Rows before: 1, after: 2." in result.stdout
    assert "Jan 2023 1 to 2" in result.stdout


def test_options_reach_the_reader(run, tmp_path):
    (tmp_path / "pings.csv").write_text("device,time,lon,lat\nd,2023-02-01T10:00:00Z,-1.13,52.63\n")
    refused = run("load", "pings", tmp_path / "pings.csv")
    assert refused.exit_code == 1
    assert "--provider" in refused.stderr
    assert run("load", "pings", tmp_path / "pings.csv", "--provider", "outreach", "--team", "A").exit_code == 0


def test_a_mapping_file_names_the_columns(run, tmp_path):
    (tmp_path / "pings.csv").write_text("wer;wann;wo1;wo2\nd;2023-07-01 12:00;-1,13;52,63\n")
    (tmp_path / "van.toml").write_text(
        'provider = "outreach"\nteam = "A"\n[columns]\ndevice = "wer"\ntime = "wann"\nlongitude = "wo1"\nlatitude = "wo2"\n'
    )
    loaded = run(
        "load", "pings", tmp_path / "pings.csv", "--mapping", tmp_path / "van.toml", "--zone", "America/New_York"
    )
    assert loaded.exit_code == 0
    assert "time from “wann”" in loaded.stdout
    assert "read as America/New_York (1 row)" in loaded.stdout


def test_a_mapping_file_that_cannot_be_used_stops_before_any_file(run, tmp_path):
    (tmp_path / "pings.csv").write_text("device,time,lon,lat\nd,2023-02-01T10:00:00Z,-1.13,52.63\n")
    (tmp_path / "van.toml").write_text('zone = "Mars"\n')
    for arguments in (("--mapping", tmp_path / "van.toml"), ("--mapping", tmp_path / "none.toml"), ("--zone", "Mars")):
        refused = run("load", "pings", tmp_path / "pings.csv", *arguments)
        assert refused.exit_code == 2
        assert "Mars" in refused.stderr or "no file" in refused.stderr


def test_an_unknown_kind_is_told_the_kinds(run, tmp_path):
    result = run("load", "crime", tmp_path / "p.toml")
    assert result.exit_code == 2
    assert "police-uk" in result.stderr


def test_an_archive_folder_loads_its_street_files_only(run, tmp_path):
    folder = tmp_path / "archive"
    for month in ("2023-02", "2023-01"):
        street(folder, month)
        street(folder, month, "other-force")
        (folder / month / f"{month}-test-outcomes.csv").write_text("Crime ID,Month\n")
    several = run("load-archive", folder, "--programme", "TEST")
    assert several.exit_code == 1
    assert "other-force, test" in several.stderr
    result = run("load-archive", folder, "--programme", "TEST", "--force", "Test Police")
    assert result.exit_code == 0, result.output
    assert "Total of 2 files: 2 rows read = 2 loaded" in result.stdout
    assert result.stdout.index("2023-01-test") < result.stdout.index("2023-02-test"), "oldest month first"


def test_a_folder_that_is_no_archive_is_refused(run, tmp_path):
    (tmp_path / "nothing").mkdir()
    for folder, said in ((tmp_path / "nothing", "No file under"), (tmp_path / "nowhere", "no folder")):
        result = run("load-archive", folder, "--programme", "TEST")
        assert result.exit_code == 1
        assert said in result.stderr

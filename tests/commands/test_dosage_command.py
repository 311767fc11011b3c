"""``dosage``: from tracker files and boundaries to a file of visits, with no database anywhere."""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from flask import Flask

from commands import dosage
from settings import ROOT
from tests.tracks import HEADER, wander, write_squares, write_store

# Into square A half way between the first two pings, ten silent minutes in its middle, and out again.
SILENT = [
    "radio 1,2023-07-01T10:00:00Z,-1.1320,52.6305,alpha,police",
    "radio 1,2023-07-01T10:01:00Z,-1.1300,52.6305,alpha,police",
    "radio 1,2023-07-01T10:11:00Z,-1.1300,52.6305,alpha,police",
    "radio 1,2023-07-01T10:12:00Z,-1.1280,52.6305,alpha,police",
]


@pytest.fixture
def run(tmp_path):
    server = Flask("test")
    dosage.register(server)
    write_squares(tmp_path / "squares.geojson")

    def invoke(*words: object, out: str = "visits.csv", hot_spots: Path | None = None):
        spots = hot_spots or tmp_path / "squares.geojson"
        args = ["dosage", *words, "--hot-spots", spots, "--out", tmp_path / out]
        return server.test_cli_runner().invoke(args=[str(a) for a in args])

    return invoke


def pings_file(folder: Path, lines: list[str], name: str = "pings.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def visits(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_a_worked_visit_with_a_silence(run, tmp_path):
    result = run(pings_file(tmp_path, SILENT))
    assert result.exit_code == 0, result.output
    assert "4 pings read = 4 used + 0 repeated + 0 rejected" in result.stdout
    assert (
        "1 visit of 1 team: 11.0 patrol-minutes; passed through 0 times: 0.0 minutes; together 11.0 (1.0 by exact"
        in result.stdout
    )
    (visit,) = visits(tmp_path / "visits.csv")
    assert visit == {
        "provider": "police", "team": "alpha", "hot_spot": "A", "hot_spot_name": "Square A", "date": "2023-07-01",
        "entered": "2023-07-01T11:00:30.000+01:00", "left": "2023-07-01T11:11:30.000+01:00",
        "patrol_minutes": "11.000000", "person_minutes": "11.000000", "bridged_minutes": "0.000000",
        "silent_minutes": "10.000000", "counts_as_visit": "true",
    }  # fmt: skip


def test_plain_rules_and_rules_of_a_file(run, tmp_path):
    pings = pings_file(tmp_path, SILENT)
    assert run(pings, "--rules", "plain").exit_code == 0
    assert [v["patrol_minutes"] for v in visits(tmp_path / "visits.csv")] == ["0.500000", "0.500000"]
    rules = tmp_path / "rules.toml"
    rules.write_text('gap_s = 600\nmin_dwell_s = 700\nshifts = [[09:00:00, 11:05:00], ["11:06", "12:00"]]\n')
    assert run(pings, "--rules", rules).exit_code == 0
    found = visits(tmp_path / "visits.csv")
    # The silence is now one step of the track; the shifts leave out 11:05 to 11:06.
    assert [(v["patrol_minutes"], v["silent_minutes"], v["counts_as_visit"]) for v in found] == [
        ("10.000000", "0.000000", "false")
    ]


def test_passing_through_is_not_called_a_visit(run, tmp_path):
    result = run(pings_file(tmp_path, SILENT), "--rules", _rules(tmp_path, "min_dwell_s = 700"))
    assert "0 visits of 1 team: 0.0 patrol-minutes; passed through 1 time: 11.0 minutes; together 11.0" in result.stdout
    assert "A Square A: 0 visits, 0.0 patrol-minutes; passing through 11.0" in result.stdout
    many = wander(23, 4, 300).write(tmp_path / "many.csv")
    document = json.loads(run(many, "--json").stdout)
    assert document["visits"] > 0
    assert document["passed_through"] > 0
    each = visits(tmp_path / "visits.csv")
    for name, counts in (("visit", "true"), ("passed_through", "false")):
        minutes = sum(float(v["patrol_minutes"]) for v in each if v["counts_as_visit"] == counts)
        assert document["minutes"][f"{name}_patrol_minutes"] == pytest.approx(minutes, abs=1e-4)
    for m in (document["minutes"], *document["by_hot_spot"]):
        both = m["visit_patrol_minutes"] + m["passed_through_patrol_minutes"]
        assert m["patrol_minutes"] == pytest.approx(both, abs=1e-4)


def _rules(folder: Path, line: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(line + "\n")
    return path


def test_json_is_one_document_and_everything_adds_up(run, tmp_path):
    lines = [
        *SILENT,
        SILENT[0],
        "radio 1,not a time,-1.13,52.63,alpha,police",
        "radio 1,2023-07-01T10:13:00Z,,,alpha,police",
    ]
    result = run(pings_file(tmp_path, lines), "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    pings = document["pings"]
    assert (pings["read"], pings["used"], pings["repeats"], pings["rejected"], pings["late"]) == (7, 4, 1, 2, 0)
    assert sum(pings["rejected_by_reason"].values()) == 2
    assert any("not a date and time" in reason for reason in pings["rejected_by_reason"])
    assert (document["visits"], document["passed_through"]) == (1, 0)
    assert (document["from"], document["to"]) == ("2023-07-01T11:00:00.000+01:00", "2023-07-01T11:12:00.000+01:00")
    a, b, c = document["by_hot_spot"]
    assert (a["hot_spot"], a["visits"], b["visits"], c["visits"]) == ("A", 1, 0, 0)
    assert a["patrol_minutes"] == document["minutes"]["patrol_minutes"] == pytest.approx(11.0, abs=1e-6)
    assert a["plain_patrol_minutes"] == document["minutes"]["plain_patrol_minutes"] == pytest.approx(1.0, abs=1e-6)
    assert document["rules"]["gap_credit_s"] == 900


def test_packed_split_shuffled_stored_or_pooled_the_visits_are_the_same(run, tmp_path):
    tracks = wander(21, 5, 400)
    order = np.argsort(tracks.pings.t_ms, kind="stable")
    shuffled = np.random.default_rng(1).permutation(len(order))
    ways = {
        "whole": [tracks.write(tmp_path / "whole.csv")],
        "packed": [tracks.take(rows).write(tmp_path / f"{n}.csv.gz") for n, rows in enumerate(np.array_split(order, 3))],
        "shuffled": [tracks.take(rows).write(tmp_path / f"s{n}.csv") for n, rows in enumerate(np.array_split(shuffled, 2))],
        "stored": [write_store(tracks, tmp_path / "store")],
        "pooled": [tmp_path / "0.csv.gz", tmp_path / "1.csv.gz", tmp_path / "2.csv.gz", "--workers", "2"],
    }  # fmt: skip
    found = {}
    for way, words in ways.items():
        result = run(*words, out=f"{way}.out.csv")
        assert result.exit_code == 0, result.output
        found[way] = (tmp_path / f"{way}.out.csv").read_bytes()
    assert len(visits(tmp_path / "whole.out.csv")) > 20
    assert {way for way, data in found.items() if data == found["whole"]} == set(ways)


def test_parquet_holds_what_csv_says(run, tmp_path):
    pings = wander(22, 3, 300).write(tmp_path / "pings.csv")
    assert run(pings).exit_code == 0
    assert run(pings, out="visits.parquet").exit_code == 0
    table = pq.read_table(tmp_path / "visits.parquet")
    rows, said = table.to_pylist(), visits(tmp_path / "visits.csv")
    assert table.column_names == list(said[0])
    assert [r["entered"].isoformat(timespec="milliseconds") for r in rows] == [v["entered"] for v in said]
    assert [f"{r['patrol_minutes']:.6f}" for r in rows] == [v["patrol_minutes"] for v in said]
    assert [(r["team"], r["hot_spot"], str(r["date"]), r["counts_as_visit"]) for r in rows] == [
        (v["team"], v["hot_spot"], v["date"], v["counts_as_visit"] == "true") for v in said
    ]


def test_other_headers_by_mapping_and_provider_and_team_by_option(run, tmp_path):
    (tmp_path / "map.toml").write_text(
        '[columns]\ndevice = "Who"\ntime = "When it was"\nlongitude = "Over"\nlatitude = "Up"\n'
    )
    text = "\n".join(["Who,When it was,Over,Up", *(",".join(line.split(",")[:4]) for line in SILENT)])
    (tmp_path / "odd.csv").write_text(text + "\n")
    words = ("--mapping", tmp_path / "map.toml", "--provider", "outreach", "--team", "night")
    result = run(tmp_path / "odd.csv", *words)
    assert result.exit_code == 0, result.output
    (visit,) = visits(tmp_path / "visits.csv")
    assert (visit["provider"], visit["team"], visit["patrol_minutes"]) == ("outreach", "night", "11.000000")


def test_a_team_named_like_a_formula_cannot_run_in_a_spreadsheet(run, tmp_path):
    result = run(pings_file(tmp_path, [line.replace("alpha", "=1+1") for line in SILENT]))
    assert result.exit_code == 0, result.output
    assert visits(tmp_path / "visits.csv")[0]["team"] == "'=1+1"


BAD = {
    "no pings file": (["nowhere.csv"], {}, 1, "There is no file"),
    "an empty file": (["empty.csv"], {"empty.csv": ""}, 1, "empty.csv is empty"),
    "a picture": (["a.csv"], {"a.csv": b"\x89PNG\r\n\x1a\n\0\0\0\0"}, 1, "a.csv"),
    "no such column": (["a.csv"], {"a.csv": "colour,size\nred,3\n"}, 1, "a.csv"),
    "rules of another kind": (["pings.csv", "--rules", "r.toml"], {"r.toml": "speed = 3\n"}, 1, "no rule “speed”"),
    "rules that cannot be": (["pings.csv", "--rules", "r.toml"], {"r.toml": "gap_s = -1\n"}, 1, "gap_s is “-1”"),
    "rules that are no TOML": (["pings.csv", "--rules", "r.toml"], {"r.toml": "gap_s: 3\n"}, 1, "r.toml is not TOML"),
    "no rules file": (["pings.csv", "--rules", "strict"], {}, 1, "There is no file “strict”"),
    "an empty folder": (["folder"], {}, 1, "provider=…/date=…"),
    "both ways": (["pings.csv", "--workers", "2", "--scheduler", "tcp://h:1"], {}, 2, "not both"),
    "no pings at all": ([], {}, 2, "PINGS"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_said_and_the_old_file_stays(run, tmp_path, case):
    words, files, code, said = BAD[case]
    pings_file(tmp_path, SILENT)
    (tmp_path / "folder").mkdir()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "visits.csv").write_text("what was there before")
    before = sorted(p.name for p in tmp_path.iterdir())
    given = [tmp_path / w if (tmp_path / w).exists() or w.endswith(".csv") else w for w in words]
    result = run(*given)
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert (tmp_path / "visits.csv").read_text() == "what was there before"
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_hot_spots_that_are_none_and_out_files_that_cannot_be(run, tmp_path):
    pings = pings_file(tmp_path, SILENT)
    (tmp_path / "none.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    refused = run(pings, hot_spots=tmp_path / "none.geojson")
    assert (refused.exit_code, "none.geojson has no features" in refused.stderr) == (1, True)
    assert "must end in .csv or .parquet" in run(pings, out="visits.xlsx").stderr
    assert "There is no folder" in run(pings, out="nowhere/visits.csv").stderr
    assert "is one of the files to read" in run(pings, out="pings.csv").stderr
    assert (tmp_path / "pings.csv").read_text().startswith(HEADER)


def in_process(tmp_path: Path, *words: object, **how: object) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it, where neither the settings' folder nor the database can be used."""
    (tmp_path / "a file").write_text("")
    unusable = {
        "DATA_DIR": str(tmp_path / "a file" / "var"),
        "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/x",
    }
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "dosage", *map(str, words)],
        cwd=ROOT, env={**os.environ, **unusable}, capture_output=True, text=True, timeout=120, **how,
    )  # fmt: skip


def test_no_database_and_no_settings_are_needed(tmp_path):
    spots = write_squares(tmp_path / "squares.geojson")
    pings = pings_file(tmp_path, SILENT)
    (tmp_path / "a file").write_text("")
    unusable = {
        "DATA_DIR": str(tmp_path / "a file" / "var"),
        "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/x",
    }
    words = ["dosage", pings, "--hot-spots", spots, "--out", tmp_path / "visits.csv"]
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *map(str, words)],
        cwd=ROOT, env={**os.environ, **unusable}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 visit" in done.stdout
    assert len(visits(tmp_path / "visits.csv")) == 1


def test_a_full_disk_leaves_the_old_file(run, tmp_path):
    pings = wander(23, 4, 400).write(tmp_path / "pings.csv")
    out = tmp_path / "visits.csv"
    out.write_text("what was there before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Files of this process end at 2,000 bytes for now; the visits are longer.
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        result = run(pings)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert result.exit_code == 1, result.output
    assert "cannot be written" in result.stderr
    assert out.read_text() == "what was there before"
    assert not list(tmp_path.glob(".visits*")), "no part of the new one stays"

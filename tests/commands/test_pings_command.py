"""``flask pings``: confirm, expire, check and sweep, as whoever runs the server sees them."""

from __future__ import annotations

import pytest
from flask import Flask

from commands import pings
from data_access.engine import get_engine
from data_access.loading import load_file
from data_access.schema import confirmed_month
from settings import load_settings
from tests.data_access.loading.conftest import HOT_SPOTS, PROGRAMME
from tests.factories import NOW, new_database

PINGS = "device,time,longitude,latitude,provider,team\n" + "".join(
    f"A1,2023-06-05T15:{n // 3:02d}:{n % 3 * 20:02d}Z,-1.13,52.63,outreach,A\n" for n in range(60)
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("PING_STORE", raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'portal.sqlite3'}")
    engine = new_database(tmp_path / "portal.sqlite3")
    kinds = (("programme", "p.toml", PROGRAMME), ("hot-spots", "h.geojson", HOT_SPOTS), ("pings", "june.csv", PINGS))
    for kind, name, content in kinds:
        (tmp_path / name).write_text(content)
        load_file(engine, kind, tmp_path / name, actor="test")
    server = Flask("test")
    server.config["PORTAL"] = load_settings()
    pings.register(server)
    runner = server.test_cli_runner()
    yield lambda *words: runner.invoke(args=["pings", *words])
    engine.dispose()
    get_engine().dispose()


def test_a_month_is_confirmed_waits_and_goes(run):
    assert "90 days" in run("confirm", "2023-06", "--programme", "TEST").output
    assert run("expire").output.startswith("No month was confirmed 90 days ago")
    with get_engine().begin() as conn:
        conn.execute(confirmed_month.update().values(confirmed_at=NOW.replace(year=2023)))
    assert run("expire", "--dry-run").output == "TEST 2023-06: 60 positions in 1 file would go.\n"
    assert run("check").output == "The store is whole: 1 file, 60 positions.\n"
    assert run("expire").output == "TEST 2023-06: 60 positions in 1 file removed.\n"
    assert run("check").output == "The store is whole: 0 files, 0 positions.\n"


def test_what_else_goes_is_said(run, tmp_path):
    (tmp_path / "bad.csv").write_text(PINGS + "A1,never,-1.1301,52.6301,outreach,A\n")
    load_file(get_engine(), "pings", tmp_path / "bad.csv", actor="test")
    run("confirm", "2023-06", "--programme", "TEST")
    with get_engine().begin() as conn:
        conn.execute(confirmed_month.update().values(confirmed_at=NOW.replace(year=2023)))
    would = "TEST bad.csv (load 4): the words of 1 rejected row would go.\n"
    assert run("expire", "--dry-run").output.endswith(would)
    assert run("expire").output.endswith(would.replace("would go", "removed"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("confirm", "2023-05", "--programme", "TEST"), "No positions of May 2023"),
        (("confirm", "2023-06", "--programme", "NONE"), "No programme has the code"),
        (("confirm", "2023-06", "--programme", "TEST", "--withdraw", "why not"), "not confirmed"),
    ],
)
def test_what_cannot_be_is_said_and_the_exit_code_is_1(run, words, said):
    answer = run(*words)
    assert answer.exit_code == 1
    assert said in answer.output


def test_a_damaged_store_is_said_with_the_file_to_load_again(run, tmp_path):
    path = next((tmp_path / "pings").rglob("*.parquet"))
    stranger = path.with_name("load-7-aaaaaaaa.parquet")
    stranger.write_bytes(path.read_bytes())
    assert "Named by no load: 1 file." in run("check").output
    assert run("sweep", "--dry-run").output.endswith("Would be removed: 1 file.\n")
    assert run("sweep").output.endswith("Removed: 1 file.\n")
    assert not stranger.exists()
    path.write_bytes(b"")
    answer = run("check")
    assert answer.exit_code == 1
    assert "june.csv (load 3)" in answer.output

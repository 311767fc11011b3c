"""``flask evaluate`` on the demonstration: one bundle as folder and as ZIP, plain refusals, nothing half written."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands.evaluate import evaluate
from reports.evaluation_bundle import MANIFEST
from tests.conftest import run_command


def test_folder_and_zip_of_two_runs_hold_the_same_bytes(demonstration: Path, tmp_path: Path) -> None:
    folder, packed = tmp_path / "bundle", tmp_path / "bundle.zip"
    done = run_command(demonstration, "evaluate", "--programme", "DEMO", "--out", str(folder))
    run_command(demonstration, "evaluate", "--programme", "DEMO", "--out", str(packed))
    written = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert f"{len(written):,} files" in done.stdout
    with zipfile.ZipFile(packed) as held:
        zipped = {name.split("/", 1)[1]: held.read(name) for name in held.namelist()}
    assert {name for name in written if written[name] != zipped.get(name)} == set()
    assert set(written) == set(zipped) >= {MANIFEST}
    assert packed.stat().st_mode & 0o077 == 0, "it holds small counts, so it is for its owner alone"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("taken", "is there already; choose another place"),
        ("nowhere/new", "There is no folder"),
        ("taken.zip", "is there already; choose another place"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(tmp_path: Path, place: str, said: str) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    (tmp_path / "taken.zip").write_text("mine")
    done = CliRunner().invoke(evaluate, ["--programme", "DEMO", "--out", str(tmp_path / place)])
    assert done.exit_code == 2
    assert said in done.output
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["mine.txt", "taken", "taken.zip"]


def test_a_programme_that_is_not_there_is_said_and_nothing_is_written(demonstration: Path, tmp_path: Path) -> None:
    done = run_command(demonstration, "evaluate", "--programme", "NOBODY", "--out", str(tmp_path / "new"), check=False)
    assert done.returncode == 1
    assert "NOBODY" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []

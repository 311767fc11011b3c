"""``flask calibrate``: the same numbers on any number of workers, taken up where it stopped, in a programme's own world."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands.calibrate import calibrate
from tests.conftest import run_command

SMALL = ("--runs", "30", "--methods", "before-after,naive-change", "--situations", "months")


def call(*words: str) -> Result:
    return CliRunner().invoke(calibrate, list(words))


def rows_of(path: Path) -> dict[tuple[str, str], dict[str, object]]:
    return {(row["method"], row["situation"]): row for row in json.loads(path.read_text())["rows"]}


def test_one_worker_and_two_measure_the_same(tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    assert call(*SMALL, "--workers", "1", "--out", str(one)).exit_code == 0
    assert call(*SMALL, "--workers", "2", "--out", str(two)).exit_code == 0
    found = rows_of(one)
    assert set(found) == {("before-after", "months"), ("naive-change", "months")}
    assert found == rows_of(two)
    # The plain change knows no noise but chance, so it alarms far more often than the default on the same draws.
    assert found["naive-change", "months"]["alarms"] > found["before-after", "months"]["alarms"]


def test_rows_measured_before_are_kept_and_another_seed_is_not_mixed_in(tmp_path: Path) -> None:
    out = tmp_path / "table.json"
    call("--runs", "4", "--methods", "naive-change", "--situations", "months", "--workers", "1", "--out", str(out))
    first = rows_of(out)
    call("--runs", "4", "--methods", "did", "--situations", "months-national", "--workers", "1", "--out", str(out))
    assert rows_of(out).items() >= first.items()
    held = out.read_bytes()
    mixed = call(*SMALL, "--seed", "7", "--out", str(out))
    assert mixed.exit_code == 2
    assert "another seed or world" in mixed.output
    assert out.read_bytes() == held


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--methods", "magic"], "Not known: magic. Methods: before-after"),
        (["--situations", "moon"], "Not known: moon."),
        (["--methods", "before-after", "--situations", "days"], "None of these methods is run in any"),
        (["--ship", "--runs", "20"], "takes 1,000 runs or more"),
        (["--out", "nowhere/table.json"], "There is no folder"),
        (["--runs", "1"], "1 is not in the range"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(words: list[str], said: str) -> None:
    done = call(*words)
    assert done.exit_code == 2
    assert said in done.output


def test_a_file_that_is_no_table_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "thesis.json"
    other.write_text("[1, 2]")
    done = call(*SMALL, "--out", str(other))
    assert done.exit_code == 2
    assert "is no calibration table" in done.output
    assert other.read_text() == "[1, 2]"


def test_the_world_of_a_programme_is_made_from_its_own_data(demonstration: Path, tmp_path: Path) -> None:
    out = tmp_path / "own.json"
    done = run_command(
        demonstration, "calibrate", "--programme", "DEMO", "--runs", "4", "--methods", "naive-change", "--situations",
        "months", "--workers", "1", "--out", str(out),
    )  # fmt: skip
    assert "The shipped table, for comparison:" in done.stdout
    assert "phi of the hot spots' monthly total: " in done.stdout
    held = json.loads(out.read_text())
    assert held["programme"] == "DEMO"
    assert held["world"]["hot_spots"] == 7
    assert held["phi"] >= 1
    missing = run_command(demonstration, "calibrate", "--programme", "NOBODY", "--runs", "4", check=False)
    assert missing.returncode == 1
    assert "NOBODY" in missing.stderr
    assert "Traceback" not in missing.stderr

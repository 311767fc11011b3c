"""Every programme's return at once: several processes write the same files as one, and say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands.returns import returns

MONTH = "2021-10"


def _built(folder: Path, workers: int) -> Result:
    folder.mkdir()
    words = ["build-all", "--month", MONTH, "--folder", str(folder), "--workers", str(workers), "--format", "json"]
    return CliRunner().invoke(
        returns, [*words, *(w for code in ("EARLY", "TEST", "SHORT") for w in ("--programme", code))]
    )


@pytest.mark.usefixtures("scope")
def test_two_processes_write_the_same_bytes_as_one_and_name_what_cannot_be_built(tmp_path: Path) -> None:
    one, two = (_built(tmp_path / str(workers), workers) for workers in (1, 2))
    assert one.exit_code == two.exit_code == 1
    for done in (one, two):
        assert "Wrote the returns of 2 programmes" in done.stdout
        assert "TEST: There is no return of Oct 2021" in done.stderr
    files = [{p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("1", "2")]
    assert sorted(name.split("-")[0] for name in files[0]) == ["early", "short"]
    assert files[0] == files[1]

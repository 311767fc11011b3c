"""The folder of the data belongs to the portal alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from settings import load_settings
from tests.conftest import run_command


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("SECRET_KEY", raising=False)
    return tmp_path / "data"


def test_a_new_folder_is_closed_to_others(data_dir: Path) -> None:
    load_settings()
    assert mode(data_dir) == 0o700


def test_a_folder_of_an_older_version_is_closed(data_dir: Path) -> None:
    load_settings()
    data_dir.chmod(0o755)
    load_settings()
    assert mode(data_dir) == 0o700


def test_a_folder_that_is_not_ours_is_left_alone(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o755)
    data_dir.chmod(0o755)
    load_settings()
    assert mode(data_dir) == 0o755


def test_files_of_the_portal_are_for_its_owner_only(data_dir: Path) -> None:
    before = os.umask(0o022)
    try:
        data_dir.mkdir(mode=0o755)
        run_command(data_dir, "init-db")
    finally:
        os.umask(before)
    made = list(data_dir.iterdir())
    assert {"portal.sqlite3", "secret_key"} <= {path.name for path in made}
    assert [path.name for path in made if mode(path) & 0o077] == []

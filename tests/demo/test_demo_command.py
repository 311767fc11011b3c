"""The demonstration's case studies are released by two approvers, and a second run finds nothing to do."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from commands import demo as command
from data_access.engine import make_engine
from data_access.loading import load_file
from data_access.schema import case_study, metadata
from demo.programme import CODE


@pytest.fixture
def engine(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'portal.sqlite3'}")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_case_studies_are_released_by_two_people_who_did_not_write_them(engine, paths):
    for kind, code in (("programme", None), ("case-studies", CODE)):
        load_file(engine, kind, paths[kind][0], programme_code=code, actor="test")
    command._approve(engine)
    command._approve(engine)
    with engine.connect() as conn:
        found = conn.execute(select(case_study)).all()
    assert [row.status for row in found] == ["approved"] * 3
    for row in found:
        people = {a["who"] for a in row.approvals}
        assert len(row.approvals) == len(people) == 2
        assert row.author not in people


def test_files_can_be_written_without_loading(tmp_path):
    folder = tmp_path / "extracts"
    answer = CliRunner().invoke(command.demo, ["--write-only", "--folder", str(folder)])
    assert answer.exit_code == 0
    assert "Nothing was loaded" in answer.output
    assert (folder / "programme.toml").exists()


def test_writing_needs_a_folder():
    answer = CliRunner().invoke(command.demo, ["--write-only"])
    assert answer.exit_code == 2
    assert "--folder" in answer.output

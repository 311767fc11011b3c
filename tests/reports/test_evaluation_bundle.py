"""The bundle that a reviewer takes away: the same bytes for the same data, computed again elsewhere, for reviewers alone."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest

from analysis.evaluation.record import ResultRecord
from data_access.evaluation.sections import section
from domain.roles import Role
from domain.scope import OutOfScope, scope_for
from reports.evaluation_bundle import MANIFEST, BundleError, bundle_files, write_folder, zipped
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)

REVIEWER = scope_for("r@example.org", Role.REVIEWER, frozenset({"TEST"}))


MADE = {}  # made once: it takes seconds


@pytest.fixture
def files(configured):  # noqa: F811
    return MADE.setdefault("files", MADE.get("files") or bundle_files(REVIEWER, "TEST"))


def rebuilt(folder):
    return subprocess.run(
        [sys.executable, str(folder / "rebuild.py")], capture_output=True, text=True, check=False, env={"OMP_NUM_THREADS": "1"}
    )  # fmt: skip


def test_the_same_data_give_the_same_bytes(files):
    again = bundle_files(REVIEWER, "TEST")
    assert again == files
    assert zipped(again, "one") == zipped(files, "one")


def test_the_manifest_holds_the_hash_of_every_other_file(files):
    listed = json.loads(files[MANIFEST])["files"]
    assert set(listed) == set(files) - {MANIFEST}
    for name, about in listed.items():
        assert about["sha256"] == hashlib.sha256(files[name].encode()).hexdigest(), name


def test_its_records_are_those_of_the_pages(files):
    for name in ("before-after", "comparators", "harm", "displacement"):
        held = json.loads(files[f"records/{name}.json"])["records"]
        for key, record in section(REVIEWER, "TEST", name).records.items():
            if isinstance(record, ResultRecord):
                assert held[key]["estimate"] == pytest.approx(record.estimate, rel=1e-9), (name, key)
            else:
                assert held[key]["refused"]["reason"] == record.reason, (name, key)


def test_it_computes_itself_again_and_notices_the_one_number_that_was_changed(files, tmp_path):
    write_folder(files, tmp_path / "bundle")
    path = tmp_path / "bundle" / "records" / "before-after.json"
    path.write_text(path.read_text().replace('"n_events": ', '"n_events": 1', 1))
    found = rebuilt(tmp_path / "bundle")
    assert found.returncode == 1
    same = int(found.stdout.split(" files computed again are the same")[0].split()[-1])
    assert same == sum(name.split("/")[0] in ("records", "tables", "figures") for name in files) - 1
    complaints = found.stderr.splitlines()
    assert len(complaints) == 2
    assert all(line.startswith("records/before-after.json: ") for line in complaints)


def test_nothing_is_left_where_it_cannot_be_written(files, tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "mine.txt").write_text("mine")
    with pytest.raises(BundleError, match="empty"):
        write_folder(files, tmp_path / "bundle")
    with pytest.raises(BundleError, match="no folder"):
        write_folder(files, tmp_path / "nowhere" / "bundle")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bundle"]


def test_it_is_for_those_who_inspect_the_evaluation(configured):  # noqa: F811
    with pytest.raises(OutOfScope):
        bundle_files(scope_for("f@example.org", Role.FUNDER, frozenset({"TEST"})), "TEST")

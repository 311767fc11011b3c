"""The worker as it is run: a return from the click to the file, and what a killed worker leaves behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from data_access import accounts, job_runs, jobs, schema
from data_access.engine import get_engine, utc_now
from data_access.migrate import upgrade
from domain.jobs import JobState
from domain.roles import Permission, Role
from domain.scope import Scope, server_scope
from jobs import queue, return_kinds, supervise
from jobs.kinds import JobContext, Refused
from tests.conftest import ROOT, portal_environment
from tests.factories import Maker
from tests.jobs.conftest import MANAGER, ODD, scope_of
from tests.jobs.test_job_process import eventually, is_there
from tests.reports.conftest import DOCUMENT


@pytest.fixture
def reporting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scope:
    """A manager of a programme whose returns can be made, in a database made by the migrations."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    upgrade()
    with get_engine().begin() as conn:
        made = Maker(
            conn, DOCUMENT, fund={**DOCUMENT["fund"], "return_template": "short"},
            service={"name": "Outreach", "live_from": "2021-06-01"},
        )  # fmt: skip
        made.areas()
        made.crimes([{"day": date(2021, 10, 3), "spot": "HS1"}], period=(date(2021, 1, 1), date(2021, 12, 31)))
    accounts.add_account(
        server_scope(), email=MANAGER, name="Mary", role=Role.MANAGER, programmes=["TEST"], password_hash="x"
    )
    return scope_of(MANAGER)


@contextmanager
def worker(data_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    with open(data_dir / "worker.log", "wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "worker"],
            cwd=ROOT, env=portal_environment(data_dir), stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield running
        finally:
            running.kill()
            running.wait()


def test_returns_of_a_month_from_the_click_to_the_file(reporting: Scope, tmp_path: Path) -> None:
    job = queue.start(reporting, return_kinds.PDFS, None, month="2021-10", codes=["TEST", "NONE"])
    with worker(tmp_path) as running:
        over = eventually(lambda: (j := jobs.get(reporting, job.token)).is_over and j, 60)
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    log = (tmp_path / "worker.log").read_text()
    assert over.state is JobState.DONE, f"{over.error}\n{log}"
    assert "Traceback" not in log
    with zipfile.ZipFile(io.BytesIO(jobs.read_result(reporting, job.token)[1])) as held:
        assert held.namelist() == ["not-made.txt", "test-return-2021-10-v1-draft-0.pdf"]
        assert held.read("test-return-2021-10-v1-draft-0.pdf").startswith(b"%PDF-")
        assert "NONE: Your account does not include the programme" in held.read("not-made.txt").decode()


def test_a_month_without_a_return_is_refused_in_words(reporting: Scope) -> None:
    context = JobContext(reporting, "TEST", lambda *_: None, lambda: False)
    for month, said in (("1999-01", "the service went live on"), ("x", "is not a month")):
        with pytest.raises(Refused, match=said):
            return_kinds.return_pdf(context, month=month)


def test_a_killed_worker_takes_its_job_with_it_and_the_next_does_it_anew(mary: Scope, data_dir: Path) -> None:
    pids = data_dir / "pids"
    job = jobs.start(mary, "endless", "TEST", {"pids": str(pids)}, permission=Permission.VIEW_RETURNS)
    code = f"from jobs.supervise import run; run({job.token!r}, {ODD!r})"
    running = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    eventually(lambda: jobs.get(mary, job.token).said == "Going on and on.")
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    eventually(lambda: not any(is_there(int(pid)) for pid in pids.read_text().split()))
    assert jobs.get(mary, job.token).state is JobState.RUNNING
    assert job_runs.recover_stale() == []  # it may only be slow
    (again,) = job_runs.recover_stale(utc_now() + job_runs.STALE_AFTER + timedelta(seconds=1))
    assert again.state is JobState.WAITING
    assert "Attempt 2 of 3" in again.said
    with get_engine().begin() as conn:
        conn.execute(schema.job.update().values(kind="plain", arguments={"text": "now"}))
    supervise.run(job.token, ODD)
    assert jobs.read_result(mary, job.token)[1] == b"now"

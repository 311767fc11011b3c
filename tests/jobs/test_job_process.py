"""A job in its own process: every way in which it can end is said honestly on its row, and no half result is left."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from data_access import accounts, job_runs, jobs
from domain.jobs import Job, JobState
from domain.roles import Permission, Role
from domain.scope import Scope, server_scope
from jobs import supervise
from tests.jobs.conftest import MANAGER, ODD, scope_of


def started(scope: Scope, kind: str, **arguments: Any) -> Job:
    return jobs.start(scope, kind, "TEST", arguments, permission=Permission.VIEW_RETURNS)


def ended(scope: Scope, kind: str, **arguments: Any) -> Job:
    job = started(scope, kind, **arguments)
    supervise.run(job.token, ODD)
    return jobs.get(scope, job.token)


def eventually(true: Callable[[], Any], seconds: float = 20) -> Any:
    until = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < until, "It did not happen."
        time.sleep(0.05)
    return found


def is_there(pid: int) -> bool:
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    return False


def files(data_dir: Path) -> list[str]:
    return [path.name for path in (data_dir / "jobs").iterdir()] if (data_dir / "jobs").exists() else []


def test_a_job_that_works_leaves_its_file_for_its_owner_alone(mary: Scope, data_dir: Path) -> None:
    job = ended(mary, "plain", text="the result")
    assert (job.state, job.progress, job.file_name, job.size) == (JobState.DONE, 1.0, "plain.txt", 10)
    assert jobs.read_result(mary, job.token)[1] == b"the result"
    (path,) = (data_dir / "jobs").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_refused_input_is_told_in_its_words_and_not_tried_again(mary: Scope, data_dir: Path) -> None:
    job = ended(mary, "refused")
    assert (job.state, job.attempts, job.reference) == (JobState.FAILED, 1, "")
    assert job.error == "There are no figures for that month. Choose another."
    assert job_runs.waiting() == []


def test_what_has_moved_since_it_was_asked_for_is_no_failure(mary: Scope, data_dir: Path) -> None:
    job = ended(mary, "moved")
    assert (job.state, job.said, job.error) == (JobState.CANCELLED, "Data were loaded after this was asked for.", "")


def test_a_fault_is_told_with_a_reference_and_without_its_insides(
    mary: Scope, data_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    job = ended(mary, "fault")
    assert job.state is JobState.FAILED
    assert "secret column" not in job.error
    log = capfd.readouterr().err
    assert job.reference
    assert job.reference in log
    assert "secret column" in log


def test_too_much_memory_is_told(mary: Scope, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_MEMORY_MB", "400")
    job = ended(mary, "greedy")
    assert job.state is JobState.FAILED
    assert "400 MB" in job.error
    assert "JOB_MEMORY_MB" in job.error
    assert files(data_dir) == []


@pytest.mark.parametrize(("kind", "said"), [("shot", "SIGKILL"), ("aborts", "SIGABRT")])
def test_a_process_that_dies_without_a_word_is_told(mary: Scope, data_dir: Path, kind: str, said: str) -> None:
    job = ended(mary, kind)
    assert (job.state, job.attempts) == (JobState.FAILED, 1)
    assert said in job.error
    assert "memory" in job.error
    assert job.reference
    assert files(data_dir) == []


def test_a_full_disk_is_told(mary: Scope, data_dir: Path) -> None:
    job = ended(mary, "full disk")
    assert job.state is JobState.FAILED
    assert "disk is full" in job.error


def test_a_disk_that_fills_while_the_result_is_written_leaves_no_half_of_it(mary: Scope, data_dir: Path) -> None:
    folder = data_dir / "jobs"
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"Not tested on a disk of 1 MB: it could not be mounted ({mounted.stderr.strip()}).")
    try:
        job = ended(mary, "large", megabytes=3)
        assert job.state is JobState.FAILED
        assert "disk is full" in job.error
        assert files(data_dir) == []
        assert ended(mary, "plain", text="small").state is JobState.DONE
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_what_takes_too_long_is_stopped(mary: Scope, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_SECONDS", "1")
    job = ended(mary, "endless", pids=str(data_dir / "pids"))
    assert job.state is JobState.FAILED
    assert "(JOB_SECONDS, here 1)" in job.error


def test_cancelling_a_running_job_ends_it_and_what_it_started(mary: Scope, data_dir: Path) -> None:
    pids = data_dir / "pids"
    job = started(mary, "endless", pids=str(pids))
    worker = threading.Thread(target=supervise.run, args=(job.token, ODD))
    worker.start()
    eventually(lambda: jobs.get(mary, job.token).said == "Going on and on.")
    assert jobs.cancel(mary, job.token).said == "Being cancelled."
    worker.join(20)
    over = jobs.get(mary, job.token)
    assert (over.state, over.said) == (JobState.CANCELLED, "Cancelled.")
    eventually(lambda: not any(is_there(int(pid)) for pid in pids.read_text().split()))
    assert job.token not in supervise.RUNNING


def test_a_job_that_listens_can_tidy_up_when_it_is_cancelled(mary: Scope, data_dir: Path) -> None:
    trace = data_dir / "trace"
    job = started(mary, "polite", trace=str(trace))
    worker = threading.Thread(target=supervise.run, args=(job.token, ODD))
    worker.start()
    eventually(lambda: jobs.get(mary, job.token).said == "Looking round.")
    jobs.cancel(mary, job.token)
    worker.join(20)
    assert jobs.get(mary, job.token).state is JobState.CANCELLED
    assert trace.read_text() == "tidied up"


def test_a_worker_that_is_stopped_gives_its_job_back(mary: Scope, data_dir: Path) -> None:
    job = started(mary, "endless", pids=str(data_dir / "pids"))
    worker = threading.Thread(target=supervise.run, args=(job.token, ODD))
    worker.start()
    eventually(lambda: jobs.get(mary, job.token).said == "Going on and on.")
    supervise.STOPPING.set()
    worker.join(20)
    again = jobs.get(mary, job.token)
    assert (again.state, again.progress) == (JobState.WAITING, 0.0)
    assert "restarted" in again.said


def test_a_job_sees_with_its_owners_eyes(mary: Scope, data_dir: Path) -> None:
    job = ended(mary, "who")
    assert jobs.read_result(mary, job.token)[1].decode() == f"{MANAGER} manager ['TEST']"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda admin: accounts.set_active(admin, MANAGER, False), "disabled"),
        (lambda admin: accounts.set_programmes(admin, MANAGER, ["OTHER"]), "does not include the programme “TEST”"),
        (lambda admin: accounts.set_role(admin, MANAGER, Role.FUNDER), "permission “view returns”"),
    ],
    ids=["disabled", "programme taken away", "another role"],
)
def test_who_lost_the_right_while_the_job_waited_gets_nothing(
    mary: Scope, data_dir: Path, change: Callable[[Scope], None], said: str
) -> None:
    job = started(mary, "who")
    change(server_scope())
    supervise.run(job.token, ODD)
    over = job_runs.read(job.token)
    assert over is not None
    assert over.state is JobState.FAILED
    assert said in over.error
    assert files(data_dir) == []


def test_a_kind_that_this_version_does_not_know_is_refused(mary: Scope, data_dir: Path) -> None:
    job = started(mary, "from a newer version")
    supervise.run(job.token)  # the real process
    assert "There is no kind of job" in jobs.get(mary, job.token).error


def test_a_file_that_was_finished_after_cancelling_is_removed(mary: Scope, data_dir: Path) -> None:
    from jobs.child import write
    from jobs.kinds import Result

    job = started(mary, "plain", text="x")
    held = job_runs.claim(job.token, "here")
    assert held is not None
    made = write(Result("x.txt", "text/plain", b"x"))
    jobs.cancel(mary, job.token)
    supervise._finish(held, made, supervise.timedelta(days=1))
    assert jobs.get(mary, job.token).state is JobState.CANCELLED
    assert files(data_dir) == []


def test_nobody_else_can_look_at_it(mary: Scope, data_dir: Path) -> None:
    job = ended(mary, "plain", text="x")
    for scope in (scope_of("omar@test.example.org"), scope_of(MANAGER, Role.MANAGER, "OTHER"), server_scope()):
        with pytest.raises(jobs.NoSuchJob, match="no such job"):
            jobs.read_result(scope, job.token)

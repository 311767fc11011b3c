"""The queue carries tokens, in a file or in Redis; when it is away, jobs wait and none is lost."""

from __future__ import annotations

import json
import pickle
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data_access import job_runs, jobs
from data_access.jobs import JobRefused
from domain.jobs import JobState
from domain.roles import Role
from domain.scope import OutOfScope, Scope
from jobs import queue, return_kinds, sweep
from tests.jobs.conftest import FUNDER, free_port, scope_of


@contextmanager
def redis_server(folder: Path, port: int) -> Iterator[None]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Not tested with Redis: redis-server is not installed. On Debian: apt-get install redis-server.")
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    served = subprocess.Popen([program, *settings], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert served.poll() is None, "redis-server did not start."
            assert time.monotonic() < until, "redis-server does not answer."
            time.sleep(0.02)
        yield
    finally:
        served.kill()
        served.wait()


@pytest.fixture(params=["file", "redis"])
def queue_kind(
    request: pytest.FixtureRequest, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    if request.param == "file":
        yield "file"
        return
    port = free_port()
    with redis_server(tmp_path, port):
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0")
        yield "redis"


def test_the_queue_holds_the_token_and_nothing_that_could_be_run(mary: Scope, queue_kind: str) -> None:
    job = queue.start(mary, return_kinds.PDF, "TEST", month="2023-10")
    opened = queue.open_queue()
    (held,) = opened.storage.enqueued_items()
    assert job.token in json.loads(held)[6]
    assert "2023-10" not in bytes(held).decode()
    task = opened.dequeue()
    assert (task.name, list(task.args)) == ("run_job", [job.token])


def test_what_others_put_into_the_queue_is_not_run(mary: Scope, queue_kind: str, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "went off",)

    opened = queue.open_queue()
    opened.storage.enqueue(pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="decode"):
        opened.dequeue()
    assert not (tmp_path / "went off").exists()


def test_the_same_job_twice_in_the_queue_is_done_once(mary: Scope, queue_kind: str) -> None:
    job = queue.start(mary, return_kinds.PDF, "TEST", month="2023-10")
    assert queue.start(mary, return_kinds.PDF, "TEST", month="2023-10").token == job.token
    assert queue.open_queue().pending_count() == 2
    assert job_runs.claim(job.token, "first") is not None
    assert job_runs.claim(job.token, "second") is None


def test_with_redis_away_the_job_waits_and_is_found_when_it_is_back(
    mary: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0")
    job = queue.start(mary, return_kinds.PDF, "TEST", month="2023-10")
    assert job.state is JobState.WAITING
    assert "nothing is lost" in job.said
    with pytest.raises(queue.QueueAway, match="REDIS_URL"):
        sweep.queue_waiting()
    with redis_server(tmp_path, port):
        assert sweep.queue_waiting() == 1
        assert sweep.queue_waiting() == 0  # it is there already
        assert queue.open_queue().dequeue().args == [job.token]


def test_with_the_queues_file_away_the_job_waits_and_is_found_when_it_is_back(mary: Scope, data_dir: Path) -> None:
    in_the_way = data_dir / "jobs-queue.sqlite3"
    in_the_way.mkdir()
    job = queue.start(mary, return_kinds.PDF, "TEST", month="2023-10")
    assert job.state is JobState.WAITING
    assert "nothing is lost" in job.said
    sweep.sweep()  # says so, and goes on
    in_the_way.rmdir()
    sweep.sweep()
    assert queue.open_queue().dequeue().args == [job.token]
    assert in_the_way.stat().st_mode & 0o077 == 0


def test_who_may_start_which_kind(mary: Scope, data_dir: Path) -> None:
    with pytest.raises(OutOfScope, match="view returns"):
        queue.start(scope_of(FUNDER, Role.FUNDER), return_kinds.PDF, "TEST", month="2023-10")
    with pytest.raises(JobRefused, match="There are: document, draft return, return pdf, returns of a month"):
        queue.start(mary, "cake", "TEST")
    assert jobs.list_own(mary) == []

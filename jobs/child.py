"""One job in a process of its own: ``python -m jobs.child TOKEN``, started by the worker and by nobody else.

It speaks to the worker in lines of JSON and writes nothing to the job's row: the worker does, also for a process that
ends without a word. Its result lies whole on the disk before it is spoken of.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from data_access import job_runs, jobs
from data_access.job_runs import Made
from domain.jobs import Job
from jobs.kinds import JobContext, Moved, Refused, Result, Stopped, kind_of
from jobs.limits import explained, limit_memory
from settings import load_settings

STOPPED = 4  # exit code


def main(token: str) -> int:
    """Do the job; the exit code is for the log."""
    say = _channel()
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(name)s: %(message)s")
    _end_with_the_worker()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    megabytes = load_settings().jobs.memory_mb
    limit_memory(megabytes)
    try:
        made = _done(token, say, stopping)
    except Stopped:
        return STOPPED
    except Moved as reason:
        say({"moved": str(reason)})
        return 0
    except Exception as problem:
        error, reference = explained(problem, megabytes)
        say({"error": error, "reference": reference})
        return 1
    say({"made": asdict(made)})
    return 0


def _channel() -> Callable[[dict[str, Any]], None]:
    """Standard output becomes ours alone: what libraries print goes to the log instead."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    lock = threading.Lock()

    def say(what: dict[str, Any]) -> None:
        with lock:
            out.write(json.dumps(what) + "\n")
            out.flush()

    return say


def _end_with_the_worker() -> None:
    """The worker holds the other end of our input: when it goes, however, there is nobody left to do this for."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _done(token: str, say: Callable[[dict[str, Any]], None], stopping: threading.Event) -> Made:
    job = job_runs.read(token)
    if job is None:
        raise Refused("The job is no longer there.")
    result = _result(job, say, stopping)
    if stopping.is_set():
        raise Stopped
    return write(result)


def _result(job: Job, say: Callable[[dict[str, Any]], None], stopping: threading.Event) -> Result:
    kind = kind_of(job.kind)
    scope = jobs.owner_scope(job)  # what they may see now: an account may have lost a programme while it waited
    scope.require(kind.permission)

    def report(fraction: float, said: str) -> None:
        say({"progress": fraction, "said": said})

    context = JobContext(scope, job.programme_code, report, stopping.is_set)
    return kind.make(context, **job.arguments)


def write(result: Result) -> Made:
    """The result under a name of its own, whole or not at all."""
    body = secrets.token_hex(16)
    path = jobs.folder() / body
    part = path.with_suffix(".part")
    try:
        handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(result.body)
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder()
    sha256 = hashlib.sha256(result.body).hexdigest()
    return Made(body, result.file_name, result.mime, len(result.body), sha256, result.said)


def _sync_folder() -> None:
    handle = os.open(jobs.folder(), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

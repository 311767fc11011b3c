"""The worker's side of one job: claim it, start its process, watch limits and wishes, write down how it ended."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from data_access import job_runs, jobs
from data_access.job_runs import Claim, Lost, Made
from data_access.jobs import JobRefused
from domain.jobs import Job
from jobs.kinds import kind_of
from jobs.limits import ended_without_a_word, too_slow
from jobs.process import CHILD, ChildProcess
from settings import JobSettings, load_settings

log = logging.getLogger(__name__)
RUNNING: set[str] = set()  # tokens that this worker runs
STOPPING = threading.Event()  # set when the worker is asked to end
LOOK_SECONDS = 0.2
CANCEL_SECONDS = 1.0
PROGRESS_SECONDS = 0.5
HEARTBEAT_SECONDS = 10.0
TRIES_TO_WRITE_DOWN = 4

Ending = Callable[[], Job]  # what to write on the row


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def run(token: str, child: Sequence[str] = CHILD) -> None:
    """Do the job of ``token`` if it waits; whatever happens, its row says so afterwards."""
    held = job_runs.claim(token, worker_name())
    if held is None:
        return
    RUNNING.add(token)
    try:
        _write_down(_ending(held, child, load_settings().jobs))
    except Lost:
        log.warning("Job %d was ended or taken over elsewhere while it ran here.", held.job.id)
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("Problem %s with job %d", reference, held.job.id)
        sentence = "The worker could not do this job. Report the reference to whoever runs the portal."
        _write_down(partial(job_runs.fail, held, sentence, reference))
    finally:
        RUNNING.discard(token)


def _ending(held: Claim, child: Sequence[str], limits: JobSettings) -> Ending:
    """Watch the process to its end."""
    watch = _Watch(held, limits)
    with ChildProcess(held.token, child) as process:
        while True:
            said = process.said(LOOK_SECONDS)
            code = process.ended() if said is None else None
            if code is not None:
                said = process.said(0)  # what it said last, while we looked away
                if said is None:
                    return partial(job_runs.fail, held, *ended_without_a_word(code, limits.memory_mb))
            ending = (watch.heard(said) if said else None) or watch.looked()
            if ending:
                return ending


class _Watch:
    """What the worker has heard of a job, and when it last looked at the row and wrote to it."""

    def __init__(self, held: Claim, limits: JobSettings) -> None:
        self._held, self._limits = held, limits
        self._seconds = limits.seconds * _parts(held.job)
        self._started = self._looked = self._beaten = self._told = time.monotonic()
        self._news: dict[str, Any] | None = None

    def heard(self, said: dict[str, Any]) -> Ending | None:
        if "progress" in said:
            self._news = said
            return None
        if "made" in said:
            return partial(_finish, self._held, Made(**said["made"]), timedelta(days=self._limits.days_kept))
        if "moved" in said:
            return partial(job_runs.moved, self._held, str(said["moved"]))
        return partial(job_runs.fail, self._held, str(said["error"]), str(said["reference"]))

    def looked(self) -> Ending | None:
        """How it must end now, if it must; and the news and a sign of life onto the row."""
        now = time.monotonic()
        if STOPPING.is_set():
            return partial(job_runs.give_back, self._held)
        if now - self._started > self._seconds:
            return partial(job_runs.fail, self._held, too_slow(self._seconds))
        if now - self._looked > CANCEL_SECONDS:
            self._looked = now
            if _tolerant(partial(job_runs.cancel_asked, self._held)):
                return partial(job_runs.stopped, self._held)
        if self._news and now - self._told > PROGRESS_SECONDS:
            news, self._news = self._news, None
            self._told = self._beaten = now
            _tolerant(partial(job_runs.progress, self._held, float(news["progress"]), str(news["said"])))
        elif now - self._beaten > HEARTBEAT_SECONDS:
            self._beaten = now
            _tolerant(partial(job_runs.heartbeat, self._held))
        return None


def _parts(job: Job) -> int:
    try:
        return kind_of(job.kind).parts(job.arguments)
    except JobRefused:  # its own process will say so
        return 1


def _tolerant(step: Callable[[], Any]) -> Any:
    """A database that is busy for a moment must not end a job."""
    try:
        return step()
    except SQLAlchemyError as problem:
        log.warning("The database could not be asked about a job just now: %s", problem)
        return None


def _finish(held: Claim, made: Made, keep_for: timedelta) -> Job:
    """Done; where it was cancelled or taken over meanwhile, its file goes."""
    try:
        job = job_runs.finish(held, made, keep_for)
    except Lost:
        _remove(made)
        raise
    if not job.has_file:
        _remove(made)
    return job


def _remove(made: Made) -> None:
    (jobs.folder() / made.body).unlink(missing_ok=True)


def _write_down(ending: Ending) -> None:
    """The row must learn it; after the last try the job counts as lost, and is tried again (job_runs.recover_stale)."""
    for left in reversed(range(TRIES_TO_WRITE_DOWN)):
        try:
            ending()
            return
        except SQLAlchemyError:
            if not left:
                raise
            log.exception("How a job ended could not be written down; trying again.")
            time.sleep(1)

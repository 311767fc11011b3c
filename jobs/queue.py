"""The queue: tokens of waiting jobs, in a file of DATA_DIR or in Redis. A row of the database stands behind each.

A queue that is away delays jobs and loses none: the worker looks for waiting rows by itself (jobs.sweep).
"""

from __future__ import annotations

import json
import logging
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from huey import Huey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer

from data_access import jobs
from domain.jobs import Job, JobState
from domain.scope import Scope
from jobs.kinds import kind_of
from settings import load_settings

log = logging.getLogger(__name__)
QUEUE_AWAY = (
    "Waiting. The queue cannot be reached just now; nothing is lost, and the job begins when the worker finds it, "
    "usually within a minute of the queue coming back."
)


class QueueAway(RuntimeError):
    """The queue cannot be reached; the message says which and why."""


class _Json(Serializer):  # type: ignore[misc]
    """Messages as JSON. Huey's own way, pickle, would let whoever writes to the queue run code in the worker."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(data))


def run_job(token: str) -> None:
    """The one task there is."""
    from jobs.supervise import run  # only in the worker

    run(token)


@lru_cache(maxsize=4)
def _queue(redis_url: str, data_dir: Path, _process: int) -> tuple[Huey, Any]:
    if redis_url:
        from huey import RedisHuey
        from redis import ConnectionPool

        # Without limits an unreachable host would hold up the page of whoever starts a job.
        pool = ConnectionPool.from_url(redis_url, socket_connect_timeout=3, socket_timeout=10)
        huey = RedisHuey("portal", results=False, serializer=_Json(), connection_pool=pool)
    else:
        path = data_dir / "jobs-queue.sqlite3"
        huey = SqliteHuey("portal", results=False, serializer=_Json(), filename=str(path))
        path.chmod(0o600)
    return huey, huey.task(name="run_job")(run_job)


def _open() -> tuple[Huey, Any]:
    settings = load_settings()
    # By process: a connection must not be shared by the worker and what it was forked from.
    return _queue(settings.jobs.redis_url, settings.data_dir, os.getpid())


def open_queue() -> Huey:
    """The queue; QueueAway where it cannot be reached."""
    try:
        huey, _task = _open()
        huey.pending_count()
    except Exception as problem:  # sqlite3, OSError and each of redis's own
        _queue.cache_clear()
        raise QueueAway(f"{where()} cannot be reached ({problem}).") from problem
    return huey


def unopened() -> Huey:
    """The queue without asking whether it can be reached; Redis may come back later."""
    return _open()[0]


def where() -> str:
    settings = load_settings()
    if settings.jobs.redis_url:
        return "The queue in Redis (REDIS_URL)"
    return f"The queue {settings.data_dir / 'jobs-queue.sqlite3'}"


def enqueue(token: str) -> None:
    """Tell the worker of a waiting job; QueueAway where that is not possible."""
    open_queue()
    _huey, task = _open()
    try:
        task(token)
    except Exception as problem:
        raise QueueAway(f"{where()} cannot be reached ({problem}).") from problem


def start(scope: Scope, kind: str, programme_code: str | None, **arguments: Any) -> Job:
    """Start a job for the person; OutOfScope or JobRefused with a sentence.

    The same job of the same person that is not over yet is given instead of a second one.
    """
    return _told(scope, jobs.start(scope, kind, programme_code, arguments, permission=kind_of(kind).permission))


def start_scheduled(scope: Scope, kind: str, programme_code: str, **arguments: Any) -> Job:
    """Start a job of the worker's own, once for the same arguments; OutOfScope, or JobRefused while too many wait."""
    job = jobs.start_scheduled(scope, kind, programme_code, arguments)
    return _told(scope, job) if job.state is JobState.WAITING else job


def _told(scope: Scope, job: Job) -> Job:
    try:
        enqueue(job.token)
    except QueueAway as problem:
        log.warning("Job %d waits: %s", job.id, problem)
        jobs.explain_waiting(job.token, QUEUE_AWAY)
        return jobs.get(scope, job.token)
    return job

"""What the worker does from time to time beside jobs: finds what was lost, clears out, sends e-mail, tells of returns.

Every step can be done by several workers at once, and one that fails does not keep the others from their turn.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from data_access import job_runs
from jobs import mail, queue
from jobs.supervise import RUNNING
from settings import ROOT

log = logging.getLogger(__name__)
T = TypeVar("T")
EVERY_SECONDS = 30.0
TELL_FIRST_AFTER_SECONDS = 60.0  # what waited while the worker was away comes first
TELL_EVERY_SECONDS = 600.0
TELL_SECONDS = 900.0


def queue_waiting() -> int:
    """Tell an empty queue of the rows that wait: it was away, or lost them with its worker. How many."""
    if queue.open_queue().pending_count():
        return 0  # what is in it comes first; whatever is lost is found when it is empty
    tokens = job_runs.waiting()
    for token in tokens:
        queue.enqueue(token)
    return len(tokens)


def sweep() -> None:
    """Once round."""
    _step(_recover)
    _step(queue_waiting)
    _step(job_runs.clear_out)
    _step(_send_mail)


def _recover() -> None:
    for job in job_runs.recover_stale(alive=frozenset(RUNNING)):
        log.warning("Job %d had lost its worker: now %s. %s", job.id, job.state.value, job.error or job.said)


def _send_mail() -> None:
    said = mail.send_waiting()
    if said:
        log.warning("%s", said)


def _step(step: Callable[[], T]) -> T | None:
    try:
        return step()
    except queue.QueueAway as problem:
        log.warning("%s Jobs wait until it is back.", problem)
    except Exception:
        log.exception("A step of the worker's round failed; it is tried again later.")
    return None


def tell_of_returns(said: set[str]) -> set[str]:
    """In a process of its own: finding out which months are held needs libraries that the worker does without.

    ``said`` are the lines of the last time, which are not logged again; those of this time are given back.
    """
    command = [sys.executable, "-m", "flask", "--app", str(ROOT / "app"), "jobs", "tell"]
    done = subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, timeout=TELL_SECONDS, env=os.environ, check=False
    )
    lines = done.stdout.splitlines()
    for line in lines:
        if line not in said:
            log.warning("%s", line)
    if done.returncode:
        log.error("Telling of returns failed: %s", done.stderr[-2000:])
    return set(lines)


class Sweeper(threading.Thread):
    """A thread of the worker's own: it must go round while every hand is busy and while the queue is away."""

    def __init__(self) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._ended = threading.Event()

    def run(self) -> None:
        tell_at = time.monotonic() + TELL_FIRST_AFTER_SECONDS
        said: set[str] = set()
        while True:
            _step(sweep)
            if time.monotonic() >= tell_at:
                tell_at = time.monotonic() + TELL_EVERY_SECONDS
                said = _step(partial(tell_of_returns, said)) or set()
            if self._ended.wait(EVERY_SECONDS):
                return

    def end(self) -> None:
        self._ended.set()

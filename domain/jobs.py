"""A job: work that somebody, or the worker itself, started and that goes on apart from a page, and the states it passes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.roles import Permission

SCHEDULE = "schedule"  # the server's own actor: owner of the jobs that the worker starts by itself
DRAFT_RETURN = "draft return"
# What the worker starts by itself is for whoever holds this permission in the job's programme.
SCHEDULED: Mapping[str, Permission] = {DRAFT_RETURN: Permission.VIEW_RETURNS}


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


S = JobState
# From -> to. Running goes back to waiting when its worker was lost: that alone may pass when tried again.
TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    S.WAITING: frozenset({S.RUNNING, S.CANCELLED}),
    S.RUNNING: frozenset({S.DONE, S.FAILED, S.CANCELLED, S.WAITING}),
    S.DONE: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
}


def may_follow(before: JobState, after: JobState) -> bool:
    return after in TRANSITIONS[before]


@dataclass(frozen=True)
class Job:
    id: int
    token: str  # names the job in addresses; cannot be guessed
    kind: str
    programme_code: str | None
    arguments: Mapping[str, Any]
    owner: str
    by_server: bool  # started on the command line or by the worker itself: no account stands behind it
    state: JobState
    progress: float  # 0 to 1
    said: str  # one sentence: what it is doing, or what became of it
    error: str  # one sentence for the owner; "" unless failed
    reference: str  # what the owner can quote; "" where there is nothing to look up
    created_at: datetime  # this and the other times: UTC
    started_at: datetime | None
    ended_at: datetime | None
    attempts: int
    cancel_requested: bool
    file_name: str
    mime: str
    size: int
    sha256: str
    expires_at: datetime | None  # of the file
    has_file: bool

    @property
    def is_over(self) -> bool:
        return not TRANSITIONS[self.state]

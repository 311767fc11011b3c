"""What kinds of job there are. A kind is a function from a context and arguments to one file."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from data_access.jobs import JobRefused
from domain.roles import Permission
from domain.scope import Scope

_MODULES = ("jobs.return_kinds", "jobs.document_kinds")  # each registers its kinds when it is imported
KINDS: dict[str, JobKind] = {}


class Refused(RuntimeError):
    """The job cannot be done and trying again would not help; the message is for its owner."""


class Moved(RuntimeError):
    """What the job was to be made from has changed since it was asked for: not made, and no failure; the message says so."""


class Stopped(RuntimeError):
    """The owner cancelled the job, or the worker is stopping."""


@dataclass(frozen=True)
class Result:
    file_name: str
    mime: str
    body: bytes
    said: str = "Done."  # what the job's row says once it is over


@dataclass(frozen=True)
class JobContext:
    """What a job's function is given: whose eyes it sees with, and how it speaks to its owner."""

    scope: Scope
    programme_code: str | None
    report: Callable[[float, str], None] = field(repr=False)
    is_stopping: Callable[[], bool] = field(repr=False)

    def progress(self, fraction: float, said: str) -> None:
        """How far it is (0 to 1) and one sentence; also a good moment to notice that it was cancelled."""
        self.check_cancelled()
        self.report(fraction, said)

    def check_cancelled(self) -> None:
        if self.is_stopping():
            raise Stopped


@dataclass(frozen=True)
class JobKind:
    key: str
    title: str
    permission: Permission
    make: Callable[..., Result]
    parts: Callable[[Mapping[str, Any]], int]  # JOB_SECONDS is for each


def job_kind(
    key: str, *, permission: Permission, title: str, parts: Callable[[Mapping[str, Any]], int] = lambda _arguments: 1
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Register the function below as the kind ``key``."""

    def register(make: Callable[..., Result]) -> Callable[..., Result]:
        if key in KINDS:
            raise ValueError(f"Two kinds of job are called “{key}”.")
        KINDS[key] = JobKind(key, title, permission, make, parts)
        return make

    return register


def kind_of(key: str) -> JobKind:
    """The kind, or JobRefused."""
    for module in _MODULES:
        importlib.import_module(module)
    found = KINDS.get(key)
    if found is None:
        raise JobRefused(f"There is no kind of job called “{key}”. There are: {', '.join(sorted(KINDS))}.")
    return found

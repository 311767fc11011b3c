"""Drafts of last month's returns, which the worker builds from a day of the month on: asked for here, made as jobs.

A draft is built once. A build that failed is asked for again only with other data: the same would fail again. One that
was cancelled, since data or return had moved on before it began, is no failure and is asked for again.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from data_access import jobs
from data_access.jobs import JobRefused
from data_access.programmes import data_as_at, get_programme, list_programmes
from data_access.returns import versions
from domain.jobs import DRAFT_RETURN, SCHEDULE, Job, JobState
from domain.periods import LONDON, add_months, month_of
from domain.programme import Programme
from domain.return_states import State
from domain.scope import Scope, server_scope
from jobs import queue
from jobs.apart import Apart
from reports.contents import returnable_months
from settings import load_settings


class Draft(StrEnum):
    """What the worker has to say of a month's draft."""

    OPEN = "open"  # drafts are not built by the worker: it can be opened
    NONE = "none"  # being built, or not to be built
    BUILT = "built"
    FAILED = "failed"


def last_month(today: date) -> str:
    return month_of(add_months(today.replace(day=1), -1))


def draft_job(scope: Scope, code: str, month: str) -> Job | None:
    """The job by which the worker builds a month's draft: the newest, of those not cancelled where there are such."""
    found = _draft_jobs(scope, code, month)
    return next((j for j in found if j.state is not JobState.CANCELLED), found[0] if found else None)


def _draft_jobs(scope: Scope, code: str, month: str) -> list[Job]:
    """Newest first."""
    return [j for j in jobs.scheduled(scope, DRAFT_RETURN, code) if j.arguments.get("month") == month]


def _have_failed_with(found: list[Job], data_sha256: str) -> bool:
    """Whichever it was: data that went away may come back."""
    return any(j.state is JobState.FAILED and j.arguments["data_sha256"] == data_sha256 for j in found)


def draft_of(scope: Scope, code: str, month: str) -> Draft:
    if not load_settings().mail.build_drafts:
        return Draft.OPEN
    found = _draft_jobs(scope, code, month)
    if not found or not _is_first_draft(scope, code, month):
        return Draft.NONE
    if any(j.state is JobState.DONE for j in found):
        return Draft.BUILT
    return Draft.FAILED if _have_failed_with(found, data_as_at(scope, code).data_sha256) else Draft.NONE


def ask_for_drafts(today: date | None = None) -> list[str]:
    """Put the drafts that are to be built on the queue; a sentence about each. SomeFailed, after all, where some failed."""
    settings, today = load_settings().mail, today or datetime.now(LONDON).date()
    if not settings.build_drafts or today.day < settings.draft_day:
        return []
    scope, month, said, apart = server_scope(SCHEDULE), last_month(today), [], Apart()
    for one in list_programmes(scope):
        with apart.one(f"Asking for the draft of {one.code} for {month}"):
            try:
                if _ask(scope, get_programme(scope, one.code), month):
                    said.append(f"The draft of {one.code} for {month} is to be built.")
            except JobRefused:
                said.append("As many drafts wait as may at a time; the others are asked for later.")
                break
    return apart.said(said)


def _ask(scope: Scope, programme: Programme, month: str) -> bool:
    code = programme.code
    if not programme.fund or not _is_first_draft(scope, code, month):
        return False
    found = _draft_jobs(scope, code, month)
    if any(j.state not in (JobState.FAILED, JobState.CANCELLED) for j in found):
        return False
    data = data_as_at(scope, code).data_sha256
    if _have_failed_with(found, data) or month not in returnable_months(scope, code):
        return False
    job = queue.start_scheduled(scope, DRAFT_RETURN, code, month=month, data_sha256=data)
    return job.state is JobState.WAITING


def _is_first_draft(scope: Scope, code: str, month: str) -> bool:
    """Neither signed nor the draft of a correction."""
    version = versions.latest(scope, code, month)
    return version.state is State.DRAFT and not versions.is_sent(version)

"""Jobs: what a person starts, sees and takes away. The worker's side is job_runs.

The row is the truth and the queue only says that there is one, so a queue that is away loses nothing. Somebody else's
job does not exist, for administrators neither: its result is what its owner may see. What the worker starts by itself
for a programme is for everyone there who holds the permission that its kind names.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from data_access import audit, schema
from data_access.accounts import account_by_email
from data_access.engine import ACCOUNTS, get_engine, utc_now, writing
from domain import formats
from domain.jobs import SCHEDULE, SCHEDULED, Job, JobState, may_follow
from domain.roles import Permission
from domain.scope import OutOfScope, Scope, scope_for, server_scope
from settings import load_settings

MOST_LIVE = 10  # waiting or running, of one person
NO_SUCH_JOB = "There is no such job. It may be long over; look at your list of jobs."
MOST_LISTED = 50
LIVE = (JobState.WAITING, JobState.RUNNING)
_J = schema.job


class NoSuchJob(OutOfScope):
    """No such job, or somebody else's: the two are told alike."""


class JobRefused(ValueError):
    """The job cannot be started; the message says why and what to do."""


class NoResult(RuntimeError):
    """The job has no file to give; the message says why and what to do."""


@dataclass(frozen=True)
class JobLine:
    """One job for whoever runs the portal: how it goes, not what it made."""

    id: int
    kind: str
    owner: str
    programme_code: str | None
    state: JobState
    said: str
    error: str
    reference: str
    attempts: int
    worker: str


def folder() -> Path:
    """Where results lie, for the portal alone."""
    found = load_settings().data_dir / "jobs"
    found.mkdir(mode=0o700, exist_ok=True)
    return found


def start(
    scope: Scope, kind: str, programme_code: str | None, arguments: Mapping[str, Any], *, permission: Permission
) -> Job:
    """A new waiting job, or the person's own that does the same and is not over yet (a second click)."""
    scope.require(permission)
    if programme_code is not None:
        scope.require_programme(programme_code)
    wanted = json.loads(json.dumps(dict(arguments)))
    with writing(lock=ACCOUNTS).begin() as conn:
        programme_id = _programme_id(conn, programme_code)
        mine = conn.execute(_rows().where(_J.c.owner == scope.actor, _J.c.state.in_(LIVE))).all()
        for row in mine:
            if (row.kind, row.programme_id, row.arguments) == (kind, programme_id, wanted) and not row.cancel_requested:
                return as_job(row)
        _check_room(len(mine))
        return _added(conn, scope, kind, programme_id, wanted)


def start_scheduled(scope: Scope, kind: str, code: str, arguments: Mapping[str, Any]) -> Job:
    """A job of the worker's own, or the one that was ever started for the same and not cancelled, however it ended."""
    scope.require(SCHEDULED[kind])
    scope.require_programme(code)
    wanted = json.loads(json.dumps(dict(arguments)))
    with writing(lock=ACCOUNTS).begin() as conn:
        for row in conn.execute(_scheduled(kind, code)).all():
            if row.arguments == wanted and row.state != JobState.CANCELLED:
                return as_job(row)
        # As many as one person: those of many programmes must not stand before what people wait for.
        live = _rows().where(_J.c.owner == SCHEDULE, _J.c.state.in_(LIVE))
        _check_room(len(conn.execute(live).all()))
        return _added(conn, scope, kind, _programme_id(conn, code), wanted)


def scheduled(scope: Scope, kind: str, code: str) -> list[Job]:
    """What the worker started by itself for a programme, newest first; OutOfScope without the kind's permission there."""
    scope.require(SCHEDULED[kind])
    scope.require_programme(code)
    with get_engine().connect() as conn:
        return [as_job(row) for row in conn.execute(_scheduled(kind, code)).all()]


def _check_room(live: int) -> None:
    if live >= MOST_LIVE:
        raise JobRefused(
            f"You have {live} jobs that are not finished, which is as many as one person may have. Wait until one is "
            "done or cancel one, then try again."
        )


def _programme_id(conn: Connection, code: str | None) -> int | None:
    if code is None:
        return None
    found = conn.execute(select(schema.programme.c.id).where(schema.programme.c.code == code)).scalar()
    if found is None:
        raise JobRefused(f"No programme has the code “{code}”. Load its programme file first.")
    return int(found)


def _added(conn: Connection, scope: Scope, kind: str, programme_id: int | None, arguments: Mapping[str, Any]) -> Job:
    now, token = utc_now(), secrets.token_urlsafe(32)
    row_id = conn.execute(
        insert(_J).values(
            token=token, programme_id=programme_id, kind=kind, arguments=arguments, owner=scope.actor,
            by_server=scope.programme_codes is None, state=JobState.WAITING, progress=0.0,
            said="Waiting for its turn.", error="", reference="", created_at=now, attempts=0, worker="",
            cancel_requested=False, file_name="", mime="", size=0, sha256="",
        )
    ).inserted_primary_key[0]  # fmt: skip
    log(conn, "job started", scope.actor, row_id, kind, programme_id)
    return as_job(conn.execute(_rows().where(_J.c.id == row_id)).one())


def get(scope: Scope, token: str) -> Job:
    """The person's own job, or the worker's for them; NoSuchJob for anything else, without saying which."""
    with get_engine().connect() as conn:
        return as_job(_readable(conn, scope, token))


def list_own(scope: Scope) -> list[Job]:
    """The person's jobs of programmes they still see, newest first."""
    with get_engine().connect() as conn:
        rows = conn.execute(_rows().where(_J.c.owner == scope.actor).order_by(_J.c.id.desc()).limit(MOST_LISTED)).all()
    return [as_job(row) for row in rows if _is_theirs(scope, row)]


def list_all(scope: Scope) -> list[JobLine]:
    """How everybody's latest jobs go, newest first, for whoever runs the portal."""
    scope.require(Permission.MANAGE_ACCOUNTS)
    with get_engine().connect() as conn:
        rows = conn.execute(_rows().order_by(_J.c.id.desc()).limit(MOST_LISTED)).all()
    return [
        JobLine(r.id, r.kind, r.owner, r.code, JobState(r.state), r.said, r.error, r.reference, r.attempts, r.worker)
        for r in rows
    ]


def cancel(scope: Scope, token: str) -> Job:
    """Cancel a waiting job at once; ask for a running one to be stopped. One that is over stays as it is."""
    with writing(lock=ACCOUNTS).begin() as conn:
        row = _own(conn, scope, token)
        if row.state == JobState.WAITING:
            move(conn, row, JobState.CANCELLED, said="Cancelled before it began.", ended_at=utc_now())
            log(conn, "job cancelled", scope.actor, row.id, row.kind, row.programme_id)
        elif row.state == JobState.RUNNING and not row.cancel_requested:
            conn.execute(update(_J).where(_J.c.id == row.id).values(cancel_requested=True, said="Being cancelled."))
        return as_job(_own(conn, scope, token))


def explain_waiting(token: str, said: str) -> None:
    """Say why a job still waits (the queue is away), unless it has begun meanwhile."""
    with writing(lock=ACCOUNTS).begin() as conn:
        conn.execute(update(_J).where(_J.c.token == token, _J.c.state == JobState.WAITING).values(said=said))


def read_result(scope: Scope, token: str) -> tuple[Job, bytes]:
    """A finished file of a job that ``get`` gives, as long as it is kept; NoSuchJob, or NoResult with the reason."""
    with get_engine().connect() as conn:
        row = _readable(conn, scope, token)
    job = as_job(row)
    if job.state is not JobState.DONE:
        raise NoResult(f"There is no file: the job is {job.state.value}. {job.error or job.said}")
    if row.body is None:
        until = formats.day(job.expires_at.date()) if job.expires_at else "its last day"
        raise NoResult(f"The file was kept until {until}. Start the job again to make a new one.")
    try:
        content = (folder() / row.body).read_bytes()
    except OSError:
        content = b""
    if len(content) != job.size or hashlib.sha256(content).hexdigest() != job.sha256:
        raise NoResult("The file is missing or damaged, so it is not given. Start the job again to make a new one.")
    return job, content


def owner_scope(job: Job) -> Scope:
    """What the owner may see now, not when the job was started; OutOfScope when that is nothing any more."""
    if job.by_server:
        return server_scope(job.owner)
    with get_engine().connect() as conn:
        account = account_by_email(conn, job.owner)
    if account is None or not account.active:
        raise OutOfScope(f"The account {job.owner} is disabled, so its job was not done.")
    scope = scope_for(account.email, account.role, frozenset(account.programmes))
    if job.programme_code is not None:
        scope.require_programme(job.programme_code)
    return scope


# --- shared with job_runs ---------------------------------------------------------------------------------


def _rows() -> Select[Any]:
    return select(_J, schema.programme.c.code).outerjoin(schema.programme, schema.programme.c.id == _J.c.programme_id)


def _scheduled(kind: str, code: str) -> Select[Any]:
    mine = (_J.c.owner == SCHEDULE, _J.c.by_server.is_(True), _J.c.kind == kind)
    return _rows().where(*mine, schema.programme.c.code == code).order_by(_J.c.id.desc())


def row_of(conn: Connection, token: str) -> Any | None:
    return conn.execute(_rows().where(_J.c.token == token)).first()


def _own(conn: Connection, scope: Scope, token: str) -> Any:
    row = _readable(conn, scope, token)
    if row.owner != scope.actor:
        raise NoSuchJob(NO_SUCH_JOB)
    return row


def _readable(conn: Connection, scope: Scope, token: str) -> Any:
    row = row_of(conn, token.replace("\0", ""))  # PostgreSQL takes no NUL, not even to look for
    if row is None or not (_is_for_programme(scope, row) or (row.owner == scope.actor and _is_theirs(scope, row))):
        raise NoSuchJob(NO_SUCH_JOB)
    return row


def _is_for_programme(scope: Scope, row: Any) -> bool:
    """Made by the worker itself, for those who may see such things of the programme."""
    needed = SCHEDULED.get(row.kind) if row.owner == SCHEDULE and row.by_server else None
    return needed is not None and scope.may(needed) and row.code is not None and scope.sees(row.code)


def _is_theirs(scope: Scope, row: Any) -> bool:
    """An account may have lost the programme since; a person may not pass for the command line."""
    return row.by_server == (scope.programme_codes is None) and (row.code is None or scope.sees(row.code))


def move(conn: Connection, row: Any, after: JobState, **values: Any) -> None:
    """Change a row's state, as the table of transitions allows; the caller holds the writing lock."""
    if not may_follow(JobState(row.state), after):
        raise ValueError(f"A job that is {row.state} cannot become {after.value}.")
    conn.execute(update(_J).where(_J.c.id == row.id).values(state=after, **values))


def log(
    conn: Connection, event: str, actor: str, row_id: int, kind: str, programme_id: int | None, **more: str
) -> None:
    detail = {"job": row_id, "kind": kind, **more}
    audit.record(conn, actor=actor, event=event, detail=detail, programme_id=programme_id)


def as_job(row: Any) -> Job:
    same = (
        "id", "token", "kind", "arguments", "owner", "by_server", "progress", "said", "error", "reference",
        "created_at", "started_at", "ended_at", "attempts", "cancel_requested", "file_name", "mime", "size", "sha256",
        "expires_at",
    )  # fmt: skip
    return Job(
        programme_code=row.code,
        state=JobState(row.state),
        has_file=row.body is not None,
        **{name: getattr(row, name) for name in same},
    )

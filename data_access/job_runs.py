"""Jobs from the worker's side: claim, sign of life, end; and what becomes of a job whose worker was lost.

A claim names the attempt. Whoever was thought lost and comes back late holds an old attempt and is refused, so two
workers never both finish a job.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select, update

from data_access import schema
from data_access.engine import ACCOUNTS, get_engine, utc_now, writing
from data_access.jobs import as_job, folder, log, move, row_of
from domain.jobs import TRANSITIONS, Job, JobState

STALE_AFTER = timedelta(seconds=90)  # three times what a statement may wait for the database
MOST_ATTEMPTS = 3
ROWS_KEPT = timedelta(days=90)  # after the end
STRAY_AFTER = timedelta(hours=24)  # a file that no row names; a job cannot take longer
_OVER = [state for state, after in TRANSITIONS.items() if not after]
_J = schema.job


class Lost(RuntimeError):
    """The job is no longer this worker's: another took it over, or it is over."""


@dataclass(frozen=True)
class Claim:
    job: Job
    attempt: int

    @property
    def token(self) -> str:
        return self.job.token


@dataclass(frozen=True)
class Made:
    """A result that lies whole in the folder of results."""

    body: str
    file_name: str
    mime: str
    size: int
    sha256: str
    said: str = "Done."


def read(token: str) -> Job | None:
    with get_engine().connect() as conn:
        row = row_of(conn, token)
    return as_job(row) if row else None


def claim(token: str, worker: str) -> Claim | None:
    """Take a waiting job; None when it does not wait (any more)."""
    with writing(lock=ACCOUNTS).begin() as conn:
        row = row_of(conn, token)
        if row is None or row.state != JobState.WAITING:
            return None
        now, attempt = utc_now(), row.attempts + 1
        move(
            conn, row, JobState.RUNNING,
            attempts=attempt, worker=worker[:120], started_at=now, heartbeat_at=now, progress=0.0, said="Begun.",
        )  # fmt: skip
        return Claim(as_job(row_of(conn, token)), attempt)


def _claimed(conn: Connection, held: Claim) -> Any:
    row = row_of(conn, held.token)
    if row is None or row.state != JobState.RUNNING or row.attempts != held.attempt:
        raise Lost("The job is no longer this worker's.")
    return row


def cancel_asked(held: Claim) -> bool:
    """Whether the owner wants it stopped; Lost when it is not ours any more."""
    with get_engine().connect() as conn:
        return bool(_claimed(conn, held).cancel_requested)


def heartbeat(held: Claim) -> None:
    with writing(lock=ACCOUNTS).begin() as conn:
        row = _claimed(conn, held)
        conn.execute(update(_J).where(_J.c.id == row.id).values(heartbeat_at=utc_now()))


def progress(held: Claim, fraction: float, said: str) -> None:
    """How far it is; never backwards, and a sign of life too."""
    with writing(lock=ACCOUNTS).begin() as conn:
        row = _claimed(conn, held)
        values = {"progress": max(row.progress, min(1.0, max(0.0, fraction))), "heartbeat_at": utc_now()}
        if not row.cancel_requested:
            values["said"] = said[:300]
        conn.execute(update(_J).where(_J.c.id == row.id).values(**values))


def finish(held: Claim, made: Made, keep_for: timedelta) -> Job:
    """Done, with its file; cancelled where the owner asked for that first (the caller removes the file)."""
    with writing(lock=ACCOUNTS).begin() as conn:
        row = _claimed(conn, held)
        if row.cancel_requested:
            return _cancelled(conn, row)
        now = utc_now()
        move(
            conn, row, JobState.DONE,
            progress=1.0, said=made.said[:300], ended_at=now, expires_at=now + keep_for, body=made.body,
            file_name=made.file_name[:200], mime=made.mime[:100], size=made.size, sha256=made.sha256,
        )  # fmt: skip
        log(conn, "job done", row.owner, row.id, row.kind, row.programme_id, sha256=made.sha256)
        return as_job(row_of(conn, held.token))


def fail(held: Claim, error: str, reference: str = "") -> Job:
    """Failed, with a sentence for its owner; cancelled where the owner asked for that first."""
    with writing(lock=ACCOUNTS).begin() as conn:
        row = _claimed(conn, held)
        return _cancelled(conn, row) if row.cancel_requested else _failed(conn, row, error, reference)


def stopped(held: Claim) -> Job:
    """Cancelled: the owner asked, and its process has ended."""
    with writing(lock=ACCOUNTS).begin() as conn:
        return _cancelled(conn, _claimed(conn, held))


def moved(held: Claim, said: str) -> Job:
    """Cancelled, with a sentence: what it was to be made from has changed, so it may be asked for again."""
    with writing(lock=ACCOUNTS).begin() as conn:
        return _cancelled(conn, _claimed(conn, held), said)


def give_back(held: Claim) -> Job:
    """Waiting again: the worker is being stopped, and the next one begins it anew."""
    with writing(lock=ACCOUNTS).begin() as conn:
        row = _claimed(conn, held)
        if row.cancel_requested:
            return _cancelled(conn, row)
        return _waiting_again(conn, row, "Waiting again: the worker was restarted.")


def recover_stale(now: datetime | None = None, alive: Collection[str] = ()) -> list[Job]:
    """Running jobs without a sign of life: waiting again, or failed when that happened too often.

    ``alive`` are tokens that the caller runs itself: a database that was locked for long must not make it rob itself.
    """
    before = (now or utc_now()) - STALE_AFTER
    with writing(lock=ACCOUNTS).begin() as conn:
        tokens = conn.execute(
            select(_J.c.token).where(_J.c.state == JobState.RUNNING, _J.c.heartbeat_at < before).order_by(_J.c.id)
        ).scalars()
        return [_recovered(conn, row_of(conn, token)) for token in tokens.all() if token not in alive]


def _recovered(conn: Connection, row: Any) -> Job:
    if row.cancel_requested:
        return _cancelled(conn, row)
    if row.attempts >= MOST_ATTEMPTS:
        error = (
            f"The worker ended {row.attempts} times in the middle of this job, so it is not tried again. Tell whoever "
            "runs the portal; the job may need more memory than there is."
        )
        return _failed(conn, row, error, secrets.token_hex(4))
    said = f"Waiting again: the worker was lost. Attempt {row.attempts + 1} of {MOST_ATTEMPTS} comes next."
    return _waiting_again(conn, row, said)


def _waiting_again(conn: Connection, row: Any, said: str) -> Job:
    move(conn, row, JobState.WAITING, said=said, progress=0.0, heartbeat_at=None, worker="", started_at=None)
    return as_job(row_of(conn, row.token))


def _cancelled(conn: Connection, row: Any, said: str = "Cancelled.") -> Job:
    move(conn, row, JobState.CANCELLED, said=said[:300], ended_at=utc_now())
    log(conn, "job cancelled", row.owner, row.id, row.kind, row.programme_id)
    return as_job(row_of(conn, row.token))


def _failed(conn: Connection, row: Any, error: str, reference: str) -> Job:
    move(conn, row, JobState.FAILED, said="Failed.", error=error, reference=reference, ended_at=utc_now())
    log(conn, "job failed", row.owner, row.id, row.kind, row.programme_id, error=error[:300], reference=reference)
    return as_job(row_of(conn, row.token))


def waiting() -> list[str]:
    """Tokens of jobs that wait, oldest first."""
    with get_engine().connect() as conn:
        return list(conn.execute(select(_J.c.token).where(_J.c.state == JobState.WAITING).order_by(_J.c.id)).scalars())


def clear_out(now: datetime | None = None) -> int:
    """Remove results kept long enough, files that no row names, and rows long over; how many files went."""
    now = now or utc_now()
    with writing(lock=ACCOUNTS).begin() as conn:
        conn.execute(update(_J).where(_J.c.expires_at <= now).values(body=None))
        conn.execute(delete(_J).where(_J.c.state.in_(_OVER), _J.c.ended_at < now - ROWS_KEPT))
        named = set(conn.execute(select(_J.c.body).where(_J.c.body.is_not(None))).scalars())
        expired = [path for path in folder().iterdir() if path.name not in named and _is_stray(path, now)]
    for path in expired:
        path.unlink(missing_ok=True)
    return len(expired)


def _is_stray(path: Path, now: datetime) -> bool:
    """Young files may be on their way to their row."""
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    return now - written > STRAY_AFTER

"""E-mails on their way: written with the change that causes them, sent and tried again by the worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from data_access import schema
from data_access.accounts import account_by_email
from data_access.engine import ACCOUNTS, get_engine, utc_now, writing
from domain.return_states import State
from domain.roles import Permission
from domain.scope import Scope

LONGEST_WAIT = timedelta(hours=1)
TOO_LATE = "Not sent: it would have come too late."
OVERTAKEN = "Not sent: the return has moved on since it was written."
GONE = "Not sent: no active account of the programme has this address any more."
_O = schema.mail_outbox


@dataclass(frozen=True)
class Mail:
    """A link and what it is about; never data, because an e-mail passes through many hands."""

    to: str
    subject: str
    body: str
    not_after: datetime  # UTC; what comes later would mislead
    id: int = 0
    created_at: datetime | None = None
    attempts: int = 0
    last_error: str = ""


def put(
    conn: Connection,
    mail: Mail,
    programme_id: int | None = None,
    month: str | None = None,
    revision: int | None = None,
) -> None:
    """Into the outbox, in the transaction of what the e-mail tells of: a month's return, perhaps at one revision of it."""
    conn.execute(
        insert(_O).values(
            to=mail.to[:200], subject=mail.subject[:300], body=mail.body, created_at=utc_now(),
            not_after=mail.not_after, attempts=0, last_error="", programme_id=programme_id, month=month, revision=revision,
        )
    )  # fmt: skip


def due(now: datetime) -> list[int]:
    """Which to try now: after each failure one waits twice as long, an hour at most."""
    with get_engine().connect() as conn:
        rows = conn.execute(
            select(_O.c.id, _O.c.attempts, _O.c.tried_at)
            .where(_O.c.sent_at.is_(None), _O.c.given_up_at.is_(None))
            .order_by(_O.c.id)
        ).all()
    return [r.id for r in rows if r.tried_at is None or r.tried_at + _wait(r.attempts) <= now]


def _wait(attempts: int) -> timedelta:
    return min(timedelta(minutes=2 ** min(attempts, 10)), LONGEST_WAIT)


def take(mail_id: int, now: datetime) -> Mail | None:
    """The e-mail for who sends it, counted as tried; None where another worker was quicker, or where it is not to be sent.

    People leave and returns move on while it waits, so both are looked at now and not only when it was written.
    """
    with writing(lock=ACCOUNTS).begin() as conn:
        row = conn.execute(select(_O).where(_O.c.id == mail_id)).one()
        tried = row.tried_at is not None and row.tried_at + _wait(row.attempts) > now
        if row.sent_at or row.given_up_at or tried:
            return None
        why = TOO_LATE if row.not_after < now else _why_not(conn, row) if row.programme_id else ""
        if why:
            why = f"{why} {row.last_error}".strip()[:300]
            conn.execute(update(_O).where(_O.c.id == mail_id).values(given_up_at=now, last_error=why))
            return None
        conn.execute(update(_O).where(_O.c.id == mail_id).values(tried_at=now, attempts=row.attempts + 1))
        return Mail(row.to, row.subject, row.body, row.not_after, row.id, row.created_at, row.attempts + 1)


def _why_not(conn: Connection, row: Any) -> str:
    """Why an e-mail about a return is not to be sent any more; "" while it is."""
    p, account = schema.programme.c, account_by_email(conn, row.to)
    code = conn.execute(select(p.code).where(p.id == row.programme_id)).scalar_one()
    if account is None or not account.active or code not in account.programmes:
        return GONE
    v = schema.return_version.c
    of_month = (v.programme_id == row.programme_id, v.month == row.month)
    if row.revision is not None:
        is_overtaken = conn.execute(select(func.max(v.revision)).where(*of_month)).scalar() != row.revision
    else:
        sent = select(v.id).where(*of_month, v.state == State.SUBMITTED.value)
        is_overtaken = conn.execute(sent).first() is not None
    return OVERTAKEN if is_overtaken else ""


def sent(mail_id: int) -> None:
    with writing(lock=ACCOUNTS).begin() as conn:
        conn.execute(update(_O).where(_O.c.id == mail_id).values(sent_at=utc_now(), last_error=""))


def failed(mail_id: int, error: str, *, for_good: bool) -> None:
    """Note why; ``for_good`` where trying again cannot help."""
    given_up = {"given_up_at": utc_now()} if for_good else {}
    with writing(lock=ACCOUNTS).begin() as conn:
        conn.execute(update(_O).where(_O.c.id == mail_id).values(last_error=error[:300], **given_up))


def unsent(scope: Scope) -> list[Mail]:
    """What waits or was given up, newest first, for whoever runs the portal."""
    scope.require(Permission.MANAGE_ACCOUNTS)
    with get_engine().connect() as conn:
        rows = conn.execute(select(_O).where(_O.c.sent_at.is_(None)).order_by(_O.c.id.desc()).limit(50)).all()
    return [Mail(r.to, r.subject, r.body, r.not_after, r.id, r.created_at, r.attempts, r.last_error) for r in rows]

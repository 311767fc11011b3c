"""What the people of a programme were told about a month's return, so that nobody is told twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import insert, select

from data_access import audit, mail_outbox, schema
from data_access.engine import ACCOUNTS, get_engine, utc_now, writing
from data_access.mail_outbox import Mail
from data_access.reading import opened
from domain.roles import Permission
from domain.scope import Scope

_N = schema.return_notice


def written(scope: Scope) -> set[tuple[str, str, str]]:
    """(programme code, month, kind) of every notice of the programmes in scope."""
    scope.require(Permission.VIEW_RETURNS)
    p = schema.programme.c
    with get_engine().connect() as conn:
        rows = conn.execute(select(p.code, _N.c.month, _N.c.kind).join(_N, _N.c.programme_id == p.id)).all()
    return {(r.code, r.month, r.kind) for r in rows if scope.sees(r.code)}


def write(
    scope: Scope,
    code: str,
    month: str,
    kind: str,
    due_on: date | None,
    mails: Sequence[Mail],
    revision: int | None = None,
) -> bool:
    """Note that it is told and put the e-mails into the outbox, in one transaction; False where it was told before.

    ``revision``: what the return must still be at when they are sent; without it they go until it is submitted.
    """
    with opened(scope, code, Permission.BUILD_RETURNS) as o, writing(lock=ACCOUNTS).begin() as conn:
        key = (_N.c.programme_id == o.programme_id, _N.c.month == month, _N.c.kind == kind)
        if conn.execute(select(_N.c.id).where(*key)).first():
            return False
        now = utc_now()
        conn.execute(
            insert(_N).values(programme_id=o.programme_id, month=month, kind=kind, due_on=due_on, written_at=now)
        )
        for mail in mails:
            mail_outbox.put(conn, mail, o.programme_id, month, revision)
        detail = {"month": month, "notice": kind, "people": len(mails)}
        audit.record(
            conn, actor=scope.actor, event="return notice written", detail=detail, programme_id=o.programme_id, at=now
        )
        return True

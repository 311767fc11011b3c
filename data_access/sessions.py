"""Server-side sessions: a random token in the cookie, its hash and its clock here.

A signed cookie alone stays valid after sign-out, so every request asks this table.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from data_access import schema
from data_access.accounts import Account, account_by_id
from data_access.engine import ACCOUNTS, get_engine, utc_now, writing

# Writing on every request would serialise readers behind SQLite's write lock.
TOUCH_AFTER = timedelta(seconds=20)
_T = schema.user_session


@dataclass(frozen=True)
class Limits:
    idle: timedelta
    absolute: timedelta


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def start(conn: Connection, account: Account, now: datetime | None = None) -> str:
    """A new session for this account; returns its token, which is kept nowhere but in the cookie."""
    now = now or utc_now()
    token = secrets.token_urlsafe(32)
    conn.execute(
        insert(_T).values(
            token_hash=token_hash(token),
            user_id=account.id,
            session_version=account.session_version,
            started_at=now,
            seen_at=now,
        )
    )
    return token


def account_of(token: str, version: int, limits: Limits, now: datetime | None = None) -> Account | None:
    """Whose session this is; None when ended, idle too long, too old, or older than a password or role change."""
    now = now or utc_now()
    with get_engine().connect() as conn:
        row = conn.execute(select(_T).where(_T.c.token_hash == token_hash(token))).one_or_none()
        if row is None or row.ended_at is not None or row.session_version != version:
            return None
        if now - row.seen_at > limits.idle or now - row.started_at > limits.absolute:
            return None
        account = account_by_id(conn, row.user_id)
    if account is None or not account.active or account.session_version != version:
        return None
    if now - row.seen_at > TOUCH_AFTER:
        with writing(lock=ACCOUNTS).begin() as conn:
            conn.execute(update(_T).where(_T.c.token_hash == row.token_hash).values(seen_at=now))
    return account


def end(conn: Connection, token: str, now: datetime | None = None) -> None:
    conn.execute(update(_T).where(_T.c.token_hash == token_hash(token)).values(ended_at=now or utc_now()))


def forget_old(conn: Connection, limits: Limits, now: datetime | None = None) -> None:
    """Delete sessions that can no longer be used, so that the table does not grow for ever."""
    conn.execute(delete(_T).where(_T.c.started_at < (now or utc_now()) - limits.absolute))

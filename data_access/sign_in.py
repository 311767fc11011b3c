"""What a try to sign in leaves behind: a count, a lock after too many, a session when it succeeds."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from data_access import audit, schema, sessions
from data_access.accounts import Account, account_by_email, account_by_id, normal_email
from data_access.engine import ACCOUNTS, utc_now, writing

TRIES_BEFORE_LOCK = 10
LOCK_FOR = timedelta(minutes=15)
_U = schema.user


def is_locked(account: Account, now: datetime | None = None) -> bool:
    return account.locked_until is not None and account.locked_until > (now or utc_now())


def record_failure(email: str, reason: str, now: datetime | None = None) -> None:
    """Count one wrong try; the tenth locks the account. An unknown address is only recorded."""
    now = now or utc_now()
    with writing(lock=ACCOUNTS).begin() as conn:
        account = account_by_email(conn, email)
        if account and not is_locked(account, now):
            failures = account.failed_sign_ins + 1
            locked = failures >= TRIES_BEFORE_LOCK
            conn.execute(
                update(_U)
                .where(_U.c.id == account.id)
                .values(
                    # A lock that has run out starts a new count.
                    failed_sign_ins=0 if locked else failures,
                    locked_until=now + LOCK_FOR if locked else None,
                )
            )
        address = normal_email(email)[:200]
        audit.record(conn, actor=address, event="sign-in failed", detail={"account": address, "reason": reason}, at=now)


def open_session(account: Account, limits: sessions.Limits, rehash: str | None = None) -> tuple[Account, str]:
    """Sign in: clears the count, starts a session, forgets old ones; returns the account and the token."""
    with writing(lock=ACCOUNTS).begin() as conn:
        values = {"failed_sign_ins": 0, "locked_until": None, **({"password_hash": rehash} if rehash else {})}
        conn.execute(update(_U).where(_U.c.id == account.id).values(**values))
        fresh = account_by_id(conn, account.id)
        sessions.forget_old(conn, limits)
        token = sessions.start(conn, fresh)
        audit.record(conn, actor=fresh.email, event="signed in", detail={"account": fresh.email})
    return fresh, token


def close_session(account_email: str, token: str) -> None:
    with writing(lock=ACCOUNTS).begin() as conn:
        sessions.end(conn, token)
        audit.record(conn, actor=account_email, event="signed out", detail={"account": account_email})

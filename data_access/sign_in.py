"""What a try to give a password leaves behind: a count, a lock after too many, a session when it succeeds.

Ten wrong tries lock the account for the address they came from, so a stranger cannot lock its owner out. A hundred,
from anywhere, lock it for every address that has not signed in to it within 30 days, so many addresses are no help.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update

from data_access import audit, schema, sessions
from data_access.accounts import Account, account_by_email, account_by_id
from data_access.engine import ACCOUNTS, get_engine, utc_now, writing
from domain.email_addresses import normal_email
from settings import load_settings

TRIES_BEFORE_LOCK = 10  # from one address
TRIES_FROM_ANYWHERE = 100  # from addresses that have not signed in to the account lately
LOCK_FOR = timedelta(minutes=15)
KNOWN_FOR = timedelta(days=30)
PAGE = "sign-in page"  # the actor of a try by nobody known: typed words could imitate another actor
_U = schema.user
_S = schema.sign_in_source


def is_locked(account: Account, address: str = "", now: datetime | None = None) -> bool:
    """Whether this address may not try this account's password now."""
    with get_engine().connect() as conn:
        return _locked(conn, account, _keyed(address), now or utc_now())


def is_locked_anywhere(account: Account) -> bool:
    """Whether some address is locked out of the account now."""
    now = utc_now()
    if account.locked_until and account.locked_until > now:
        return True
    with get_engine().connect() as conn:
        return bool(
            conn.execute(select(_S.c.user_id).where(_S.c.user_id == account.id, _S.c.locked_until > now)).first()
        )


def _locked(conn: Connection, account: Account, source: str, now: datetime) -> bool:
    held = _held(conn, account, source)
    if held and held.locked_until and held.locked_until > now:
        return True
    return bool(account.locked_until and account.locked_until > now and not _known(held, now))


def _held(conn: Connection, account: Account, source: str) -> Row | None:
    return conn.execute(select(_S).where(_S.c.user_id == account.id, _S.c.address_hash == source)).one_or_none()


def _known(held: Row | None, now: datetime) -> bool:
    return bool(held and held.signed_in_at and held.signed_in_at > now - KNOWN_FOR)


def _keyed(text: str) -> str:
    """A hash only this portal can make: neither addresses nor mistyped passwords can be guessed from it."""
    return hmac.new(load_settings().secret_key.encode(), _network(text).encode(), hashlib.sha256).hexdigest()


def _network(text: str) -> str:
    """Whoever has one IPv6 address has 2^64 of them."""
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return address.exploded[:19] + "::/64"
    return text


def record_failure(
    email: str, reason: str, address: str = "", now: datetime | None = None, *, event: str = "sign-in failed"
) -> None:
    """Count one wrong try at an account. An unknown account is only recorded, and never as it was typed."""
    now, source = now or utc_now(), _keyed(address)
    with writing(lock=ACCOUNTS).begin() as conn:
        account = account_by_email(conn, email)
        if account and not _locked(conn, account, source, now):
            _count(conn, account, source, now)
        # People type their password into the wrong box.
        named = account.email if account else f"unknown, keyed hash {_keyed(normal_email(email))[:12]}"
        actor = PAGE if event == "sign-in failed" else named
        audit.record(conn, actor=actor, event=event, detail={"account": named, "reason": reason}, at=now)


def _count(conn: Connection, account: Account, source: str, now: datetime) -> None:
    held = _held(conn, account, source)
    failed, until = _next(held.failed if held else 0, TRIES_BEFORE_LOCK, now)
    _keep(conn, account, source, failed=failed, locked_until=until, tried_at=now)
    if not _known(held, now):
        failed, until = _next(account.failed_sign_ins, TRIES_FROM_ANYWHERE, now)
        conn.execute(update(_U).where(_U.c.id == account.id).values(failed_sign_ins=failed, locked_until=until))


def _next(failed: int, most: int, now: datetime) -> tuple[int, datetime | None]:
    """A lock starts a new count."""
    return (0, now + LOCK_FOR) if failed + 1 >= most else (failed + 1, None)


def _keep(conn: Connection, account: Account, source: str, **values: object) -> None:
    key = and_(_S.c.user_id == account.id, _S.c.address_hash == source)
    if conn.execute(update(_S).where(key).values(**values)).rowcount == 0:
        conn.execute(insert(_S).values(user_id=account.id, address_hash=source, **{"failed": 0, **values}))


def _forget_sources(conn: Connection, now: datetime) -> None:
    """Tries of yesterday no longer count, so neither the table nor a count grows for ever."""
    unknown = or_(_S.c.signed_in_at.is_(None), _S.c.signed_in_at < now - KNOWN_FOR)
    conn.execute(delete(_S).where(_S.c.tried_at < now - timedelta(days=1), unknown))


def open_session(
    account: Account, limits: sessions.Limits, rehash: str | None = None, address: str = ""
) -> tuple[Account, str]:
    """Sign in: clears the address's count, starts a session, forgets old ones; returns the account and the token."""
    with writing(lock=ACCOUNTS).begin() as conn:
        if rehash:
            conn.execute(update(_U).where(_U.c.id == account.id).values(password_hash=rehash))
        now = utc_now()
        _forget_sources(conn, now)
        _keep(conn, account, _keyed(address), failed=0, locked_until=None, tried_at=now, signed_in_at=now)
        fresh = account_by_id(conn, account.id)
        sessions.forget_old(conn, limits)
        token = sessions.start(conn, fresh)
        audit.record(conn, actor=fresh.email, event="signed in", detail={"account": fresh.email})
    return fresh, token


def close_session(account_email: str, token: str) -> None:
    with writing(lock=ACCOUNTS).begin() as conn:
        sessions.end(conn, token)
        audit.record(conn, actor=account_email, event="signed out", detail={"account": account_email})

"""Accounts: who may sign in, in which role, for which programmes.

Every change writes its audit row in the same transaction. A change of password, role, programmes or
state raises ``session_version``, which ends every session of that account.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from data_access import audit, schema
from data_access.engine import ACCOUNTS, get_engine, utc_now, writing
from domain.email_addresses import email_as_once_kept, normal_email, why_not_an_address
from domain.roles import Permission, Role
from domain.scope import Scope

_U = schema.user


class AccountError(ValueError):
    """An account cannot be added or changed; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    id: int
    email: str
    name: str
    role: Role
    active: bool
    programmes: tuple[str, ...]  # codes, oldest programme first
    session_version: int
    failed_sign_ins: int
    locked_until: datetime | None
    created_at: datetime


def _programmes_of(conn: Connection, user_id: int) -> tuple[str, ...]:
    p, link = schema.programme, schema.user_programme
    rows = conn.execute(
        select(p.c.code).join(link, link.c.programme_id == p.c.id).where(link.c.user_id == user_id).order_by(p.c.id)
    )
    return tuple(rows.scalars())


def _account(conn: Connection, row: object) -> Account:
    return Account(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        active=row.active,
        programmes=_programmes_of(conn, row.id),
        session_version=row.session_version,
        failed_sign_ins=row.failed_sign_ins,
        locked_until=row.locked_until,
        created_at=row.created_at,
    )


def account_by_id(conn: Connection, user_id: int) -> Account | None:
    row = conn.execute(select(_U).where(_U.c.id == user_id)).one_or_none()
    return _account(conn, row) if row else None


def account_by_email(conn: Connection, email: str) -> Account | None:
    """The account whose address this is, as it was once kept or as it is written now."""
    for address in dict.fromkeys((email_as_once_kept(email), normal_email(email))):
        row = conn.execute(select(_U).where(_U.c.email == address)).one_or_none()
        if row:
            return _account(conn, row)
    return None


def password_hash_of(conn: Connection, account: Account) -> str:
    return conn.execute(select(_U.c.password_hash).where(_U.c.id == account.id)).scalar_one()


def list_accounts(scope: Scope) -> list[Account]:
    """Every account, by e-mail address (administrators only)."""
    scope.require(Permission.MANAGE_ACCOUNTS)
    with get_engine().connect() as conn:
        return [_account(conn, row) for row in conn.execute(select(_U).order_by(_U.c.email)).all()]


def programme_codes(scope: Scope) -> list[tuple[str, str]]:
    """Code and name of every programme, for giving to an account (administrators only)."""
    scope.require(Permission.MANAGE_ACCOUNTS)
    with get_engine().connect() as conn:
        rows = conn.execute(select(schema.programme.c.code, schema.programme.c.name).order_by(schema.programme.c.id))
        return [(row.code, row.name) for row in rows]


def _programme_ids(conn: Connection, codes: Iterable[str]) -> dict[str, int]:
    wanted = sorted(set(codes))
    rows = conn.execute(
        select(schema.programme.c.code, schema.programme.c.id).where(schema.programme.c.code.in_(wanted))
    )
    found = {row.code: row.id for row in rows}
    missing = [code for code in wanted if code not in found]
    if missing:
        known = conn.execute(select(schema.programme.c.code).order_by(schema.programme.c.id)).scalars().all()
        raise AccountError(
            f"No programme has the code “{missing[0]}”. Programmes loaded: {', '.join(known) or 'none yet'}."
        )
    return found


def _found(conn: Connection, email: str) -> Account:
    account = account_by_email(conn, email)
    if account is None:
        raise AccountError(f"No account has the e-mail address “{normal_email(email)}”.")
    return account


def add_account(
    scope: Scope, *, email: str, name: str, role: Role, programmes: Iterable[str], password_hash: str
) -> Account:
    """Add one account; AccountError when the address is taken or a programme is unknown."""
    scope.require(Permission.MANAGE_ACCOUNTS)
    address, name = normal_email(email), name.strip()
    if refused := why_not_an_address(address):
        raise AccountError(refused)
    if not name or len(name) > 120:
        raise AccountError("Give the person's name, in at most 120 characters.")
    with writing(lock=ACCOUNTS).begin() as conn:
        # Each compared as it would be written now: one kept long ago may be the same in other letters.
        if any(normal_email(kept) == address for kept in conn.execute(select(_U.c.email)).scalars()):
            raise AccountError(f"There is already an account for {address}.")
        ids = _programme_ids(conn, programmes)
        now = utc_now()
        user_id = conn.execute(
            insert(_U).values(
                email=address,
                name=name,
                role=role.value,
                password_hash=password_hash,
                active=True,
                session_version=1,
                failed_sign_ins=0,
                created_at=now,
            )
        ).inserted_primary_key[0]
        _link(conn, user_id, ids.values())
        detail = {"account": address, "role": role.value, "programmes": sorted(ids)}
        audit.record(conn, actor=scope.actor, event="account added", detail=detail, at=now)
        return account_by_id(conn, user_id)


def _link(conn: Connection, user_id: int, programme_ids: Iterable[int]) -> None:
    rows = [{"user_id": user_id, "programme_id": programme_id} for programme_id in programme_ids]
    if rows:
        conn.execute(insert(schema.user_programme), rows)


def _change(conn: Connection, account: Account, **values: object) -> None:
    """Every change ends the account's sessions by raising their version."""
    conn.execute(update(_U).where(_U.c.id == account.id).values(session_version=_U.c.session_version + 1, **values))


def _keep_one_administrator(conn: Connection, account: Account) -> None:
    others = conn.execute(
        select(func.count())
        .select_from(_U)
        .where(_U.c.role == Role.ADMINISTRATOR.value, _U.c.active.is_(True), _U.c.id != account.id)
    ).scalar_one()
    if account.role is Role.ADMINISTRATOR and account.active and others == 0:
        raise AccountError("This is the last active administrator. Add another administrator first.")


def _unlock(conn: Connection, account: Account) -> None:
    source = schema.sign_in_source
    conn.execute(update(source).where(source.c.user_id == account.id).values(failed=0, locked_until=None))


def set_active(scope: Scope, email: str, active: bool) -> None:
    """Disable or enable; disabling signs the person out at once."""
    scope.require(Permission.MANAGE_ACCOUNTS)
    with writing(lock=ACCOUNTS).begin() as conn:
        account = _found(conn, email)
        if account.active == active:
            return
        if not active:
            _keep_one_administrator(conn, account)
        _change(conn, account, active=active, failed_sign_ins=0, locked_until=None)
        _unlock(conn, account)
        event = "account enabled" if active else "account disabled"
        audit.record(conn, actor=scope.actor, event=event, detail={"account": account.email})


def set_role(scope: Scope, email: str, role: Role) -> None:
    scope.require(Permission.MANAGE_ACCOUNTS)
    with writing(lock=ACCOUNTS).begin() as conn:
        account = _found(conn, email)
        if account.role is role:
            return
        _keep_one_administrator(conn, account)
        _change(conn, account, role=role.value)
        detail = {"account": account.email, "before": account.role.value, "after": role.value}
        audit.record(conn, actor=scope.actor, event="account role changed", detail=detail)


def set_programmes(scope: Scope, email: str, programmes: Iterable[str]) -> None:
    scope.require(Permission.MANAGE_ACCOUNTS)
    with writing(lock=ACCOUNTS).begin() as conn:
        account = _found(conn, email)
        ids = _programme_ids(conn, programmes)
        if set(ids) == set(account.programmes):
            return
        conn.execute(delete(schema.user_programme).where(schema.user_programme.c.user_id == account.id))
        _link(conn, account.id, ids.values())
        _change(conn, account)
        detail = {"account": account.email, "before": sorted(account.programmes), "after": sorted(ids)}
        audit.record(conn, actor=scope.actor, event="account programmes changed", detail=detail)


def set_password(scope: Scope, email: str, password_hash: str) -> None:
    """A new password, for one's own account or by an administrator; ends every session of the account."""
    with writing(lock=ACCOUNTS).begin() as conn:
        account = account_by_email(conn, email)
        own = account is not None and account.email == scope.actor and scope.may(Permission.OWN_ACCOUNT)
        if not own:
            scope.require(Permission.MANAGE_ACCOUNTS)
        account = account or _found(conn, email)
        _change(conn, account, password_hash=password_hash, failed_sign_ins=0, locked_until=None)
        _unlock(conn, account)
        audit.record(conn, actor=scope.actor, event="password changed", detail={"account": account.email})

"""One sign-in a role for the demonstration programme, and a second manager, on this computer only.

The passphrase is published, so these accounts exist only where nobody else can reach the portal: they
are not made, and do not sign in, unless the portal listens on a loopback address with no proxy before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import select

from access.passwords import hash_password
from data_access import schema
from data_access.accounts import account_by_email, add_account, set_programmes
from data_access.engine import get_engine
from domain.roles import Role
from domain.scope import server_scope
from settings import Settings

PROGRAMME = "DEMO"
OPEN_DATA_PREFIX = "OPEN-"
PASSPHRASE = "seven lamps on the corner"  # noqa: S105 - published on purpose; see the module docstring
DOMAIN = "demo.example"
SEES_OPEN_DATA = (Role.MANAGER, Role.REVIEWER)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class DemoSignIn:
    email: str
    role: Role
    passphrase: str = PASSPHRASE


class NotLoopback(RuntimeError):
    """The portal can be reached from other computers, so demonstration sign-ins are refused."""


def sign_ins() -> list[DemoSignIn]:
    """Nobody checks a return that they wrote themselves, so there are two managers."""
    each = [DemoSignIn(f"{role.value.replace(' ', '-')}@{DOMAIN}", role) for role in Role]
    return [*each, DemoSignIn(f"second-manager@{DOMAIN}", Role.MANAGER)]


def _on_this_computer_only(settings: Settings) -> bool:
    return settings.host in _LOOPBACK and settings.trusted_proxies == 0


def may_sign_in(email: str, settings: Settings, request_host: str) -> bool:
    """Any ordinary account; a demonstration account only over a loopback address."""
    if not email.endswith(f"@{DOMAIN}"):
        return True
    return _on_this_computer_only(settings) and urlsplit(f"//{request_host}").hostname in _LOOPBACK


def offered(settings: Settings, request_host: str) -> list[DemoSignIn]:
    """What the sign-in page lists: nothing unless make run asked for it and DEMO is loaded."""
    if not settings.demo_accounts or not may_sign_in(f"x@{DOMAIN}", settings, request_host):
        return []
    with get_engine().connect() as conn:
        return [s for s in sign_ins() if PROGRAMME in _codes(conn) and account_by_email(conn, s.email)]


def _codes(conn: object) -> list[str]:
    return list(conn.execute(select(schema.programme.c.code).order_by(schema.programme.c.id)).scalars())


def ensure_demo_accounts(settings: Settings) -> list[DemoSignIn]:
    """Make the accounts that are missing; none where the programme DEMO is not loaded."""
    if not _on_this_computer_only(settings):
        raise NotLoopback(
            f"Demonstration sign-ins have a published passphrase, so they are not made while HOST is "
            f"“{settings.host}” or TRUSTED_PROXIES is set. Use HOST=127.0.0.1, or add real accounts with "
            "“flask --app app account add”."
        )
    with get_engine().connect() as conn:
        codes = _codes(conn)
        known = {s.email: account_by_email(conn, s.email) for s in sign_ins()}
    if PROGRAMME not in codes:
        return []
    open_data = [code for code in codes if code.startswith(OPEN_DATA_PREFIX)]
    scope = server_scope("make run")
    for one in sign_ins():
        programmes = [PROGRAMME, *(open_data if one.role in SEES_OPEN_DATA else [])]
        if known[one.email]:
            set_programmes(scope, one.email, programmes)
        else:
            add_account(
                scope,
                email=one.email,
                name=f"Demonstration {one.email.split('@')[0].replace('-', ' ')}",
                role=one.role,
                programmes=programmes,
                password_hash=hash_password(PASSPHRASE),
            )
    return sign_ins()

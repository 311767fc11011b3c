"""A viewer's scope: which programmes, with which permissions. Every query takes one first."""

from __future__ import annotations

from dataclasses import dataclass

from domain.roles import PERMISSIONS, Permission, Role


class OutOfScope(PermissionError):
    """The viewer may not see this; callers answer 403 or a "no access" page and give no data."""


@dataclass(frozen=True)
class Scope:
    """What one viewer may see. ``programme_codes=None`` is the command line on the server itself."""

    actor: str
    role: Role | None
    programme_codes: frozenset[str] | None
    permissions: frozenset[Permission]

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        if not self.may(permission):
            raise OutOfScope(f"Your account does not have the permission “{permission}”.")

    def sees(self, programme_code: str) -> bool:
        return self.programme_codes is None or programme_code in self.programme_codes

    def require_programme(self, programme_code: str) -> None:
        if not self.sees(programme_code):
            raise OutOfScope(f"Your account does not include the programme “{programme_code}”.")


def scope_for(actor: str, role: Role, programme_codes: frozenset[str]) -> Scope:
    return Scope(actor, role, programme_codes, PERMISSIONS[role])


def server_scope(actor: str = "command line") -> Scope:
    """Whoever runs commands on the server already holds the database: every programme, every permission."""
    return Scope(actor, None, None, frozenset(Permission))

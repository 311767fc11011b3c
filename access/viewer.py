"""Who is looking: the signed-in viewer, their scope and the programme a page is about."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from flask import current_app, g
from flask_login import UserMixin, current_user

from data_access.accounts import Account
from domain.roles import Role
from domain.scope import OutOfScope, Scope, scope_for


class NoProgramme(OutOfScope):
    """The viewer's account is right, but it has no programme to show yet."""


class Viewer(UserMixin):
    """What flask-login keeps of an account for one request."""

    def __init__(self, account: Account, token: str) -> None:
        self.account = account
        self.token = token

    @property
    def email(self) -> str:
        return self.account.email

    @property
    def name(self) -> str:
        return self.account.name

    @property
    def role(self) -> Role:
        return self.account.role

    def get_id(self) -> str:
        # The version is part of the identity: a password or role change outdates every cookie.
        return f"{self.token}:{self.account.session_version}"


def current_viewer() -> Viewer | None:
    return current_user._get_current_object() if current_user and current_user.is_authenticated else None


def current_scope() -> Scope:
    """The scope of whoever is signed in; OutOfScope when nobody is."""
    viewer = current_viewer()
    if viewer is None:
        raise OutOfScope("Nobody is signed in. Sign in and try again.")
    if "scope" not in g:
        g.scope = scope_for(viewer.email, viewer.role, frozenset(viewer.account.programmes))
    return g.scope


def viewer_mark() -> str:
    """The same for one account at every sign-in, and telling nobody whose it is: for what a browser keeps of a person."""
    key = str(current_app.secret_key).encode()
    return hmac.new(key, current_scope().actor.encode(), hashlib.sha256).hexdigest()[:16]


def current_programme(query: Mapping[str, object] | None = None) -> str:
    """The programme the URL names, or the first of the viewer's; OutOfScope when it is not theirs."""
    viewer, scope = current_viewer(), current_scope()
    asked = str((query or {}).get("programme") or "").strip()
    if asked:
        scope.require_programme(asked)
        return asked
    if viewer is None or not viewer.account.programmes:
        raise NoProgramme(
            "Your account does not include a programme yet. Ask an administrator to add one to your account."
        )
    return viewer.account.programmes[0]

"""The forms of the account pages. Each redirects back, so that reloading a page never repeats a change."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Flask, flash, redirect, render_template, request
from flask_limiter.util import get_remote_address
from flask_login import logout_user

from access import passwords
from access.passwords import PasswordError
from access.requires import route_requires
from access.sign_in import limit_password_tries
from access.viewer import current_scope, current_viewer
from data_access import accounts
from data_access import sign_in as tries
from data_access.accounts import Account, AccountError
from data_access.engine import get_engine
from domain.email_addresses import normal_email
from domain.roles import Permission, Role

bp = Blueprint("account_forms", __name__)
TICK = "programme-"  # a ticked box is posted as programme-<code>


def install(server: Flask) -> None:
    server.register_blueprint(bp)
    limit_password_tries(server, "account_forms.change_own_password")


def _try(change: Callable[[], object], done: str) -> bool:
    """Make the change and keep one sentence for the next page: what was done, or what to mend."""
    try:
        change()
    except (AccountError, PasswordError) as problem:
        flash(str(problem), "problem")
        return False
    flash(done, "done")
    return True


@bp.get("/signed-in")
@route_requires(Permission.OWN_ACCOUNT)
def signed_in() -> str:
    """Where a second tab ends that was opened to sign in again: the first one still holds somebody's words."""
    return render_template(
        "problem.html",
        title="You are signed in",
        sentences=["Close this tab and go back to the one that you came from. What you typed is still there."],
        link=("/", "Home page"),
    )


@bp.post("/account/password")
@route_requires(Permission.OWN_ACCOUNT)
def change_own_password() -> object:
    viewer = current_viewer()
    current, new, again = (request.form.get(key, "") for key in ("current", "new", "again"))

    def change() -> None:
        _check_current_password(viewer.account, current)
        if new != again:
            raise PasswordError("The two new passwords are not the same.")
        passwords.check_password_rules(new, viewer.email)
        accounts.set_password(current_scope(), viewer.email, passwords.hash_password(new))

    if not _try(change, "The password is changed."):
        return redirect("/account")
    # The change ended every session of this account, this one too.
    logout_user()
    return redirect("/sign-in?changed")


def _check_current_password(account: Account, given: str) -> None:
    """As sign-in checks it, with the same count and lock: a session left open must not be a place to guess."""
    address = get_remote_address()
    with get_engine().connect() as conn:
        matches = passwords.verify(accounts.password_hash_of(conn, account), given)
    locked = tries.is_locked(account, address)
    if matches and not locked:
        return
    reason = "locked" if locked else "wrong password"
    tries.record_failure(account.email, reason, address, event="password change refused")
    if locked:
        raise PasswordError(f"Too many wrong tries. Wait {tries.LOCK_FOR.seconds // 60} minutes and try again.")
    raise PasswordError("The current password is not right.")


@bp.post("/accounts/add")
@route_requires(Permission.MANAGE_ACCOUNTS)
def add() -> object:
    form = request.form
    email, password = form.get("email", ""), form.get("password", "")

    def change() -> None:
        passwords.check_password_rules(password, email)
        accounts.add_account(
            current_scope(),
            email=email,
            name=form.get("name", ""),
            role=_role(form.get("role", "")),
            programmes=_ticked_programmes(),
            password_hash=passwords.hash_password(password),
        )

    _try(change, f"The account {normal_email(email)} is added.")
    return redirect("/accounts")


@bp.post("/accounts/active")
@route_requires(Permission.MANAGE_ACCOUNTS)
def set_active() -> object:
    email, active = request.form.get("email", ""), request.form.get("active") == "yes"
    done = f"{email} can sign in again." if active else f"{email} is disabled and signed out."
    _try(lambda: accounts.set_active(current_scope(), email, active), done)
    return redirect("/accounts")


@bp.post("/accounts/change")
@route_requires(Permission.MANAGE_ACCOUNTS)
def change_account() -> object:
    form = request.form
    email, password = form.get("email", ""), form.get("password", "")

    def change() -> None:
        role = _role(form.get("role", ""))
        if password:
            passwords.check_password_rules(password, email)
        accounts.set_role(current_scope(), email, role)
        accounts.set_programmes(current_scope(), email, _ticked_programmes())
        if password:
            accounts.set_password(current_scope(), email, passwords.hash_password(password))

    _try(change, f"The account {email} is changed. If its role, programmes or password changed, it is signed out.")
    return redirect("/accounts")


def _ticked_programmes() -> list[str]:
    return [key.removeprefix(TICK) for key in request.form if key.startswith(TICK)]


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise AccountError("Choose a role from the list.") from None

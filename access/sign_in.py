"""Sign-in, sign-out and the health check: the only pages served without a viewer."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Flask, current_app, jsonify, redirect, render_template, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, login_user, logout_user
from sqlalchemy import text

from access import demo_accounts, passwords
from access.forms import SignInForm
from access.guard import safe_next
from access.viewer import Viewer, current_viewer
from data_access import sign_in as tries
from data_access.accounts import Account, account_by_email, password_hash_of
from data_access.engine import get_engine
from data_access.sessions import Limits, account_of
from domain.roles import PERMISSIONS, Permission
from settings import Settings

bp = Blueprint("access", __name__, template_folder="templates")
_ALLOWANCE = "password tries"
# One message for every reason: which addresses have accounts is nobody's business.
REFUSED = (
    "The e-mail address or the password is not right, or the account is disabled or locked. "
    f"After {tries.TRIES_BEFORE_LOCK} wrong tries from one address the account is locked for that address for "
    f"{tries.LOCK_FOR.seconds // 60} minutes."
)

NOTICES = {
    "signed-out": "You have signed out.",
    "expired": "You were signed out because your session ended. Sign in to go back to where you were.",
    "changed": "Your password is changed. Sign in with the new one.",
}


def limits() -> Limits:
    settings: Settings = current_app.config["PORTAL"]
    return Limits(timedelta(minutes=settings.idle_minutes), timedelta(hours=settings.absolute_hours))


def load_viewer(identity: str) -> Viewer | None:
    token, _, version = identity.rpartition(":")
    if not token or not version.isdigit():
        return None
    account = account_of(token, int(version), limits())
    return Viewer(account, token) if account else None


def install(server: Flask) -> None:
    manager = LoginManager(server)
    # "strong" would sign out whoever changes network; idle and absolute limits are kept in the database.
    manager.session_protection = None
    manager.user_loader(load_viewer)
    settings: Settings = server.config["PORTAL"]
    limiter = Limiter(get_remote_address, app=server, storage_uri="memory://", headers_enabled=False)
    # One allowance for every form that checks a password, so that none of them is the easier one to guess at.
    server.extensions[_ALLOWANCE] = limiter.shared_limit(
        f"{settings.sign_ins_per_minute}/minute", scope="passwords", methods=["POST"]
    )
    server.register_blueprint(bp)
    limit_password_tries(server, "access.sign_in")


def limit_password_tries(server: Flask, endpoint: str) -> None:
    """Count posts to ``endpoint`` against SIGN_INS_PER_MINUTE of the address they come from."""
    server.view_functions[endpoint] = server.extensions[_ALLOWANCE](server.view_functions[endpoint])


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> object:
    target = safe_next(request.values.get("next"))
    if request.method == "GET" and current_viewer():
        return redirect(target)
    form = SignInForm()
    refused, code = None, 200
    if form.validate_on_submit():
        account = _authenticate(form.email.data, form.password.data)
        if account:
            _open(account, form.password.data)
            # An administrator sees no figures, so the overview would greet them with "no access".
            manages = target == "/" and Permission.VIEW_OVERVIEW not in PERMISSIONS[account.role]
            return redirect("/accounts" if manages else target)
        refused, code = REFUSED, 401
    elif form.is_submitted():
        refused, code = _first_error(form), 400
    page = render_template(
        "sign_in.html",
        form=form,
        next=target,
        refused=refused,
        notice=next((NOTICES[key] for key in NOTICES if key in request.args), None),
        demonstration=demo_accounts.offered(current_app.config["PORTAL"], request.host),
    )
    return page, code


def _first_error(form: SignInForm) -> str:
    if form.csrf_token.errors:
        return "This form was open too long. Try again."
    return next(error for errors in form.errors.values() for error in errors)


def _authenticate(email: str, password: str) -> Account | None:
    """The account, or None after the same work whatever the reason."""
    with get_engine().connect() as conn:
        account = account_by_email(conn, email)
        stored = password_hash_of(conn, account) if account else None
    matches = passwords.verify(stored, password)
    reason = _refusal(account, matches)
    if reason:
        tries.record_failure(email, reason, get_remote_address())
        return None
    return account


def _refusal(account: Account | None, matches: bool) -> str:
    if account is None:
        return "no such account"
    if tries.is_locked(account, get_remote_address()):
        return "locked"
    if not matches:
        return "wrong password"
    if not account.active:
        return "disabled"
    if not demo_accounts.may_sign_in(account.email, current_app.config["PORTAL"], request.host):
        return "demonstration account used from outside this computer"
    return ""


def _open(account: Account, password: str) -> None:
    with get_engine().connect() as conn:
        stored = password_hash_of(conn, account)
    rehash = passwords.newer_hash(stored, password)
    fresh, token = tries.open_session(account, limits(), rehash, get_remote_address())
    session.clear()  # a cookie from before signing in must not live on inside the session
    login_user(Viewer(fresh, token))


@bp.post("/sign-out")
def sign_out() -> object:
    viewer = current_viewer()
    if viewer:
        tries.close_session(viewer.email, viewer.token)
    logout_user()
    session.clear()
    return redirect("/sign-in?signed-out")


@bp.get("/healthz")
def health() -> object:
    """For a load balancer: that the process answers and the database opens. No data."""
    try:
        with get_engine().connect() as conn:
            conn.execute(text("SELECT 1"))
    except Exception:
        current_app.logger.exception("The database does not answer")
        return jsonify(status="database unavailable"), 503
    return jsonify(status="ok")

"""Deny by default: everything needs a signed-in viewer except a short list, and no foreign site may post.

Registered before Dash adds its own routes: page navigation is itself a POST to one Dash endpoint, so
checks by path would protect nothing.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, current_app, jsonify, redirect, render_template, request

from access import callback_shape
from access.requires import UNSAFE_METHODS, is_page
from access.viewer import current_scope, current_viewer
from domain.roles import Permission

PUBLIC_ENDPOINTS = frozenset(
    {
        "access.sign_in",
        "access.sign_out",
        "access.health",
        "_dash_assets.static",
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
        "/_favicon.ico",
    }
)
STATIC_ENDPOINTS = PUBLIC_ENDPOINTS - {"access.sign_in", "access.sign_out", "access.health"}


def install(server: Flask) -> None:
    server.before_request(check_request)
    server.after_request(unknown_address)


def check_request() -> Response | tuple[Response, int] | None:
    if request.method in UNSAFE_METHODS and not same_origin():
        abort(
            403,
            "This request came from another site, so it was refused. If it did not, the portal does not know its own "
            "address: behind a proxy that keeps HTTPS, set HTTPS=1 or TRUSTED_PROXIES.",
        )
    if request.endpoint in PUBLIC_ENDPOINTS:
        return None
    if not current_viewer():
        return ask_to_sign_in()
    if request.endpoint == callback_shape.ENDPOINT:
        callback_shape.check_callback()
    return _first_page()


def _first_page() -> Response | None:
    """Administrators have no home page of figures: their first page is the accounts."""
    scope = current_scope()
    if request.path == "/" and not scope.may(Permission.VIEW_OVERVIEW) and scope.may(Permission.MANAGE_ACCOUNTS):
        return redirect("/accounts")
    return None


def unknown_address(response: Response) -> Response:
    """Dash answers any address with its page and 200; a program that follows a wrong link should learn it."""
    if request.endpoint == "/<path:path>" and response.status_code == 200 and not is_page(request.path):
        response.status_code = 404
    return response


def same_origin() -> bool:
    """Whether our own page sent this; browsers set these headers and scripts cannot forge them."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    # "none" is a person's own doing (a bookmark), which has no Origin or ours.
    if origin and not _is_ours(origin):
        return False
    return site in ("same-origin", "none") if site else bool(origin)


def _is_ours(origin: str) -> bool:
    scheme = "https" if current_app.config["PORTAL"].https else request.scheme
    return urlsplit(origin)[:2] == (scheme, request.host)


def ask_to_sign_in() -> Response | tuple[Response, int]:
    """302 for a person opening a page, 401 for everything else; never data."""
    if request.method in ("GET", "HEAD") and not _is_fetch():
        here = request.full_path.rstrip("?")
        return redirect(f"/sign-in?next={quote(here, safe='')}" if here != "/" else "/sign-in")
    if request.accept_mimetypes.accept_html and not request.is_json and not _is_fetch():
        page = render_template(
            "problem.html",
            title="You have been signed out",
            sentences=["Nothing was changed. Sign in and try again."],
            link=("/sign-in", "Sign in"),
        )
        return Response(page), 401
    return jsonify(error="Sign in to continue.", sign_in="/sign-in"), 401


def _is_fetch() -> bool:
    return request.headers.get("Sec-Fetch-Dest") == "empty" or request.path.startswith(("/_", "/api/"))


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a path of this portal, or the first page."""
    target = target or ""
    parts = urlsplit(target)
    ours = target.startswith("/") and not target.startswith(("//", "/\\", "/_", "/sign-"))
    plain = all(32 < ord(c) < 127 for c in target) and "\\" not in target
    return target if ours and plain and not parts.scheme and not parts.netloc else "/"

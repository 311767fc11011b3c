"""One line above every page, callback and route: which permission it takes.

The decorated function carries ``required_permission``; tests/contract walks every page, callback and
route and fails on one without it.
"""

from __future__ import annotations

import inspect
import logging
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote

from dash import ctx
from dash._pages import _path_to_page
from dash.exceptions import MissingCallbackContextException, PreventUpdate
from flask import abort, jsonify, make_response, request
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import HTTPException
from wtforms import ValidationError

from access.viewer import NoProgramme, current_scope
from components import shell
from data_access.remembered import one_look
from domain.roles import Permission
from domain.scope import OutOfScope

log = logging.getLogger(__name__)
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def requires(permission: Permission, *, layout: bool | None = None) -> Callable:
    """For Dash: a page's ``layout`` becomes a "no access" page, any other callback answers 403.

    Put it directly above the function, under ``@callback(...)``. A layout receives path variables from
    the path only, and only the query parameters it names (all of them when it takes ``**query``).
    """

    def decorate(func: Callable) -> Callable:
        is_layout = func.__name__ == "layout" if layout is None else layout
        guarded = _guarded_layout(func, permission) if is_layout else _guarded_callback(func, permission)
        guarded.required_permission = permission
        return guarded

    return decorate


def _guarded_layout(func: Callable, permission: Permission) -> Callable:
    @wraps(func)
    def guarded(**given: Any) -> Any:
        try:
            current_scope().require(permission)
            with one_look():  # a page only reads: what several of its blocks ask for is worked out once, and alike
                return func(**_arguments(func, given))
        except NoProgramme as reason:
            return shell.nothing_yet(str(reason))
        except OutOfScope as reason:
            return shell.no_access(str(reason))
        except HTTPException:
            raise
        except Exception:
            return shell.page_problem(log_problem("page"))

    return guarded


def _guarded_callback(func: Callable, permission: Permission) -> Callable:
    @wraps(func)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            current_scope().require(permission)
            return func(*args, **kwargs)
        except OutOfScope as reason:
            return abort(make_response(jsonify(error=str(reason)), 403))

    return guarded


def _arguments(func: Callable, given: dict[str, Any]) -> dict[str, Any]:
    """What the layout may receive. Dash lets ``/case/7?case_id=8`` override the path; here the path wins."""
    query = {key: value[0] if isinstance(value, list) else value for key, value in given.items()}
    query.update(_path_variables())
    parameters = inspect.signature(func).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return query
    # An unknown parameter would otherwise be a TypeError, so a 500, for whoever follows an old link.
    return {key: value for key, value in query.items() if key in parameters}


def _path_variables() -> dict[str, str]:
    try:
        pathname = ctx.inputs.get("_pages_location.pathname") or ""
    except MissingCallbackContextException:
        return {}
    _, found = _path_to_page(pathname.strip("/"))
    return {key: unquote(value) for key, value in (found or {}).items()}


def is_page(path: str) -> bool:
    return _path_to_page(path.strip("/"))[0] != {}


def route_requires(permission: Permission) -> Callable:
    """For Flask routes: 403 without the permission; unsafe methods also need the form's CSRF token."""

    def decorate(func: Callable) -> Callable:
        @wraps(func)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            current_scope().require(permission)
            if request.method in UNSAFE_METHODS:
                check_csrf_token()
            return func(*args, **kwargs)

        guarded.required_permission = permission
        return guarded

    return decorate


def check_csrf_token() -> None:
    """Refuse a form without our token; ``access.forms.csrf_input()`` puts one into a Dash form."""
    try:
        validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
    except ValidationError:
        abort(400, "This form is no longer valid. Go back, reload the page and send it again.")


def log_problem(where: str) -> str:
    """Log the current exception; returns the reference the reader can quote."""
    reference = secrets.token_hex(4)
    log.exception("Problem %s in a %s", reference, where)
    return reference


def callback_problem(problem: Exception) -> None:
    """Dash's ``on_error``: nothing changes on screen but the status line, which says so."""
    from dash import set_props

    if isinstance(problem, HTTPException | PreventUpdate):
        raise problem
    set_props(shell.STATUS_ID, {"children": shell.callback_problem_sentence(log_problem("callback"))})

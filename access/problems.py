"""What a person sees when a request fails: what happened and what to do, never a stack trace."""

from __future__ import annotations

from flask import Flask, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from access import callback_shape
from access.requires import log_problem
from access.viewer import current_viewer
from data_access import audit
from domain.scope import OutOfScope

_TITLES = {
    400: "The portal could not use that request",
    403: "You do not have access",
    404: "Page not found",
    413: "That is too large",
    429: "Too many tries",
    500: "Something went wrong",
}
_WHAT_TO_DO = {
    404: "Check the address, or start again from the first page.",
    413: "Split the file, or ask whoever runs the portal to raise MAX_UPLOAD_MB.",
    429: "Wait a minute and try again.",
}


def install(server: Flask) -> None:
    server.register_error_handler(HTTPException, _http_problem)
    server.register_error_handler(OutOfScope, _out_of_scope)
    server.register_error_handler(Exception, _unexpected)


def _http_problem(problem: HTTPException) -> object:
    if problem.response is not None:
        return problem.response
    code = problem.code or 500
    if code == 413 and request.endpoint == callback_shape.ENDPOINT:
        return _answer(code, "The text is too large for the portal. Shorten it and try again.")
    if code == 403:
        _note_refusal()
    own_words = problem.description if code in (400, 403) and problem.description else None
    return _answer(code, _WHAT_TO_DO.get(code) or own_words or "Go back and try again.")


def _out_of_scope(reason: Exception) -> object:
    _note_refusal()
    return _answer(403, str(reason))


def _note_refusal() -> None:
    """Pages answer "no access" with 200, so a GET that ends here asked for a file; the log keeps that as it keeps files
    that were given."""
    viewer = current_viewer()
    if viewer and request.method == "GET":
        audit.note(actor=viewer.email, event="download refused", detail={"what": request.full_path.rstrip("?")[:200]})


def _unexpected(_problem: Exception) -> object:
    reference = log_problem(f"request for {request.path}")
    return _answer(500, f"Nothing was changed. Try again; if it happens again, report the reference {reference}.")


def _answer(code: int, sentence: str) -> object:
    if request.is_json or not request.accept_mimetypes.accept_html:
        return jsonify(error=sentence), code
    title = _TITLES.get(code, "The portal could not do that")
    return render_template("problem.html", title=title, sentences=[sentence], link=("/", "Go to the first page")), code

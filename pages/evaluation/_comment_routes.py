"""Where the forms of review comments are sent; what cannot be kept is said with the text still in the form."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, abort, flash, redirect, render_template, request
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from access.requires import route_requires
from access.viewer import current_programme, current_scope
from components.block import BLOCKS
from data_access.evaluation import comments
from data_access.evaluation.comments import CommentRefused
from data_access.evaluation.inputs import data_version
from domain.roles import Permission
from pages.evaluation._page import NAVIGATION

PATHS = dict(NAVIGATION)


def register(server: Flask) -> None:
    @server.post("/evaluation/comments")
    @route_requires(Permission.COMMENT_ON_EVALUATION)
    def comment() -> Response | tuple[str, int]:
        figure, page = request.form.get("figure", ""), urlsplit(_back()).path
        block = BLOCKS.get(figure)
        if block is None or block.permission is not Permission.INSPECT_EVALUATION:
            abort(400, "There is no such figure to comment on. Reload the page and try again.")
        scope, code, text = current_scope(), _code(), request.form.get("text", "")
        try:
            given = request.form.get("data_hash", "")
            comments.open_thread(scope, code, page=page, figure=figure, data_hash=given, text=text)
        except CommentRefused as reason:
            version = data_version(scope, code)
            return _again(str(reason), "Your comment", comments.MOST_TEXT, {"figure": figure, "data_hash": version})
        return _done(figure, f"Your comment is kept with the figure “{block.title}”.")

    @server.post("/evaluation/comments/<int:thread_id>/reply")
    @route_requires(Permission.COMMENT_ON_EVALUATION)
    def reply(thread_id: int) -> Response | tuple[str, int]:
        _back()  # refuse before anything is kept
        try:
            thread = comments.reply(current_scope(), _code(), thread_id, request.form.get("text", ""))
        except CommentRefused as reason:
            return _again(str(reason), "Your answer", comments.MOST_TEXT)
        return _done(thread.figure, "Your answer is kept.")

    @server.post("/evaluation/comments/<int:thread_id>/resolve")
    @route_requires(Permission.RESOLVE_COMMENTS)
    def resolve(thread_id: int) -> Response | tuple[str, int]:
        _back()
        try:
            thread = comments.resolve(current_scope(), _code(), thread_id, request.form.get("text", ""))
        except CommentRefused as reason:
            return _again(str(reason), "How it was settled", comments.MOST_REASON)
        return _done(thread.figure, "The thread is resolved; the reason is kept.")


def _code() -> str:
    return current_programme({"programme": request.form.get("programme", "")})


def _back() -> str:
    """The page that the form stood on, as the form says it; only ours are gone back to."""
    parts = urlsplit(request.form.get("back", ""))
    if parts.scheme or parts.netloc or parts.path not in PATHS:
        abort(400, "This form does not say which page it belongs to. Reload the page and try again.")
    query = [(key, value) for key, value in parse_qsl(parts.query) if key not in ("comments", "programme")]
    return f"{parts.path}?{urlencode([('programme', _code()), *query])}"


def _done(figure: str, said: str) -> Response:
    flash(said, "done")
    return redirect(f"{_back()}&{urlencode({'comments': figure})}")


def _again(problem: str, label: str, most: int, more: dict[str, str] | None = None) -> tuple[str, int]:
    """The form once more with what was typed: nobody writes a review twice."""
    back = _back()
    given = {"programme": _code(), "back": back, **(more or {})}
    text = request.form.get("text", "")[: 4 * most]
    return render_template(
        "review_comment.html", title="Your text was not kept", csrf=generate_csrf(), problem=problem, label=label,
        most=most, given=given, text=text, action=request.path, back=back, page=PATHS[urlsplit(back).path],
    ), 400  # fmt: skip

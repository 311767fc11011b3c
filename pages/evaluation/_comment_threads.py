"""What reviewers said of a figure, under the figure; plain forms, so that saying something needs no script and no mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from access.forms import csrf_input
from components.block import Block
from components.forms import field
from components.view import View
from data_access.evaluation.comments import MOST_REASON, MOST_TEXT, Comment, Thread
from domain import formats
from domain.roles import Permission

EARLIER = "Made on an earlier version of the data than the one shown."
SHORT = 12  # characters of a hash that a reader can compare by eye


def foot(block: Block, view: View, found: Sequence[Thread], version: str, back: str) -> list[Any]:
    """The threads of one figure, folded; open where the address names it (``comments=<figure>``)."""
    here = [thread for thread in found if thread.figure == block.id]
    named = html.Span(f": {block.title}", className="visually-hidden")
    said: list[Any] = [_thread(thread, block, view, version, back) for thread in here]
    if not here:
        said = [html.P("Nothing has been said about this figure yet.")]
    if view.may(Permission.COMMENT_ON_EVALUATION):
        said.append(_new_form(block, view, version, back))
    shown = view.query.get("comments") == block.id
    summary = html.Summary([_count(here), named])
    return [
        html.Details(
            [summary, html.Div(said, className="threads")], id=f"{block.id}-comments", open=shown, className="comments"
        )
    ]


def _count(threads: Sequence[Thread]) -> str:
    if not threads:
        return "Comments"
    waiting = sum(thread.is_open for thread in threads)
    return f"Comments: {waiting} open, {len(threads) - waiting} resolved"


def _thread(thread: Thread, block: Block, view: View, version: str, back: str) -> html.Article:
    label = f"Comment {thread.id} on {block.title}"
    earlier = [html.P(EARLIER, className="caption")] if thread.data_hash != version else []
    settled: list[Any] = []
    if thread.resolved_at is not None:
        when = f"Resolved by {thread.resolved_by} on {formats.local_time(thread.resolved_at)}: "
        settled = [html.P([html.Strong(when), *_lines(thread.resolution or "")])]
    forms = _answers(thread, view, back) if thread.is_open else []
    return html.Article(
        [*earlier, *(part for comment in thread.comments for part in _comment(comment)), *settled, *forms],
        className="thread",
        id=f"comment-{thread.id}",
        **{"aria-label": label},
    )


def _comment(comment: Comment) -> list[Any]:
    who = f"{comment.author} ({comment.role}), {formats.local_time(comment.created_at)}"
    return [html.P(who, className="caption"), html.P(_lines(comment.text))]


def _lines(text: str) -> list[Any]:
    """Line breaks as they were typed; everything else is text and nothing but text."""
    parts: list[Any] = []
    for line in text.split("\n"):
        parts += [html.Br(), line] if parts else [line]
    return parts


def _answers(thread: Thread, view: View, back: str) -> list[Any]:
    offered: list[tuple[str, html.Form]] = []
    where = f"/evaluation/comments/{thread.id}"
    if view.may(Permission.COMMENT_ON_EVALUATION):
        form = _form(f"{where}/reply", f"reply-{thread.id}", "Your answer", "Send the answer", view, back)
        offered.append(("Answer", form))
    if view.may(Permission.RESOLVE_COMMENTS):
        asked = ("How it was settled", "Resolve the thread")
        form = _form(f"{where}/resolve", f"resolve-{thread.id}", *asked, view, back, most=MOST_REASON)
        offered.append(("Resolve", form))
    return [
        html.Details([html.Summary([verb, html.Span(f" comment {thread.id}", className="visually-hidden")]), form])
        for verb, form in offered
    ]


def _new_form(block: Block, view: View, version: str, back: str) -> html.Form:
    more = {"figure": block.id, "data_hash": version}
    hint = f"It is pinned to this figure and to data version {version[:SHORT]}, and cannot be changed or removed afterwards."
    return _form(
        "/evaluation/comments", f"{block.id}-say", "Your comment", "Send the comment", view, back, hint=hint, more=more
    )


def _form(
    action: str, name: str, label: str, button: str, view: View, back: str, *,
    hint: str = "", most: int = MOST_TEXT, more: dict[str, str] | None = None,
) -> html.Form:  # fmt: skip
    given = {"programme": view.programme.code, "back": back, **(more or {})}
    limit = f"At most {most:,} characters."
    area = dbc.Textarea(id=name, name="text", required=True, maxlength=most, rows=3)
    return html.Form(
        [
            csrf_input(),
            *(dbc.Input(type="hidden", name=key, value=value) for key, value in given.items()),
            field(name, label, area, f"{hint} {limit}".strip()),
            html.Button(button, type="submit", className="button secondary"),
        ],
        method="post",
        action=action,
    )

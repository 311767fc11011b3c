"""Review comments: threads pinned to one figure and one version of the data, resolved by a manager with a reason.

Nothing is ever changed or removed but by resolving: what reviewers said stays, and goes into the bundle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from data_access import audit, schema
from data_access.engine import ACCOUNTS, utc_now, writing
from data_access.evaluation.inputs import data_version
from data_access.reading import opened
from domain.roles import Permission
from domain.scope import Scope

MOST_TEXT = 4000
MOST_REASON = 1000
MOST_ON_A_FIGURE = 500  # a script must not fill the database through a page

_c = schema.review_comment.c


class CommentRefused(ValueError):
    """The comment cannot be kept, or the thread not resolved; the message says why."""


@dataclass(frozen=True)
class Comment:
    id: int
    author: str
    role: str
    text: str
    created_at: datetime  # UTC


@dataclass(frozen=True)
class Thread:
    """``data_hash``: the version of the data that the first comment was made on."""

    id: int
    page: str
    figure: str
    data_hash: str
    comments: tuple[Comment, ...]
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None


def threads(scope: Scope, code: str, page: str = "") -> list[Thread]:
    """Threads of a page (all of the programme without), oldest first."""
    with opened(scope, code, Permission.INSPECT_EVALUATION) as o:
        query = select(schema.review_comment).where(_c.programme_id == o.programme_id).order_by(_c.id)
        rows = o.conn.execute(query.where(_c.page == page) if page else query).mappings().all()
    said: dict[int, list[Comment]] = {}
    for row in rows:
        comment = Comment(row["id"], row["author"], row["role"], row["text"], row["created_at"])
        said.setdefault(row["thread_id"] or row["id"], []).append(comment)
    return [
        Thread(
            row["id"], row["page"], row["figure"], row["data_hash"], tuple(said[row["id"]]),
            row["resolved_at"], row["resolved_by"], row["resolution"],
        )
        for row in rows
        if row["thread_id"] is None
    ]  # fmt: skip


def open_thread(scope: Scope, code: str, *, page: str, figure: str, data_hash: str, text: str) -> int:
    """A new thread on a figure as seen on ``data_hash``; its id. CommentRefused in words for what cannot be kept."""
    programme_id = _programme(scope, code, Permission.COMMENT_ON_EVALUATION)
    kept = _text(text, MOST_TEXT)
    if data_hash != data_version(scope, code):
        raise CommentRefused(
            "The data changed while you wrote. Look at the figure again, then send your comment again."
        )
    with writing(lock=ACCOUNTS).begin() as conn:
        here = conn.execute(select(_c.id).where(_c.programme_id == programme_id, _c.figure == figure)).all()
        if len(here) >= MOST_ON_A_FIGURE:
            raise CommentRefused(f"A figure holds at most {MOST_ON_A_FIGURE} comments.")
        return _write(conn, scope, programme_id, {"page": page, "figure": figure, "data_hash": data_hash, "text": kept})


def reply(scope: Scope, code: str, thread_id: int, text: str) -> Thread:
    """Answer in an open thread; the thread as it was."""
    programme_id = _programme(scope, code, Permission.COMMENT_ON_EVALUATION)
    kept, thread = _text(text, MOST_TEXT), _thread(scope, code, thread_id)
    if not thread.is_open:
        raise CommentRefused("This thread is resolved. Open a new one if there is more to say.")
    if len(thread.comments) >= MOST_ON_A_FIGURE:
        raise CommentRefused(f"A thread holds at most {MOST_ON_A_FIGURE} comments.")
    pinned = {"page": thread.page, "figure": thread.figure, "data_hash": thread.data_hash}
    with writing(lock=ACCOUNTS).begin() as conn:
        _write(conn, scope, programme_id, {**pinned, "thread_id": thread.id, "text": kept})
    return thread


def resolve(scope: Scope, code: str, thread_id: int, reason: str) -> Thread:
    """Close a thread with the reason, once; the thread as it was."""
    programme_id = _programme(scope, code, Permission.RESOLVE_COMMENTS)
    kept, thread = (
        _text(reason, MOST_REASON, "Say how the thread was settled; the reason is kept."),
        _thread(scope, code, thread_id),
    )
    with writing(lock=ACCOUNTS).begin() as conn:
        changed = conn.execute(
            update(schema.review_comment)
            .where(_c.id == thread.id, _c.programme_id == programme_id, _c.resolved_at.is_(None))
            .values(resolved_at=utc_now(), resolved_by=scope.actor[:200], resolution=kept)
        )
        if not changed.rowcount:
            raise CommentRefused("This thread is resolved already.")
        _note(conn, scope, "comment thread resolved", programme_id, thread.id, thread.figure)
    return thread


def _programme(scope: Scope, code: str, permission: Permission) -> int:
    with opened(scope, code, permission, Permission.INSPECT_EVALUATION) as o:
        return o.programme_id


def _thread(scope: Scope, code: str, thread_id: int) -> Thread:
    found = next((thread for thread in threads(scope, code) if thread.id == thread_id), None)
    if found is None:
        raise CommentRefused("There is no such thread.")
    return found


def _text(text: str, most: int, nothing: str = "Write something first; nothing was sent.") -> str:
    kept = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not kept:
        raise CommentRefused(nothing)
    if len(kept) > most:
        raise CommentRefused(f"At most {most:,} characters can be kept; this has {len(kept):,}. Nothing was sent.")
    return kept


def _write(conn: Connection, scope: Scope, programme_id: int, values: dict[str, Any]) -> int:
    role = scope.role.value if scope.role else ""
    given = {"programme_id": programme_id, "author": scope.actor[:200], "role": role, "created_at": utc_now(), **values}
    key = conn.execute(insert(schema.review_comment).values(**given)).inserted_primary_key
    made = int(key[0]) if key else 0
    _note(conn, scope, "comment written", programme_id, values.get("thread_id") or made, values["figure"])
    return made


def _note(conn: Connection, scope: Scope, event: str, programme_id: int, thread: int, figure: str) -> None:
    detail = {"thread": thread, "figure": figure}
    audit.record(conn, actor=scope.actor, event=event, detail=detail, programme_id=programme_id)

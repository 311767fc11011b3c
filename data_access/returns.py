"""Draft narratives of monthly returns. Two people editing at once: the second is told, nothing is merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from data_access import audit, schema
from data_access.engine import utc_now, writing
from data_access.reading import Opened, opened
from domain.periods import parse_month
from domain.roles import Permission
from domain.scope import Scope

WORD_LIMIT = 300  # of each narrative field in the return
CHARACTER_LIMIT = 4_000  # a text without spaces is one word, however long

_draft = schema.return_draft.c


class StaleDraft(RuntimeError):
    """Someone saved a newer revision; the message says who and when, and what to do."""


class NarrativeTooLong(ValueError):
    """A field has more words or characters than the return takes."""


@dataclass(frozen=True)
class Draft:
    """revision 0 means nothing has been saved for the month yet."""

    month: str
    narrative: Mapping[str, str]
    revision: int
    updated_at: datetime | None = None  # UTC
    updated_by: str | None = None


def get(scope: Scope, code: str, month: str) -> Draft:
    """The saved narrative of a month; an empty draft of revision 0 when there is none."""
    parse_month(month)
    with opened(scope, code, Permission.VIEW_RETURNS) as o:
        return _held(o.conn, o.programme_id, month)


def _held(conn: Connection, programme_id: int, month: str) -> Draft:
    row = conn.execute(
        select(_draft.narrative, _draft.revision, _draft.updated_at, _draft.updated_by).where(
            _draft.programme_id == programme_id, _draft.month == month
        )
    ).first()
    return Draft(month, row.narrative, row.revision, row.updated_at, row.updated_by) if row else Draft(month, {}, 0)


def save(scope: Scope, code: str, month: str, narrative: Mapping[str, str], revision: int) -> Draft:
    """Save the narrative that was edited from ``revision``; StaleDraft when that is no longer the newest."""
    parse_month(month)
    _check_length(narrative)
    with opened(scope, code, Permission.BUILD_RETURNS) as o, writing().begin() as conn:
        return _write(o, conn, month, {k: v.strip() for k, v in narrative.items()}, revision)


def _check_length(narrative: Mapping[str, str]) -> None:
    for name, text in narrative.items():
        if len(text) > CHARACTER_LIMIT:
            raise NarrativeTooLong(
                f"“{name}” has {len(text):,} characters; the return takes at most {CHARACTER_LIMIT:,}. Shorten it."
            )
        words = len(text.split())
        if words > WORD_LIMIT:
            raise NarrativeTooLong(f"“{name}” has {words} words; the return takes at most {WORD_LIMIT}. Shorten it.")


def _write(o: Opened, conn: Connection, month: str, narrative: dict[str, str], revision: int) -> Draft:
    held = _held(conn, o.programme_id, month)
    if held.revision != revision:
        raise StaleDraft(
            f"{held.updated_by or 'Someone'} saved a newer version of this narrative while you were editing. "
            "Copy your text, reload the page and put your changes in again."
        )
    now, actor = utc_now(), o.scope.actor
    values = {"narrative": narrative, "revision": revision + 1, "updated_at": now, "updated_by": actor[:120]}
    if held.revision == 0:
        conn.execute(insert(schema.return_draft).values(programme_id=o.programme_id, month=month, **values))
    else:
        key = (_draft.programme_id == o.programme_id, _draft.month == month, _draft.revision == revision)
        conn.execute(update(schema.return_draft).where(*key).values(**values))
    detail = {"month": month, "revision": revision + 1}
    audit.record(conn, actor=actor, event="narrative saved", detail=detail, programme_id=o.programme_id, at=now)
    return Draft(month, narrative, revision + 1, now, actor)

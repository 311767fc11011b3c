"""What is held about an evaluation beside the data, as plain values for the bundle: comments and tries."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select

from data_access import schema
from data_access.reading import opened
from domain.roles import Permission
from domain.scope import Scope

_comment, _tried = schema.review_comment.c, schema.analysis_tried.c


def comments(scope: Scope, code: str) -> list[dict[str, Any]]:
    """Every comment by thread; the writer's role stands for the writer."""
    with opened(scope, code, Permission.INSPECT_EVALUATION) as o:
        rows = o.conn.execute(
            select(
                _comment.id, _comment.thread_id, _comment.page, _comment.figure, _comment.data_hash, _comment.role,
                _comment.text, _comment.created_at, _comment.resolved_at, _comment.resolution,
            )
            .where(_comment.programme_id == o.programme_id)
            .order_by(_comment.id)
        ).all()  # fmt: skip
        return [_values(row) for row in rows]


def tried(scope: Scope, code: str) -> list[dict[str, Any]]:
    """Every analysis that someone looked at in the portal: section, choices, version of the data, how many it ran."""
    with opened(scope, code, Permission.INSPECT_EVALUATION) as o:
        rows = o.conn.execute(
            select(_tried.section, _tried.choices, _tried.data_hash, _tried.analyses, _tried.first_at)
            .where(_tried.programme_id == o.programme_id)
            .order_by(_tried.first_at, _tried.id)
        ).all()
        return [_values(row) for row in rows]


def _values(row: Row[Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        return value.isoformat() if isinstance(value, date | datetime) else value

    return {name: plain(value) for name, value in row._mapping.items()}

"""What is held about an evaluation beside the data, as plain values for the bundle: plans, deviations, comments, tries."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select

from data_access import schema
from data_access.reading import opened
from domain.roles import Permission
from domain.scope import Scope

_plan, _deviation = schema.analysis_plan.c, schema.plan_deviation.c
_comment, _tried = schema.review_comment.c, schema.analysis_tried.c


def plans(scope: Scope, code: str) -> list[dict[str, Any]]:
    """Every registered plan, oldest first, with its text as it was and its deviations; who did it is left out."""
    with opened(scope, code, Permission.INSPECT_EVALUATION) as o:
        rows = o.conn.execute(
            select(
                _plan.id,
                _plan.file_name,
                _plan.sha256,
                _plan.text,
                _plan.timing,
                _plan.timing_reason,
                _plan.registered_at,
            )
            .where(_plan.programme_id == o.programme_id)
            .order_by(_plan.registered_at, _plan.id)
        ).all()
        found = []
        for row in rows:
            left = o.conn.execute(
                select(_deviation.decided_on, _deviation.what, _deviation.reason)
                .where(_deviation.plan_id == row.id)
                .order_by(_deviation.decided_on, _deviation.id)
            ).all()
            found.append(
                {k: v for k, v in _values(row).items() if k != "id"} | {"deviations": [_values(r) for r in left]}
            )
        return found


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

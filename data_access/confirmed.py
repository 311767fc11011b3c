"""Months that a manager has confirmed: what that keeps an eye on, and what takes it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from data_access import audit
from data_access.engine import utc_now, writing
from data_access.reading import opened
from data_access.schema import confirmed_month, ping_part, visit
from domain import formats
from domain.periods import Period, month_of, month_period, parse_month
from domain.roles import Permission
from domain.scope import Scope

_c = confirmed_month.c
_SAME_MINUTES = 1e-6


class ConfirmationRefused(ValueError):
    """A month cannot be confirmed, or its confirmation withdrawn; the message says why."""


def confirmed_months(scope: Scope, code: str) -> dict[str, tuple[datetime, str]]:
    """Month -> when it was confirmed, and by whom."""
    with opened(scope, code, Permission.VIEW_DATA) as o:
        rows = o.conn.execute(
            select(_c.month, _c.confirmed_at, _c.confirmed_by).where(_c.programme_id == o.programme_id)
        )
        return {row.month: (row.confirmed_at, row.confirmed_by) for row in rows}


def confirm_month(scope: Scope, code: str, month: str) -> None:
    """Stand by a month's visits: from now on its raw pings wait out the retention time.

    ConfirmationRefused for a month that is confirmed already, is not over, or has no visits to confirm.
    """
    scope.require(Permission.LOAD_DATA)
    period = _month(month)
    with opened(scope, code, Permission.LOAD_DATA) as o:
        programme_id = o.programme_id
    if utc_now().date() <= period.end:
        raise ConfirmationRefused(
            f"{formats.month(month)} is not over; confirm it when its last pings have been loaded."
        )
    with writing().begin() as conn:
        if conn.execute(select(_c.id).where(_c.programme_id == programme_id, _c.month == month)).first():
            raise ConfirmationRefused(f"{formats.month(month)} is confirmed already.")
        if not _has_pings(conn, programme_id, period):
            raise ConfirmationRefused(
                f"No positions of {formats.month(month)} are loaded, so there are no visits to confirm."
            )
        values = {"month": month, "confirmed_at": utc_now(), "confirmed_by": scope.actor[:120]}
        conn.execute(insert(confirmed_month).values(programme_id=programme_id, **values))
        _note(conn, scope.actor, "month confirmed", programme_id, {"month": month})


def withdraw_confirmation(scope: Scope, code: str, month: str, reason: str) -> None:
    """Take a confirmation back; pings that have expired by then are gone all the same."""
    period = _month(month)
    with opened(scope, code, Permission.LOAD_DATA) as o:
        programme_id = o.programme_id
    if not reason.strip():
        raise ConfirmationRefused("Say in a few words why the confirmation is withdrawn; the reason is kept.")
    with writing().begin() as conn:
        if not _withdraw(conn, programme_id, month_of(period.start), scope.actor, reason.strip()):
            raise ConfirmationRefused(f"{formats.month(month)} is not confirmed.")


def _month(text: str) -> Period:
    try:
        return month_period(text)
    except ValueError as problem:
        raise ConfirmationRefused(str(problem)) from None


def _has_pings(conn: Connection, programme_id: int, period: Period) -> bool:
    days = ping_part.c.local_date.between(period.start, period.end)
    return (
        conn.execute(select(ping_part.c.id).where(ping_part.c.programme_id == programme_id, days).limit(1)).first()
        is not None
    )


def _withdraw(conn: Connection, programme_id: int, month: str, actor: str, because: str) -> bool:
    gone = conn.execute(delete(confirmed_month).where(_c.programme_id == programme_id, _c.month == month)).rowcount
    if gone:
        _note(conn, actor, "month confirmation withdrawn", programme_id, {"month": month, "because": because})
    return bool(gone)


def _note(conn: Connection, actor: str, event: str, programme_id: int, detail: dict[str, Any]) -> None:
    audit.record(conn, actor=actor, event=event, programme_id=programme_id, detail=detail)


class Watch:
    """The minutes of confirmed months before a change; afterwards those that moved lose their confirmation."""

    def __init__(self, conn: Connection, programme_id: int, period: Period | None) -> None:
        self._conn, self._programme_id = conn, programme_id
        months = conn.execute(select(_c.month).where(_c.programme_id == programme_id)).scalars()
        wanted = set(period.months()) if period else None
        self._months = sorted(m for m in months if wanted is None or m in wanted)
        self._before = {month: self._minutes(month) for month in self._months}

    def withdraw_changed(self, actor: str, because: str) -> tuple[str, ...]:
        """The months whose confirmation went, each with an audit row that says what changed them."""
        changed = [m for m in self._months if not _same(self._before[m], self._minutes(m))]
        for month in changed:
            _withdraw(self._conn, self._programme_id, month, actor, because)
        return tuple(changed)

    def _minutes(self, month: str) -> dict[tuple[Any, ...], tuple[float, ...]]:
        v = visit.c
        first = parse_month(month)
        period = month_period(month)
        rows = self._conn.execute(
            select(
                v.area_id, v.provider, v.team, v.local_date, v.counts_as_visit, func.count(),
                func.sum(v.patrol_minutes), func.sum(v.person_minutes),
            )
            .where(v.programme_id == self._programme_id, v.local_date.between(first, period.end))
            .group_by(v.area_id, v.provider, v.team, v.local_date, v.counts_as_visit)
        )  # fmt: skip
        return {tuple(row[:5]): tuple(float(n) for n in row[5:]) for row in rows}


def _same(one: dict[Any, tuple[float, ...]], other: dict[Any, tuple[float, ...]]) -> bool:
    return one.keys() == other.keys() and all(
        abs(a - b) <= _SAME_MINUTES for key in one for a, b in zip(one[key], other[key], strict=True)
    )

"""Raw positions do not stay for ever: months that were confirmed long enough ago lose them and keep their visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Row, select, update

from data_access import audit, ping_store
from data_access.engine import utc_now
from data_access.schema import confirmed_month, load, ping_part, programme, reject
from domain.periods import month_period

RAW_EXPIRED = "(not kept: the positions of its day or file have expired)"


@dataclass(frozen=True)
class ExpiredMonth:
    """Positions of one confirmed month that went, or with a dry run would go."""

    programme: str
    month: str
    pings: int
    files: int


@dataclass(frozen=True)
class StoreCheck:
    """problems : a sentence for each file that is missing or damaged. strangers : paths that no load names."""

    files: int
    pings: int
    problems: list[str]
    strangers: list[str]


def expire(engine: Engine, days: int, *, dry_run: bool = False, now: datetime | None = None) -> list[ExpiredMonth]:
    """Remove the positions of every month confirmed ``days`` days ago or earlier, in all programmes."""
    before = (now or utc_now()) - timedelta(days=days)
    found: list[ExpiredMonth] = []
    for programme_id, code in _programmes(engine):
        with ping_store.transaction(engine) as conn:
            ping_store.finish_interrupted(conn, programme_id)
            c = confirmed_month.c
            due = select(c.month).where(c.programme_id == programme_id, c.confirmed_at <= before).order_by(c.month)
            for month in conn.execute(due).scalars().all():
                parts = ping_store.parts(conn, programme_id, period=month_period(month))
                if parts:
                    found.append(ExpiredMonth(code, month, sum(p.pings for p in parts), len(parts)))
                    if not dry_run:
                        _expire(conn, programme_id, found[-1], parts)
    return found


def _programmes(engine: Engine) -> list[tuple[int, str]]:
    with engine.connect() as conn:
        rows = conn.execute(select(programme.c.id, programme.c.code).order_by(programme.c.code))
        return [(row.id, row.code) for row in rows]


def _expire(conn: Connection, programme_id: int, month: ExpiredMonth, parts: Sequence[Row]) -> None:
    ping_store.expire(conn, programme_id, parts, utc_now())
    # Rejected rows are kept word for word, positions included: they go with the last of their file's positions.
    held = select(ping_part.c.load_id).where(ping_part.c.expired_at.is_(None))
    loads = [part.load_id for part in parts]
    gone = select(load.c.id).where(load.c.id.in_(loads), load.c.id.not_in(held))
    conn.execute(update(reject).where(reject.c.load_id.in_(gone)).values(raw=RAW_EXPIRED))
    detail = {"month": month.month, "pings": month.pings, "files": month.files}
    audit.record(conn, actor="retention rule", event="pings expired", programme_id=programme_id, detail=detail)


def check(engine: Engine) -> StoreCheck:
    """Read every file of the store; what the database names must be there and whole."""
    files = pings = 0
    problems: list[str] = []
    strangers: list[str] = []
    for programme_id, _ in _programmes(engine):
        with engine.connect() as conn:
            parts = ping_store.parts(conn, programme_id)
            files, pings = files + len(parts), pings + sum(part.pings for part in parts)
            problems += ping_store.damaged(conn, programme_id)
            strangers += ping_store.strangers(conn, programme_id)
    return StoreCheck(files, pings, problems, strangers)


def sweep(engine: Engine) -> list[str]:
    """Remove the files of the store's programmes that no load names; returns their paths."""
    removed: list[str] = []
    for programme_id, _ in _programmes(engine):
        # Under the writing lock nobody else's files can be on their way.
        with ping_store.transaction(engine) as conn:
            ping_store.finish_interrupted(conn, programme_id)
            found = ping_store.strangers(conn, programme_id)
            ping_store.forget(conn, programme_id, found)
            removed += found
    return removed

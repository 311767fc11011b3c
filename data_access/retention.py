"""Raw positions do not stay for ever: months that were confirmed long enough ago lose them and keep their visits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, bindparam, func, or_, select, update

from data_access import audit, ping_store
from data_access.engine import utc_now
from data_access.schema import confirmed_month, load, ping_part, programme, reject
from domain.periods import month_end, month_of, month_period

RAW_EXPIRED = "(not kept: the positions of its day or file have expired)"
# Reasons quote the cell that could not be used; the accuracy that is too poor stands there without quotation marks.
_QUOTED = re.compile(r"“.*”|“.*", re.DOTALL)
_ACCURACY = re.compile(r"^Accuracy .* m is worse than")
_CELL_GONE = "The cell (not kept)"


@dataclass(frozen=True)
class ExpiredMonth:
    """Positions of one confirmed month that went, or with a dry run would go."""

    programme: str
    month: str
    pings: int
    files: int


@dataclass(frozen=True)
class ExpiredTexts:
    """Rejected rows of one file of positions whose words went, or with a dry run would go."""

    programme: str
    load_id: int
    file_name: str
    rows: int


@dataclass(frozen=True)
class Expired:
    """What one run of the retention rule removed, or with a dry run would remove."""

    months: list[ExpiredMonth] = field(default_factory=list)
    texts: list[ExpiredTexts] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.months or self.texts)


@dataclass(frozen=True)
class StoreCheck:
    """problems : a sentence for each file that is missing or damaged. strangers : paths that no load names."""

    files: int
    pings: int
    problems: list[str]
    strangers: list[str]


def expire(engine: Engine, days: int, *, dry_run: bool = False, now: datetime | None = None) -> Expired:
    """Remove the positions of every month confirmed ``days`` days ago or earlier, in all programmes.

    With them go the words of rejected rows: those of a file, current or replaced, once no month it reaches into
    holds positions any more.
    """
    before = (now or utc_now()) - timedelta(days=days)
    found = Expired()
    for programme_id, code in _programmes(engine):
        with ping_store.transaction(engine) as conn:
            ping_store.finish_interrupted(conn, programme_id)
            c = confirmed_month.c
            query = select(c.month).where(c.programme_id == programme_id, c.confirmed_at <= before).order_by(c.month)
            due = list(conn.execute(query).scalars())
            for month in due:
                parts = ping_store.parts(conn, programme_id, period=month_period(month))
                if parts:
                    found.months.append(ExpiredMonth(code, month, sum(p.pings for p in parts), len(parts)))
                    if not dry_run:
                        _expire(conn, programme_id, found.months[-1], parts)
            for row in _texts_due(conn, programme_id, set(due), before):
                found.texts.append(ExpiredTexts(code, row.id, row.file_name, row.rows))
                if not dry_run:
                    _expire_texts(conn, programme_id, found.texts[-1])
    return found


def _programmes(engine: Engine) -> list[tuple[int, str]]:
    with engine.connect() as conn:
        rows = conn.execute(select(programme.c.id, programme.c.code).order_by(programme.c.code))
        return [(row.id, row.code) for row in rows]


def _expire(conn: Connection, programme_id: int, month: ExpiredMonth, parts: Sequence[Row]) -> None:
    ping_store.expire(conn, programme_id, parts, utc_now())
    detail = {"month": month.month, "pings": month.pings, "files": month.files}
    audit.record(conn, actor="retention rule", event="pings expired", programme_id=programme_id, detail=detail)


def _texts_due(conn: Connection, programme_id: int, due: set[str], before: datetime) -> list[Row]:
    """Loads [id, file_name, rows] with words of rejected rows to remove.

    By the load's own months and not by its files in the store: a replaced load, or one of nothing but duplicates, has
    none. A load that reaches into months without any positions waits out the time from its loading.
    """
    days = select(ping_part.c.local_date, ping_part.c.expired_at.is_(None)).where(
        ping_part.c.programme_id == programme_id
    )
    months: dict[str, bool] = {}  # whether positions will still be held when this run is over
    for day, held in conn.execute(days.distinct()):
        month = month_of(day)
        months[month] = months.get(month, False) or bool(held and month not in due)
    c = load.c
    loads = conn.execute(
        select(c.id, c.file_name, c.period_from, c.period_to, c.loaded_at, func.count().label("rows"))
        .join(reject, reject.c.load_id == c.id)
        .where(c.programme_id == programme_id, c.kind == "pings", _wordy())
        .group_by(c.id, c.file_name, c.period_from, c.period_to, c.loaded_at)
        .order_by(c.id)
    )
    return [row for row in loads if _is_due(row, months, before)]


def _is_due(row: Row, months: dict[str, bool], before: datetime) -> bool:
    inside = []
    if row.period_from and row.period_to:
        first, last = row.period_from.replace(day=1), month_end(row.period_to.replace(day=1))
        inside = [held for month, held in months.items() if first <= month_period(month).start <= last]
    return not any(inside) if inside else bool(row.loaded_at <= before)


def _wordy() -> ColumnElement[bool]:
    r = reject.c
    return or_(r.raw != RAW_EXPIRED, r.reason.contains("“"), and_(r.field == "accuracy", r.reason.like("Accuracy %")))


def _expire_texts(conn: Connection, programme_id: int, gone: ExpiredTexts) -> None:
    r = reject.c
    rows = conn.execute(select(r.id, r.reason).where(r.load_id == gone.load_id, _wordy())).all()
    change = update(reject).where(r.id == bindparam("row")).values(raw=RAW_EXPIRED, reason=bindparam("said"))
    conn.execute(change, [{"row": row.id, "said": without_cells(row.reason)} for row in rows])
    detail = {"load": gone.load_id, "file_name": gone.file_name, "rows": gone.rows}
    event = "rejected rows expired"
    audit.record(conn, actor="retention rule", event=event, programme_id=programme_id, detail=detail)


def without_cells(reason: str) -> str:
    """A reason without the row's own words: from the first quotation mark to the last, or to the end if none closes."""
    return _ACCURACY.sub("The accuracy is worse than", _QUOTED.sub(_CELL_GONE, reason))[:300]


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

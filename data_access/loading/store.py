"""Rows into tables: the load's own record, its rejected rows, its rows, what it replaces. The caller holds the transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Date, DateTime, Integer, RowMapping, Table, delete, insert, select, update
from sqlalchemy.types import BigInteger

from data_access import audit
from data_access import schema as s
from data_access.engine import utc_now
from data_access.loading.table import DUPLICATE, GOOD, REJECTED, Rows

CHUNK = 20_000
CURRENT, SUPERSEDED = "current", "superseded"
Progress = Callable[[str, int, int], None]  # what is being done, rows done, rows in all


def same_file(conn: Connection, programme_id: int | None, kind: str, sha256: str) -> RowMapping | None:
    """The load that read this very content, a current one first."""
    if programme_id is None:
        return None
    found = conn.execute(
        select(s.load)
        .where(s.load.c.programme_id == programme_id, s.load.c.kind == kind, s.load.c.sha256 == sha256)
        .order_by((s.load.c.status == CURRENT).desc(), s.load.c.id.desc())
        .limit(1)
    )
    return found.mappings().first()


def current_loads(
    conn: Connection,
    programme_id: int,
    kind: str,
    *,
    source: str | None = None,
    period: tuple[date, date] | None = None,
) -> list[RowMapping]:
    """Current loads of a kind, of a source where given, whose period meets ``period`` where given."""
    query = select(s.load).where(
        s.load.c.programme_id == programme_id, s.load.c.kind == kind, s.load.c.status == CURRENT
    )
    if source is not None:
        query = query.where(s.load.c.source == source)
    if period is not None:
        query = query.where(s.load.c.period_from <= period[1], s.load.c.period_to >= period[0])
    return list(conn.execute(query.order_by(s.load.c.id)).mappings())


def record_load(
    conn: Connection,
    *,
    programme_id: int,
    kind: str,
    source: str,
    file_name: str,
    sha256: str,
    rows: Rows,
    period: tuple[date, date] | None,
    actor: str,
    difference: dict[str, Any] | None,
) -> int:
    """The load's row, its rejected rows and the audit row; returns the load's id."""
    counts = {
        "rows_read": rows.read,
        "rows_loaded": rows.count(GOOD),
        "rows_duplicate": rows.count(DUPLICATE),
        "rows_rejected": rows.count(REJECTED),
    }
    load_id = conn.execute(
        insert(s.load).values(
            programme_id=programme_id,
            kind=kind,
            source=source[:120],
            file_name=file_name,
            sha256=sha256,
            period_from=period[0] if period else None,
            period_to=period[1] if period else None,
            **counts,
            status=CURRENT,
            difference=difference,
            notes=rows.notes,
            loaded_at=utc_now(),
            loaded_by=actor[:120],
        )
    ).inserted_primary_key[0]
    rejects = rows.rejects()
    if rejects:
        conn.execute(insert(s.reject), [{"load_id": load_id, **row} for row in rejects])
    audit.record(
        conn,
        actor=actor,
        event="file loaded",
        programme_id=programme_id,
        detail=_audited(kind, file_name, sha256, counts),
    )
    return int(load_id)


def _audited(kind: str, file_name: str, sha256: str, counts: dict[str, int]) -> dict[str, Any]:
    named = {name: counts[name] for name in ("rows_read", "rows_loaded")}
    return {"kind": kind, "file_name": file_name, "sha256": sha256, **named}


def update_notes(conn: Connection, load_id: int, notes: list[str]) -> None:
    conn.execute(update(s.load).where(s.load.c.id == load_id).values(notes=notes))


def supersede(conn: Connection, old_ids: list[int], new_id: int) -> None:
    if old_ids:
        conn.execute(update(s.load).where(s.load.c.id.in_(old_ids)).values(status=SUPERSEDED, superseded_by=new_id))


def delete_rows(conn: Connection, table: Table, load_ids: list[int]) -> None:
    if load_ids:
        conn.execute(delete(table).where(table.c.load_id.in_(load_ids)))


def insert_frame(
    conn: Connection, table: Table, frame: pd.DataFrame, *, progress: Progress | None = None, **fixed: Any
) -> None:
    """Insert the columns of ``frame`` that ``table`` has, with ``fixed`` values on every row."""
    names = [name for name in frame.columns if name in table.c]
    statement, total = insert(table), len(frame)
    for start in range(0, total, CHUNK):
        part = frame.iloc[start : start + CHUNK]
        columns = [_python_values(part[name], table.c[name].type) for name in names]
        rows = zip(*columns, strict=True)
        conn.execute(statement, [dict(zip(names, row, strict=True)) | fixed for row in rows])
        if progress:
            progress("storing rows", min(start + CHUNK, total), total)


def _python_values(column: pd.Series, sql_type: Any) -> list[Any]:
    """Plain Python values the driver takes, missing as None."""
    missing = column.isna()
    if missing.all():
        return [None] * len(column)
    if isinstance(sql_type, Date | DateTime):
        times = pd.to_datetime(column)
        plain = times.dt.date if isinstance(sql_type, Date) else pd.Series(times.dt.to_pydatetime(), index=column.index)
        return plain.astype(object).where(~missing, None).tolist()
    if isinstance(sql_type, Integer | BigInteger):
        return [None if gap else int(value) for value, gap in zip(column, missing, strict=True)]
    return column.astype(object).where(~missing, None).tolist()

"""One engine a process; SQLite made safe for several workers; UTC clock in one place."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import Engine, create_engine, event

from settings import load_settings


def utc_now() -> datetime:
    """Now, in UTC, without zone: the form every DateTime column keeps."""
    return datetime.now(UTC).replace(tzinfo=None)


def make_engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate_when_writing)
    return engine


def _prepare_sqlite(connection: object, _record: object) -> None:
    # pysqlite's own BEGIN comes too late to cover DDL and SELECT; SQLAlchemy emits ours instead.
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=30000", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate_when_writing(connection: object) -> None:
    # A load reads before it writes; a deferred transaction could then fail with SQLITE_BUSY half way.
    immediate = connection.get_execution_options().get("writing", False)  # type: ignore[attr-defined]
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")  # type: ignore[attr-defined]


@lru_cache(maxsize=4)
def _engine_for(url: str) -> Engine:
    return make_engine(url)


def get_engine() -> Engine:
    """The engine of the configured database (DATABASE_URL)."""
    return _engine_for(load_settings().database_url)


def writing(engine: Engine | None = None) -> Engine:
    """The same engine for ``with writing().begin() as conn``: takes SQLite's write lock at once."""
    return (engine or get_engine()).execution_options(writing=True)

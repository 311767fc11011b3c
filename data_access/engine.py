"""One engine a process; SQLite and PostgreSQL made to behave alike with several workers; UTC clock in one place."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import Engine, create_engine, event, make_url

from settings import load_settings

# What a writer has to itself. SQLite knows one lock for everything; on PostgreSQL a long load does not keep
# people from signing in.
DATA, ACCOUNTS = "data", "accounts"
WAIT_S = 30  # for another's lock
_POSTGRES_LOCKS = {DATA: 2_017_052_301, ACCOUNTS: 2_017_052_302}


def utc_now() -> datetime:
    """Now, in UTC, without zone: the form every DateTime column keeps."""
    return datetime.now(UTC).replace(tzinfo=None)


def make_engine(url: str) -> Engine:
    # A query function sees one state of the data from its first statement to its last: SQLite's way, said to others.
    others = {} if make_url(url).get_backend_name() == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    engine = create_engine(url, pool_pre_ping=True, **others)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _lock_when_writing)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate_when_writing)
    return engine


def _prepare_sqlite(connection: object, _record: object) -> None:
    # pysqlite's own BEGIN comes too late to cover DDL and SELECT; SQLAlchemy emits ours instead.
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute(f"PRAGMA busy_timeout={WAIT_S * 1000}")
    _write_ahead(cursor)
    for pragma in ("foreign_keys=ON", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Of several that open a new database at once one changes its journal; SQLite refuses the others without waiting."""
    until = time.monotonic() + WAIT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as problem:
            if "locked" not in str(problem) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _begin_immediate_when_writing(connection: object) -> None:
    # A load reads before it writes; a deferred transaction could then fail with SQLITE_BUSY half way.
    immediate = connection.get_execution_options().get("writing", False)  # type: ignore[attr-defined]
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")  # type: ignore[attr-defined]


def _lock_when_writing(connection: object) -> None:
    # Writers look before they write ("is this file loaded already?"), so they queue, as they do on SQLite.
    lock = connection.get_execution_options().get("writing")  # type: ignore[attr-defined]
    if lock:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRES_LOCKS[lock]})")  # type: ignore[attr-defined]


@lru_cache(maxsize=4)
def _engine_for(url: str) -> Engine:
    return make_engine(url)


def get_engine() -> Engine:
    """The engine of the configured database (DATABASE_URL)."""
    return _engine_for(load_settings().database_url)


def writing(engine: Engine | None = None, lock: str = DATA) -> Engine:
    """The same engine for ``with writing().begin() as conn``: nobody else writes ``lock`` until it ends."""
    engine = engine or get_engine()
    if engine.dialect.name == "postgresql":
        # A snapshot taken before the wait for the lock would not show what the one before us wrote.
        return engine.execution_options(writing=lock, isolation_level="READ COMMITTED")
    return engine.execution_options(writing=lock)

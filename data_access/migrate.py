"""Bring a database to the newest schema; safe when several workers start together."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from data_access.engine import get_engine

HEAD = "0008"  # newest file in migrations/versions; a test holds the two together
_PINGS_IN_TABLE = ("0001", "0002")  # revisions that kept pings as rows
_SCRIPTS = Path(__file__).with_name("migrations")


class MigrationError(RuntimeError):
    """The database cannot be used by this version of the portal; the message says what to do."""


def current_revision(conn: Connection) -> str | None:
    """The revision a database is at; None when the portal has never used it."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(engine: Engine | None = None) -> bool:
    """Create or upgrade every table; True when something changed. One SELECT when there is nothing to do."""
    engine = engine or get_engine()
    with engine.connect() as conn:
        if current_revision(conn) == HEAD:
            return False
    from data_access import ping_store  # imported late, like alembic: most starts need neither

    with ping_store.transaction(engine) as conn:
        # Whoever comes second waits here for the lock and then finds the work done.
        before = current_revision(conn)
        if before == HEAD:
            return False
        _run(conn)
        if before in _PINGS_IN_TABLE:
            _count_again(conn)
    if before in _PINGS_IN_TABLE and engine.dialect.name == "sqlite":
        _vacuum(engine)
    return True


def _count_again(conn: Connection) -> None:
    """Minutes by today's rules: the older version counted by fewer, and figures of both kinds must not mix."""
    from data_access.dosage import recompute_visits

    for programme_id in conn.execute(text("SELECT id FROM programme ORDER BY id")).scalars().all():
        recompute_visits(conn, programme_id)


def _vacuum(engine: Engine) -> None:
    """Positions that were rows are now free pages, where the retention rule would not reach them."""
    with closing(engine.raw_connection()) as raw, suppress(sqlite3.OperationalError):
        raw.cursor().execute("VACUUM")  # SQLAlchemy would begin a transaction, in which there can be none


def _run(conn: Connection) -> None:
    # Imported late: alembic costs 0.2 s and most starts have nothing to migrate.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, "head")
    except CommandError as problem:
        raise MigrationError(
            f"The database is at a revision this version of the portal does not know ({problem}). "
            "It was probably used by a newer version: run that version, or set DATABASE_URL to another database."
        ) from problem

"""Bring a database to the newest schema; safe when several workers start together."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from data_access.engine import get_engine, writing

HEAD = "0003"  # newest file in migrations/versions; a test holds the two together
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
    with writing(engine).begin() as conn:
        # Whoever comes second waits here for the lock and then finds the work done.
        if current_revision(conn) == HEAD:
            return False
        _run(conn)
    return True


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

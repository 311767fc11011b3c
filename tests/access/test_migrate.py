"""Migrations make the schema the code expects, once, whoever starts first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from data_access import migrate
from data_access.engine import make_engine
from data_access.schema import metadata


def test_head_is_the_newest_file() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).with_name("migrations")))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_migrations_make_exactly_the_schema(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    assert migrate.upgrade(engine) is True
    assert migrate.upgrade(engine) is False
    with engine.connect() as conn:
        context = MigrationContext.configure(conn)
        assert compare_metadata(context, metadata) == []


def test_workers_starting_together(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'together.sqlite3'}"
    with ThreadPoolExecutor(6) as pool:
        changed = list(pool.map(lambda _: migrate.upgrade(make_engine(url)), range(6)))
    assert sorted(changed) == [False] * 5 + [True]


def test_a_database_from_the_future_is_refused_with_words(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'future.sqlite3'}")
    migrate.upgrade(engine)
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.MigrationError, match="newer version"):
        migrate.upgrade(engine)

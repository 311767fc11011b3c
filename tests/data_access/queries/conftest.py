"""A database of its own for each test, found the way the portal finds it: through DATABASE_URL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine

from domain.filters import Filters
from domain.periods import Period
from domain.roles import Role
from domain.scope import Scope, scope_for, server_scope
from tests.factories import Maker, new_database


@pytest.fixture
def engine(tmp_path, monkeypatch) -> Iterator[Engine]:
    path = tmp_path / "portal.sqlite3"
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    engine = new_database(path)
    yield engine
    engine.dispose()


@pytest.fixture
def server() -> Scope:
    return server_scope("test")


@pytest.fixture
def manager() -> Scope:
    return scope_for("mary@example.org", Role.MANAGER, frozenset({"TEST"}))


@pytest.fixture
def funder() -> Scope:
    return scope_for("fred@example.org", Role.FUNDER, frozenset({"TEST"}))


@pytest.fixture
def stranger() -> Scope:
    """A manager of another programme."""
    return scope_for("sam@example.org", Role.MANAGER, frozenset({"OTHER"}))


@pytest.fixture
def programme(engine):
    """``with programme() as m``: a programme with three hot spots, open for writing."""

    def begin(**changes):
        connection = engine.begin()

        class Opened:
            def __enter__(self) -> Maker:
                maker = Maker(connection.__enter__(), **changes)
                maker.areas()
                return maker

            def __exit__(self, *exc):
                return connection.__exit__(*exc)

        return Opened()

    return begin


@pytest.fixture
def asked():
    """Filters of TEST: ``asked("2023-02-01", "2023-03-31", "HS1")``."""

    def make(start: str, end: str, *spots: str) -> Filters:
        return Filters("TEST", Period(date.fromisoformat(start), date.fromisoformat(end)), spots)

    return make

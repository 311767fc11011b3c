"""A register in a migrated database of its own, and the people who work on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine

from data_access.engine import make_engine
from data_access.migrate import upgrade
from data_access.programmes import data_as_at
from data_access.returns.signing import Frozen
from domain.roles import Role
from domain.scope import Scope, scope_for, server_scope
from tests.factories import PROGRAMME, Maker

MONTH = "2023-06"
PEOPLE = {
    "mary": Role.MANAGER, "ben": Role.MANAGER, "olive": Role.APPROVER, "fay": Role.FINANCE, "fred": Role.FUNDER,
}  # fmt: skip


def person(name: str, code: str = "TEST") -> Scope:
    return scope_for(f"{name}@example.org", PEOPLE[name], frozenset({code, "SHORT"}))


def frozen(contents: dict[str, object] | None = None, code: str = "TEST", template: str = "standard") -> Frozen:
    """What a check freezes; the register does not look inside."""
    held = contents or {"kind": "return", "text": "Siân’s words"}
    return Frozen(
        contents=held, figures={"chart": {"data": []}}, contents_sha256=hashlib.sha256(repr(held).encode()).hexdigest(),
        data_sha256=data_as_at(server_scope("test"), code).data_sha256, template_name=template, template_version=1,
        code_version="0.1.0+test", checks=[{"key": "outliers", "findings": []}], measures={"crimes": 17.0},
    )  # fmt: skip


def load(engine: Engine) -> None:
    """Another file of crimes for TEST."""
    with engine.begin() as conn:
        maker = Maker.__new__(Maker)
        maker.conn, maker.programme_id, maker._row = conn, 1, 99
        maker.load("crimes", date(2023, 6, 1), date(2023, 6, 30), text="more")


@pytest.fixture
def engine(tmp_path, monkeypatch) -> Iterator[Engine]:
    path = tmp_path / "portal.sqlite3"
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.begin() as conn:
        Maker(conn).areas()
        Maker(conn, code="SHORT", name="Short city", fund={**PROGRAMME["fund"], "return_template": "short"}).areas()
    yield engine
    engine.dispose()

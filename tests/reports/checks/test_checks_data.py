"""Confirmed, whole and settled data pass; what is not needs a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from data_access import schema
from data_access.engine import make_engine
from domain.scope import Scope
from reports.checks.data_checks import provisional_data, unconfirmed_loads
from reports.checks.looked import Looked
from reports.checks.model import Severity
from reports.model import ReturnContents
from tests.copying import copy_folder


def test_a_month_nobody_confirmed_needs_a_reason_and_a_confirmed_one_none(
    scope: Scope, contents: ReturnContents, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = unconfirmed_loads(Looked(scope, contents, {})).findings
    assert found.severity is Severity.REASON
    assert found.sentence.startswith("Oct 2023 is not confirmed")
    copy_folder(database, tmp_path / "copy")
    address = f"sqlite:///{tmp_path / 'copy' / 'portal.sqlite3'}"
    engine = make_engine(address)
    with engine.begin() as conn:
        p, c = schema.programme.c, schema.crime.c
        programme_id = conn.execute(select(p.id).where(p.code == "TEST")).scalar_one()
        values = {"month": "2023-10", "confirmed_at": datetime(2023, 11, 5), "confirmed_by": "ann"}
        conn.execute(insert(schema.confirmed_month).values(programme_id=programme_id, **values))
        # An extract of three records where about ten a month are usual is no chance; the copies make it many times that.
        rows = conn.execute(select(schema.crime).where(c.programme_id == programme_id)).mappings().all()
        for copy in range(1, 9):
            kept = [{**r, "row_number": r["row_number"] + copy * 100_000} for r in rows if r["month"] != "2023-08"]
            conn.execute(insert(schema.crime), [{k: v for k, v in r.items() if k != "id"} for r in kept])
    engine.dispose()
    monkeypatch.setenv("DATABASE_URL", address)
    result = unconfirmed_loads(Looked(scope, contents, {}))
    (short,) = result.findings
    assert short.key.startswith("loads:short 2023-08:")
    assert "under-supplied" in short.sentence
    assert "14 months" in result.about


@pytest.mark.parametrize(("month", "is_provisional"), [("2023-10", False), ("2023-11", True), ("2023-12", True)])
def test_a_month_in_the_provisional_band_needs_a_reason(
    scope: Scope, contents: ReturnContents, month: str, is_provisional: bool
) -> None:
    result = provisional_data(Looked(scope, replace(contents, month=month), {}))
    assert "the last 6 weeks" in result.about
    assert "reaches 31 Dec 2023" in result.about
    assert [f.severity for f in result.findings] == ([Severity.REASON] if is_provisional else [])
    if is_provisional:
        assert "from 19 Nov 2023" in result.findings[0].sentence


def test_no_recorded_crime_is_said(
    scope: Scope, contents: ReturnContents, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_folder(database, tmp_path / "copy")
    address = f"sqlite:///{tmp_path / 'copy' / 'portal.sqlite3'}"
    engine = make_engine(address)
    with engine.begin() as conn:
        conn.execute(delete(schema.crime))
        conn.execute(delete(schema.load).where(schema.load.c.kind == "crimes"))
    engine.dispose()
    monkeypatch.setenv("DATABASE_URL", address)
    (found,) = provisional_data(Looked(scope, contents, {})).findings
    assert found.sentence.startswith("Not checked: no recorded crime is loaded")

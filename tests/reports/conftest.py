"""A small programme with two years of data in a real SQLite database, and its return built once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from data_access.case_studies import text_sha256
from data_access.engine import make_engine
from data_access.schema import metadata
from domain.scope import Scope, server_scope
from reports.contents import build_contents
from reports.model import ReturnContents
from tests.factories import PROGRAMME, Maker

CODE, MONTH = "TEST", "2023-10"
DOCUMENT = {
    **PROGRAMME,
    "fund": {**PROGRAMME["fund"], "return_due_day": 15},
    "targets": [{"measure": "patrol person-hours", "financial_year": "2023-24", "value": 100, "unit": "hours"}],
    "selection_method": "Chosen <b>by</b> & for the test",
}


def fill(maker: Maker) -> None:
    """Crimes from 2021-01 to 2023-12; patrols, plan, costs and counts in late 2023."""
    maker.areas()
    maker.weights("Test edition")
    rows = []
    for index in range(36):
        first = date(2021 + index // 12, index % 12 + 1, 3)
        for spot, extra in (("HS1", 2), ("HS2", 1), ("HS3", 0)):
            rows += [
                {
                    "day": first + timedelta(days=n),
                    "spot": spot,
                    "minute": 900,
                    "harm": 10.0 + n,
                    "group": "Robbery" if n % 2 else "Violence",
                }
                for n in range(1 + extra + index % 3)
            ]
        rows.append({"day": first, "spot": "HS1", "asb": True})
        rows.append({"day": first, "spot": None, "harm": 5.0})
    maker.crimes(rows, period=(date(2021, 1, 1), date(2023, 12, 31)))
    maker.pings_load(date(2023, 9, 1), date(2023, 12, 31))
    plan = []
    for month in (9, 10, 11, 12):
        for day in range(1, 11):
            maker.visit("HS1", datetime(2023, month, day, 15, 0), 41.5)
            maker.visit("HS2", datetime(2023, month, day, 17, 0), 20.0, provider="police-overtime")
            maker.tracker_day(date(2023, month, day), "d1")
            plan.append({"spot": "HS1", "day": date(2023, month, day)})
            plan.append(
                {
                    "spot": "HS2",
                    "day": date(2023, month, day),
                    "provider": "police-overtime",
                    "abstracted_minutes": 10.0,
                    "abstraction_reason": "court",
                }
            )
    maker.plan(plan, period=(date(2023, 9, 1), date(2023, 12, 31)))
    maker.costs([
        ("2023-10", "outreach", "partner provider", "spend", 900.0), ("2023-10", "police-overtime", "police overtime", "spend", 700.0),
        ("2023-09", "outreach", "partner provider", "spend", 800.0), ("2023-11", None, "other", "forecast", 5000.0),
    ])  # fmt: skip
    maker.engagements(
        [(date(2023, 10, 2), "HS1", "outreach", "arrests", 3), (date(2023, 9, 2), "HS1", "outreach", "arrests", 2)]
    )
    text = {"title": "A quiet word", "situation": "S <i>x</i>", "action": "A", "outcome": "O"}
    sha = text_sha256("Safety", *text.values())
    approvals = [{"who": who, "role": "approver", "at": "2023-11-01T00:00:00", "sha256": sha} for who in ("one", "two")]
    maker.case_study("CS1", status="approved", approvals=approvals, text_sha256=sha, **text)
    maker.case_study("CS2", title="A draft that must stay inside")


def others(conn: Connection) -> None:
    """EARLY: live from the first month loaded. STEP: earlier months at two levels, then few. NONE: owes no return."""
    early = Maker(conn, DOCUMENT, code="EARLY", name="Early city", service={"name": "S", "live_from": "2021-06-01"})
    early.areas()
    early.crimes(
        [{"day": date(2021, month, 3), "spot": "HS1"} for month in range(6, 13)],
        period=(date(2021, 6, 1), date(2021, 12, 31)),
    )
    step = Maker(conn, DOCUMENT, code="STEP", name="Step city", service={"name": "S", "live_from": "2023-01-01"})
    step.areas()
    counts = [4] * 12 + [14] * 12 + [1] * 3
    step.crimes(
        [
            {"day": date(2021 + i // 12, i % 12 + 1, 1 + n), "spot": "HS1", "harm": 5.0}
            for i, count in enumerate(counts)
            for n in range(count)
        ],
        period=(date(2021, 1, 1), date(2023, 3, 31)),
    )
    # More claimed than spent in the year to date.
    step.costs(
        [("2023-02", "outreach", "partner provider", "spend", 900.0), ("2023-02", None, "other", "claim", 1200.0)]
    )
    short = {**DOCUMENT["fund"], "return_template": "short"}
    asked = Maker(
        conn, DOCUMENT, code="SHORT", name="Short city", fund=short, service={"name": "S", "live_from": "2021-06-01"}
    )
    asked.areas()
    asked.crimes(
        [{"day": date(2021, month, 3), "spot": "HS1", "harm": 5.0} for month in range(1, 13)],
        period=(date(2021, 1, 1), date(2021, 12, 31)),
    )
    asked.costs(
        [("2021-10", None, "other", "claim", 100.0), ("2021-10", "outreach", "partner provider", "spend", 150.0)]
    )
    none = Maker(conn, DOCUMENT, code="NONE", name="Open data city", fund={}, service={})
    none.areas()
    none.crimes([{"day": date(2021, 6, 3), "spot": "HS1"}], period=(date(2021, 6, 1), date(2021, 12, 31)))


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DATA_DIR of the programme's database."""
    folder = tmp_path_factory.mktemp("return")
    engine = make_engine(f"sqlite:///{folder / 'portal.sqlite3'}")
    metadata.create_all(engine)
    with engine.begin() as conn:
        fill(Maker(conn, DOCUMENT))
        others(conn)
    engine.dispose()
    return folder


@pytest.fixture
def scope(database: Path, monkeypatch: pytest.MonkeyPatch) -> Scope:
    monkeypatch.setenv("DATA_DIR", str(database))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{database / 'portal.sqlite3'}")
    monkeypatch.setenv("ACCENT_COLOUR", "#12436D")
    return server_scope("test")


@pytest.fixture(scope="session")
def contents(database: Path) -> ReturnContents:
    """The return of October 2023, before anybody wrote a narrative."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(database))
        patch.setenv("DATABASE_URL", f"sqlite:///{database / 'portal.sqlite3'}")
        return build_contents(server_scope("test"), CODE, MONTH)

"""A programme with Welsh and Polish names, long and with marks in them, its money and a submitted return; each document made once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from data_access import schema
from data_access.engine import make_engine
from domain.roles import Role
from domain.scope import Scope, scope_for
from reports.documents.model import Contents
from reports.documents.registry import DOCUMENTS
from tests.factories import Maker
from tests.reports.conftest import DOCUMENT, fill

CODE = "CYMRU"
AREA = "Gŵyl a Thŷ Ddŵr, Wyddgrug & <b>Żółć</b> – Łódź"
ISSUES = "Mae’r gwariant yn is: dwie zmiany odwołano."
CHOICES = {
    "board-page": "2023-10", "quarterly": "2023-24-q3", "year-end-statement": "2022-23", "reviewer-pack": "",
}  # fmt: skip
ROLES = {
    "board-page": Role.FUNDER, "quarterly": Role.FUNDER, "year-end-statement": Role.FINANCE, "reviewer-pack": Role.REVIEWER,
}  # fmt: skip
SPEND = [(f"2022-{m:02d}", 1000.0 + m) for m in range(10, 13)] + [(f"2023-{m:02d}", 1100.0 + m) for m in range(1, 4)]


def viewer(role: Role) -> Scope:
    return scope_for("reader@example.org", role, frozenset({CODE, "EMPTY", "FEW"}))


def _submitted(maker: Maker, month: str) -> None:
    """A submitted version as the register keeps it; signing itself is tested elsewhere."""
    pdf = f"the sealed file of {month}".encode()
    sha = hashlib.sha256(pdf).hexdigest()
    at = datetime(2023, 4, 14, 9, 30)
    common = {
        "programme_id": maker.programme_id, "month": month, "reasons": {}, "authors": ["ann@example.org"],
        "updated_at": at, "updated_by": "zofia@example.org",
    }  # fmt: skip
    maker._insert(
        schema.return_version, number=1, state="superseded", revision=6, narrative={}, correction_reason="", **common
    )
    version = maker._insert(
        schema.return_version, number=2, state="submitted", revision=7, narrative={"issues": ISSUES},
        correction_reason="A file came late.", pdf=pdf, pdf_sha256=sha, **common,
    )  # fmt: skip
    maker.conn.execute(
        insert(schema.return_step).values(
            version_id=version, action="submit", before="certified", after="submitted", actor="zofia@example.org",
            name="Zofia Wąż", role="manager", at=at, note="", revision=7, contents_sha256="c" * 64, pdf_sha256=sha,
        )
    )  # fmt: skip


def _fill(maker: Maker) -> None:
    fill(maker)
    maker.costs(
        [(month, "outreach", "partner provider", "spend", amount) for month, amount in SPEND]
        + [("2023-02", None, "other", "claim", 4000.0), ("2023-01", None, "other", "match", 250.5)]
        + [("2023-03", "outreach", "partner provider", "forecast", 1500.0)]
    )
    _submitted(maker, "2023-03")


@pytest.fixture(scope="session")
def documents_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DATA_DIR; EMPTY has nothing loaded, FEW a few crimes a month."""
    folder = tmp_path_factory.mktemp("documents")
    engine = make_engine(f"sqlite:///{folder / 'portal.sqlite3'}")
    schema.metadata.create_all(engine)
    fund = {**DOCUMENT["fund"], "grant_year": "2022-23", "award_gbp": 6000.0, "recipient": "Comisiynydd Łódź"}
    with engine.begin() as conn:
        _fill(Maker(
            conn, DOCUMENT, code=CODE, name=AREA, area_name=AREA, fund=fund, force="Heddlu Gŵyr a Łódzka Policja",
            marking="OFFICIAL-SENSITIVE", handling="I’w drin gan y rhaglen yn unig; tylko dla odbiorców programu",
        ))  # fmt: skip
        Maker(conn, DOCUMENT, code="EMPTY", name="Empty city", demonstration=False)
        few = Maker(conn, DOCUMENT, code="FEW", name="Few city")
        few.areas()
        few.weights("Test edition")
        rows = [
            {"day": datetime(y, m, 5).date(), "spot": "HS1", "harm": 31.0} for y in (2022, 2023) for m in range(1, 13)
        ]
        few.crimes(rows, period=(datetime(2022, 1, 1).date(), datetime(2023, 12, 31).date()))
    engine.dispose()
    return folder


@pytest.fixture
def here(documents_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The documents' database as the portal's own."""
    monkeypatch.setenv("DATA_DIR", str(documents_database))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{documents_database / 'portal.sqlite3'}")
    return documents_database


@dataclass(frozen=True)
class Made:
    contents: Contents
    path: Path


def newest(key: str) -> str:
    return CHOICES[key] or DOCUMENTS[key].choices(viewer(ROLES[key]), CODE)[0].key


@pytest.fixture(scope="session")
def made(documents_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Made]]:
    """Each document as one of its readers has it, and its PDF."""
    folder = tmp_path_factory.mktemp("documents-pdf")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(documents_database))
        patch.setenv("DATABASE_URL", f"sqlite:///{documents_database / 'portal.sqlite3'}")
        found = {}
        for key, document in DOCUMENTS.items():
            contents = document.contents(viewer(ROLES[key]), CODE, newest(key))
            path = folder / f"{key}.pdf"
            path.write_bytes(document.pdf(contents))
            found[key] = Made(contents, path)
        yield found

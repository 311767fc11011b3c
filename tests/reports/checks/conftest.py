"""What is asked of the database once for all tests of the checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.scope import server_scope
from reports.checks import run_checks
from reports.checks.looked import Looked
from reports.checks.model import CheckResult
from reports.checks.printed import Place
from reports.checks.reconciliation import recount
from reports.checks.recount import Known
from reports.model import ReturnContents


@contextmanager
def _settings(database: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(database))
        patch.setenv("DATABASE_URL", f"sqlite:///{database / 'portal.sqlite3'}")
        yield


@pytest.fixture(scope="session")
def known(database: Path, contents: ReturnContents) -> Mapping[Place, Known]:
    """What the return of October 2023 should print."""
    with _settings(database):
        return recount(Looked(server_scope("test"), contents, {}))


@pytest.fixture(scope="session")
def results(database: Path, contents: ReturnContents) -> tuple[CheckResult, ...]:
    """All checks of October 2023."""
    with _settings(database):
        return run_checks(server_scope("test"), contents, {"highlights": "Seventeen crimes were recorded."})

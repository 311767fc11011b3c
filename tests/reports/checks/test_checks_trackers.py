"""What GPS lacks is said: providers, days, gaps, and hot spots nobody was seen in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import delete, update

from data_access import schema
from data_access.engine import make_engine
from domain.scope import Scope
from reports.checks.looked import Looked
from reports.checks.model import CheckResult, Severity
from reports.checks.trackers import UPTIME_LEAST, gaps, trackers, untracked, unvisited
from reports.model import ReturnContents
from tests.copying import copy_folder


def _name(code: str) -> str:
    return code.title()


def _quality(tracked: float, gap: float) -> pd.DataFrame:
    return pd.DataFrame({"provider": ["outreach"], "tracked_minutes": [tracked], "gap_minutes": [gap]})


def test_a_planned_provider_without_positions_is_named() -> None:
    (found,) = untracked({"outreach": 40.0, "police": 400.0, "wardens": 0.0}, _quality(10.0, 0.0), _name, "Oct 2023")
    assert found.sentence == "Police had 400 planned minutes in Oct 2023 and no tracker data."
    assert found.severity is Severity.REASON


@pytest.mark.parametrize(("gap", "is_found"), [(4.0, False), (5.0, False), (6.0, True)])
def test_uptime_is_judged_at_its_threshold(gap: float, is_found: bool) -> None:
    assert UPTIME_LEAST == 0.95
    assert bool(gaps(_quality(100.0 - gap, gap), _name, "Oct 2023")) is is_found


def test_hot_spots_without_a_visit_are_named_together() -> None:
    frame = pd.DataFrame({"hot_spot_name": ["A", "B", "C"], "visits": [0, 3, 0]})
    (found,) = unvisited(frame, "Oct 2023")
    assert "A and C" in found.sentence
    assert unvisited(frame[frame["visits"] > 0], "Oct 2023") == []


def _changed(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *statements: object) -> None:
    copy_folder(database, tmp_path / "copy")
    address = f"sqlite:///{tmp_path / 'copy' / 'portal.sqlite3'}"
    engine = make_engine(address)
    with engine.begin() as conn:
        for statement in statements:
            conn.execute(statement)  # type: ignore[call-overload]
    engine.dispose()
    monkeypatch.setenv("DATABASE_URL", address)


def _found(result: CheckResult, part: str) -> str:
    return next(f.sentence for f in result.findings if f.key.startswith(f"trackers:{part}"))


def test_a_month_of_the_programme_is_looked_at_whole(scope: Scope, contents: ReturnContents) -> None:
    result = trackers(Looked(scope, contents, {}))
    assert "2 providers and 1 with trackers, 3 hot spots, 31 days" in result.about
    assert "Police overtime had 400 planned minutes" in _found(result, "no data of police-overtime")
    assert "Street outreach: GPS uptime was 92.3%" in _found(result, "gaps of outreach")
    assert "in Market" in _found(result, "hot spots without a visit")
    assert len(result.findings) == 3


def test_planned_days_without_a_position_are_named(
    scope: Scope, contents: ReturnContents, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [date(2023, 10, 3), date(2023, 10, 4)]
    elsewhere = date(2023, 10, 5)  # tracked, but inside no hot spot: the trackers worked
    v, t, p = schema.visit.c, schema.tracker_day.c, schema.plan.c
    _changed(
        database, tmp_path, monkeypatch,
        delete(schema.visit).where(v.local_date.in_([*days, elsewhere]), v.provider == "outreach"),
        delete(schema.tracker_day).where(t.local_date.in_(days)),
        # Called away for the whole of it: nothing to track.
        update(schema.plan).where(p.local_date == days[1], p.provider == "outreach").values(abstracted_minutes=40.0),
    )  # fmt: skip
    said = _found(trackers(Looked(scope, contents, {})), "days of outreach")
    assert said == "Street outreach sent no positions on 1 of 9 planned days of Oct 2023: 3 Oct 2023."


def test_a_month_without_tracker_files_is_not_all_fine(scope: Scope, contents: ReturnContents) -> None:
    result = trackers(Looked(scope, replace(contents, month="2023-06"), {}))
    (found,) = result.findings
    assert found.severity is Severity.REASON
    assert "no tracker files are loaded for Jun 2023" in found.sentence

"""What the evaluation rests on, from a database whose every row is known; and the count of what was tried."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError

from analysis.evaluation.record import Refusal
from analysis.evaluation.suite import SECTIONS
from data_access import schema
from data_access.crimes import crime_table
from data_access.engine import get_engine, writing
from data_access.evaluation import sections, tried
from data_access.evaluation.inputs import data_version, evaluation_inputs, inputs_of
from domain.filters import Filters
from domain.periods import Period
from domain.roles import Role
from domain.scope import OutOfScope, scope_for

BEFORE, DURING = Period(date(2022, 2, 1), date(2022, 12, 31)), Period(date(2023, 2, 1), date(2023, 12, 31))


@pytest.fixture(autouse=True)
def nothing_kept():
    """Rows are changed under the portal here, which loads would do with a new hash."""
    for kept in (inputs_of, sections._section):
        kept.cache_clear()
    tried._noted.clear()
    yield
    for kept in (inputs_of, sections._section):
        kept.cache_clear()


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """``changed(*statements)``: the portal on a changed copy of the database; other tests see nothing of it."""

    def make(*statements):
        path = tmp_path / "changed.sqlite3"
        engine = get_engine().execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.connection.cursor().execute(f"VACUUM INTO '{path}'")
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
        with writing().begin() as conn:
            for statement in statements:
                conn.execute(statement)

    return make


def test_cells_are_the_crimes_of_the_crime_table(server):
    found = evaluation_inputs(server, "TEST").cells
    for name, period in (("before", BEFORE), ("during", DURING)):
        part = found[found["window"] == name]
        expected = crime_table(server, Filters("TEST", period), ("hot_spot",)).set_index("hot_spot")["crimes"]
        assert part.groupby("hot_spot")["crimes"].sum().to_dict() == expected.to_dict()
        assert part["exposure_days"].sum() == 3 * period.days


def test_days_hold_every_hot_spot_and_day_and_lags_look_back(server):
    found = evaluation_inputs(server, "TEST").days
    assert len(found) == 3 * DURING.days
    spot = found[found["hot_spot"] == "HS2"].set_index("local_date")
    day = date(2023, 5, 10)
    assert spot.loc[day, "patrol_1_day_ago"] == float(spot.loc[day - timedelta(days=1), "patrol"])
    assert spot.loc[day, "patrol_tomorrow"] == float(spot.loc[day + timedelta(days=1), "patrol"])
    week = [spot.loc[day - timedelta(days=n), "whole_day"] for n in range(1, 8)]
    assert spot.loc[day, "previous_7_days"] == sum(week)
    assert spot.loc[date(2023, 12, 25), "holiday"] == 1
    assert spot["holiday"].sum() == 8  # with the day of the coronation
    assert found["planned_minutes"].isna().all()  # no plan is loaded


def test_minutes_count_inside_the_hours_of_the_service_only(server):
    """Visits of 40 minutes from 15:00 UTC; at 21:00 and for a minute there were others, which do not count."""
    found = evaluation_inputs(server, "TEST").days
    assert set(found.loc[found["patrol"], "patrol_minutes"]) == {40.0}
    assert (found.loc[~found["patrol"], "patrol_minutes"] == 0).all()


def test_a_missing_month_is_absent_and_not_zero(server, changed):
    changed(update(schema.load).where(schema.load.c.kind == "crimes").values(period_to=date(2023, 10, 31)))
    found = evaluation_inputs(server, "TEST")
    assert "2023-11" not in set(found.months["month"]) | set(found.cells["month"])
    assert max(found.days["local_date"]) == date(2023, 10, 31)
    assert all(sections.section(server, "TEST", name).records for name in SECTIONS)


def test_without_weights_harm_is_not_known_instead_of_nought(server, changed):
    changed(update(schema.crime).values(harm_days=None))
    found = evaluation_inputs(server, "TEST")
    assert found.scored.empty
    assert "harm weight" in found.why_empty("scored", "")
    assert found.days["harm_days"].isna().all()
    assert found.not_scored["during"] == found.cells.loc[found.cells["window"] == "during", "crimes"].sum()
    for name in SECTIONS:
        assert sections.section(server, "TEST", name).records
    assert isinstance(sections.section(server, "TEST", "harm").headline, Refusal)


def test_without_comparators_or_trackers_every_section_answers(server, changed):
    pings = schema.load.c.kind == "pings"
    changed(delete(schema.comparator), delete(schema.visit), delete(schema.load).where(pings))
    found = evaluation_inputs(server, "TEST")
    assert found.days.empty
    assert found.days_without_trackers == DURING.days
    assert "tracker data" in found.why_empty("days", "")
    assert "comparison places" in found.why_empty("places", "")
    for name in ("comparators", "patrol-days", "dosage-response"):
        assert isinstance(sections.section(server, "TEST", name).headline, Refusal)
    assert all(sections.section(server, "TEST", name).records for name in SECTIONS)


def test_month_only_data_have_no_days_and_no_rings_and_say_why(server):
    found = evaluation_inputs(server, "MONTHS")
    assert found.days.empty
    assert "name only the month" in found.why_empty("days", "")
    assert found.bands.empty
    assert "map point" in found.why_empty("bands", "")
    assert found.cells["crimes"].sum() > 0


def test_each_analysis_is_counted_once_and_a_version_of_the_data(server):
    before = tried.tried_count(server, "TEST").analyses
    made = sections.section(server, "TEST", "before-after")
    tried._noted.clear()  # as another worker would
    sections.section(server, "TEST", "before-after")
    found = tried.tried_count(server, "TEST")
    with get_engine().connect() as conn:
        rows = conn.execute(
            select(func.count()).where(
                schema.analysis_tried.c.section == "before-after",
                schema.analysis_tried.c.data_hash == data_version(server, "TEST"),
            )
        ).scalar_one()
    assert rows == 1
    assert found.analyses - before in (0, made.tried)  # 0 where an earlier test asked first
    assert f"{found.now:,} of them on the data as they are now" in found.sentence()


def test_a_database_that_cannot_be_written_still_answers(server, monkeypatch):
    def refuse(*_given):
        raise OperationalError("insert", {}, Exception("attempt to write a readonly database"))

    monkeypatch.setattr(tried, "_write", refuse)
    assert sections.section(server, "TEST", "before-after").records
    assert not tried._noted


def test_funders_get_neither_inputs_nor_sections(funder):
    for ask in (evaluation_inputs, lambda scope, code: sections.section(scope, code, "harm")):
        with pytest.raises(OutOfScope):
            ask(funder, "TEST")
    stranger = scope_for("reviewer@example.org", Role.REVIEWER, frozenset({"MONTHS"}))
    with pytest.raises(OutOfScope):
        evaluation_inputs(stranger, "TEST")

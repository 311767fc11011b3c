"""Costs says what is in nobody's rate and how far trackers alone could move one, from what is loaded and measured."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from analysis.dosage import shipped_bias
from components.view import View
from data_access import fair_rates, programmes
from domain.filters import Filters
from domain.periods import Period
from domain.scope import server_scope
from pages._fair_rates import fairness
from tests.factories import Maker, new_database


@pytest.fixture
def engine(tmp_path, monkeypatch):
    path = tmp_path / "portal.sqlite3"
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    made = new_database(path)
    yield made
    made.dispose()


def fill(engine, outreach_s: float, police_s: float) -> None:
    with engine.begin() as conn:
        m = Maker(conn)
        m.areas()
        m.pings_load(date(2024, 1, 1), date(2024, 1, 31))
        m.visit("HS1", datetime(2024, 1, 10, 14, 0), 100)
        m.tracker_day(date(2024, 1, 10), "walker", interval=outreach_s)
        m.tracker_day(date(2024, 1, 10), "radio", provider="police-overtime", interval=police_s)
        m.costs([("2024-01", None, "equipment", "spend", 310.0), ("2024-01", None, "training", "spend", 62.0),
                 ("2024-01", None, "training", "match", 999.0), ("2024-02", None, "training", "spend", 888.0),
                 ("2024-01", "outreach", "staff", "spend", 200.0)])  # fmt: skip


def view(end: int = 31) -> View:
    scope = server_scope("test")
    filters = Filters("TEST", Period(date(2024, 1, 1), date(2024, 1, end)))
    defaults = programmes.filter_defaults(scope, "TEST")
    return View(scope, programmes.get_programme(scope, "TEST"), filters, defaults, programmes.data_as_at(scope, "TEST"))


def test_shared_spend_of_the_period_is_told_by_category(engine):
    fill(engine, 30, 60)
    assert "£372 of shared spend is no provider's and in nobody's rate (equipment £310 and training £62)" in fairness(
        view()
    )
    half = view(15)
    assert fair_rates.shared_spend(half.scope, half.filters) == pytest.approx({"equipment": 150.0, "training": 30.0})


def test_errors_follow_the_trackers_own_intervals(engine):
    fill(engine, 30, 60)
    one = view()
    outreach, police = fair_rates.tracker_errors(one.scope, one.filters)
    assert (outreach.interval_s, police.interval_s, police.rate) == (30, 60, None)
    assert outreach.bias == shipped_bias.spread(30)
    assert outreach.rate == shipped_bias.rate_error(30, 60)
    said = fairness(one)
    assert "Street outreach every 30 seconds" in said
    assert "Police overtime every 60 seconds" in said
    assert f"{outreach.rate[1]:.1%}" in said
    assert "95% and hold tracker error only" in said


def test_with_other_trackers_other_errors_are_said(engine):
    fill(engine, 30, 300)
    wide = view()
    (rate,) = [e.rate for e in fair_rates.tracker_errors(wide.scope, wide.filters) if e.rate]
    assert rate[0] < shipped_bias.rate_error(30, 60)[0]

"""Costs: proration by days, matched months, rates, the ledgers apart, the grant's finances."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest

from data_access import costs
from domain.scope import OutOfScope

FEB = ("2023-02-01", "2023-02-28")


@pytest.fixture
def money(programme):
    with programme() as m:
        m.pings_load(date(2023, 2, 1), date(2023, 3, 31))
        m.visit("HS1", datetime(2023, 2, 1, 14, 0), 100)
        m.visit("HS2", datetime(2023, 2, 20, 14, 0), 50, persons=1)
        m.visit("HS1", datetime(2023, 3, 10, 14, 0), 30)
        m.visit("HS1", datetime(2023, 2, 3, 21, 0), 40, provider="police-overtime")
        m.visit("HS1", datetime(2023, 3, 3, 21, 0), 60, provider="police-overtime")
        m.costs([
            ("2023-02", "outreach", "partner provider", "spend", 300.0),
            ("2023-02", "outreach", "equipment", "spend", 42.0),
            ("2023-03", "outreach", "partner provider", "spend", 31.0),
            ("2023-02", "police-overtime", "police overtime", "spend", 135.2),
            ("2023-02", None, "analysis/tech", "spend", 500.0),
            ("2023-02", "outreach", "partner provider", "forecast", 9999.0),
            ("2023-05", "outreach", "partner provider", "spend", 77.0),
        ])  # fmt: skip


@pytest.mark.usefixtures("money")
def test_cost_over_minutes_by_provider(server, asked):
    found = costs.cost_by_provider(server, asked(*FEB)).set_index("provider")
    outreach = found.loc["outreach"]
    assert (outreach.cost_gbp, outreach.patrol_minutes, outreach.person_minutes) == (342, 150, 250)
    assert outreach.cost_per_patrol_minute_gbp == pytest.approx(2.28)
    assert outreach.cost_per_person_hour_gbp == pytest.approx(342 / (250 / 60))
    assert found.loc["police-overtime", "cost_per_patrol_minute_gbp"] == pytest.approx(3.38)


@pytest.mark.usefixtures("money")
def test_monthly_spend_is_split_by_days(server, asked):
    found = costs.cost_by_provider(server, asked("2023-02-15", "2023-03-10")).set_index("provider")
    assert found.loc["outreach", "cost_gbp"] == pytest.approx(342 * 14 / 28 + 31 * 10 / 31)
    assert found.loc["outreach", "patrol_minutes"] == 80


@pytest.mark.usefixtures("money")
def test_minutes_of_months_without_spend_do_not_cheapen_the_rate(server, asked):
    found = costs.cost_by_provider(server, asked("2023-02-01", "2023-03-31"))
    police = found.set_index("provider").loc["police-overtime"]
    assert police.patrol_minutes == 40
    assert police.cost_per_patrol_minute_gbp == pytest.approx(3.38)
    assert any("No spend is loaded for Police overtime in Mar 2023" in note for note in found.attrs["notes"])


@pytest.mark.usefixtures("money")
def test_spend_of_months_without_trackers_does_not_raise_the_rate(server, asked):
    found = costs.cost_by_provider(server, asked("2023-02-01", "2023-05-31")).set_index("provider")
    assert found.loc["outreach", "cost_gbp"] == pytest.approx(342 + 31)


@pytest.mark.usefixtures("money")
def test_costs_ignore_the_hot_spot_filter_and_say_so(server, asked):
    found = costs.cost_by_provider(server, asked(*FEB, "HS1"))
    assert found.loc[0, "patrol_minutes"] == 150
    assert "Costs are not recorded by hot spot" in found.attrs["notes"][0]


def test_no_minutes_give_no_rate_rather_than_infinity(programme, server, asked):
    with programme() as m:
        m.pings_load(date(2023, 2, 1), date(2023, 2, 28))
        m.visit("HS1", datetime(2023, 2, 1, 14, 0), 10, provider="police-overtime")
        m.costs([("2023-02", "outreach", "partner provider", "spend", 100.0)])
    found = costs.cost_by_provider(server, asked(*FEB)).set_index("provider")
    assert found.loc["outreach", "cost_gbp"] == 100
    assert pd.isna(found.loc["outreach", "cost_per_patrol_minute_gbp"])
    assert pd.isna(found.loc["police-overtime", "cost_gbp"])
    assert "no rates are compared" in costs.rate_comparison(server, asked(*FEB)).attrs["notes"][-1]


@pytest.mark.usefixtures("money")
def test_ledger_one_uses_unrounded_rates(server, asked):
    found = costs.rate_comparison(server, asked(*FEB))
    assert list(found["provider"]) == ["outreach"]
    row = found.iloc[0]
    assert row.reference_name == "Police overtime"
    assert row.difference_gbp == pytest.approx(1.10)
    assert row.percent_cheaper == pytest.approx(0.3254, abs=1e-4)
    assert row.delivery_cost_avoided_gbp == pytest.approx(1.10 * 150)


@pytest.mark.usefixtures("money")
def test_the_other_ledgers_have_no_value_and_say_why(server, asked):
    for ledger in (costs.response_cost_avoided, costs.social_cost_avoided):
        found = ledger(server, asked(*FEB))
        assert found.value_gbp is None
        assert "No unit costs" in found.reason


def test_finance_of_a_month(programme, server):
    with programme() as m:
        m.costs([
            ("2022-06", None, "a", "spend", 900.0),  # the year before
            ("2023-04", None, "a", "spend", 1000.0), ("2023-06", None, "a", "spend", 2000.10),
            ("2023-06", None, "b", "spend", 50.2), ("2023-07", None, "a", "spend", 4000.0),
            ("2023-06", None, "a", "forecast", 7.0), ("2023-07", None, "a", "forecast", 90000.0),
            ("2024-03", None, "b", "forecast", 10000.0), ("2024-04", None, "a", "forecast", 5.0),
            ("2023-05", None, "m", "match", 3050.3), ("2023-06", None, "c", "claim", 20.0),
        ])  # fmt: skip
    found = costs.finance(server, "TEST", "2023-06")
    assert found.financial_year == "2023-24"
    assert (found.award_gbp, found.spend_month_gbp, found.spend_to_date_gbp) == (120000, 2050.3, 3050.3)
    assert found.spend_same_month_last_year_gbp == 900
    assert (found.forecast_year_end_gbp, found.variance_gbp) == (103050.3, 16949.7)
    assert (found.match_month_gbp, found.match_to_date_gbp, found.match_share) == (None, 3050.3, 0.5)
    assert "match_month_gbp" in found.reasons
    assert (found.claim_month_gbp, found.claim_to_date_gbp) == (20, 20)
    assert [(c.category, c.spend_month_gbp, c.spend_to_date_gbp, c.forecast_rest_of_year_gbp) for c in found.by_category] == [
        ("a", 2000.1, 3000.1, 90000.0), ("b", 50.2, 50.2, 10000.0),
    ]  # fmt: skip


def test_finance_of_another_year_has_no_award_and_says_why(programme, server):
    with programme() as m:
        m.costs([("2022-06", None, "a", "spend", 900.0)])
    found = costs.finance(server, "TEST", "2022-06")
    assert found.award_gbp is None
    assert found.reasons["award_gbp"] == "No award is set for 2022-23."
    assert found.forecast_year_end_gbp is None
    assert found.variance_gbp is None
    with pytest.raises(ValueError, match="not a month"):
        costs.finance(server, "TEST", "2022-13")


@pytest.mark.usefixtures("money")
def test_scope(stranger, asked):
    for query in (
        costs.cost_by_provider,
        costs.rate_comparison,
        costs.response_cost_avoided,
        costs.social_cost_avoided,
    ):
        with pytest.raises(OutOfScope):
            query(stranger, asked(*FEB))
    with pytest.raises(OutOfScope):
        costs.finance(stranger, "TEST", "2023-02")

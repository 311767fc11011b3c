"""What a portal will find in the files: the published results, from rows and never from a constant."""

import tomllib
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo import crimes as crimes_module
from demo.offences import SCORED
from demo.schedule import make_schedule, patrolled_days
from domain.periods import Period, financial_year, parse_month
from domain.programme import parse_programme
from tests.demo.conftest import placed_crimes

BEFORE, DURING = Period(date(2022, 3, 21), date(2023, 2, 12)), Period(date(2023, 2, 13), date(2024, 1, 7))


def within(frame, period):
    return frame[(frame["day"] >= period.start) & (frame["day"] <= period.end)]


@pytest.fixture(scope="module")
def programme(paths):
    return parse_programme(tomllib.loads(paths["programme"][0].read_text()))


def test_programme_has_the_windows_of_the_note(programme):
    assert (programme.before.period, programme.during.period) == (BEFORE, DURING)
    assert BEFORE.days == DURING.days == 47 * 7
    assert programme.demonstration
    assert programme.baseline_overlap_days() == 135  # 1 October 2022 to 12 February 2023
    outreach = programme.provider("outreach")
    assert (outreach.dose_on(date(2022, 12, 1)), outreach.dose_on(date(2023, 6, 1))) == (15, 40)
    assert outreach.staff_per_patrol == 2


def totals(crimes, period):
    inside = within(crimes, period)
    inside = inside[inside["is_crime"] & inside["hot_spot"].notna()]
    return len(inside), inside["harm_days"].sum(), inside["harm_days"].isna().sum()


def test_crimes_and_harm_of_the_two_windows(crimes):
    assert totals(crimes, BEFORE) == (416, 60_314, 0)
    assert totals(crimes, DURING) == (252, 38_421, 0)


@pytest.mark.parametrize("seed", [1, 7])
def test_any_seed_is_calibrated(seed, paths):
    rows = crimes_module.crime_rows(seed, patrolled_days(make_schedule(seed)))
    frame = pd.DataFrame(rows, columns=list(crimes_module.HEADER))
    frame[["longitude", "latitude"]] = frame[["longitude", "latitude"]].replace("", "nan").astype(float)
    found = placed_crimes(frame, pd.read_csv(paths["weights"][0]))
    assert totals(found, BEFORE)[:2] == (416, 60_314)
    assert totals(found, DURING)[:2] == (252, 38_421)


@settings(max_examples=25, deadline=None)
@given(st.integers(80, 420), st.floats(0.85, 1.15), st.integers(0, 2**31))
def test_harm_is_matched_exactly_and_nearly_all_offences_stay(count, factor, seed):
    rng = np.random.default_rng(seed)
    mix = np.array([o.mix for o in SCORED])
    drawn = [SCORED[i] for i in rng.choice(len(SCORED), count, p=mix / mix.sum())]
    total = round(sum(o.harm_days for o in drawn) * factor)
    found = crimes_module.match_harm(drawn, total, rng)
    assert sum(o.harm_days for o in found) == total
    assert sum(a is not b for a, b in zip(drawn, found, strict=True)) <= 12


def test_an_unreachable_harm_is_refused():
    with pytest.raises(ValueError, match="No mix of 3 offences"):
        crimes_module.match_harm([SCORED[0]] * 3, 2, np.random.default_rng(1))


def test_enough_dated_crime_before_and_after_the_service_began(crimes):
    months = pd.to_datetime(crimes["occurred_from"]).dt.strftime("%Y-%m")
    assert (months.min(), months.max()) == ("2019-10", "2024-01")
    assert months[months < "2022-10"].nunique() >= 36
    assert months[months >= "2022-10"].nunique() >= 12


def test_extract_has_the_untidy_parts_real_ones_have(crimes):
    assert 0.01 < crimes["longitude"].isna().mean() < 0.05
    assert (~crimes["is_crime"] & crimes["hot_spot"].notna()).sum() > 1_000
    assert (crimes["is_crime"] & crimes["hot_spot"].isna()).sum() > 4_000
    hours = pd.to_datetime(crimes["occurred_to"]) - pd.to_datetime(crimes["occurred_from"])
    assert 0.05 < (hours >= pd.Timedelta(hours=2)).mean() < 0.25
    scored = crimes.loc[crimes["is_crime"] & crimes["hot_spot"].notna(), "harm_days"].notna()
    assert 0.98 < scored.mean() < 1
    assert crimes["crime_ref"].is_unique


def test_patrol_days_have_somewhat_fewer_crimes(crimes, visit_table):
    """The reading is by hot spot and day; the interval around it is wide, as it is in life."""
    patrolled = set(visit_table.loc[visit_table["counts"], ["hot_spot", "day"]].itertuples(index=False, name=None))
    inside = within(crimes[crimes["is_crime"] & crimes["hot_spot"].notna()], DURING)
    on = sum((spot, day) in patrolled for spot, day in zip(inside["hot_spot"], inside["day"], strict=True))
    cells = DURING.days * 7
    days_on = sum(DURING.start <= day <= DURING.end for _, day in patrolled)
    ratio = (on / days_on) / ((len(inside) - on) / (cells - days_on))
    assert 0.65 < ratio < 0.95
    assert 0.55 < days_on / cells < 0.85


def test_cost_per_patrol_minute(paths, visit_table):
    costs = pd.read_csv(paths["costs"][0])
    spend = costs[(costs["flow"] == "spend") & costs["provider"].notna()]
    cost = (spend["amount_gbp"] * spend["month"].map(DURING.share_of_month)).groupby(spend["provider"]).sum()
    counted = within(visit_table[visit_table["counts"]], DURING)
    rate = cost / counted.groupby("provider")["patrol_minutes"].sum()
    assert rate.round(2).to_dict() == {"outreach": 2.28, "police-dedicated": 2.91, "police-overtime": 3.38}
    assert round(100 * (1 - rate["outreach"] / rate["police-overtime"]), 1) == 32.5


def test_award_fits_what_was_spent_and_forecast(paths, programme):
    costs = pd.read_csv(paths["costs"][0])
    year = costs[costs["month"].between("2023-04", "2024-03")]
    spent = year.loc[year["flow"] == "spend", "amount_gbp"].sum()
    rest = year.loc[(year["flow"] == "forecast") & (year["month"] > "2024-01"), "amount_gbp"].sum()
    assert 0 < programme.award_gbp - spent - rest < 0.08 * programme.award_gbp


def test_claims_lag_behind_spend_in_every_month_of_every_year(paths):
    costs = pd.read_csv(paths["costs"][0])
    costs["year"] = [financial_year(parse_month(month)) for month in costs["month"]]
    for year, part in costs.groupby("year"):
        for month in sorted(part.loc[part["flow"] == "spend", "month"].unique()):
            to_date = part[part["month"] <= month].groupby("flow")["amount_gbp"].sum()
            assert to_date.get("claim", 0.0) <= to_date["spend"] + 0.05, (year, month)
    assert (costs["flow"] == "claim").sum() == 5


def test_no_provider_name_breaks_a_list(programme):
    assert not [provider.name for provider in programme.providers if "," in provider.name]


def test_dose_is_nearly_delivered_and_compliance_is_mixed(visit_table, plan):
    done, planned = within(visit_table[visit_table["counts"]], DURING), within(plan, DURING)
    delivered = done.groupby("provider")["patrol_minutes"].sum() / planned.groupby("provider")["planned_minutes"].sum()
    assert delivered.between(0.8, 0.97).all()
    dose = done["provider"].map({"outreach": 40.0, "police-dedicated": 15.0, "police-overtime": 15.0})
    compliance = (done["patrol_minutes"] >= dose).groupby(done["provider"]).mean()
    assert compliance.between(0.4, 0.8).all()
    pairs = done["person_minutes"].sum() / done["patrol_minutes"].sum()
    assert 1.8 < pairs < 2


def test_providers_hardly_ever_patrol_together(visit_table):
    together = 0.0
    for _, spot in visit_table.groupby("hot_spot"):
        spot = spot.sort_values("t_in")
        ends: dict[str, float] = {}
        for row in spot.itertuples():
            others = [end for provider, end in ends.items() if provider != row.provider]
            together += max([min(end, row.t_out) - row.t_in for end in others if end > row.t_in], default=0.0)
            ends[row.provider] = max(ends.get(row.provider, 0.0), row.t_out)
    share = together / 60_000 / visit_table["patrol_minutes"].sum()
    assert 0 < share < 0.01


def test_every_hot_spot_is_patrolled_and_some_wait_four_days(visit_table):
    days = visit_table[visit_table["counts"]].groupby("hot_spot")["day"].apply(lambda d: sorted(set(d)))
    assert len(days) == 7
    longest = {spot: max(np.diff([d.toordinal() for d in found])) for spot, found in days.items()}
    assert max(longest.values()) > 4

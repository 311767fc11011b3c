"""What the pages say: a missing figure is not "the same", a hidden one is not a total, part of a period is not all."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from analysis.evaluation.record import Refusal
from data_access import delivery, overview, trends
from data_access.crimes import crime_table
from data_access.evaluation.summary import evaluation_summary
from domain.filters import Filters
from domain.periods import Period

BEFORE, DURING = Period(date(2022, 2, 10), date(2022, 12, 20)), Period(date(2023, 2, 10), date(2023, 12, 20))
WINDOWS = {
    "before": {"from": BEFORE.start.isoformat(), "to": BEFORE.end.isoformat(), "label": "before"},
    "during": {"from": DURING.start.isoformat(), "to": DURING.end.isoformat(), "label": "during"},
}


@pytest.fixture
def two_years(programme):
    """Crimes on most days of 2022 and 2023, fewer at HS2 and HS3; windows that cut months."""
    rows = []
    for offset, (spot, every) in itertools.product(range(730), (("HS1", 3), ("HS2", 9), ("HS3", 23))):
        if offset % every == 0:
            rows.append({"day": date(2022, 1, 1) + timedelta(days=offset), "spot": spot, "group": "A", "harm": 5.0})
    with programme(evaluation=WINDOWS) as m:
        m.crimes(rows, period=(date(2022, 1, 1), date(2023, 12, 31)))


def _row(frame, key):
    return frame.set_index("key").loc[key].to_dict()


@pytest.mark.usefixtures("two_years")
def test_a_missing_figure_is_not_said_to_be_about_the_same(manager, asked):
    filters = asked("2023-11-01", "2024-03-31")  # only two of five months are loaded
    row = _row(overview.overview_table(manager, filters), "crimes")
    assert overview.measure_sentence(row, filters.period.year_before(), None) == "Not known for this period."


@pytest.mark.usefixtures("two_years")
def test_a_figure_is_set_beside_the_same_months_a_year_before(manager, asked):
    filters = asked("2023-03-01", "2023-04-30")
    row = _row(overview.overview_table(manager, filters), "crimes")
    then = crime_table(manager, asked("2022-03-01", "2022-04-30")).loc[0, "crimes"]
    assert row["year_before"] == then
    assert row["change_year"] == pytest.approx(row["now"] / then - 1)


@pytest.mark.usefixtures("two_years")
def test_monthly_counts_of_a_window_say_that_whole_months_are_drawn(manager, asked):
    frame = trends.monthly(manager, asked("2023-02-10", "2023-03-20"))
    assert list(frame["month"]) == ["2023-02", "2023-03"]
    assert any("Whole months are drawn" in note for note in frame.attrs["notes"])


@pytest.mark.usefixtures("two_years")
def test_no_total_is_given_over_hidden_months(funder, asked):
    filters = asked("2023-01-01", "2023-12-31", "HS2")
    frame = trends.monthly(funder, filters)
    assert frame["crimes"].isna().any()
    sentence = trends.crimes_sentence(frame, None, filters)
    assert not any(c.isdigit() for c in sentence), sentence


@pytest.mark.usefixtures("two_years")
def test_places_are_released_for_the_windows_and_agree_with_the_manager(funder, manager):
    filters = Filters("TEST", DURING)
    seen, true = (crime_table(s, filters, ("hot_spot",)).set_index("hot_spot")["crimes"] for s in (funder, manager))
    assert seen.notna().sum() >= 1
    assert seen.dropna().to_dict() == true[seen.notna()].to_dict()


@pytest.mark.usefixtures("two_years")
def test_subtracting_two_periods_gives_a_funder_no_small_month(funder, manager):
    """The attack of two ordinary downloads: January to N less January to N-1, for each place."""
    for spot in ("HS1", "HS2", "HS3"):
        true = crime_table(manager, Filters("TEST", Period(date(2023, 1, 1), date(2023, 12, 31)), (spot,)), ("month",))
        sums = []
        for month in range(1, 13):
            end = (date(2023, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
            sums.append(crime_table(funder, Filters("TEST", Period(date(2023, 1, 1), end), (spot,))).loc[0, "crimes"])
        for month, (shorter, longer) in enumerate(itertools.pairwise(sums), 1):
            if shorter == shorter and longer == longer:
                assert longer - shorter == true.loc[month, "crimes"]
                assert not 0 < longer - shorter < 5


@pytest.mark.usefixtures("two_years")
def test_harm_of_a_place_in_a_month_is_not_released(funder, asked):
    table = crime_table(funder, asked("2023-01-01", "2023-12-31"), ("month", "hot_spot"))
    assert table["harm_days"].isna().all()
    assert crime_table(funder, asked("2023-01-01", "2023-12-31"), ("month",))["harm_days"].notna().all()


@pytest.mark.usefixtures("two_years")
def test_places_of_another_period_are_not_replaced_by_longer_months(funder):
    """Whole months instead of the window a year before would set 13 months beside 11."""
    odd = Filters("TEST", DURING.year_before())
    assert crime_table(funder, odd, ("hot_spot",))["crimes"].isna().all()


@pytest.mark.usefixtures("two_years")
def test_a_comparison_that_is_hidden_is_told_apart_from_one_not_loaded(funder, manager):
    filters = Filters("TEST", DURING)
    hidden = delivery.hot_spot_measures(funder, filters, DURING.year_before())
    assert hidden["suppressed_crimes_then"].all()
    unloaded = delivery.hot_spot_measures(manager, filters, Period(date(2019, 1, 1), date(2019, 12, 31)))
    assert "suppressed_crimes_then" not in unloaded
    assert unloaded["crimes_then"].isna().all()


@pytest.fixture
def tiny(programme):
    """Three crimes in each window."""
    rows = [
        {"day": w.start + timedelta(days=30 * k), "spot": "HS1", "group": "A", "harm": 5.0}
        for w in (BEFORE, DURING)
        for k in (1, 2, 3)
    ]
    with programme(evaluation=WINDOWS) as m:
        m.crimes(rows, period=(date(2022, 1, 1), date(2023, 12, 31)))


@pytest.mark.usefixtures("tiny")
def test_the_evaluation_of_three_crimes_is_not_shown_to_a_funder(funder, manager):
    assert evaluation_summary(manager, "TEST").before_after.before.crimes == 3
    seen = evaluation_summary(funder, "TEST")
    for part in (seen.before_after, seen.harm, seen.comparators, seen.patrol_days.record):
        assert isinstance(part, Refusal)
    assert "3" not in seen.claim.sentence

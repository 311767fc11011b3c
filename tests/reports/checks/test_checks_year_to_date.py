"""A month above its own year to date stops the return."""

from __future__ import annotations

from dataclasses import replace

from reports.checks.model import Severity
from reports.checks.year_to_date import year_to_date
from reports.model import ReturnContents
from tests.reports.checks.changed_contents import with_cell, with_fact


def test_a_return_whose_months_fit_into_their_years_passes_and_says_how_many(contents: ReturnContents) -> None:
    result = year_to_date(contents)
    assert result.findings == ()
    assert int(result.about.split()[0]) == 20


def test_a_count_above_its_year_stops_the_return(contents: ReturnContents) -> None:
    (found,) = year_to_date(with_fact(contents, "C", "patrols_total", "Visits", value="9,999")).findings
    assert found.severity is Severity.BLOCKING
    assert "Visits: the month (9,999) is above the year to date (40)" in found.sentence
    (crimes,) = year_to_date(
        with_cell(contents, "F", "crime_in_hot_spots", "Recorded crime and", (0, 1), "999")
    ).findings
    assert "All recorded crime, Oct 2023: the month (999)" in crimes.sentence
    (last,) = year_to_date(with_cell(contents, "F", "crime_in_hot_spots", "Recorded crime and", (0, 2), "999")).findings
    assert "Oct 2022" in last.sentence


def test_money_above_its_year_may_be_a_refund_and_needs_a_reason(contents: ReturnContents) -> None:
    (found,) = year_to_date(with_fact(contents, "H", "award", "Spend, Oct 2023", value="£9,999")).findings
    assert found.severity is Severity.REASON
    assert "refund" in found.what_to_do


def test_rates_and_symbols_are_not_compared(contents: ReturnContents) -> None:
    rate = with_cell(contents, "F", "cchi_harm", "Harm in", (1, 1), "999.9")
    hidden = with_cell(contents, "F", "crime_in_hot_spots", "Recorded crime and", (0, 3), "[c]")
    assert year_to_date(rate).findings == ()
    assert year_to_date(hidden).findings == ()


def test_nothing_to_compare_is_not_all_fine(contents: ReturnContents) -> None:
    (found,) = year_to_date(replace(contents, sections=contents.sections[:1])).findings
    assert found.severity is Severity.REASON
    assert found.sentence.startswith("Not checked:")

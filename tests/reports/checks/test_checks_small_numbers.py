"""Counts of 1 to 4 about people go under a marking that covers them, or with a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.checks.model import Severity
from reports.checks.small_numbers import is_small, small_numbers
from reports.model import ReturnContents
from tests.reports.checks.changed_contents import with_fact


@pytest.mark.parametrize(
    ("text", "small"),
    [("0", False), ("1", True), ("4", True), ("5", False), ("[x]", False), ("4%", True), ("£3", True)],
)
def test_small_is_one_to_four(text: str, small: bool) -> None:
    assert is_small(text) is small


def test_small_counts_of_people_and_case_studies_need_a_reason_under_official(contents: ReturnContents) -> None:
    result = small_numbers(contents)
    assert {f.key.split(":")[1]: f.severity for f in result.findings} == {
        "counts": Severity.REASON,
        "case studies": Severity.REASON,
    }
    arrests = result.findings[0]
    assert "Arrests made in patrol (3)" in arrests.sentence
    assert "OFFICIAL-SENSITIVE" in arrests.what_to_do
    assert "CS1" in result.findings[1].sentence
    assert "counts of 1 to 4 are suppressed" in result.about


def test_counts_beside_the_month_are_small_too(contents: ReturnContents) -> None:
    beside = with_fact(
        contents, "D", "arrests", "Arrests made in patrol", value="20", note="Oct 2022: 2; 2023-24 to date: 25."
    )
    assert "Arrests made in patrol (2)" in small_numbers(beside).findings[0].sentence
    large = with_fact(
        contents, "D", "arrests", "Arrests made in patrol", value="20", note="Oct 2022: 12; 2023-24 to date: 25."
    )
    assert [f.key.split(":")[1] for f in small_numbers(large).findings] == ["case studies"]


def test_the_marking_that_covers_them_passes_and_still_says_what_is_in_it(contents: ReturnContents) -> None:
    result = small_numbers(replace(contents, marking="OFFICIAL-SENSITIVE"))
    assert result.findings == ()
    assert "1 count of 1 to 4 about people" in result.about
    assert result.about.endswith("The marking is OFFICIAL-SENSITIVE.")


def test_a_reason_falls_away_when_the_counts_change(contents: ReturnContents) -> None:
    other = with_fact(contents, "D", "arrests", "Arrests made in patrol", value="2")
    assert small_numbers(contents).findings[0].key != small_numbers(other).findings[0].key

"""A month unlike the months before it needs a look; too few months are said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.scope import Scope
from reports.checks.looked import Looked
from reports.checks.model import Severity
from reports.checks.outliers import Measure, judge, outliers
from reports.model import ReturnContents

STEADY = [30.0, 28.0, 33.0, 31.0, 29.0, 32.0, 30.0, 31.0, 29.0, 32.0, 30.0, 28.0]


def _measure(values: list[float]) -> Measure:
    months = [f"{2022 + i // 12}-{i % 12 + 1:02d}" for i in range(len(values))]
    return Measure("recorded crime", "crimes", "F", 0, tuple(zip(months, values, strict=True)))


@pytest.mark.parametrize(("last", "word"), [(30.0, None), (12.0, "below"), (50.0, "above")])
def test_a_month_outside_the_limits_is_named_with_them(last: float, word: str | None) -> None:
    found = judge(_measure([*STEADY, last]), "2023-01")
    assert found.made
    if word is None:
        assert found.finding is None
        return
    assert found.finding is not None
    assert found.finding.severity is Severity.REASON
    assert f"In Jan 2023 recorded crime was {last:.0f}; that is {word}" in found.finding.sentence
    assert "from 12 earlier months" in found.finding.sentence
    assert "give no cause" in found.finding.what_to_do


def test_a_run_on_one_side_is_told_from_a_month_outside() -> None:
    found = judge(_measure([*STEADY, *[32.5, 33.0, 32.4, 33.1, 32.6, 33.2, 32.7, 33.0]]), "2023-08").finding
    assert found is None or "pattern" in found.sentence
    low = judge(_measure([*STEADY, *[31.5] * 3, *STEADY, *[31.0] * 8]), "2024-11").finding
    assert low is not None
    assert "in a row on one side" in low.sentence


@pytest.mark.parametrize("values", [STEADY[:6], [30.0] * 13])
def test_too_few_or_equal_months_are_said_and_need_a_reason(values: list[float]) -> None:
    found = judge(_measure(values), f"{2022 + (len(values) - 1) // 12}-{(len(values) - 1) % 12 + 1:02d}")
    assert not found.made
    assert found.finding is not None
    assert found.finding.sentence.startswith("Not checked:")


def test_a_month_without_a_value_is_said() -> None:
    found = judge(_measure(STEADY), "2023-06").finding
    assert found is not None
    assert "no value in Jun 2023" in found.sentence


def test_the_months_of_the_programme_are_held_against_those_before(scope: Scope, contents: ReturnContents) -> None:
    result = outliers(Looked(scope, contents, {}))
    assert result.about.startswith("3 of 4 measures")
    assert "recorded crime 6 (limits 0.0 to" in result.about
    (patrols,) = result.findings
    assert (
        patrols.sentence
        == "Not checked: patrol-minutes has 1 earlier month with a value, and limits need 12 that differ."
    )


def test_a_month_without_data_is_not_all_fine(scope: Scope, contents: ReturnContents) -> None:
    result = outliers(Looked(scope, replace(contents, month="2024-02"), {}))
    assert result.about.startswith("0 of 4 measures")
    assert len(result.findings) == 4
    assert "Not checked: harm has no value in Feb 2024." in [f.sentence for f in result.findings]

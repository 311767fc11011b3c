"""The error rates the portal quotes are those its own code has, and the gate tells a broken estimator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.evaluation.calibration import designs as d
from analysis.evaluation.calibration.gate import gate, judge
from analysis.evaluation.calibration.run import block, plan, row_of
from analysis.evaluation.calibration.table import Row, rows
from analysis.evaluation.calibration.tables_text import as_markdown, with_section
from analysis.evaluation.calibration.world import World

ROOT = Path(__file__).resolve().parents[4]


def row(**given) -> Row:
    plain = Row("patrol-days", d.DAYS, 1000, 0, 0.05, 0.03, 0.95, 0.0, 0.1, 0.1)
    return replace(plain, **given)


@pytest.mark.parametrize(("alarms", "passed"), [(0.029, False), (0.03, True), (0.08, True), (0.081, False)])
def test_the_gate_stands_at_three_and_eight_per_cent(alarms, passed):
    assert judge(row(alarms=alarms)).passed is passed


@pytest.mark.parametrize(("coverage", "passed"), [(0.919, False), (0.92, True)])
def test_the_gate_asks_for_coverage(coverage, passed):
    assert judge(row(coverage=coverage)).passed is passed


def test_the_gate_allows_for_monte_carlo_error_but_no_more():
    # 9.5% of 200 runs is 1.5 points over, less than a standard error of 1.9 points; of 20,000 runs it is far over.
    assert judge(row(alarms=0.095, runs=200), allowance=3).passed
    assert not judge(row(alarms=0.095, runs=20_000), allowance=3).passed


def test_power_is_no_false_alarm():
    assert judge(row(situation=d.POWER_DAYS[1], alarms=0.9)).passed


def test_a_default_that_was_not_measured_fails():
    assert any("not measured" in problem for problem in gate([]))


def test_runs_do_not_depend_on_how_they_are_divided():
    whole = block(d.MONTHS, ["before-after"], 0, 4, 5, World())["before-after"]
    parts = [block(d.MONTHS, ["before-after"], a, a + 2, 5, World())["before-after"] for a in (0, 2)]
    np.testing.assert_array_equal(whole, np.vstack(parts))


def test_refusals_are_counted_and_cry_no_wolf():
    said = np.array([[0, 0, 0, np.nan, np.nan, np.nan], [1, 1, 1, 0, -0.5, 0.1]])
    found = row_of("did", d.NATIONAL, said)
    assert (found.refused, found.alarms, found.coverage) == (1, 0.5, 0.0)
    assert not judge(found).passed


def test_an_unknown_method_is_an_error():
    with pytest.raises(KeyError):
        plan(["no-such-method"])


def test_the_document_holds_the_table_that_ships():
    document = (ROOT / "docs" / "calibration.md").read_text()
    assert with_section(document, "rates", as_markdown(rows())) == document
    with pytest.raises(ValueError, match="no section"):
        with_section(document, "nothing", "")


def test_the_document_calls_a_method_outside_what_the_gate_calls_so():
    said = as_markdown([row(alarms=0.02), row(method="running-wdd", situation=d.MONTHS, alarms=0.02, coverage=None)])
    outside, exempt = (line for line in said.splitlines() if "2.0%" in line)
    assert "outside the limits" in outside
    assert "exempt" in exempt

"""Estimators broken on purpose: the gate must tell them from the right ones, on the same draws."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.evaluation.building import reach_of
from analysis.evaluation.calibration import designs as d
from analysis.evaluation.calibration import run
from analysis.evaluation.calibration.adapters import adapters
from analysis.evaluation.calibration.gate import gate
from analysis.evaluation.calibration.world import World
from analysis.evaluation.record import ResultRecord

RUNS, ALLOWANCE = 150, 3.0


def with_error_times(factor):
    """The adapter's own estimate with a standard error ``factor`` times as large."""

    def broken(adapter):
        def estimate(data, seed):
            found = adapter.estimate(data, seed)
            if not isinstance(found, ResultRecord):
                return found
            at, reach = math.log(found.estimate), factor * reach_of(found.se, found.df)
            return replace(found, se=factor * found.se, ci_low=math.exp(at - reach), ci_high=math.exp(at + reach))

        return replace(adapter, estimate=estimate)

    return broken


@pytest.fixture(scope="module")
def draws():
    at = d.SITUATIONS[d.DAYS]
    return [at.draw(d.generator(d.DAYS, i, 11), World()) for i in range(RUNS)]


def rate(adapter, draws):
    at = d.SITUATIONS[d.DAYS]
    said = [run._said(adapter, data, at, seed=i) for i, data in enumerate(draws)]
    return run.row_of(adapter.key, d.DAYS, np.array(said, dtype=float))


def test_a_halved_standard_error_is_caught_and_the_right_one_is_not(draws):
    right = adapters()["patrol-days"]
    assert gate([rate(right, draws)], ALLOWANCE, ["patrol-days"]) == []
    problems = gate([rate(with_error_times(0.5)(right), draws)], ALLOWANCE, ["patrol-days"])
    assert any("more than 8%" in problem for problem in problems)
    assert any("less than 92%" in problem for problem in problems)


def test_a_standard_error_far_too_wide_is_caught(draws):
    # No alarm in 150 runs lies 2.2 standard errors below 3%: so few runs can tell no more.
    problems = gate([rate(with_error_times(2.5)(adapters()["patrol-days"]), draws)], 2.0, ["patrol-days"])
    assert any("less than 3%" in problem for problem in problems)


def test_days_compared_across_hot_spots_and_seasons_are_caught(draws):
    # As if the strata had been forgotten: patrols go where and when crime is high, and that is taken for their effect.
    pooled = replace(adapters()["patrol-days"], estimate=adapters()["patrol-days-pooled"].estimate)
    problems = gate([rate(pooled, draws)], ALLOWANCE, ["patrol-days"])
    assert any("more than 8%" in problem for problem in problems)

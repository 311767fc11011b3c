"""The false-alarm rates the portal quotes are the ones its own code has (re-measured on fewer runs)."""

import math

import pytest

from analysis.evaluation.calibration import table as calibration
from analysis.evaluation.calibration.measure import SITUATIONS, measure
from analysis.evaluation.calibration.table import CLEAN, MEASURED, measured

RUNS = 150


@pytest.mark.parametrize("row", MEASURED, ids=lambda row: f"{row.estimator}: {row.situation}")
def test_the_quoted_rate_is_the_measured_rate(row):
    again = measure(row.estimator, row.situation, runs=RUNS, seed=7)
    assert abs(again.type1 - row.type1) <= 4 * math.sqrt(row.type1 * (1 - row.type1) / RUNS)


def test_every_situation_is_measured():
    assert {(row.estimator, row.situation) for row in MEASURED} == set(SITUATIONS)


@pytest.mark.parametrize("estimator", [calibration.BEFORE_AFTER, calibration.PATROL_DAYS])
def test_the_defaults_pass_the_gate_where_their_confounders_are_measured(estimator):
    row = measured(estimator, CLEAN)
    assert 0.03 <= row.type1 <= 0.08
    assert row.coverage >= 0.92

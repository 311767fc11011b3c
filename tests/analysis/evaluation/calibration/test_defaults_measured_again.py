"""The headline methods, measured again in every check: a change that makes one of them wrong more often is seen here."""

from __future__ import annotations

import math

import pytest

from analysis.evaluation.calibration import designs as d
from analysis.evaluation.calibration.gate import DEFAULTS, judge
from analysis.evaluation.calibration.run import block, row_of
from analysis.evaluation.calibration.table import row
from analysis.evaluation.calibration.world import World

RUNS, SEED = 60, 7_041
SITUATIONS = sorted({situation for places in DEFAULTS.values() for situation in places})


@pytest.mark.parametrize("situation", SITUATIONS)
def test_headline_methods_keep_their_error_rates(situation):
    methods = [method for method, places in DEFAULTS.items() if situation in places]
    assert methods
    for method, said in block(situation, methods, 0, RUNS, SEED, World()).items():
        found, shipped = row_of(method, situation, said), row(method, situation)
        # Three Monte Carlo standard errors: a short run cannot tell 8% from 12%.
        assert judge(found, allowance=3).passed, (method, judge(found).problems)
        both = math.sqrt(shipped.alarms * (1 - shipped.alarms) * (1 / RUNS + 1 / shipped.runs))
        assert abs(found.alarms - shipped.alarms) < 4 * max(both, 1 / RUNS), method


def test_an_event_nobody_measured_is_shown_as_failing():
    for method in ("patrol-days", "dosage-linear", "harm-ppml"):
        assert not judge(row(method, d.DAY_SHOCK)).passed, method


def test_the_naive_methods_fail_where_the_defaults_pass():
    for method, situation in (
        ("naive-change", d.MONTHS), ("its", d.MONTHS), ("rirr", d.NATIONAL), ("twfe", d.NATIONAL),
        ("sdid-plain", d.NATIONAL), ("patrol-days-pooled", d.DAYS), ("patrol-days-t-test", d.DAYS), ("harm-as-counts", d.DAYS),
    ):  # fmt: skip
        assert not judge(row(method, situation)).passed, method

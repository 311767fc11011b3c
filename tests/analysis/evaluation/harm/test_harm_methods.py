"""Harm on patrol days and between windows: the fixture, exact relations, refusals."""

import numpy as np
import pandas as pd
import pytest

from analysis.evaluation.harm.bootstrap import WeekSums, week_bootstrap
from analysis.evaluation.harm.leverage import without_top
from analysis.evaluation.harm.patrol import harm_days_split, harm_ppml
from analysis.evaluation.harm.section import section
from analysis.evaluation.harm.split import harm_split
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.record import Refusal
from tests.analysis.evaluation import cases


def _fixture():
    data = cases.csv("patrol_day_fixture_a.csv")
    return data.assign(hot_spot=data["hotspot"].astype(str), local_date=pd.to_datetime(data["date"]))


def test_ppml_on_the_fixture():
    of = cases.case("patrol_day_fixture_a")
    found = harm_ppml(_fixture(), outcome="harm", covariates=())
    cases.check(of, {"harm_ratio": found.estimate, "se_harm_cluster_day": found.se})


def test_number_times_severity_is_the_total():
    panel = _fixture()
    split = harm_days_split(panel, outcome="harm", covariates=())
    alone = harm_ppml(panel, outcome="harm", covariates=())
    assert split.total.estimate == pytest.approx(split.count.estimate * split.severity.estimate)
    assert (split.total.estimate, split.total.se) == pytest.approx((alone.estimate, alone.se), rel=1e-6)


def test_missing_weights_are_counted_and_left_out():
    found = harm_split([10, 20, float("nan")], [30, 40], 10, 10)
    assert found.scored_before == 2
    assert found.total.check("crimes without a harm weight, left out").value == 1
    assert isinstance(harm_split([float("nan")], [30, 40], 10, 10), Refusal)


def test_the_gravest_go_first_wherever_they_fell():
    found = without_top([5, 900, 5], [5, 700, 5], 10, 10, top=2)
    assert (found.dropped_before, found.dropped_during) == (1, 1)
    assert found.result.estimate == pytest.approx(1.0)


def test_bootstrap_se_against_the_formula_for_a_mean():
    rng = np.random.default_rng(2)
    weeks = [WeekSums(rng.gamma(2, 50, 60).tolist(), [2] * 60) for _ in range(2)]
    formula = sum(np.var(w.harm) / 60 / np.mean(w.harm) ** 2 for w in weeks) ** 0.5
    assert week_bootstrap(*weeks).total.se == pytest.approx(formula, rel=0.1)


def test_section_without_data_refuses_every_estimate():
    found = section(Inputs("X", "X", "hot spots", "day"), {})
    assert all(isinstance(record, Refusal) for record in found.records.values())

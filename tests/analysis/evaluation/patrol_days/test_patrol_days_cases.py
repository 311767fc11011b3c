"""The patrol-day estimators on the made fixture whose answers were computed three ways."""

import math

import pandas as pd
import pytest

from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.patrol_days.randomisation import patrol_days_ri
from analysis.evaluation.patrol_days.variants import patrol_days_cluster_spot, patrol_days_pooled, patrol_days_week
from tests.analysis.evaluation.cases import case, check, csv


@pytest.fixture
def panel():
    data = csv(case("patrol_day_fixture_a")["inputs"]["data"])
    return data.assign(hot_spot=data["hotspot"].astype(str), local_date=pd.to_datetime(data["date"]).dt.date)


def test_every_figure_of_the_fixture(panel):
    crime, harm = (patrol_days(panel, outcome=name) for name in ("crimes", "harm"))
    check(
        case("patrol_day_fixture_a"),
        {
            "beta": math.log(crime.estimate),
            "irr": crime.estimate,
            "se_model": crime.check("SE ignoring clustering").value,
            "se_cluster_day": crime.se,
            "se_cluster_week": patrol_days_week(panel).se,
            "se_cluster_hotspot": patrol_days_cluster_spot(panel).se,
            "harm_ratio": harm.estimate,
            "se_harm_cluster_day": harm.se,
            "naive_irr": patrol_days_pooled(panel).estimate,
        },
    )


def test_columns_of_its_own_give_the_same_strata_and_clusters(panel):
    own = panel.assign(stratum=panel["hotspot"].astype(str) + "|" + panel["block4wk"].astype(str))
    default, named = patrol_days(panel), patrol_days(own, strata="stratum", cluster="day")
    assert named.estimate == pytest.approx(default.estimate, rel=1e-9)
    assert named.se == pytest.approx(default.se, rel=1e-9)


def test_shuffled_days_hold_the_truth_of_the_fixture(panel):
    found = patrol_days_ri(panel)
    assert found.ci_low < 0.75 < found.ci_high
    assert found.p == pytest.approx(patrol_days(panel).p, abs=0.1)

"""Coefficients and clustered errors against pyfixest and statsmodels on awkward random panels."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.patrol_days.panel import stratum_codes, with_days
from tests.analysis.evaluation.patrol_days.day_panels import panel_of


def awkward(seed):
    """A hot spot without crime, days missing, covariates, an exposure: strata and clusters of unequal size."""
    panel = panel_of(seed, spots=5, days=140, missing=0.15)
    panel.loc[panel["hot_spot"] == "H0", "crimes"] = 0
    rng = np.random.default_rng(seed)
    panel = panel[rng.random(len(panel)) > 0.1].reset_index(drop=True)
    return with_days(panel.assign(hours=rng.uniform(0.5, 1.5, len(panel)), rain_mm=rng.gamma(1.0, 2.0, len(panel))))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("strata", "cluster"), [("4 weeks", "day"), ("none", "week"), ("week", "hot spot")])
def test_statsmodels_with_a_dummy_a_stratum(seed, strata, cluster):
    panel = awkward(seed)
    ours = patrol_days(
        panel, strata=strata, cluster=cluster, covariates=("previous_7_days", "rain_mm"), exposure="hours"
    )
    codes = pd.Series(stratum_codes(panel, strata), index=panel.index)
    kept = panel[panel.groupby(codes)["crimes"].transform("sum") > 0]
    weekday = pd.get_dummies(kept["local_date"].dt.day_of_week, prefix="w", drop_first=True)
    x = pd.concat(
        [kept[["patrol", "previous_7_days", "rain_mm"]], weekday, pd.get_dummies(codes[kept.index], prefix="s")], axis=1
    ).astype(float)
    labels = {"day": kept["local_date"], "week": kept["local_date"].dt.to_period("W-SUN"), "hot spot": kept["hot_spot"]}
    groups = pd.factorize(labels[cluster])[0]
    fit = sm.GLM(kept["crimes"], x, family=sm.families.Poisson(), exposure=kept["hours"]).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}, tol=1e-12
    )
    count = groups.max() + 1
    assert math.log(ours.estimate) == pytest.approx(fit.params["patrol"], abs=1e-6)
    assert ours.se == pytest.approx(fit.bse["patrol"] * math.sqrt(count / (count - 1)), rel=1e-5)
    assert (ours.n_clusters, ours.df) == (count, count - 1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cluster", ["day", "hot spot"])
def test_pyfixest(seed, cluster):
    import pyfixest  # takes seconds: only the test that needs it pays

    panel = awkward(seed)
    ours = patrol_days(panel, cluster=cluster, covariates=("previous_7_days",))
    data = panel.assign(
        stratum=stratum_codes(panel, "4 weeks"), weekday=panel["local_date"].dt.day_of_week.astype(str),
        day=pd.factorize(panel["local_date"])[0], spot=pd.factorize(panel["hot_spot"])[0],
    )[["crimes", "patrol", "previous_7_days", "stratum", "weekday", "day", "spot"]]  # fmt: skip
    name = {"day": "day", "hot spot": "spot"}[cluster]
    fit = pyfixest.fepois(
        "crimes ~ patrol + previous_7_days + C(weekday) | stratum", data=data, vcov={"CRV1": name},
        ssc=pyfixest.ssc(k_adj=False, G_adj=True), iwls_tol=1e-12, separation_check=["fe"],
    )  # fmt: skip
    assert math.log(ours.estimate) == pytest.approx(fit.coef()["patrol"], abs=1e-5)
    assert ours.se == pytest.approx(fit.se()["patrol"], rel=1e-3)

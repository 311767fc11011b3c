"""Before/after estimators against published examples."""

import math

import numpy as np
import pytest

from analysis.evaluation.before_after.counts import TwoCounts, e_test_p
from analysis.evaluation.before_after.its import segmented_poisson
from analysis.evaluation.before_after.rates import naive_change, rate_ratio_statistics
from analysis.evaluation.before_after.rtm import expected_regression
from tests.analysis.evaluation.cases import case, check, csv


def test_e_test():
    of = case("etest_krishnamoorthy")
    p = [e_test_p(TwoCounts(a, b, 1, 1), "unpooled") for a, b in of["inputs"]["pairs"]]
    check(of, {"p_0_3": p[0], "p_6_2": p[1]})


def test_gu_rate_ratio():
    of = case("gu2008_rate_ratio")
    i = of["inputs"]
    counts = TwoCounts(i["count2"], i["count1"], i["exposure2"], i["exposure1"])
    tests = rate_ratio_statistics(counts, ratio0=i["ratio0"], alternative="larger")
    check(of, {name: tests[name].p for name in ("wald", "score", "log", "sqrt")} | {"ratio": counts.ratio})


def test_sicily():
    of = case("its_sicily")
    data = csv(of["inputs"]["data"])
    given = [data[name].to_numpy(float) for name in ("aces", "time", "smokban")]
    offset, found = np.log(data["stdpop"].to_numpy(float)), {}
    for name, harmonics, errors in (("rr1", 0, "poisson"), ("rr3", 2, "quasi")):
        fit = segmented_poisson(*given, offset=offset, harmonics=harmonics, errors=errors)
        reach = 1.959964 * math.sqrt(fit.step_variance)
        ends = {"": 0.0, "_low": -reach, "_high": reach}
        found |= {f"{name}{end}": math.exp(fit.step + by) for end, by in ends.items()}
    check(of, found)


def test_the_practice_note():
    of = case("leicester_article")
    record = naive_change(TwoCounts(*of["inputs"]["crimes"], 1, 1))
    check(of, {"pct_crime": 100 * (record.estimate - 1)})
    assert (record.ci_low, record.ci_high) == pytest.approx((0.518, 0.708), abs=0.0006)


def test_barnett():
    of = case("rtm_barnett")
    i = of["inputs"]
    found = expected_regression(
        i["mean"], i["sd"], i["cutoff_below"], i["rho"], baselines=i["n_baseline"], tail="below"
    )
    check(of, {"rtm_simulated": found})

"""Displacement methods against published worked examples."""

import math

import pytest

from analysis.evaluation.displacement.areas import TwoPeriods, scaled_to
from analysis.evaluation.displacement.wdd import CrimeType, wdd, wdd_harm, wdd_parts
from analysis.evaluation.displacement.wdq import wdq_parts
from tests.analysis.evaluation import cases


def test_wdd_of_the_founding_paper():
    of = cases.case("wdd_paper_2018")
    i = of["inputs"]
    r = wdd(i["treated"], i["control"], i["displacement"], i["displacement_control"])
    found = {"wdd": r.estimate, "variance": r.se**2, "z": r.check("z").value, "ci_low": r.ci_low, "ci_high": r.ci_high}
    cases.check(of, found)


def test_wdd_of_harm():
    of = cases.case("wdd_harm")
    r = wdd_harm({k: CrimeType(v["treated"], v["control"], v["weight"]) for k, v in of["inputs"]["by_type"].items()})
    cases.check(of, {"harm": r.estimate, "se": r.se, "z": r.check("z").value, "ci_low": r.ci_low, "ci_high": r.ci_high})


def test_quotient_and_its_parts():
    of = cases.case("wdq_tne_guerette")
    i = of["inputs"]
    p = wdq_parts(i["response"], i["comparison"], i["buffer"])
    names = ("gross_effect", "net_effect", "success", "buffer_measure", "total_net_effect")
    cases.check(of, {**{name: getattr(p, name) for name in names}, "wdq": p.quotient})


def test_operation_restore_roosevelt():
    of = cases.case("roosevelt_violent")
    data = cases.csv(of["inputs"]["data"])
    before, during = data[data["month"].between(-20, -1)], data[data["month"].between(0, 19)]

    def pair(name):
        return before[name].sum(), during[name].sum()

    p = wdd_parts(pair("treated"), pair("contiguous_control"))
    pre = data[data["month"] < 0]
    city = TwoPeriods(*pair("city"), area=pre["city"].sum() / pre["treated"].sum())
    c = wdd(pair("treated"), city)
    found = {"wdd": p.total.estimate, "se": p.total.se, "ci_low": p.total.ci_low, "ci_high": p.total.ci_high}
    cases.check(of, {**found, "pct": p.change, "wdd_city": c.estimate, "se_city": c.se})
    wide = wdd(pair("treated"), pair("contiguous_control"), phi=of["expected"]["phi"])
    assert wide.se == pytest.approx(p.total.se * math.sqrt(of["expected"]["phi"]))


def test_unequal_areas_and_periods_as_in_ptools():
    areas = {"treated": (207, 110, 1.2), "control": (308, 318, 0.9), "ring": (178, 157, 1.5), "other": (150, 140, 1.6)}
    r = wdd(*(TwoPeriods(b, d, area=a) for b, d, a in areas.values()))
    assert (r.estimate, r.se) == pytest.approx((-99.69444444, 35.4280755))
    two, one = TwoPeriods(80, 20, time_before=2), TwoPeriods(100, 50, time_before=2)
    assert (wdd(two, one).estimate, wdd(two, one).se ** 2) == pytest.approx((-20, 115))


def test_a_control_scaled_by_its_own_multiple_changes_nothing():
    plain = wdd((207, 110), (207, 200))
    scaled = wdd((207, 110), scaled_to((2070, 2000), (207, 110)))
    assert scaled.estimate == pytest.approx(plain.estimate)
    assert scaled.se < plain.se

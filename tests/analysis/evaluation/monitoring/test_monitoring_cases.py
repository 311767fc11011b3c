"""Monitoring methods against published numbers."""

import pytest

from analysis.evaluation.monitoring.scan import naus_scan
from analysis.evaluation.monitoring.spending import classic_bounds, spending_bounds, spent_by
from analysis.evaluation.monitoring.xmr import xmr
from tests.analysis.evaluation.cases import case, check


def test_first_look_of_the_group_sequential_example():
    found = case("lan_demets_obf_first_look")
    looks, alpha, sides = (found["inputs"][name] for name in ("looks", "alpha", "sided"))
    bounds = spending_bounds([(k + 1) / looks for k in range(looks)], alpha=alpha, sides=sides)
    check(found, {"alpha_spent": bounds.spent[0], "bound": bounds.z[0]})
    assert spent_by(1 / looks, alpha, sides=sides) == bounds.spent[0]


def test_limits_of_plot_the_dots():
    found = case("xmr_nhs_plotthedots")
    chart = xmr(found["inputs"]["values"])
    check(found, {"mean": chart.centre, "upl": chart.upper, "lpl": chart.lower})


# Jennison & Turnbull (2000) tables 2.1 and 2.3, and the Lan-DeMets program (Reboussin et al. 2000): five equal looks, 5%.
FIVE = [0.2, 0.4, 0.6, 0.8, 1.0]


@pytest.mark.parametrize(
    ("kind", "published"),
    [
        ("obrien-fleming", [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]),
        ("pocock", [2.4380, 2.4268, 2.4101, 2.3966, 2.3859]),
    ],
)
def test_five_equal_looks(kind, published):
    assert spending_bounds(FIVE, kind=kind).z == pytest.approx(published, abs=2e-4)


@pytest.mark.parametrize(("looks", "pocock", "obrien"), [(1, 1.960, 1.960), (2, 2.178, 1.977), (5, 2.413, 2.040)])
def test_the_original_constants(looks, pocock, obrien):
    assert classic_bounds(looks, kind="pocock").z[-1] == pytest.approx(pocock, abs=6e-4)
    assert classic_bounds(looks).z[-1] == pytest.approx(obrien, abs=6e-4)


def test_cyclists_deaths_in_london():
    # Aberdein & Spiegelhalter (2013), as computed from Naus (1982) in public code: 0.039.
    assert naus_scan(6, 0.6, 208) == pytest.approx(0.03902, abs=5e-5)

"""What displacement methods refuse, and properties that hold for any counts."""

import numpy as np
import pandas as pd
import pytest

from analysis.evaluation.displacement.rings import ring_test
from analysis.evaluation.displacement.section import section
from analysis.evaluation.displacement.wdd import wdd, wdd_parts
from analysis.evaluation.displacement.wdq import wdq
from analysis.evaluation.inputs import BAND_COUNTS, BANDS, Inputs
from analysis.evaluation.record import Refusal


def test_refusals_say_why():
    assert "no control area" in wdd((5, 3), None).reason
    assert "No crime" in wdd((0, 0), (0, 0)).reason
    assert "negative" in wdd((-1, 3), (4, 4)).reason
    assert isinstance(wdq((10, 5), (0, 4), (3, 3)), Refusal)
    assert isinstance(wdq((20, 19), (30, 30), (10, 12)).quotient, Refusal)


def test_parts_add_up_and_rings_may_change_places():
    p = wdd_parts((207, 110), (308, 318), (178, 157), (150, 140))
    assert p.total.estimate == p.local.estimate + p.displacement.estimate
    assert p.total.se**2 == pytest.approx(p.local.se**2 + p.displacement.se**2)
    rings = {"a": (50, 40), "b": (60, 62), "c": (20, 25)}
    one = ring_test(rings, (100, 90))
    other = ring_test(dict(reversed(rings.items())), (100, 90))
    assert (one.p, one.statistic) == pytest.approx((other.p, other.statistic))


def test_variance_against_drawn_counts():
    rng = np.random.default_rng(3)
    t, c, d = rng.poisson(100, (20000, 2)), rng.poisson(120, (20000, 2)), rng.poisson(60, (20000, 2))
    # One control serves both: it is subtracted twice and its noise counts four times.
    drawn = (t[:, 1] - t[:, 0]) + (d[:, 1] - d[:, 0]) - 2 * (c[:, 1] - c[:, 0])
    assert wdd((100, 100), (120, 120), (60, 60)).se == pytest.approx(drawn.std(), rel=0.03)


def test_section_without_rings_days_or_weights_refuses_everything():
    found = section(Inputs("X", "X", "areas", "month", reasons={"bands": "The areas cover the city."}), {})
    assert all(isinstance(record, Refusal) for record in found.records.values())
    assert "cover the city" in found.facts["claim"]


@pytest.mark.parametrize("band", BANDS)
def test_section_with_an_empty_band(band):
    rng = np.random.default_rng(1)
    rows = [
        (b, f"{2022 + w}-{m:02d}", ("before", "during")[w], 0 if b == band else int(rng.poisson(20)), 0.0, 30.0)
        for b in BANDS for w in (0, 1) for m in range(1, 13)
    ]  # fmt: skip
    found = section(Inputs("X", "X", "hot spots", "day", bands=pd.DataFrame(rows, columns=list(BAND_COUNTS))), {})
    assert isinstance(found.records["harm"], Refusal)
    assert isinstance(found.records["wdd"], Refusal) == (band in ("inside", "beyond"))

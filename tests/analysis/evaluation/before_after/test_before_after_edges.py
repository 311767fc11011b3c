"""Edges and symmetries of the before/after estimators."""

import math
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.evaluation.before_after.counts import TwoCounts
from analysis.evaluation.before_after.etest import e_test
from analysis.evaluation.before_after.its import its
from analysis.evaluation.before_after.rates import rate_ratio_tests
from analysis.evaluation.before_after.section import section
from analysis.evaluation.before_after.tipping import tipping_point
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.record import Refusal, ResultRecord
from domain.periods import Period

MONTHS = [f"{y}-{m:02d}" for y in range(2019, 2024) for m in range(1, 13)]


def inputs_of(spots=("A", "B"), crimes=lambda spot, i: 8 + (5 * i + 3 * spot) % 7, months=MONTHS):
    rows = [(s, m, crimes(k, i), 0.0, 30.4) for k, s in enumerate(spots) for i, m in enumerate(months)]
    frame = pd.DataFrame(rows, columns=["hot_spot", "month", "crimes", "harm_days", "exposure_days"])
    cells = frame[frame["month"] >= "2022-01"].drop(columns="harm_days")
    window = cells["month"].map(lambda m: "before" if m < "2023-01" else "during")
    return Inputs(
        "P", "Town", "hot spots", "month", before=Period(date(2022, 1, 1), date(2022, 12, 31)),
        during=Period(date(2023, 1, 1), date(2023, 12, 31)), live_from=date(2023, 1, 1), months=frame,
        cells=cells.assign(window=window),
    )  # fmt: skip


def test_one_hot_spot_a_quiet_hot_spot_and_nothing_at_all():
    assert isinstance(section(inputs_of(spots=("A",)), {}).headline, ResultRecord)
    quiet = section(inputs_of(crimes=lambda spot, i: 0 if spot else 9 + i % 4), {})
    assert isinstance(quiet.headline, ResultRecord)
    nothing = section(Inputs("P", "Town", "hot spots", "month"), {})
    assert all(isinstance(record, Refusal) for record in nothing.records.values())


def test_a_missing_month_is_named_and_a_window_without_crime_refused():
    gone = section(inputs_of(months=[m for m in MONTHS if m != "2023-05"]), {})
    assert "May 2023" in gone.headline.reason
    empty = section(inputs_of(crimes=lambda spot, i: 0 if i >= 48 else 9), {})
    assert "during" in empty.headline.reason


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.5, 5))
def test_swapping_the_windows_turns_the_interval_round(a, b, exposure):
    for estimate in (e_test, rate_ratio_tests):
        one, other = estimate(TwoCounts(a, b, 1, exposure)), estimate(TwoCounts(b, a, exposure, 1))
        if a + b == 0:
            assert isinstance(one, Refusal)
            continue
        assert other.p == pytest.approx(one.p, abs=1e-6)
        if a and b:
            # The E-test rejects no ratio at all of one crime against one.
            assert other.ci_high == pytest.approx(1 / one.ci_low if one.ci_low else math.inf, rel=1e-2)


def test_tipping_point_needs_a_finding_and_its_refuses_too_few_months():
    found = tipping_point(rate_ratio_tests(TwoCounts(416, 252, 1, 1)))
    assert 0 < found.estimate < found.interval < 1
    assert tipping_point(rate_ratio_tests(TwoCounts(20, 19, 1, 1))).interval is None
    short = pd.DataFrame({"month": MONTHS[:14], "crimes": range(10, 24)})
    assert "needs 12 months before" in its(short, "2020-01").reason
    assert math.isfinite(its(pd.DataFrame({"month": MONTHS, "crimes": [9 + i % 5 for i in range(60)]}), "2023-01").se)

"""Randomisation of whole days against brute force, and what it must refuse."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.patrol_days.randomisation import patrol_days_ri, randomise_days
from analysis.evaluation.record import Refusal
from tests.analysis.evaluation.patrol_days.day_panels import START, panel_of


def small(seed, weeks=3, spots=2, weekdays=2):
    """Few days: 3 weeks of Mondays and Tuesdays are 2 cells of 3 days, 36 arrangements."""
    rng = np.random.default_rng(seed)
    days = [START + pd.Timedelta(days=7 * w + d) for w in range(weeks) for d in range(weekdays)]
    panel = pd.DataFrame(list(itertools.product(["A", "B", "C"][:spots], days)), columns=["hot_spot", "local_date"])
    return panel.assign(patrol=rng.integers(0, 2, len(panel)), crimes=rng.poisson(2.0, len(panel)))


def brute_force(panel):
    """(observed U, U of every arrangement) with residuals from statsmodels and days moved one by one."""
    weekday = pd.to_datetime(panel["local_date"]).dt.day_of_week
    x = pd.concat([pd.get_dummies(panel["hot_spot"]), pd.get_dummies(weekday, drop_first=True)], axis=1).astype(float)
    fit = sm.GLM(panel["crimes"], x.to_numpy(), family=sm.families.Poisson()).fit(tol=1e-13)
    residual = (panel["crimes"] - fit.fittedvalues).to_numpy()
    days = sorted(panel["local_date"].unique())
    cells = [[d for d in days if d.day_of_week == w] for w in sorted({d.day_of_week for d in days})]
    patrol = {(r.hot_spot, r.local_date): r.patrol for r in panel.itertuples()}
    found = []
    for orders in itertools.product(*(itertools.permutations(cell) for cell in cells)):
        comes = {
            stays: d for cell, order in zip(cells, orders, strict=True) for stays, d in zip(cell, order, strict=True)
        }
        moved = [patrol[r.hot_spot, comes[r.local_date]] for r in panel.itertuples()]
        found.append(float(np.dot(moved, residual)))
    return float(np.dot(panel["patrol"], residual)), np.array(found)


@pytest.mark.parametrize("seed", range(12))
def test_few_days_are_enumerated_and_equal_brute_force(seed):
    panel = small(seed)
    ours = randomise_days(panel, interval=False)
    if isinstance(ours, str):
        pytest.skip("this draw has no day that can move")
    observed, every = brute_force(panel)
    assert ours.exact
    above, below = np.mean(every >= observed - 1e-9), np.mean(every <= observed + 1e-9)
    assert ours.p == pytest.approx(min(1.0, 2 * min(above, below)))
    # Cells in which nothing differs are not enumerated; the distribution stays the same.
    assert len(every) % len(ours.log_ratios) == 0
    ratio = (every - every.mean()).std() / ours.log_ratios.std()
    assert (every - every.mean()).max() == pytest.approx(ratio * ours.log_ratios.max(), rel=1e-6)


def test_the_observed_arrangement_comes_first():
    panel = small(1)
    observed, every = brute_force(panel)
    ours = randomise_days(panel, interval=False)
    scale = ours.log_ratios.std() / every.std()
    assert ours.log_ratios[0] == pytest.approx((observed - every.mean()) * scale, rel=1e-6)


def test_drawing_agrees_with_enumerating():
    panel = small(4, weeks=4, weekdays=3)  # 24^3 = 13,824 arrangements
    exact = randomise_days(panel)
    assert exact.exact
    import analysis.evaluation.patrol_days.arrangements as arrangements

    most, arrangements.MOST_ENUMERATED = arrangements.MOST_ENUMERATED, 10
    try:
        drawn = randomise_days(panel, permutations=19_999)
    finally:
        arrangements.MOST_ENUMERATED = most
    assert not drawn.exact
    assert drawn.p == pytest.approx(exact.p, abs=0.015)
    assert drawn.ci_low == pytest.approx(exact.ci_low, rel=0.1)


def test_an_end_of_the_interval_is_where_the_test_turns():
    """Held fixed just inside an end, the ratio is not rejected; just outside, it is."""
    panel = panel_of(3, spots=5, days=168)
    record = patrol_days_ri(panel, permutations=1999)

    def p_at(ratio):
        held = panel.assign(exposure=np.where(panel["patrol"] == 1, ratio, 1.0))
        return randomise_days(held, exposure="exposure", permutations=1999, interval=False).p

    assert p_at(record.ci_low * 1.02) > 0.05 >= p_at(record.ci_low * 0.98)
    assert p_at(record.ci_high * 0.98) > 0.05 >= p_at(record.ci_high * 1.02)
    assert (record.p < 0.05) == record.excludes_no_change()


def test_the_interval_is_close_to_the_formula_where_that_holds():
    panel = panel_of(8, spots=7, days=336, rate=0.3)
    plain, shuffled = patrol_days(panel), patrol_days_ri(panel)
    assert shuffled.estimate == plain.estimate
    assert math.log(shuffled.ci_low) == pytest.approx(math.log(plain.ci_low), abs=0.08)
    assert math.log(shuffled.ci_high) == pytest.approx(math.log(plain.ci_high), abs=0.08)
    assert shuffled.se is None
    assert shuffled.seed == 2026


def test_the_same_seed_gives_the_same_figures_and_another_nearly():
    panel = panel_of(2)
    first, again, other = (patrol_days_ri(panel, seed=seed, permutations=999) for seed in (1, 1, 2))
    assert first == again
    assert other.p != first.p
    assert other.p == pytest.approx(first.p, abs=0.1)


def test_larger_cells_are_shuffled_whole():
    panel = panel_of(5, days=168)
    by_month = randomise_days(panel, cells="12 weeks", permutations=999)
    assert by_month.movable_days == 168
    assert by_month.cells == 14
    assert by_month.ci_low < 1 < by_month.ci_high or by_month.p < 0.06


def test_days_on_which_other_hot_spots_are_known_do_not_change_places():
    panel = panel_of(6, spots=2, days=56)
    panel["patrol"] = (pd.to_datetime(panel["local_date"]) - START).dt.days // 7 % 2
    first_week = panel["local_date"] < (START + pd.Timedelta(days=7)).date()
    some = panel[~(first_week & (panel["hot_spot"] == "H1"))]
    ours = randomise_days(some, interval=False, covariates=())
    full = randomise_days(panel, interval=False, covariates=())
    assert full.movable_days == 56
    assert ours.movable_days == 49


def test_false_alarms_are_about_one_in_twenty_under_no_effect():
    panels = (panel_of(seed, spots=3, effect=1.0) for seed in range(80))
    alarms = sum(randomise_days(panel, permutations=199, interval=False).p <= 0.05 for panel in panels)
    assert alarms <= 12  # 4 expected; four standard errors above


@pytest.mark.parametrize("value", [0, 1])
def test_all_days_or_no_days_with_patrol_are_refused(value):
    found = patrol_days_ri(panel_of(1).assign(patrol=value))
    assert isinstance(found, Refusal)
    assert "both days with patrol and days without" in found.reason


def test_patrols_that_are_the_same_on_every_day_of_a_cell_cannot_be_shuffled():
    panel = panel_of(1)
    block = (pd.to_datetime(panel["local_date"]) - START).dt.days // 28
    weekday = pd.to_datetime(panel["local_date"]).dt.day_of_week
    found = patrol_days_ri(panel.assign(patrol=((block + weekday) % 2 == 0).astype(int)))
    assert isinstance(found, Refusal)
    assert "change places" in found.reason


def test_two_rows_of_one_hot_spot_and_day_are_refused():
    panel = panel_of(1)
    found = patrol_days_ri(pd.concat([panel, panel.iloc[:1]]))
    assert isinstance(found, Refusal)
    assert "two rows" in found.reason


def test_a_condition_under_which_no_crime_fell_does_not_cost_the_estimate():
    panel = panel_of(4)
    panel.loc[panel["holiday"] == 1, "crimes"] = 0
    with_holidays, without = patrol_days(panel), patrol_days(panel[panel["holiday"] == 0])
    assert with_holidays.estimate == pytest.approx(without.estimate, rel=1e-6)
    left = with_holidays.check("hot spot-days under a condition on which no crime ever fell").value
    assert left == panel["holiday"].sum()
    assert patrol_days_ri(panel, permutations=199).p > 0

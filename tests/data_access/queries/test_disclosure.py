"""Small counts: the threshold, the subtraction attack, and an attacker with a linear solver."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from data_access.crimes import crime_placement, crime_table
from data_access.disclosure import SUPPRESS_BELOW, ProtectedCube, hidden_cells, protect, with_totals
from domain.periods import Period
from domain.roles import Role
from domain.scope import OutOfScope, scope_for

FUNDER = scope_for("fred@example.org", Role.FUNDER, frozenset({"TEST"}))
MANAGER = scope_for("mary@example.org", Role.MANAGER, frozenset({"TEST"}))


@pytest.mark.parametrize(("count", "shown"), [(0, True), (1, False), (4, False), (5, True)])
def test_the_threshold(count, shown):
    frame = protect(pd.DataFrame({"crimes": [count], "harm_days": [10.0]}), ["crimes"], (), FUNDER,
                    following={"harm_days": "crimes"})  # fmt: skip
    assert pd.notna(frame.loc[0, "crimes"]) is shown
    assert not shown or frame.loc[0, "crimes"] == count
    assert pd.notna(frame.loc[0, "harm_days"]) is shown
    assert bool(frame.loc[0, "suppressed"]) is not shown


def test_operational_roles_see_everything():
    frame = protect(pd.DataFrame({"month": ["a", "b"], "crimes": [1, 4]}), ["crimes"], ("month",), MANAGER)
    assert list(frame["crimes"]) == [1, 4]
    assert not frame["suppressed"].any()


def test_a_lone_small_count_takes_the_next_smallest_with_it():
    frame = pd.DataFrame({"month": list("abcd"), "crimes": [3, 40, 12, 0]})
    found = protect(frame, ["crimes"], ("month",), FUNDER)
    assert list(found["suppressed"]) == [True, False, True, False]
    assert found.loc[3, "crimes"] == 0


def test_two_ones_take_a_third_because_their_sum_would_be_a_small_count():
    hidden = hidden_cells(np.array([1.0, 1.0, 9.0, 30.0]))
    assert list(hidden) == [True, True, True, False, False]


counts = st.integers(0, 4).flatmap(
    lambda rows: st.lists(
        st.lists(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 9, 20]), min_size=4, max_size=4),
        min_size=rows + 1,
        max_size=rows + 1,
    )
)


@given(counts)
@settings(max_examples=150, deadline=None)
def test_no_line_leaves_one_hidden_entry_and_no_small_count_is_shown(table):
    cells = np.array(table, dtype=float)
    full, hidden = with_totals(cells), hidden_cells(cells)
    assert not (~hidden & (full > 0) & (full < SUPPRESS_BELOW)).any()
    assert not (hidden & (full == 0)).any()
    for axis in (0, 1):
        assert not (hidden.sum(axis=axis) == 1).any()


@given(counts)
@settings(max_examples=60, deadline=None)
def test_an_attacker_with_a_linear_solver_recovers_no_small_count(table):
    cells = np.array(table, dtype=float)
    full, hidden = with_totals(cells), hidden_cells(cells)
    small = np.argwhere(hidden[:-1, :-1] & (cells < SUPPRESS_BELOW))
    for row, column in small:
        low, high = attack(full, hidden, row, column)
        assert high - low > 0.5, f"{cells[row, column]} at {row, column} is recovered"


def attack(full: np.ndarray, hidden: np.ndarray, row: int, column: int) -> tuple[float, float]:
    """Smallest and largest value of one hidden cell that all visible entries and totals allow."""
    spots = [tuple(i) for i in np.argwhere(hidden)]
    at = {spot: i for i, spot in enumerate(spots)}
    equations, constants = [], []
    for axis in (0, 1):
        for line in range(full.shape[axis]):
            places = [(line, j) if axis == 0 else (j, line) for j in range(full.shape[1 - axis])]
            coefficients, constant = np.zeros(len(spots)), 0.0
            for place, sign in zip(places, [1] * (len(places) - 1) + [-1], strict=True):
                if place in at:
                    coefficients[at[place]] += sign
                else:
                    constant -= sign * full[place]
            equations.append(coefficients)
            constants.append(constant)
    cost = np.zeros(len(spots))
    cost[at[(row, column)]] = 1
    low = linprog(cost, A_eq=equations, b_eq=constants, bounds=(0, None), method="highs")
    high = linprog(-cost, A_eq=equations, b_eq=constants, bounds=(0, 10_000), method="highs")
    return low.fun, -high.fun


def test_the_attacker_succeeds_against_primary_suppression_alone():
    cells = np.array([[3.0, 20.0, 30.0], [10.0, 20.0, 30.0]])
    full = with_totals(cells)
    assert attack(full, (full > 0) & (full < SUPPRESS_BELOW), 0, 0) == (3, 3)
    low, high = attack(full, hidden_cells(cells), 0, 0)
    assert low < 3 < high


def test_block_subtraction_over_two_rows_and_columns_gets_nothing():
    """Rows 1-2 less columns 1-2 would give the 3 that joins the two blocks."""
    cells = np.array([[2, 2, 3, 40], [2, 2, 40, 40], [40, 40, 2, 2], [40, 40, 2, 2]], dtype=float)
    low, high = attack(with_totals(cells), hidden_cells(cells), 0, 2)
    assert high - low > 0.5


@given(
    st.lists(st.sampled_from([0, 1, 2, 3, 7, 12]), min_size=27, max_size=27),
)
@settings(max_examples=60, deadline=None)
def test_tables_cut_from_one_cube_never_give_each_other_away(numbers):
    """Total minus visible parts is never a count of 1 to 4, nor one hidden cell, for any pair of tables."""
    dims = {"month": ["a", "b", "c"], "hot_spot": ["x", "y", "z"], "offence_group": ["p", "q", "r"]}
    frame = pd.MultiIndex.from_product(dims.values(), names=dims.keys()).to_frame(index=False)
    frame["crimes"] = numbers
    cube = ProtectedCube.build(frame, dims, ["crimes"], {})
    for by in (("month",), ("hot_spot",), ("month", "hot_spot"), ("month", "offence_group")):
        parent = cube.table(by, {})
        for extra in set(dims) - set(by):
            child = cube.table((*by, extra), {})
            for row in parent[~parent["suppressed"]].itertuples():
                same = np.all([child[d] == getattr(row, d) for d in by], axis=0)
                hidden = child.loc[same, "crimes"].isna().sum()
                left = row.crimes - child.loc[same, "crimes"].sum()
                assert hidden != 1
                assert hidden == 0 or left >= SUPPRESS_BELOW


# --- through crime_table, as a page asks -------------------------------------------------------------------


@pytest.fixture
def small_programme(programme):
    chance = random.Random(3)
    rows = [
        {"day": date(2023, 1, 1) + timedelta(days=chance.randrange(365)), "harm": 10.0,
         "spot": chance.choice(["HS1", "HS1", "HS1", "HS2", "HS3"]), "group": chance.choice(["A", "A", "A", "B"])}
        for _ in range(220)
    ]  # fmt: skip
    with programme() as m:
        m.crimes(rows, period=(date(2023, 1, 1), date(2023, 12, 31)))


@pytest.mark.usefixtures("small_programme")
def test_a_funder_sees_no_small_count_in_any_table(funder, manager, asked):
    filters = asked("2023-01-01", "2023-12-31")
    for by in [(), ("month",), ("hot_spot",), ("month", "hot_spot"), ("month", "hot_spot", "offence_group")]:
        seen, true = crime_table(funder, filters, by), crime_table(manager, filters, by)
        assert len(seen) == len(true)
        assert not seen["crimes"].between(1, SUPPRESS_BELOW - 1).any()
        visible = seen["crimes"].notna()
        assert list(seen.loc[visible, "crimes"]) == list(true.loc[visible, "crimes"])
        assert seen.loc[~visible, "suppressed"].all()
        assert seen.loc[~visible, "harm_days"].isna().all()
        assert list(seen[list(by)].itertuples(index=False)) == list(true[list(by)].itertuples(index=False))
    assert crime_table(funder, filters, ("month", "hot_spot"))["suppressed"].any()


@pytest.mark.usefixtures("small_programme")
def test_choosing_one_hot_spot_does_not_undo_the_hiding(funder, asked):
    whole = crime_table(funder, asked("2023-01-01", "2023-12-31"), ("month", "hot_spot"))
    for spot in ("HS1", "HS2", "HS3"):
        alone = crime_table(funder, asked("2023-01-01", "2023-12-31", spot), ("month",))
        same = whole[whole["hot_spot"] == spot]
        assert list(alone["suppressed"]) == list(same["suppressed"])
        pd.testing.assert_series_equal(alone["crimes"], same["crimes"], check_index=False, check_dtype=False)


@pytest.mark.usefixtures("small_programme")
def test_two_of_three_hot_spots_cannot_be_taken_from_all_three(funder, asked):
    months = ("2023-01-01", "2023-12-31")
    all_three = crime_table(funder, asked(*months), ("month",))["crimes"]
    two = crime_table(funder, asked(*months, "HS1", "HS2"), ("month",))["crimes"]
    left = (all_three - two).dropna()
    assert not left.between(1, SUPPRESS_BELOW - 1).any()


@pytest.mark.usefixtures("small_programme")
def test_a_funder_sees_whole_months_so_that_days_cannot_be_differenced(funder, manager, asked):
    ragged = asked("2023-03-05", "2023-04-20")
    seen = crime_table(funder, ragged)
    assert seen.loc[0, "crimes"] == crime_table(manager, asked("2023-03-01", "2023-04-30")).loc[0, "crimes"]
    assert "Your role sees whole months" in seen.attrs["notes"][0]


@pytest.mark.usefixtures("small_programme")
def test_placement_would_give_crimes_away_so_it_is_operational(funder, manager):
    year = Period(date(2023, 1, 1), date(2023, 12, 31))
    assert crime_placement(manager, "TEST", year).inside == 220
    with pytest.raises(OutOfScope, match="counts of 1 to 4"):
        crime_placement(funder, "TEST", year)


@pytest.mark.usefixtures("small_programme")
def test_a_month_without_data_is_missing_not_suppressed(funder, asked):
    found = crime_table(funder, asked("2023-12-01", "2024-01-31"), ("month", "hot_spot"))
    january = found[found["month"] == "2024-01"]
    assert len(january) == 3
    assert january["crimes"].isna().all()
    assert not january["suppressed"].any()
    assert "No crimes are loaded for Jan 2024." in found.attrs["notes"]
    none = crime_table(funder, asked("2024-02-01", "2024-02-29"))
    assert pd.isna(none.loc[0, "crimes"])
    assert not none.loc[0, "suppressed"]

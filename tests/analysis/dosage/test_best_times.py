"""Best times: a real gathering is found where it is, and an even spread is not called one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.dosage.best_times import FEWEST, best_window


def test_friday_and_saturday_night_over_midnight_is_one_window() -> None:
    week = np.zeros((7, 24), np.int64)
    for day in (4, 5):
        week[day, 22:] = 5
        week[(day + 1) % 7, :2] = 5
    found = best_window(week)
    assert found is not None
    assert (found.first_day, found.days, found.from_hour, found.hours) == (4, 2, 22, 4)
    assert found.crimes == found.total == 40
    assert found.clear


def test_an_even_spread_is_rarely_called_clear() -> None:
    rng = np.random.default_rng(5)
    clear = 0
    for _ in range(100):
        found = best_window(rng.multinomial(60, np.full(168, 1 / 168)).reshape(7, 24))
        assert found is not None
        assert found.crimes > found.expected, "the fullest window always looks full, which is why chance is asked"
        clear += found.clear
    assert clear <= 12


def test_too_few_crimes_name_no_window() -> None:
    week = np.zeros((7, 24), np.int64)
    week[0, 0] = FEWEST - 1
    assert best_window(week) is None
    week[0, 1] = 1
    assert best_window(week) is not None


def test_a_team_is_told_of_its_own_hours_only() -> None:
    week = np.zeros((7, 24), np.int64)
    week[:, 22] = 9
    week[:, 16:18] = 2
    shift = np.zeros((7, 24), bool)
    shift[:, 14:20] = True
    found = best_window(week, shift)
    assert found is not None
    assert (found.days, found.from_hour, found.hours, found.crimes, found.total) == (7, 16, 2, 28, 28)
    assert found.expected == pytest.approx(28 * 2 / 6)
    assert best_window(np.where(shift, 0, week), shift) is None, "no crime in the shift, no window in the shift"


def test_crime_spread_evenly_over_the_hours_looked_at_names_no_window() -> None:
    shift = np.zeros((7, 24), bool)
    shift[:, 14:16] = True
    assert best_window(shift * np.int64(3), shift) is None


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(7, 24\)"):
        best_window(np.zeros((24, 7), np.int64))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 167), min_size=FEWEST, max_size=80))
def test_the_numbers_said_are_those_of_the_window(slots: list[int]) -> None:
    week = np.bincount(slots, minlength=168).reshape(7, 24)
    found = best_window(week)
    assert found is not None
    assert found.crimes == week[found.mask()].sum()
    assert found.expected == pytest.approx(found.total * found.mask().sum() / 168)
    assert 0 < found.p_value <= 1
    assert found == best_window(week)

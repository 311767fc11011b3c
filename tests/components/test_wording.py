"""Sentences from figures: direction first, whether it is wanted apart, and nothing invented where data lack."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import wording
from components.wording import Direction

WHEN = {"now_when": "2023", "then_when": "2022"}


def test_a_fall_is_said_with_both_figures():
    said = wording.change_sentence(what="Recorded crime", now=252, then=416, **WHEN)
    assert said == "Recorded crime was 252 in 2023, 39% lower than in 2022 (416)."


@pytest.mark.parametrize(
    ("now", "then", "expected"),
    [
        (5, 5, "Harm was 5 days in 2023, the same as in 2022."),
        (5, 0, "Harm was 5 days in 2023, against none in 2022."),
        (5, None, "Harm was 5 days in 2023. There is no figure for 2022 to compare it with."),
        (math.nan, 5, "Harm cannot be given for 2023."),
        (1001, 1000, "Harm was 1,001 days in 2023, less than 1% higher than in 2022 (1,000)."),
    ],
)
def test_edges_are_said_not_computed(now, then, expected):
    assert wording.change_sentence(what="Harm", now=now, then=then, unit="days", **WHEN) == expected


def test_direction_is_apart_from_whether_it_is_wanted():
    assert wording.is_wanted(Direction.LOWER, lower_is_wanted=True) is True
    assert wording.is_wanted(Direction.LOWER, lower_is_wanted=False) is False
    assert wording.is_wanted(Direction.LOWER, lower_is_wanted=None) is None
    assert wording.is_wanted(Direction.SAME, lower_is_wanted=True) is None
    assert wording.wanted_sentence(Direction.HIGHER, lower_is_wanted=True) == "That is not the direction hoped for."


def test_an_interval_across_zero_is_no_change_that_chance_would_not_explain():
    assert "about 164 fewer than the model expects without change" in wording.fewer_sentence(164, 60, 290, "crimes")
    assert "about 40 more" in wording.fewer_sentence(-40, -70, -10, "crimes")
    assert "10 to 70" in wording.fewer_sentence(-40, -70, -10, "crimes")
    assert "no upper limit" in wording.fewer_sentence(40, 10, math.inf, "crimes")


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_the_sentence_never_says_lower_of_a_higher_figure(now, then):
    said = wording.change_sentence(what="Crime", now=now, then=then, **WHEN)
    assert ("lower" in said) == (now < then)


def test_no_number_of_crimes_where_the_interval_includes_no_change():
    """252 crimes against 416 with a ratio of 0.21 to 1.58 would give "928 fewer": more than ever happened."""
    said = wording.fewer_sentence(252 * (1 / 0.58 - 1), 252 * (1 / 1.58 - 1), 252 * (1 / 0.21 - 1), "crimes")
    assert "cannot be told" in said
    assert "includes no change" in said
    assert not any(character.isdigit() for character in said.replace("95%", ""))


def test_assumptions_are_said_to_be_assumed():
    assert (
        wording.assumptions_sentence(("a holds", "b holds"))
        == "This assumes, and cannot check, that: a holds; b holds."
    )
    assert wording.assumptions_sentence(()) == ""

"""A sentence never claims more than its design; a null or unflattering result is said as plainly as any."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.evaluation.before_after.counts import TwoCounts, exact_conditional
from analysis.evaluation.before_after.overlap import baseline_overlap, overlap_check
from analysis.evaluation.claims import (
    Claim,
    ClaimTooStrong,
    before_after_claim,
    causal_words,
    check_wording,
    harm_claim,
    interval_words,
    other_ways,
    patrol_days_claim,
)
from analysis.evaluation.comparators.places import comparators_change
from analysis.evaluation.record import Refusal
from analysis.evaluation.suite import run_section
from domain.periods import Period
from tests.analysis.evaluation.pooling.made_programme import made_inputs


def record(estimate, low, high, level=2):
    return replace(
        exact_conditional(TwoCounts(50, 40, 1, 1)),
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        maryland_level=level,
        mde80=0.7,
    )


@pytest.mark.parametrize(
    "word", ["caused", "reduced", "prevented", "due to", "Worked", "led to", "effective", "impact"]
)
@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_causal_words_are_impossible_below_randomised_days(word, level):
    with pytest.raises(ClaimTooStrong, match="randomised"):
        Claim(f"Patrols {word} less crime.", level, "lower")
    assert check_wording(f"Patrols {word} less crime.", 5)


@given(st.floats(0.05, 5), st.floats(0.3, 0.99), st.floats(1.01, 3), st.integers(1, 4))
def test_no_estimate_yields_a_causal_sentence_below_level_five(estimate, down, up, level):
    found = record(estimate, estimate * down, estimate * up, level)
    claims = [
        before_after_claim(found, "the centre", "2022", "2023"),
        patrol_days_claim(found),
        harm_claim(found, found, found),
    ]
    for claim in claims:
        assert causal_words(claim.sentence) == []


def test_randomised_days_may_speak_of_effect():
    assert "reduced" in patrol_days_claim(record(0.7, 0.5, 0.9, level=5)).sentence
    assert "reduced" not in patrol_days_claim(record(0.7, 0.5, 0.9, level=3)).sentence


def test_before_after_says_what_was_recorded_and_that_there_is_no_comparison_area():
    claim = before_after_claim(record(0.61, 0.46, 0.81), "Leicester city centre", "2022", "2023")
    assert claim.sentence.startswith(
        "Recorded crime fell in Leicester city centre: it was 39% lower in 2023 than in 2022"
    )
    assert "(95% interval 19% to 54% lower)" in claim.sentence
    assert "no comparison area" in claim.sentence
    assert "level 2 of 5" in claim.sentence


def test_a_change_that_may_be_ordinary_is_said_so_in_plain_words():
    claim = before_after_claim(record(0.8, 0.6, 1.1), "the centre", "2022", "2023", counts=TwoCounts(100, 83, 1.0, 1.0))
    assert claim.sentence.startswith(
        "Recorded crime in the centre was 17% lower in 2023 than in 2022 (83 crimes against 100). A change of this size can come from ordinary "
        "variation between years: after adjustment it was 20% lower, and the 95% interval runs from 40% lower to 10% higher."
    )
    assert "fell" not in claim.sentence
    assert claim.direction == "unclear"


@given(st.floats(0.05, 5), st.floats(0.3, 0.99), st.floats(1.01, 3))
def test_no_claim_is_a_double_negative_or_names_a_scale_without_its_meaning(estimate, down, up):
    found = record(estimate, estimate * down, estimate * up)
    for claim in (
        before_after_claim(found, "the centre", "2022", "2023"),
        patrol_days_claim(replace(found, maryland_level=3)),
    ):
        assert "not explain" not in claim.sentence
        assert "Strength of the design: level" in claim.sentence
        assert "5 is random assignment" in claim.sentence


def test_every_interval_of_the_harm_sentence_is_named():
    claim = harm_claim(record(0.64, 0.23, 1.8), record(0.61, 0.5, 0.7), record(1.05, 0.9, 1.2))
    assert "Total harm was 36% lower (95% interval 77% lower to 80% higher)" in claim.sentence
    assert claim.sentence.count("(") == claim.sentence.count("(95% interval")


def test_the_recorded_change_comes_before_the_adjusted_one():
    claim = before_after_claim(
        record(0.58, 0.4, 0.8), "the centre", "2022", "2023", counts=TwoCounts(416, 252, 1.0, 1.0)
    )
    assert (
        "it was 39% lower in 2023 than in 2022 "
        "(252 crimes against 416; 42% lower after adjustment, 95% interval 20% to 60% lower)" in claim.sentence
    )


def test_counts_of_windows_of_other_lengths_say_that_rates_are_compared():
    claim = before_after_claim(record(0.8, 0.6, 1.1), "the centre", "2022", "2023", counts=TwoCounts(100, 83, 12, 11))
    assert (
        "9% lower in 2023 than in 2022 (83 crimes against 100 in a window 8% shorter; rates a day compared)"
        in claim.sentence
    )


def test_a_ratio_is_said_as_per_cent_and_in_crimes_with_their_intervals():
    found = replace(record(0.6, 0.5, 0.8), observed=252.0, unit="crimes")
    said = other_ways(found)
    assert said["per_cent"] == "−40% (−50% to −20%)"
    # 252 / 0.6 = 420 were to be expected at a ratio of 1, so 168 fewer; the interval turns round.
    assert said["fewer"] == "168 (63 to 252) crimes; 252 counted"
    assert other_ways(replace(found, ci_low=0.0))["fewer"] == "168 (63 to no limit) crimes; 252 counted"
    assert other_ways(replace(found, observed=None))["fewer"] == "[z]"


def test_headlines_that_are_ratios_of_counts_know_what_was_counted():
    made = made_inputs(ratio=0.6)
    during = float(made.cells.loc[made.cells["window"] == "during", "crimes"].sum())
    on_patrol = made.days[made.days["patrol"] > 0]
    observed = {name: run_section(name, made).headline.observed for name in ("before-after", "comparators")}
    assert observed == {"before-after": during, "comparators": during}
    patrol = run_section("patrol-days", made).headline
    assert (patrol.unit, 0 < patrol.observed <= on_patrol["crimes"].sum()) == ("crimes", True)
    assert run_section("harm", made).headline.unit == "harm days"


def test_a_rise_is_said_as_plainly_as_a_fall():
    rose = before_after_claim(record(1.5, 1.2, 1.9), "the centre", "2022", "2023")
    assert rose.sentence.startswith("Recorded crime rose in the centre")
    worse = patrol_days_claim(record(1.3, 1.1, 1.5, level=3))
    assert "30% higher on patrol days" in worse.sentence


def test_severity_that_did_not_fall_is_said():
    claim = harm_claim(record(0.64, 0.5, 0.8), record(0.61, 0.5, 0.7), record(1.05, 0.9, 1.2))
    assert "Harm per crime did not fall: it was 5% higher" in claim.sentence
    assert "not less serious ones" in claim.sentence
    assert (
        "Harm per crime rose" in harm_claim(record(1, 0.8, 1.2), record(0.7, 0.5, 0.9), record(1.4, 1.1, 1.8)).sentence
    )


def test_a_refusal_becomes_a_sentence_with_its_reason():
    claim = patrol_days_claim(Refusal("patrol", "The data name only the month."))
    assert claim.sentence == "Patrol days cannot be compared with other days. The data name only the month."


def test_intervals_in_words():
    assert interval_words(0.46, 0.8) == "20% to 54% lower"
    assert interval_words(1.1, 1.4) == "10% to 40% higher"
    assert interval_words(0.88, 1.08) == "12% lower to 8% higher"
    assert interval_words(0.999, 1.2) == "less than 1% lower to 20% higher"
    assert interval_words(0.5, float("inf")) == "50% lower to no upper limit"


def test_baseline_overlap_counts_the_live_days():
    before = Period(date(2022, 3, 21), date(2023, 2, 12))
    found = baseline_overlap(before, date(2022, 10, 1))
    assert found.days == 135
    assert found.share == pytest.approx(135 / 329)
    assert "135 of the 329 days (41%)" in found.sentence()
    assert baseline_overlap(before, date(2023, 2, 13)) is None
    assert baseline_overlap(before, date(2023, 2, 12)).days == 1
    assert baseline_overlap(before, date(2021, 1, 1)).days == 329
    assert baseline_overlap(before, None) is None


def test_service_days_in_the_baseline_fail_a_check():
    before = Period(date(2022, 3, 21), date(2023, 2, 12))
    held = overlap_check(before, date(2022, 10, 1))
    assert (held.passed, held.value) == (False, "135 of 329 (41%)")
    assert overlap_check(before, date(2023, 2, 12)).passed is False
    assert overlap_check(before, date(2023, 2, 13)).passed is True
    assert overlap_check(before, None).passed is None


def test_comparators_are_ranked_by_their_own_change():
    counts = pd.DataFrame(
        [
            ("Own", 100, 60, 10, 10),
            ("A", 100, 90, 10, 10),
            ("B", 200, 50, 10, 5),
            ("C", 0, 5, 10, 10),
            ("D", 9, 9, 0, 10),
        ],
        columns=["place", "before", "during", "months_before", "months_during"],
    )
    found = comparators_change(counts, "Own")
    assert [(p.place, p.rank) for p in found.places] == [("B", 1), ("Own", 2), ("A", 3), ("C", 4)]
    assert found.treated_change.ratio == pytest.approx(0.6)
    assert found.places[0].ratio == pytest.approx(0.5)
    assert found.placebo_floor == pytest.approx(1 / 4)
    assert isinstance(comparators_change(counts[counts["place"] == "Own"], "Own"), Refusal)

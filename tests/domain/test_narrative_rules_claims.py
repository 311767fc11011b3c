"""What claims too much is found in its sentence; what is careful, or about something else, is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.narrative_rules import claims
from domain.narrative_rules.claims import Kind, over_claims
from domain.narrative_rules.sentences import Measured, sentences
from tests.domain import narrative_claim_sentences as written


def _measured(over: tuple[str, ...], fair: tuple[str, ...]) -> Measured:
    found = sum(bool(over_claims(text, 3)) for text in over)
    return Measured(found, len(over) - found, sum(bool(over_claims(text, 3)) for text in fair))


def test_the_figures_stated_are_those_of_the_sentences() -> None:
    assert _measured(written.TUNING_OVER, written.TUNING_FAIR) == claims.MEASURED_TUNING
    assert _measured(written.HELD_OUT_OVER, written.HELD_OUT_FAIR) == claims.MEASURED_HELD_OUT
    assert _measured(written.OTHERS_OVER, written.OTHERS_FAIR) == claims.MEASURED_OTHERS
    assert claims.MEASURED_OTHERS.recall == pytest.approx(10 / 15)
    assert claims.MEASURED_OTHERS.precision == pytest.approx(10 / 11)


@pytest.mark.parametrize(
    ("text", "kind", "blocks"),
    [
        ("Patrols reduced crime by 39%.", Kind.CAUSE, True),
        ("Patrols may have reduced crime by 39%.", Kind.CAUSE, False),
        ("The patrols helped to reduce violence.", Kind.CAUSE, True),
        ("Violence fell because of the patrols.", Kind.CAUSE, True),
        ("This proves that hot spot policing works.", Kind.PROOF, False),
        ("The scheme is a success.", Kind.SUCCESS, False),
        ("Violence fell significantly.", Kind.SIGNIFICANCE, False),
        ("The team saved the force £12,000.", Kind.SAVING, False),
        ("There was no displacement.", Kind.DISPLACEMENT, False),
    ],
)  # fmt: skip
def test_each_kind_of_claim_and_whether_it_stops_the_return(text: str, kind: Kind, blocks: bool) -> None:
    (found,) = over_claims(text, 2)
    assert (found.kind, found.blocks) == (kind, blocks)
    assert found.sentence == text
    assert found.words in text
    assert found.why.endswith((".", "figure."))
    assert found.instead


@pytest.mark.parametrize(
    "text",
    [
        "There is no evidence that the patrols reduced crime.",
        "We cannot say whether violence fell because of the patrols.",
        "Two arrests led to charges.",
        "The change takes its effective date from 1 April.",
        "The bid manager wrote: “Your patrols have reduced crime.”",
        "Violence fell significantly less than the limits of ordinary variation allow.",
        "The plan aims to reduce violence.",
        "The crime prevention officer and the violence reduction network met.",
        "Stop and search was used 13 times.",
    ],
)
def test_careful_sentences_and_other_uses_of_the_words_pass(text: str) -> None:
    assert over_claims(text, 2) == ()


def test_a_limitation_covers_its_own_clause_only() -> None:
    text = "November cannot be given, but the patrols reduced crime in December."
    assert [c.words for c in over_claims(text, 2)] == ["reduced crime"]


def test_quotation_marks_that_quote_nobody_hide_nothing() -> None:
    assert over_claims("The patrols “reduced crime”.", 2)


def test_randomised_days_carry_cause_but_not_an_untested_significance() -> None:
    assert over_claims("Patrols reduced crime.", 5) == ()
    assert [c.kind for c in over_claims("Crime fell significantly.", 5)] == [Kind.SIGNIFICANCE]


@pytest.mark.parametrize(
    ("level", "word"),
    [(1, "recorded in the month"), (2, "last year"), (3, "days with patrol"), (4, "comparable places")],
)
def test_the_wording_offered_is_that_of_the_level(level: int, word: str) -> None:
    (found,) = over_claims("Patrols reduced crime.", level)
    assert word in found.instead
    assert over_claims(found.instead, level) == ()
    assert f"level {level}" in found.why


def test_sentences_end_at_full_stops_and_not_at_titles_or_decimals() -> None:
    text = "Mr. Li paid £2.50 at 7 a.m. today! Was it so? Yes\n- a list"
    assert [s.text for s in sentences(text)] == ["Mr. Li paid £2.50 at 7 a.m. today!", "Was it so?", "Yes", "- a list"]
    assert all(text[s.start :].startswith(s.text) for s in sentences(text))


_PIECES = st.sampled_from(
    [
        "patrols ",
        "reduced ",
        "crime ",
        "because ",
        "“",
        "”",
        "said ",
        "fell ",
        "not ",
        ". ",
        "\n",
        "é",
        "because of the ",
        "crime fell ",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_PIECES, max_size=120).map("".join), st.integers(1, 5))
def test_whatever_is_written_hits_lie_in_the_text(text: str, level: int) -> None:
    for found in over_claims(text, level):
        assert found.sentence in text
        assert found.words


@pytest.mark.parametrize(
    "unit", ["because ", "proves works ", "reduced the ", "brought x x x x ", "“", "a", "é", "not ", "! "]
)
def test_four_thousand_hostile_characters_are_read_to_the_end(unit: str) -> None:
    text = (unit * 4000)[:3950] + ". Patrols reduced crime."
    assert any(c.blocks for c in over_claims(text, 2))

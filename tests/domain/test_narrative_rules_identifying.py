"""Details that tell who somebody is are found; the programme's own words and ordinary capitals are left alone."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.narrative_rules import identifying
from domain.narrative_rules.identifying import What, identifying_details, is_nhs_number
from domain.narrative_rules.sentences import Measured
from tests.domain import narrative_identifying_sentences as written

Notes = tuple[tuple[str, tuple[str, ...]], ...]


def _found(text: str) -> list[tuple[What, str]]:
    return [(d.what, d.words) for d in identifying_details(text, written.VOCABULARY)]


def _measured(notes: Notes, clean: tuple[str, ...]) -> Measured:
    found = missed = wrong = 0
    for text, wanted in (*notes, *((text, ()) for text in clean)):
        words = [words for _, words in _found(text)]
        hits = [any(w in got or got in w for got in words) for w in wanted]
        found, missed = found + sum(hits), missed + len(hits) - sum(hits)
        wrong += sum(not any(w in got or got in w for w in wanted) for got in words)
    return Measured(found, missed, wrong)


def test_the_figures_stated_are_those_of_the_notes() -> None:
    assert _measured(written.TUNING, written.TUNING_CLEAN) == identifying.MEASURED_TUNING
    assert _measured(written.HELD_OUT, written.HELD_OUT_CLEAN) == identifying.MEASURED_HELD_OUT
    assert _measured(written.OTHERS, written.OTHERS_CLEAN) == identifying.MEASURED_OTHERS
    assert identifying.MEASURED_OTHERS.recall == pytest.approx(17 / 23)


@pytest.mark.parametrize(
    ("text", "what", "words", "blocks"),
    [
        ("Ring 07700 900123 for more.", What.PHONE, "07700 900123", True),
        ("Ring +44 (0)20 7946 0123 for more.", What.PHONE, "+44 (0)20 7946 0123", True),
        ("Write to a.person+x@mail.example.org.uk today.", What.EMAIL, "a.person+x@mail.example.org.uk", True),
        ("It was QQ123456C.", What.NATIONAL_INSURANCE, "QQ123456C", True),
        ("She lives in le1 4qa with others.", What.POSTCODE, "le1 4qa", True),
        ("The plate was ab12 cde at first.", What.VEHICLE, "ab12 cde", True),
        ("Their DOB: 14/03/1991.", What.BIRTH, "14/03/1991", True),
        ("It was 943 476 5919.", What.NHS, "943 476 5919", True),
        ("We met Siân there.", What.NAME, "Siân", False),
        ("Then Łukasz Wójcik's brother came.", What.NAME, "Łukasz Wójcik", False),
        ("We met Llŷr ap Rhys there.", What.NAME, "Llŷr ap Rhys", False),
        ("The man WÓJCIK was seen.", What.NAME, "WÓJCIK", False),
        ("Then DS 4521 O’Neill arrived.", What.NAME, "O’Neill", False),
        ("A boy of 14 was found.", What.AGE, "14", False),
        ("A Polish woman was helped.", What.PROTECTED, "Polish", False),
        ("The woman (12/03/1984) was helped.", What.OLD_DATE, "12/03/1984", False),
        ("See occurrence 22000456789 for it.", What.REFERENCE, "22000456789", False),
        ("It is at 22a Church Gate now.", What.ADDRESS, "22a Church Gate", False),
    ],
)  # fmt: skip
def test_each_kind_of_detail_and_whether_it_stops_the_return(text: str, what: What, words: str, blocks: bool) -> None:
    found = [d for d in identifying_details(text, written.VOCABULARY) if d.what is what]
    assert [(d.words, d.blocks) for d in found] == [(words, blocks)]


def test_letters_with_separate_accents_are_the_same_letters() -> None:
    text = unicodedata.normalize("NFD", "We met Siân and Łukasz Wójcik there.")
    assert [words for _, words in _found(text)] == ["Siân", "Łukasz Wójcik"]


@pytest.mark.parametrize(
    "text",
    [
        "Patrols at Clock Tower and Church Gate on Saturday 23 December.",
        "GPS trackers failed on 14/12/2023 and again on 2 January 2024.",
        "Young people aged 18 to 25 were met.",
        "The Polish leaflets arrived.",
        "In FY24 May was quiet, and Q4 ASB rose.",
        "£0123456789 is no number to ring, nor is 1,234,567,890.",
        "From the Q4 1st draft.",
        "Crime number recording is 98.5% complete.",
        "Incident 2023 totals and case 2023-24 figures.",
        "The 40-minute visits on 22 December Church Gate patrols.",
    ],
)  # fmt: skip
def test_the_programmes_own_words_dates_and_figures_pass(text: str) -> None:
    assert _found(text) == []


def test_a_name_of_the_programmes_own_is_known_by_every_word_of_it() -> None:
    assert identifying_details("We met at Zeta Bridge.") != ()
    assert identifying_details("We met at Zeta Bridge.", ["Zeta Bridge"]) == ()


@pytest.mark.parametrize(
    ("number", "right"), [("943 476 5919", True), ("943 476 5918", False), ("9434765919", True), ("12", False)]
)
def test_nhs_numbers_are_told_by_their_check_digit(number: str, right: bool) -> None:
    assert is_nhs_number(number) is right


_PIECES = st.sampled_from(
    [
        "Anna ",
        "a ",
        "PC 12 ",
        "Mr ",
        "aged 4",
        "07700 900",
        "123 ",
        "@",
        "x.",
        "LE1 ",
        "4QA",
        "\n",
        "é",
        "Ó",
        "woman ",
        "gay ",
        "'s ",
        "de ",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_PIECES, max_size=100).map("".join))
def test_details_lie_where_they_say_and_do_not_overlap(text: str) -> None:
    normal = unicodedata.normalize("NFC", text)
    at = 0
    for found in identifying_details(text, written.VOCABULARY):
        assert normal[found.start : found.start + len(found.words)] == found.words
        assert found.start >= at
        at = found.start + len(found.words)


@pytest.mark.parametrize(
    "unit", ["Mr ", "A ", "Aa ", "1 Aa Aa Aa ", "0", "a@", "a.", "born on the ", "a\u0301", "Polish he ", "- "]
)
def test_four_thousand_hostile_characters_are_read_to_the_end(unit: str) -> None:
    text = (unit * 4000)[:3950] + "; ring 07700 900123."
    assert (What.PHONE, "07700 900123") in _found(text)

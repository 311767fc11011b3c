"""Reasons why patrols were taken away name kinds of reasons, never people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import schema as s
from data_access.loading.abstraction_reasons import OTHER, REASONS, closed_reason
from demo import schedule


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("PC 1234 Smith off sick", "sickness or absence"), ("ARREST", "arrest or custody"), ("Custody", "arrest or custody"),
        ("999 call", "emergency call"), ("Immediate response", "emergency call"), ("Crown Court", "court"),
        ("PC Courtney", OTHER), ("football match", "public order event"), ("training_day", "training"),
        ("heavy snow", "severe weather"), ("missing child", "safeguarding call"), ("No officers", "no officers available"),
        ("short-staffed", "no officers available"), ("redeployed", "other duty"), ("PC Bill Jones", OTHER),
        ("xyzzy", OTHER), ("???", OTHER), ("", ""), ("  ", ""), ("Other", OTHER),
    ],
)  # fmt: skip
def test_reasons_are_recognised_by_words(text: str, reason: str) -> None:
    assert closed_reason(text) == reason


@given(st.text())
def test_nothing_but_the_list_comes_out(text: str) -> None:
    assert closed_reason(text) in {*REASONS, ""}


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_of_the_list_stays_itself(reason: str) -> None:
    assert closed_reason(reason) == reason
    assert closed_reason(f" {reason.upper()} ") == reason


def test_the_demonstration_names_reasons_of_the_list() -> None:
    lost = [reason for _, reasons in schedule.LOST_SHIFT.values() for reason in reasons]
    away = [reason for spans in schedule.AWAY.values() for _, _, reason in spans]
    for text in {*schedule.OUTREACH_REASONS, *schedule.POLICE_REASONS, *lost, *away}:
        assert closed_reason(text) != OTHER, text


def test_free_text_is_not_kept_and_the_load_says_so(door) -> None:
    rows = ("PC 1234 Smith off sick", "Sgt Jones's dog", "Mrs Brown's funeral", "", "arrest")
    result = door.load(
        "plan",
        "date,hot_spot,provider,planned_minutes,abstracted_minutes,abstraction_reason\n"
        + "".join(f"2023-02-13,HS1,outreach,40,10,{text}\n" for text in rows),
    )
    assert door.rows(s.plan)["abstraction_reason"].tolist() == [
        "sickness or absence", OTHER, OTHER, None, "arrest or custody",
    ]  # fmt: skip
    note = next(n for n in result.notes if "abstraction_reason" in n)
    assert "2 rows" in note
    assert "severe weather" in note
    assert not any(name in note for name in ("Smith", "Jones", "Brown"))

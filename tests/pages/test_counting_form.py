"""The form of the rules takes what a hurried person types, and says in its own words what it cannot take."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from analysis.dosage.rules import Rules
from data_access.dosage_rules import RulesError, rules_from_json
from data_access.rule_changes import COUNTS, Moved
from pages._counting_form import moved_sentence, read_dose, read_rules
from pages._counting_words import RULES, differences, shifts_text, shown

DEFAULTS: dict[str, Any] = {rule.name: shown(Rules(), rule) for rule in RULES}


def test_the_fields_hold_the_rules_they_show() -> None:
    assert read_rules(DEFAULTS, "") == Rules()
    other = replace(Rules(), band_m=7.5, shifts=((time(14), time(22)), (time(20), time(1))))
    fields = {rule.name: shown(other, rule) for rule in RULES}
    assert read_rules(fields, shifts_text(other)) == other
    assert differences(Rules(), other) == [
        "band at the boundary 20 metres to 7.5 metres",
        "shifts none to 14:00-22:00, 20:00-01:00",
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_limits_of_a_field_are_those_of_the_rule(rule: Any) -> None:
    """What the form takes the rules take, and the other way round: no message in another's words."""
    loose = {"off_duty_s": 86_400.0, "gap_s": 60.0, "gap_credit_s": 0.0}
    # A silence that counts cannot be off duty, so that rule's own least is never reached.
    least = 1 if rule.name == "off_duty_s" else rule.least
    for shown_value in (least, rule.most):
        rules_from_json({**loose, rule.name: shown_value * rule.divide})
    for shown_value in (rule.most + 1, -1, None, "5", True, float("nan"), float("inf")):
        with pytest.raises(RulesError, match=f"^{rule.label}: write a number"):
            read_rules({**DEFAULTS, rule.name: shown_value}, "")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("25:00-26:00", "no clock time 25:00"),
        ("14:60-15:00", "no clock time 14:60"),
        ("14-22", "not two clock times"),
        ("14:00", "not two clock times"),
        ("14:00-22:00;20:00-01:00", "put a comma"),
        ("14:00-14:00", "begins when it ends"),
        ("x" * 3000, "x{40}”"),
    ],
)
def test_shifts_that_are_none(written: str, said: str) -> None:
    with pytest.raises(RulesError, match=said) as caught:
        read_rules(DEFAULTS, written)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("written", ["9:00-17:30", " 09:00 – 17:30 ", "09:00-17:30,"])
def test_shifts_however_they_are_written(written: str) -> None:
    assert read_rules(DEFAULTS, written).shifts == ((time(9), time(17, 30)),)


def test_a_silence_cannot_count_and_be_off_at_once() -> None:
    with pytest.raises(RulesError, match=r"Tracker taken to be off.*“Silence credited in one place”"):
        read_rules({**DEFAULTS, "gap_credit_s": 200}, "")


@pytest.mark.parametrize(
    ("start", "minutes", "said"),
    [
        (None, 20, "from which day"),
        ("2024-02-30", 20, "from which day"),
        ("2024-02-01", None, "number of minutes"),
        ("2024-02-01", 0, "more than 0"),
        ("2024-02-01", -3, "more than 0"),
        ("2024-02-01", 1441, "at most 1,440"),
        ("2024-02-01", float("nan"), "number of minutes"),
    ],
)
def test_doses_that_are_none(start: Any, minutes: Any, said: str) -> None:
    with pytest.raises(RulesError, match=said):
        read_dose(start, minutes)


def test_doses() -> None:
    assert read_dose(None, None) is read_dose("", "") is None
    assert read_dose("2024-02-01", 12.5) == (date(2024, 2, 1), 12.5)


def moved(**pairs: tuple[float, float]) -> dict[str, tuple[float, float]]:
    return dict.fromkeys(COUNTS, (100.0, 100.0)) | pairs


def test_what_moves_most_readers_is_said_first_and_nothing_is_left_out() -> None:
    one = Moved(moved(visits=(9, 7), patrol_minutes=(1200, 1100.4)), {}, {}, kept_days=1, withdrawn=("2024-02",))
    assert moved_sentence(one, made=True) == (
        "Patrol-minutes of visits went from 1,200 to 1,100. 1 day stays as it is, because the positions have expired. "
        "Confirmed months that need confirming again: Feb 2024."
    )
    assert moved_sentence(Moved(moved(visits=(9, 7)), {}, {}), made=False) == "Visits would go from 9 to 7."
    assert "No figure" in moved_sentence(Moved(moved(), {}, {}), made=False)

"""Changing a rule counts the provider's minutes anew, says what moved, and leaves a trace; looking leaves none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from analysis.dosage.rules import Rules
from data_access import programmes, rule_changes, schema
from data_access.confirmed import confirm_month, confirmed_months
from data_access.dosage_rules import RulesError
from domain.roles import Role
from domain.scope import OutOfScope, scope_for

WHY = "Radios drop out indoors"


@pytest.fixture
def patrol(door, monkeypatch):
    """5 February 2024 in HS1: outreach from 14:00 for 20 minutes and a 4-minute stay at 15:00; overtime 10 minutes at 21:00."""
    monkeypatch.setenv("DATA_DIR", str(door.folder))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{door.folder / 'portal.sqlite3'}")
    rows = ["device,time,longitude,latitude,team,provider"]

    def stay(device: str, provider: str, hour: int, minutes: int) -> None:
        at = [("-1.200", 0)] + [("-1.130", m) for m in range(1, minutes + 2)] + [("-1.200", minutes + 2)]
        rows.extend(f"{device},2024-02-05T{hour}:{m:02d}:00Z,{lon},52.630,A,{provider}" for lon, m in at)

    stay("d1", "outreach", 14, 20)
    stay("d1", "outreach", 15, 4)
    stay("p1", "police-overtime", 21, 10)
    door.load("pings", "\n".join(rows) + "\n")
    return door


@pytest.fixture
def manager():
    return scope_for("mary@example.org", Role.MANAGER, frozenset({"TEST"}))


def minutes(door, provider: str) -> list[tuple[float, bool]]:
    rows = door.rows(schema.visit)
    mine = rows[rows["provider"] == provider]
    return [(round(m, 1), bool(c)) for m, c in zip(mine["patrol_minutes"], mine["counts_as_visit"], strict=True)]


def test_looking_changes_nothing(patrol, manager):
    before = patrol.everything()
    visits = minutes(patrol, "outreach")
    moved = rule_changes.change_rules(manager, "TEST", "outreach", Rules(min_dwell_s=300), "", only_look=True)
    assert moved.total["visits"] == (2, 1)
    assert patrol.everything() == before
    assert minutes(patrol, "outreach") == visits


def test_a_change_moves_its_provider_and_no_other(patrol, manager):
    overtime = minutes(patrol, "police-overtime")
    (long, _), (short, counted) = minutes(patrol, "outreach")
    assert counted
    looked = rule_changes.change_rules(manager, "TEST", "outreach", Rules(min_dwell_s=300), WHY, only_look=True)
    done = rule_changes.change_rules(manager, "TEST", "outreach", Rules(min_dwell_s=300), WHY)
    assert done == looked  # what was shown is what happened
    assert minutes(patrol, "outreach") == [(long, True), (short, False)]
    assert minutes(patrol, "police-overtime") == overtime
    before, after = done.total["patrol_minutes"]
    assert before - after == pytest.approx(short, abs=0.06)
    assert done.by_hot_spot["HS1"] == done.total["patrol_minutes"]
    assert list(done.by_year) == ["2023-24"]


def test_who_when_why_and_what_is_kept(patrol, manager):
    rule_changes.change_rules(manager, "TEST", "outreach", Rules(min_dwell_s=300), WHY)
    (change,) = rule_changes.rule_history(manager, "TEST")
    assert (change.provider_name, change.changed_by, change.reason) == ("Street outreach", "mary@example.org", WHY)
    assert change.rules == Rules(min_dwell_s=300)
    assert change.moved["total"]["visits"] == [2.0, 1.0]
    with patrol.engine.connect() as conn:
        (row,) = conn.execute(select(schema.audit).where(schema.audit.c.event == "counting rules changed"))
    assert (row.actor, row.detail["provider"]) == ("mary@example.org", "outreach")
    assert rule_changes.current_rules(manager, "TEST") == {
        "outreach": Rules(min_dwell_s=300),
        "police-overtime": Rules(),
    }


def test_a_change_and_its_undoing_leave_the_figures_as_they_were(patrol, manager):
    before = minutes(patrol, "outreach")
    rule_changes.change_rules(manager, "TEST", "outreach", Rules(min_dwell_s=300), WHY)
    rule_changes.change_rules(manager, "TEST", "outreach", Rules(), "It was a mistake")
    assert minutes(patrol, "outreach") == before
    assert len(rule_changes.rule_history(manager, "TEST")) == 2


def test_another_planned_dose_moves_compliance_and_no_minute(patrol, manager):
    before = minutes(patrol, "outreach")
    moved = rule_changes.change_planned_dose(manager, "TEST", "outreach", date(2024, 2, 1), 20, WHY)
    assert moved.total["visits_at_dose"] == (0, 1)  # 20 minutes reach 20, not 40
    assert moved.total["patrol_minutes"][0] == moved.total["patrol_minutes"][1]
    assert minutes(patrol, "outreach") == before
    (change,) = rule_changes.rule_history(manager, "TEST")
    assert change.moved["planned_dose"] == {"from": "2024-02-01", "before": 40, "minutes": 20}
    assert change.reason == WHY
    with pytest.raises(RulesError, match="planned from 3 Feb 2024 already"):
        rule_changes.change_planned_dose(manager, "TEST", "outreach", date(2024, 2, 3), 20, WHY)


def test_a_form_from_before_a_colleagues_change_is_refused(patrol, manager):
    seen = rule_changes.last_change(manager, "TEST", "outreach")
    rule_changes.change_rules(manager, "TEST", "outreach", Rules(min_dwell_s=300), WHY, since=seen)
    held = patrol.everything()
    for change in (
        lambda: rule_changes.change_rules(manager, "TEST", "outreach", Rules(band_m=5), WHY, since=seen),
        lambda: rule_changes.change_planned_dose(manager, "TEST", "outreach", date(2024, 2, 1), 9, WHY, since=seen),
    ):
        with pytest.raises(RulesError, match=r"changed by mary@example\.org on .* Reload the page"):
            change()
    assert patrol.everything() == held
    other = rule_changes.last_change(manager, "TEST", "police-overtime")
    rule_changes.change_rules(manager, "TEST", "police-overtime", Rules(band_m=5), WHY, since=other)


def test_a_confirmed_month_that_moves_needs_confirming_again(patrol, manager):
    confirm_month(manager, "TEST", "2024-02")
    kept = rule_changes.change_rules(manager, "TEST", "outreach", Rules(off_duty_s=14_400), WHY)
    assert kept.withdrawn == ()
    moved = rule_changes.change_rules(manager, "TEST", "outreach", Rules(min_dwell_s=300), WHY)
    assert moved.withdrawn == ("2024-02",)
    assert confirmed_months(manager, "TEST") == {}


def test_the_hash_of_the_data_is_of_the_counting_too(patrol, manager):
    """A return states the hash: the same one twice must mean the same figures."""

    def stated() -> str:
        return programmes.data_as_at(manager, "TEST").data_sha256

    loaded = stated()
    rule_changes.change_rules(manager, "TEST", "outreach", Rules(min_dwell_s=300), WHY, only_look=True)
    assert stated() == loaded
    rule_changes.change_rules(manager, "TEST", "outreach", Rules(min_dwell_s=300), WHY)
    changed = stated()
    rule_changes.change_rules(manager, "TEST", "outreach", Rules(), "It was a mistake")
    assert stated() == loaded != changed
    rule_changes.change_planned_dose(manager, "TEST", "outreach", date(2024, 2, 1), 20, WHY)
    assert stated() not in (loaded, changed)


@pytest.mark.parametrize(
    ("provider", "rules", "reason", "said"),
    [
        ("outreach", Rules(), WHY, "in force already"),
        ("outreach", Rules(min_dwell_s=300), "because", "Say why"),
        ("nobody", Rules(min_dwell_s=300), WHY, "no provider"),
    ],
)
def test_what_cannot_be_changed_says_why(patrol, manager, provider, rules, reason, said):
    before = patrol.everything()
    with pytest.raises(RulesError, match=said):
        rule_changes.change_rules(manager, "TEST", provider, rules, reason)
    assert patrol.everything() == before


@pytest.mark.parametrize("role", [Role.FUNDER, Role.PARTNER, Role.REVIEWER, Role.APPROVER])
def test_only_managers_change_rules(patrol, role):
    other = scope_for("x@example.org", role, frozenset({"TEST"}))
    with pytest.raises(OutOfScope):
        rule_changes.change_rules(other, "TEST", "outreach", replace(Rules(), band_m=5.0), WHY)


def test_a_manager_of_another_programme_cannot(patrol):
    other = scope_for("x@example.org", Role.MANAGER, frozenset({"OTHER"}))
    with pytest.raises(OutOfScope):
        rule_changes.change_rules(other, "TEST", "outreach", replace(Rules(), band_m=5.0), WHY)

"""A programme document says everything that is wrong with it at once."""

from __future__ import annotations

from datetime import date

import pytest

from domain.programme import ProgrammeError, parse_programme
from domain.roles import PERMISSIONS, Permission, Role
from domain.scope import OutOfScope, scope_for

GOOD = {
    "code": "TEST", "name": "Test", "force": "Test Police", "area_name": "Test town",
    "service": {"name": "Outreach", "live_from": "2022-10-01"},
    "evaluation": {"before": {"from": "2022-03-01", "to": "2023-01-31", "label": "before"}, "during": {"from": date(2023, 2, 1), "to": date(2023, 12, 31)}},
    "providers": [{"code": "outreach", "name": "Outreach", "kind": "partner", "planned_dose": [{"from": "2023-02-01", "minutes": 40}, {"from": "2022-10-01", "minutes": 15}]}],
}  # fmt: skip


def test_doses_count_from_their_date() -> None:
    provider = parse_programme(GOOD).providers[0]
    assert [provider.dose_on(d) for d in (date(2022, 9, 30), date(2022, 10, 1), date(2023, 2, 1))] == [None, 15, 40]


def test_baseline_overlap_counts_the_live_days_of_the_window_before() -> None:
    assert parse_programme(GOOD).baseline_overlap_days() == 31 + 30 + 31 + 31


def test_every_problem_is_listed_with_its_place() -> None:
    bad = {
        **GOOD, "code": "no spaces please", "marking": "SECRET", "rate_reference_provider": "nobody",
        "evaluation": {"before": {"from": "2023-02-01", "to": "2022-01-01"}},
        "providers": [{"code": "A B", "name": "", "kind": "army"}],
    }  # fmt: skip
    with pytest.raises(ProgrammeError) as caught:
        parse_programme(bad)
    places = {p.split(":")[0] for p in caught.value.problems}
    assert places >= {
        "code",
        "marking",
        "rate_reference_provider",
        "evaluation.before",
        "providers[1].code",
        "providers[1].name",
        "providers[1].kind",
    }


def test_a_scope_refuses_what_its_role_does_not_hold() -> None:
    scope = scope_for("f", Role.FUNDER, frozenset({"TEST"}))
    with pytest.raises(OutOfScope):
        scope.require(Permission.SEE_DAYS)
    with pytest.raises(OutOfScope):
        scope.require_programme("OTHER")
    scope.require_programme("TEST")


def test_nobody_outside_the_operational_roles_sees_days_or_small_counts() -> None:
    for role in (Role.FUNDER, Role.PARTNER, Role.ADMINISTRATOR, Role.INFORMATION_GOVERNANCE):
        assert not {Permission.SEE_DAYS, Permission.SEE_SMALL_COUNTS, Permission.SEE_REJECTS} & PERMISSIONS[role]

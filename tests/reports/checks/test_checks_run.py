"""All ten checks always appear, each with what it looked at, the same for all who may open the return."""

from __future__ import annotations

import pytest

from domain.roles import Permission, Role
from domain.scope import OutOfScope, Scope, scope_for
from reports.checks import run_checks
from reports.checks.model import CheckResult, Severity, finding
from reports.model import ReturnContents

KEYS = [
    "completeness", "reconciliation", "year to date", "outliers", "trackers", "loads", "provisional", "small numbers",
    "over-claiming", "identifying details",
]  # fmt: skip


def test_every_check_appears_and_says_what_it_looked_at(results: tuple[CheckResult, ...]) -> None:
    assert [r.key for r in results] == KEYS
    for r in results:
        assert r.title
        assert r.about.endswith(".")
        assert all(f.check == r.key for f in r.findings)
        assert all(f.severity is not Severity.PASSED and f.sentence and f.what_to_do and f.where for f in r.findings)
    keys = [f.key for r in results for f in r.findings]
    assert len(keys) == len(set(keys))
    assert results[1].severity is Severity.PASSED


def test_a_finance_officer_gets_the_same_findings_as_the_manager(
    scope: Scope, contents: ReturnContents, results: tuple[CheckResult, ...]
) -> None:
    officer = scope_for("cfo", Role.FINANCE, frozenset({"TEST"}))
    assert not officer.may(Permission.SEE_SMALL_COUNTS)
    assert run_checks(officer, contents, {"highlights": "Seventeen crimes were recorded."}) == results


def test_who_may_not_open_returns_gets_no_checks(contents: ReturnContents) -> None:
    with pytest.raises(OutOfScope):
        run_checks(scope_for("funder", Role.FUNDER, frozenset({"TEST"})), contents, {})


def test_severity_is_that_of_the_worst_finding() -> None:
    made = {s: finding("k", "w", s, "S.", "D.", "F") for s in (Severity.REASON, Severity.BLOCKING)}
    assert CheckResult("k", "T", "A.").severity is Severity.PASSED
    assert CheckResult("k", "T", "A.", (made[Severity.REASON],)).severity is Severity.REASON
    assert CheckResult("k", "T", "A.", (made[Severity.REASON], made[Severity.BLOCKING])).severity is Severity.BLOCKING

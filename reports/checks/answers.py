"""Findings and the reasons people gave: what still stands in the way of a signature, and what is kept of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from data_access.returns.versions import Reason
from reports.checks.model import CheckResult, Finding, Severity


def unanswered(results: Sequence[CheckResult], reasons: Mapping[str, Reason]) -> list[Finding]:
    """What blocks, and what needs a reason and has none; what blocks first."""
    found = [f for result in results for f in result.findings if stands_in_the_way(f, reasons)]
    return sorted(found, key=lambda f: f.severity is not Severity.BLOCKING)


def stands_in_the_way(finding: Finding, reasons: Mapping[str, Reason]) -> bool:
    return finding.severity is Severity.BLOCKING or finding.key not in reasons


def as_rows(results: Sequence[CheckResult], reasons: Mapping[str, Reason]) -> list[dict[str, Any]]:
    """Every check with what it looked at, what it found, and the reasons: what the register keeps with the signature."""
    return [
        {
            "key": r.key,
            "title": r.title,
            "about": r.about,
            "findings": [
                {**asdict(f), "reason": asdict(reasons[f.key]) if f.key in reasons else None} for f in r.findings
            ],
        }
        for r in results
    ]

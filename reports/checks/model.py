"""What a check says: findings, or that it passed and what it looked at."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    PASSED = "passed"
    REASON = "needs a reason"
    BLOCKING = "blocks"


@dataclass(frozen=True)
class Finding:
    """``key`` holds a digest of what was found: a reason written for it falls away when that changes."""

    key: str
    check: str
    severity: Severity  # never PASSED
    sentence: str
    what_to_do: str
    where: str  # section letter, "narrative: highlights", or a page's address
    reason_of: str = ""  # key of the finding in whose reason it was found
    names: tuple[str, ...] = ()  # names that it found: a reason for it cannot do without them


@dataclass(frozen=True)
class CheckResult:
    """``about``: what was looked at, also when nothing was found."""

    key: str
    title: str
    about: str
    findings: tuple[Finding, ...] = ()

    @property
    def severity(self) -> Severity:
        held = {f.severity for f in self.findings}
        return next((s for s in (Severity.BLOCKING, Severity.REASON) if s in held), Severity.PASSED)


def finding(
    check: str, what: str, severity: Severity, sentence: str, what_to_do: str, where: str, *found: object
) -> Finding:
    """``found``: the values whose change makes this another finding; the sentence where none are given."""
    return Finding(f"{check}:{what}:{digest(*found or (sentence,))}", check, severity, sentence, what_to_do, where)


def digest(*values: object) -> str:
    return hashlib.sha256(json.dumps([str(v) for v in values]).encode()).hexdigest()[:10]


def not_made(
    check: str, what: str, why: str, what_to_do: str, where: str, severity: Severity = Severity.REASON
) -> Finding:
    """A check, or a part of one, that could not be made: silence would read as "all fine"."""
    return finding(check, f"not made, {what}", severity, f"Not checked: {why}", what_to_do, where)

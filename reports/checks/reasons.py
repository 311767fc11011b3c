"""Reasons for findings, read by the rules that read the narrative: whoever opens the return reads both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from data_access.returns.versions import Reason
from domain import formats
from reports.checks.model import CheckResult, Finding, Severity, digest
from reports.checks.narrative import CLAIMS, NAMES, claims_in, details_in, once


def with_reasons_read(
    results: Sequence[CheckResult], reasons: Mapping[str, Reason], level: int, vocabulary: Sequence[str]
) -> tuple[CheckResult, ...]:
    """The results, with what the rules find in reasons: in the check whose rule it is, beside the reason on the page.

    A reason for such a finding is read for what blocks alone, or there would be no end of reasons for reasons.
    """
    titles = {r.key: r.title for r in results}

    def read(findings: Iterable[Finding]) -> list[Finding]:
        return [
            found
            for f in findings
            if f.key in reasons and f.severity is Severity.REASON
            for found in _in_reason(f, reasons[f.key].text, titles[f.check], level, vocabulary)
        ]

    first = read(f for r in results for f in r.findings)
    second = [f for f in read(first) if f.severity is Severity.BLOCKING]
    count = sum(key in reasons for key in asked(results))
    return tuple(_added(r, [f for f in (*first, *second) if f.check == r.key], count) for r in results)


def _in_reason(of: Finding, text: str, title: str, level: int, vocabulary: Sequence[str]) -> Iterable[Finding]:
    # Of the whole key: findings of two checks, or two of one check, may have found the same values.
    key, name, where = f"reason {digest(of.key)}", f"Reason under “{title}”", f"reason: {title}"
    # What the finding itself names must be named to explain it; its sentence quotes far more.
    known = (*vocabulary, *of.names)
    for found in (*claims_in(key, name, where, text, level), *details_in(key, name, where, text, known)):
        yield replace(found, reason_of=of.key)


def _added(result: CheckResult, found: Sequence[Finding], count: int) -> CheckResult:
    if not count or result.key not in (CLAIMS, NAMES):
        return result
    about = f"{result.about} {formats.counted(count, 'reason').capitalize()} for what was found {'was' if count == 1 else 'were'} read too."
    return replace(result, about=about, findings=once((*result.findings, *found)))


def asked(results: Sequence[CheckResult]) -> frozenset[str]:
    """Keys of the findings that take a reason."""
    return frozenset(f.key for r in results for f in r.findings if f.severity is Severity.REASON)


def no_longer_asked(results: Sequence[CheckResult], reasons: Mapping[str, Reason]) -> dict[str, Reason]:
    """Reasons whose finding is gone: nobody reads them, so the next save or the analyst's signature drops them."""
    open_ = asked(results)
    return {key: reason for key, reason in reasons.items() if key not in open_}

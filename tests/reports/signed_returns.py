"""Bringing a return through its whole life, as people do it: write, explain, check, approve, certify, submit."""

from __future__ import annotations

from data_access.returns import narrative, versions
from data_access.returns.versions import Version
from domain.return_states import Action
from domain.roles import Role
from domain.scope import Scope, scope_for
from reports.checks.model import Severity
from reports.checks.run import run_checks
from reports.contents import bare_contents, contents_of
from reports.freezing import contents_sha256
from reports.sections.words import NARRATIVE
from reports.signing import sign

CODES = frozenset({"TEST", "SHORT", "STEP"})
MARY, BEN, OLIVE, FAY = (
    scope_for(f"{name}@example.org", role, CODES)
    for name, role in (
        ("mary", Role.MANAGER), ("ben", Role.MANAGER), ("olive", Role.APPROVER), ("fay", Role.FINANCE),
    )
)  # fmt: skip
PLAIN = dict.fromkeys(NARRATIVE, "None this month.") | {
    "highlights": "Briefings were held each Monday in Tŷ Gwyn and Łódź House."
}


def written(code: str, month: str, by: Scope = MARY, words: dict[str, str] = PLAIN) -> Version:
    """A draft with its narrative, and a reason for everything the checks ask a reason for."""
    held = versions.latest(by, code, month)
    held = narrative.save(by, code, month, words, held.revision)
    results = run_checks(by, contents_of(by, code, held), held.narrative)
    asked = [f.key for r in results for f in r.findings if f.severity is Severity.REASON]
    return narrative.save(by, code, month, words, held.revision, dict.fromkeys(asked, "Looked at with the provider."))


def take(who: Scope, code: str, month: str, action: Action) -> Version:
    """The step as somebody takes it who has just opened the page."""
    held = versions.latest(who, code, month)
    seen = contents_sha256(bare_contents(who, code, held)) if action is Action.CHECK else held.contents_sha256
    return sign(who, code, month, action, held.revision, seen)


def submitted(code: str, month: str) -> Version:
    if versions.latest(MARY, code, month).narrative == {}:
        written(code, month)
    take(BEN, code, month, Action.CHECK)
    version = take(OLIVE, code, month, Action.APPROVE)
    if code != "SHORT":
        take(FAY, code, month, Action.CERTIFY)
    version = take(MARY, code, month, Action.SUBMIT)
    return version

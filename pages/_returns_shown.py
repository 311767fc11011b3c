"""One version of a return as one viewer sees it: the register's row, its contents and what the checks say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data_access import programmes
from data_access.returns import versions
from data_access.returns.versions import Version
from domain import return_states
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import Scope
from reports.checks.model import CheckResult
from reports.checks.run import run_checks, texts_of
from reports.contents import bare_contents, dressed
from reports.freezing import contents_sha256
from reports.model import ReturnContents


@dataclass(frozen=True)
class Shown:
    """One version as this viewer sees it. ``results`` is empty once it is no draft: the register keeps what was said."""

    scope: Scope
    programme: Programme
    version: Version
    held: list[Version]
    contents: ReturnContents
    results: tuple[CheckResult, ...]
    earlier: Mapping[str, str]  # key of a finding -> the reason given for the same in the last month that had one
    seen: str  # SHA-256 of what a signature would be given for

    @property
    def is_newest(self) -> bool:
        newest = versions.newest_of(self.held)
        return newest is None or self.version.number == newest.number

    @property
    def is_draft(self) -> bool:
        return self.version.state is return_states.State.DRAFT

    @property
    def is_dropped(self) -> bool:
        return self.version.state is return_states.State.DROPPED

    @property
    def may_write(self) -> bool:
        return (
            self.is_newest
            and self.version.state not in return_states.FINAL
            and self.scope.may(Permission.BUILD_RETURNS)
        )


def look(scope: Scope, code: str, month: str, number: int | None = None) -> Shown:
    programme, held = programmes.get_programme(scope, code), versions.of_month(scope, code, month)
    newest = versions.newest_of(held) or Version(month)
    version = newest if number is None else versions.get(scope, code, month, number)
    bare = bare_contents(scope, code, version)
    contents = dressed(scope, code, version, bare)
    draft = version.state is return_states.State.DRAFT
    results = run_checks(scope, contents, texts_of(version), version.reasons) if draft else ()
    earlier = _earlier_reasons(scope, code, month) if draft else {}
    seen = contents_sha256(bare) if draft else version.contents_sha256
    return Shown(scope, programme, version, held, contents, results, earlier, seen)


def _earlier_reasons(scope: Scope, code: str, month: str) -> dict[str, str]:
    """What is missing every month has the same key every month: nobody need write its reason twice."""
    before = [(m, v) for m, v in versions.newest_by_month(scope, code).items() if m < month]
    return {key: reason.text for _, version in before for key, reason in version.reasons.items()}

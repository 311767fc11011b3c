"""Signing a return: what each step looks at, builds and seals before the register takes it.

A step that fails anywhere leaves the return where it stood: the register is written last, in one transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from data_access.engine import get_engine, utc_now
from data_access.programmes import get_programme
from data_access.returns import signing, versions
from data_access.returns.changing import StaleVersion, name_of
from data_access.returns.versions import Step, Version, actor_of
from domain import formats
from domain.return_states import STATE_WORDS, Action, State
from domain.scope import Scope
from reports.checks.answers import as_rows, unanswered
from reports.checks.run import run_checks, texts_of
from reports.contents import bare_contents, dressed
from reports.files import printed
from reports.freezing import contents_sha256, freeze
from reports.lateness import printed_words
from reports.sealing.keys import load_key
from reports.sealing.seal import SealStep, seal
from reports.source import due_date
from reports.standing import name_of_version
from settings import load_settings

# Steps that seal the file, and how the register takes each.
REGISTER = {Action.APPROVE: signing.approve, Action.CERTIFY: signing.certify, Action.SUBMIT: signing.submit}


class NotReady(ValueError):
    """Findings of the checks stand in the way; the message names them."""


def sign(scope: Scope, code: str, month: str, action: Action, revision: int, seen: str) -> Version:
    """Take a binding step. ``seen`` is the SHA-256 of the contents that the person was shown.

    Raises NotNow, NotYours, StaleVersion, NotReady, and what building, sealing and writing raise.
    """
    held = versions.of_month(scope, code, month)
    version = versions.newest_of(held) or Version(month)
    if version.revision != revision:
        raise StaleVersion.now_at(held, version)
    programme = get_programme(scope, code)
    after = version.after(action, scope, programme)
    if action is Action.CHECK:
        return _check(scope, code, version, seen)
    if version.contents_sha256 != seen:
        raise StaleVersion("What you were shown is not what would be signed. Look at it as it is now before you sign.")
    at = utc_now().replace(microsecond=0)
    signature = _signature(scope, version, action, after, at)
    pdf = (
        _printed(scope, code, version, signature)
        if action is Action.APPROVE
        else versions.sealed_pdf(scope, code, version)
    )
    sealed = seal(pdf, load_key(load_settings()), _seal_step(code, version, signature, due_date(programme, month)))
    return REGISTER[action](scope, code, month, revision, sealed, at)


def _check(scope: Scope, code: str, version: Version, seen: str) -> Version:
    bare = bare_contents(scope, code, version)
    if contents_sha256(bare) != seen:
        raise StaleVersion(
            "The figures or words have changed since you opened this page, so nothing was signed. Look at them as they are now before you sign."
        )
    results = run_checks(scope, dressed(scope, code, version, bare), texts_of(version), version.reasons)
    left = unanswered(results, version.reasons)
    if left:
        raise NotReady(
            f"{formats.counted(len(left), 'finding')} of the checks stand in the way: {'; '.join(f.sentence for f in left[:3])}"
        )
    return signing.check(
        scope, code, version.month, version.revision, freeze(scope, bare, as_rows(results, version.reasons))
    )


def _signature(scope: Scope, version: Version, action: Action, after: State, at: datetime) -> Step:
    with get_engine().connect() as conn:
        name = name_of(conn, scope)
    return Step(
        action=action, before=version.state, after=after, actor=actor_of(scope), name=name,
        role=scope.role.value if scope.role else "", at=at, note="", revision=version.revision + 1,
        contents_sha256=version.contents_sha256, pdf_sha256=None,
    )  # fmt: skip


def _printed(scope: Scope, code: str, version: Version, approval: Step) -> bytes:
    """The file as it will stand for good: frozen contents with everybody's signature up to this approval."""
    approved = _with(version, approval)
    bare = bare_contents(scope, code, approved)
    return printed(dressed(scope, code, approved, bare), as_checked=bare, number=version.number)


def _with(version: Version, taken: Step) -> Version:
    return replace(version, state=taken.after, steps=(*version.steps, taken))


def _seal_step(code: str, version: Version, signature: Step, due: date | None) -> SealStep:
    """The file is printed at approval: that it was submitted late can only be said by the seal of that step."""
    words, late = STATE_WORDS[signature.after], printed_words(due, _with(version, signature), signature.at)
    return SealStep(
        name=signature.after.value, who=signature.who[:200], at=signature.at.replace(tzinfo=UTC),
        reason=f"{words}: return {code}-{version.month}, {name_of_version(version).lower()}. Contents {version.contents_sha256}. {late}".strip(),
    )  # fmt: skip

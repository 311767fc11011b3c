"""Steps that bind: check, approve, certify, submit; and the ways back: to draft, to a next version, and from that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from data_access import schema
from data_access.programmes import data_as_at
from data_access.returns import versions
from data_access.returns.changing import (
    Change,
    StaleVersion,
    as_draft,
    as_left,
    changing,
    record_step,
    take,
    with_author,
    write,
)
from data_access.returns.narrative import LEAST_REASON, TextRefused, plain
from data_access.returns.versions import Version
from domain.return_states import Action, State, next_state
from domain.scope import Scope

_v = schema.return_version.c
LONGEST_REASON = 2_000  # characters


@dataclass(frozen=True)
class Frozen:
    """What the analyst signs: the whole return as it stood, and what it was made from."""

    contents: Mapping[str, Any]  # reports.data_files.document
    figures: Mapping[str, Any]
    contents_sha256: str
    data_sha256: str
    template_name: str
    template_version: int
    code_version: str
    checks: Sequence[Mapping[str, Any]]
    measures: Mapping[str, float]


class NotTheSealedFile(RuntimeError):
    """A later seal must stand on the file that was sealed before; this one does not."""


def check(scope: Scope, code: str, month: str, revision: int, frozen: Frozen) -> Version:
    """The analyst's signature: freezes the return. StaleVersion when data or text have changed since it was built."""
    with changing(scope, code, month, revision) as change:
        # The writing lock is held, so no load can come between this look and the commit.
        if data_as_at(scope, code).data_sha256 != frozen.data_sha256:
            raise StaleVersion(
                "Data were loaded or counted anew since this return was built, so its figures may have moved. Reload the "
                "page and look at them again before you sign."
            )
        return take(
            change, Action.CHECK, event="return checked",
            detail={"contents_sha256": frozen.contents_sha256, "data_sha256": frozen.data_sha256},
            signed={"contents_sha256": frozen.contents_sha256},
            values={
                "contents": dict(frozen.contents), "figures": dict(frozen.figures),
                "contents_sha256": frozen.contents_sha256, "data_sha256": frozen.data_sha256,
                "template_name": frozen.template_name, "template_version": frozen.template_version,
                "code_version": frozen.code_version, "checks": [dict(c) for c in frozen.checks],
                "measures": dict(frozen.measures), "reasons": _asked_for(change.before, frozen.checks),
            },
        )  # fmt: skip


def _asked_for(version: Version, checks: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """The version's reasons that ``checks`` asked for: nobody reads another, and a final version keeps all it has."""
    answered = {f["key"] for row in checks for f in row["findings"] if f["reason"]}
    return {key: dict(vars(given)) for key, given in version.reasons.items() if key in answered}


def approve(scope: Scope, code: str, month: str, revision: int, pdf: bytes, at: datetime) -> Version:
    """The senior responsible owner's signature, with the file it seals; ``at`` is the time in that seal."""
    return _seal(scope, code, month, revision, Action.APPROVE, "return approved", pdf, at)


def certify(scope: Scope, code: str, month: str, revision: int, pdf: bytes, at: datetime) -> Version:
    return _seal(scope, code, month, revision, Action.CERTIFY, "return certified", pdf, at)


def submit(scope: Scope, code: str, month: str, revision: int, pdf: bytes, at: datetime) -> Version:
    """Send: this version stands, and the one before it is superseded, in one transaction."""
    return _seal(scope, code, month, revision, Action.SUBMIT, "return submitted", pdf, at)


def _seal(
    scope: Scope, code: str, month: str, revision: int, action: Action, event: str, pdf: bytes, at: datetime
) -> Version:
    sha256 = hashlib.sha256(pdf).hexdigest()
    with changing(scope, code, month, revision, at) as change:
        if action is not Action.APPROVE:
            _check_stands_on(change, pdf)
        made = take(
            change, action, event=event, detail={"pdf_sha256": sha256}, values={"pdf": pdf, "pdf_sha256": sha256},
            signed={"contents_sha256": change.before.contents_sha256, "pdf_sha256": sha256},
        )  # fmt: skip
        if action is Action.SUBMIT:
            _supersede_earlier(change, made)
        return made


def _check_stands_on(change: Change, pdf: bytes) -> None:
    before = change.conn.execute(select(_v.pdf).where(_v.id == change.before.id)).scalar()
    if before is not None and not pdf.startswith(bytes(before)):
        raise NotTheSealedFile("The file to be sealed is not the one that was approved, so nothing was signed.")


def _supersede_earlier(change: Change, made: Version) -> None:
    for earlier in versions.submitted(change.conn, change.opened.programme_id, made.month):
        if earlier.number == made.number:
            continue
        certified = made.template(change.opened.programme).certified
        after = next_state(earlier.state, Action.SUPERSEDE, certified=certified, correction=earlier.is_correction)
        record_step(
            change, write(change, earlier, after, {}), Action.SUPERSEDE, earlier, after, event="return superseded",
            note=f"Version {made.number} was submitted.", detail={"by_version": made.number},
        )  # fmt: skip


def send_back(scope: Scope, code: str, month: str, revision: int, reason: str) -> Version:
    """Back to draft, with the reason; every signature of this round falls away, and the steps keep that they were given."""
    note = _reason(reason)
    with changing(scope, code, month, revision) as change:
        detail = {"before": change.before.state.value, "reason": note}
        return take(
            change, Action.SEND_BACK, note=note, event="return sent back", detail=detail, values=as_draft(change.before)
        )


def open_correction(scope: Scope, code: str, month: str, revision: int, reason: str) -> Version:
    """The next version of a submitted return, a draft that begins with its text; its authors stay authors."""
    note = _reason(reason)
    with changing(scope, code, month, revision) as change:
        before = change.before
        change.after(Action.CORRECT)
        opened = Version(month, change.last.number + 1, revision=change.last.revision)
        values = {
            "narrative": dict(before.narrative),
            "reasons": _asked_for(before, _checks_of(change)),
            "authors": with_author(before, change.actor),
            "correction_reason": note,
        }
        version_id = write(change, opened, State.DRAFT, values)
        # The step comes from the submitted version, which stays as it is.
        record_step(
            change, version_id, Action.CORRECT, replace(opened, state=before.state), State.DRAFT, note=note,
            event="correction opened", detail={"reason": note},
        )  # fmt: skip
        return as_left(change, version_id)


def _checks_of(change: Change) -> Sequence[Mapping[str, Any]]:
    return change.conn.execute(select(_v.checks).where(_v.id == change.before.id)).scalar() or ()


def drop_correction(scope: Scope, code: str, month: str, revision: int, reason: str) -> Version:
    """End a correction that was opened by mistake. Its words and steps stay; what it was to correct stands alone again."""
    note = _reason(reason)
    with changing(scope, code, month, revision) as change:
        return take(change, Action.DROP, note=note, event="correction dropped", detail={"reason": note})


def _reason(text: str) -> str:
    found = plain(text)
    if len(found) < LEAST_REASON:
        raise TextRefused(f"Give a reason of at least {LEAST_REASON} characters; it stays in the register.")
    if len(found) > LONGEST_REASON:
        raise TextRefused(
            f"The reason has {len(found):,} characters; at most {LONGEST_REASON:,} are taken. Shorten it."
        )
    return found

"""Case studies: drafts arrive by file, two people who did not write one release it, anyone who may release may withdraw.

An approval is bound to the words approved (their hash): change a word and it no longer counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from data_access import audit, schema
from data_access.engine import get_engine, utc_now, writing
from data_access.reading import Opened, UnknownProgramme, opened
from domain.roles import PERMISSIONS, Permission, Role
from domain.scope import OutOfScope, Scope

APPROVALS_NEEDED = 2
DRAFT, APPROVED, WITHDRAWN = "draft", "approved", "withdrawn"

_study = schema.case_study.c


class ApprovalRefused(ValueError):
    """This person may not do this to this case study now; the message says why."""


@dataclass(frozen=True)
class CaseStudy:
    reference: str
    theme: str
    title: str
    situation: str
    action: str
    outcome: str
    author: str
    status: str
    approvals: tuple[Mapping[str, Any], ...]  # {who, role, at, sha256}, those for these very words
    text_sha256: str


def text_sha256(theme: str, title: str, situation: str, action: str, outcome: str) -> str:
    """The hash an approval is bound to. JSON, so that moving words between fields changes it."""
    return hashlib.sha256(json.dumps([theme, title, situation, action, outcome]).encode()).hexdigest()


def approved(scope: Scope, code: str) -> list[CaseStudy]:
    """Released case studies, by reference; one whose words changed after its approvals is not among them."""
    with opened(scope, code, Permission.VIEW_CASE_STUDIES) as o:
        return [s for s in _all(o) if s.status == APPROVED and len(s.approvals) >= APPROVALS_NEEDED]


def pending(scope: Scope, code: str) -> list[CaseStudy]:
    """Drafts that wait for approval, for those who may release them."""
    with opened(scope, code, Permission.RELEASE_CASE_STUDIES) as o:
        return [s for s in _all(o) if s.status == DRAFT]


def _all(o: Opened) -> list[CaseStudy]:
    rows = o.conn.execute(
        select(schema.case_study).where(_study.programme_id == o.programme_id).order_by(_study.reference)
    )
    return [_record(row) for row in rows]


def _record(row: Row[Any]) -> CaseStudy:
    sha = text_sha256(row.theme, row.title, row.situation, row.action, row.outcome)
    valid = tuple(a for a in row.approvals if a.get("sha256") == sha)
    return CaseStudy(
        row.reference, row.theme, row.title, row.situation, row.action, row.outcome, row.author, row.status, valid, sha
    )


def check_can_approve(study: CaseStudy, who: str, role: Role) -> None:
    """ApprovalRefused with a sentence unless this person may approve this case study now."""
    if Permission.RELEASE_CASE_STUDIES not in PERMISSIONS[role]:
        raise ApprovalRefused(f"The role “{role.value}” cannot release case studies.")
    if study.status != DRAFT:
        raise ApprovalRefused(f"Case study {study.reference} is {study.status}; only a draft can be approved.")
    if _same(who, study.author):
        raise ApprovalRefused(f"{study.author} wrote case study {study.reference}; two other people must approve it.")
    if any(_same(who, str(a["who"])) for a in study.approvals):
        raise ApprovalRefused(f"You have already approved case study {study.reference}; a second person is needed.")


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def approve(
    engine: Engine, programme_code: str, reference: str, who: str, role: Role | str, *, sha256: str | None = None
) -> str:
    """Add one approval; the second releases the case study. Returns the new status.

    ``sha256``: the hash of the words the approver read; refused when the words have changed since.
    """
    role = Role(role)
    with writing(engine).begin() as conn:
        programme_id, study = _find(conn, programme_code, reference)
        check_can_approve(study, who, role)
        if sha256 is not None and sha256 != study.text_sha256:
            raise ApprovalRefused(f"The text of case study {reference} has changed since you opened it. Read it again.")
        entry = {"who": who, "role": role.value, "at": utc_now().isoformat(), "sha256": study.text_sha256}
        approvals = [*study.approvals, entry]
        status = APPROVED if len(approvals) >= APPROVALS_NEEDED else DRAFT
        _change(conn, programme_id, reference, status=status, approvals=[dict(a) for a in approvals])
        detail = {"reference": reference, "role": role.value, "text_sha256": study.text_sha256, "status": status}
        audit.record(conn, actor=who, event="case study approved", detail=detail, programme_id=programme_id)
    return status


def withdraw(engine: Engine, programme_code: str, reference: str, who: str, role: Role | str, *, reason: str) -> None:
    """Take a case study out of view for good; its approvals stay on record."""
    role = Role(role)
    if Permission.RELEASE_CASE_STUDIES not in PERMISSIONS[role]:
        raise ApprovalRefused(f"The role “{role.value}” cannot withdraw case studies.")
    if not reason.strip():
        raise ApprovalRefused("Give a reason for the withdrawal; it is kept in the audit log.")
    with writing(engine).begin() as conn:
        programme_id, study = _find(conn, programme_code, reference)
        if study.status == WITHDRAWN:
            raise ApprovalRefused(f"Case study {reference} is already withdrawn.")
        _change(conn, programme_id, reference, status=WITHDRAWN)
        detail = {"reference": reference, "role": role.value, "reason": reason.strip()}
        audit.record(conn, actor=who, event="case study withdrawn", detail=detail, programme_id=programme_id)


def approve_as(scope: Scope, code: str, reference: str, *, sha256: str | None = None) -> str:
    """Approve as the signed-in viewer; returns a sentence for the page."""
    role = _releasing_role(scope, code)
    status = approve(get_engine(), code, reference, scope.actor, role, sha256=sha256)
    if status == APPROVED:
        return f"Case study {reference} is approved and released."
    return f"Your approval of case study {reference} is recorded. One more person must approve it."


def withdraw_as(scope: Scope, code: str, reference: str, reason: str) -> str:
    """Withdraw as the signed-in viewer; returns a sentence for the page."""
    withdraw(get_engine(), code, reference, scope.actor, _releasing_role(scope, code), reason=reason)
    return f"Case study {reference} is withdrawn."


def _releasing_role(scope: Scope, code: str) -> Role:
    scope.require(Permission.RELEASE_CASE_STUDIES)
    scope.require_programme(code)
    if scope.role is None:
        raise OutOfScope("Case studies are released by named people; the command line has no role.")
    return scope.role


def _find(conn: Connection, code: str, reference: str) -> tuple[int, CaseStudy]:
    p = schema.programme.c
    programme_id = conn.execute(select(p.id).where(p.code == code)).scalar()
    if programme_id is None:
        raise UnknownProgramme(f"No programme has the code “{code}”.")
    row = conn.execute(
        select(schema.case_study).where(_study.programme_id == programme_id, _study.reference == reference)
    ).first()
    if row is None:
        raise ApprovalRefused(f"Programme {code} has no case study with the reference “{reference}”.")
    return programme_id, _record(row)


def _change(conn: Connection, programme_id: int, reference: str, **values: Any) -> None:
    key = (_study.programme_id == programme_id, _study.reference == reference)
    conn.execute(update(schema.case_study).where(*key).values(**values))

"""What the register holds of a month's return: its versions, their steps, and what was frozen and sealed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from data_access import schema
from data_access.engine import get_engine
from data_access.reading import Opened, opened
from domain import formats
from domain.periods import parse_month
from domain.programme import Programme
from domain.return_states import JUDGEMENTS, Action, Hands, State, coming_action, may, step
from domain.return_template import ReturnTemplate, templates
from domain.roles import Permission
from domain.scope import Scope

_v, _s = schema.return_version.c, schema.return_step.c
_e = schema.return_version.alias("earlier").c
_STANDS = _v.state != State.DROPPED.value
# The newest version before it that was not dropped; a month's first version corrects none.
_CORRECTS = (
    select(func.max(_e.number))
    .where(
        _e.programme_id == _v.programme_id, _e.month == _v.month, _e.number < _v.number, _e.state != State.DROPPED.value
    )
    .correlate(schema.return_version)
    .scalar_subquery()
    .label("corrects")
)  # fmt: skip
# Of dropped versions too: whoever saw the month before a correction was dropped has not seen it as it is now.
_MONTH_REVISION = (
    select(func.max(_e.revision))
    .where(_e.programme_id == _v.programme_id, _e.month == _v.month)
    .correlate(schema.return_version)
    .scalar_subquery()
    .label("month_revision")
)
# Everything but what is heavy: contents, charts and the file are fetched when asked for.
_LIGHT = (
    _v.id, _v.month, _v.number, _v.state, _v.revision, _v.narrative, _v.reasons, _v.authors, _v.correction_reason,
    _v.updated_at, _v.updated_by, _v.template_name, _v.code_version, _v.data_sha256,
    _v.contents_sha256, _v.measures, _v.pdf_sha256, _CORRECTS, _MONTH_REVISION,
)  # fmt: skip


def actor_of(scope: Scope) -> str:
    """Who it is, as the register's columns keep it."""
    return scope.actor[:200]


class NoSuchVersion(LookupError):
    """The register does not hold what was asked for; the message says what there is."""


class Damaged(RuntimeError):
    """A stored file is not the one that was signed; it is not given to anybody."""


@dataclass(frozen=True)
class Reason:
    """What somebody wrote about a check's finding; its key says to which, and changes with the finding."""

    text: str
    by: str
    at: str  # ISO, UTC


@dataclass(frozen=True)
class Step:
    action: Action
    before: State
    after: State
    actor: str
    name: str
    role: str
    at: datetime  # UTC
    note: str
    revision: int
    contents_sha256: str | None
    pdf_sha256: str | None

    @property
    def who(self) -> str:
        """ "Ann Example, manager"."""
        return ", ".join(part for part in (self.name or self.actor, self.role) if part)


@dataclass(frozen=True)
class Version:
    """revision 0 means that nothing has been saved for the month yet.

    Numbers and revisions of a month only rise: neither is used again once a correction was dropped. A form names
    ``month_revision``, the highest of the month: it says what whoever filled it in has seen.
    """

    month: str
    number: int = 1
    corrects: int | None = None  # number of the version that this one corrects: not always the number before
    state: State = State.DRAFT
    revision: int = 0
    month_revision: int = field(default=0, compare=False)  # the month's, not this version's own
    narrative: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    authors: tuple[str, ...] = ()
    correction_reason: str = ""
    updated_at: datetime | None = None  # UTC
    updated_by: str | None = None
    template_name: str = ""  # empty before the analyst's check, like everything below
    code_version: str = ""
    data_sha256: str = ""
    contents_sha256: str = ""
    measures: Mapping[str, float] = field(default_factory=dict)
    pdf_sha256: str = ""
    steps: tuple[Step, ...] = ()
    id: int | None = None

    @property
    def signatures(self) -> tuple[Step, ...]:
        """Judgements and submission since the version last was a draft: those that still hold."""
        found: list[Step] = []
        for taken in self.steps:
            if taken.after is State.DRAFT:
                found = []
            elif taken.action in (*JUDGEMENTS, Action.SUBMIT):
                found.append(taken)
        return tuple(found)

    @property
    def is_correction(self) -> bool:
        return self.corrects is not None

    @property
    def hands(self) -> Hands:
        signers = frozenset(s.actor for s in self.signatures if s.action in JUDGEMENTS)
        return Hands(frozenset(self.authors), signers)

    def template(self, programme: Programme) -> ReturnTemplate:
        """The one it was checked with; the programme's own while it is a draft."""
        return templates().get(self.template_name) or templates()[programme.return_template]

    def coming(self, programme: Programme) -> Action | None:
        """The step that takes it further; None once it is submitted or dropped."""
        return coming_action(self.state, certified=self.template(programme).certified)

    def after(self, action: Action, scope: Scope, programme: Programme) -> State:
        """Where this person's step would lead; NotNow or NotYours where they cannot take it."""
        return step(self.state, action, **self._asked_by(scope, programme))

    def may(self, action: Action, scope: Scope, programme: Programme) -> bool:
        return may(self.state, action, **self._asked_by(scope, programme))

    def _asked_by(self, scope: Scope, programme: Programme) -> dict[str, Any]:
        certified = self.template(programme).certified
        return {
            "certified": certified,
            "correction": self.is_correction,
            "actor": actor_of(scope),
            "permissions": scope.permissions,
            "hands": self.hands,
        }

    @property
    def last_written(self) -> Step | None:
        """The last time somebody wrote on it; sending it back, or signing, is not writing."""
        return next((s for s in reversed(self.steps) if s.action in (Action.EDIT, Action.CORRECT)), None)

    def signed(self, action: Action) -> Step | None:
        return next((s for s in self.signatures if s.action is action), None)


def newest_of(held: Sequence[Version]) -> Version | None:
    """Of a month's versions, oldest first, the newest that was not dropped."""
    return next((v for v in reversed(held) if v.state is not State.DROPPED), None)


def latest(scope: Scope, code: str, month: str) -> Version:
    """The newest version of a month that was not dropped; an empty draft of revision 0 when there is none."""
    return newest_of(of_month(scope, code, month)) or Version(month)


def of_month(scope: Scope, code: str, month: str) -> list[Version]:
    """Every version of a month, oldest first, also those that were dropped."""
    parse_month(month)
    with opened(scope, code, Permission.VIEW_RETURNS) as o:
        return held(o.conn, o.programme_id, month)


def newest_by_month(scope: Scope, code: str) -> dict[str, Version]:
    """The newest version of every month that has one; never one that was dropped."""
    with opened(scope, code, Permission.VIEW_RETURNS) as o:
        return {v.month: v for v in _read(o.conn, o.programme_id, _STANDS)}  # by number, so the newest stays


def dropped(scope: Scope, code: str) -> list[Version]:
    """Every correction that was dropped, by month and number."""
    with opened(scope, code, Permission.VIEW_RETURNS) as o:
        return _read(o.conn, o.programme_id, _v.state == State.DROPPED.value)


def submitted_by_month(scope: Scope, code: str) -> dict[str, Version]:
    """The version that stands as submitted, by month."""
    with opened(scope, code, Permission.VIEW_RETURNS) as o:
        return {v.month: v for v in _read(o.conn, o.programme_id, _v.state == State.SUBMITTED.value)}


def get(scope: Scope, code: str, month: str, number: int) -> Version:
    """One version; NoSuchVersion when the month has no such number."""
    versions = of_month(scope, code, month)
    found = next((v for v in versions if v.number == number), None)
    if found is None:
        there = ", ".join(str(v.number) for v in versions) or "none"
        raise NoSuchVersion(f"The return of {formats.month(month)} has no version {number}; there are: {there}.")
    return found


def held(conn: Connection, programme_id: int, month: str) -> list[Version]:
    """Every version of a month, oldest first, as the connection's transaction sees them."""
    return _read(conn, programme_id, _v.month == month)


def by_id(conn: Connection, programme_id: int, version_id: int) -> Version:
    return _read(conn, programme_id, _v.id == version_id)[0]


def is_sent(version: Version) -> bool:
    """Of a month's newest version: the month has been submitted, whether or not a correction of it is being written."""
    return version.state is State.SUBMITTED or version.is_correction


def submitted(conn: Connection, programme_id: int, month: str) -> list[Version]:
    """Versions of a month that stand as submitted: one, but for the moment in which the next is."""
    return _read(conn, programme_id, _v.month == month, _v.state == State.SUBMITTED.value)


def frozen(scope: Scope, code: str, version: Version) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Contents and charts of a version as they were checked; None for a draft."""
    with opened(scope, code, Permission.VIEW_RETURNS) as o:
        row = _own_row(o, version, _v.contents, _v.figures)
    return (row.contents, row.figures) if row and row.contents else None


def checks_of(scope: Scope, code: str, version: Version) -> list[dict[str, Any]]:
    """What every check said when the analyst signed; empty for a draft."""
    with opened(scope, code, Permission.VIEW_RETURNS) as o:
        row = _own_row(o, version, _v.checks)
    return list(row.checks or []) if row else []


def sealed_pdf(scope: Scope, code: str, version: Version) -> bytes:
    """The sealed file of an approved version; NoSuchVersion before approval, Damaged when its bytes have changed."""
    with opened(scope, code, Permission.VIEW_RETURNS) as o:
        row = _own_row(o, version, _v.pdf, _v.pdf_sha256)
    if row is None or row.pdf is None:
        raise NoSuchVersion(f"Version {version.number} of {version.month} is not approved, so there is no sealed file.")
    body = bytes(row.pdf)
    if hashlib.sha256(body).hexdigest() != row.pdf_sha256:
        raise Damaged(
            f"The stored file of version {version.number} of {version.month} is not the one that was sealed. It is not "
            "given out. Restore the database from a copy, and tell whoever looks after the portal."
        )
    return body


@dataclass(frozen=True)
class KnownFile:
    """A sealed file that the register knows. ``newest``: this is the version's file now; without it, another or none is."""

    programme: str
    month: str
    number: int
    state: State
    step: Action
    at: datetime
    newest: bool
    has_file: bool


def known_file(sha256: str) -> list[KnownFile]:
    """Every step that sealed a file with this hash, and what became of it. For the server alone."""
    p, v = schema.programme, schema.return_version
    query = (
        select(p.c.code, _v.month, _v.number, _v.state, _v.pdf_sha256, _s.action, _s.at)
        .join(v, v.c.id == _s.version_id)
        .join(p, p.c.id == _v.programme_id)
        .where(_s.pdf_sha256 == sha256)
        .order_by(_s.id)
    )
    with get_engine().connect() as conn:
        return [
            KnownFile(
                r.code, r.month, r.number, State(r.state), Action(r.action), r.at, r.pdf_sha256 == sha256,
                r.pdf_sha256 is not None,
            )
            for r in conn.execute(query)
        ]  # fmt: skip


def _own_row(o: Opened, version: Version, *columns: Any) -> Any:
    return o.conn.execute(select(*columns).where(_v.id == version.id, _v.programme_id == o.programme_id)).one_or_none()


def _read(conn: Connection, programme_id: int, *where: Any) -> list[Version]:
    rows = conn.execute(
        select(*_LIGHT).where(_v.programme_id == programme_id, *where).order_by(_v.month, _v.number)
    ).all()
    steps = _steps(conn, [r.id for r in rows])
    return [_version(row, steps.get(row.id, ())) for row in rows]


def _steps(conn: Connection, ids: Sequence[int]) -> dict[int, tuple[Step, ...]]:
    found: dict[int, list[Step]] = {}
    for r in conn.execute(select(_s).where(_s.version_id.in_(ids)).order_by(_s.id)) if ids else ():
        taken = Step(
            Action(r.action), State(r.before), State(r.after), r.actor, r.name, r.role, r.at, r.note, r.revision,
            r.contents_sha256, r.pdf_sha256,
        )  # fmt: skip
        found.setdefault(r.version_id, []).append(taken)
    return {key: tuple(value) for key, value in found.items()}


def _version(row: Any, steps: tuple[Step, ...]) -> Version:
    return Version(
        month=row.month, number=row.number, corrects=row.corrects, state=State(row.state), revision=row.revision,
        month_revision=row.month_revision,
        narrative=row.narrative, reasons={key: Reason(**value) for key, value in row.reasons.items()}, authors=tuple(row.authors),
        correction_reason=row.correction_reason, updated_at=row.updated_at, updated_by=row.updated_by,
        template_name=row.template_name or "", code_version=row.code_version or "", data_sha256=row.data_sha256 or "",
        contents_sha256=row.contents_sha256 or "", measures=row.measures or {}, pdf_sha256=row.pdf_sha256 or "",
        steps=steps, id=row.id,
    )  # fmt: skip

"""One change of the register: looked at, written, recorded as a step and in the audit log, all in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from data_access import audit, schema
from data_access.engine import utc_now, writing
from data_access.reading import Opened, opened
from data_access.returns import versions
from data_access.returns.versions import Version, actor_of
from domain.periods import parse_month
from domain.return_states import Action, State
from domain.roles import Permission
from domain.scope import Scope

_v = schema.return_version


class StaleVersion(RuntimeError):
    """Somebody changed the return since this person looked at it; the message says who and what to do."""

    @classmethod
    def now_at(cls, held: Sequence[Version], now: Version) -> StaleVersion:
        """``held``: every version of the month, of which ``now`` is the newest that was not dropped."""
        last = held[-1] if held else now
        gone = f"version {last.number} was dropped, and version {now.number} is " if last is not now else "it is now "
        return cls(
            f"{last.updated_by or 'Somebody'} changed this return since you opened it: {gone}{now.state.value}, revision "
            f"{now.revision}. Look at it as it is now before you go on."
        )


@dataclass(frozen=True)
class Change:
    """A transaction open for one step: what the register holds now, and who is taking it.

    ``last`` has the month's highest number and revision: the newest version, or one dropped after it.
    """

    conn: Connection
    opened: Opened
    before: Version
    last: Version
    at: datetime

    @property
    def actor(self) -> str:
        return actor_of(self.opened.scope)

    def after(self, action: Action) -> State:
        """Where the step leads; NotNow or NotYours when it cannot be taken."""
        return self.before.after(action, self.opened.scope, self.opened.programme)


@contextmanager
def changing(scope: Scope, code: str, month: str, revision: int, at: datetime | None = None) -> Iterator[Change]:
    """Hold the writing lock with the newest version; StaleVersion unless the month is still at ``revision``."""
    parse_month(month)
    with opened(scope, code, Permission.VIEW_RETURNS) as o, writing().begin() as conn:
        held = versions.held(conn, o.programme_id, month)
        now = versions.newest_of(held) or Version(month)
        if now.month_revision != revision:
            raise StaleVersion.now_at(held, now)
        yield Change(conn, o, now, held[-1] if held else now, at or utc_now())


def take(
    change: Change,
    action: Action,
    *,
    note: str = "",
    event: str,
    detail: Mapping[str, Any],
    values: Mapping[str, Any] | None = None,
    signed: Mapping[str, str] | None = None,
) -> Version:
    """Write the step: NotNow or NotYours when it cannot be taken. ``values`` are columns of the version to set."""
    before, after = change.before, change.after(action)
    version_id = write(change, before, after, dict(values or {}))
    record_step(change, version_id, action, before, after, note=note, event=event, detail=detail, signed=signed or {})
    return as_left(change, version_id)


def as_left(change: Change, version_id: int) -> Version:
    """The version as the transaction has left it."""
    return versions.by_id(change.conn, change.opened.programme_id, version_id)


def write(change: Change, before: Version, after: State, values: dict[str, Any]) -> int:
    """The version's row with its next revision; the first save makes it."""
    values |= {
        "state": after.value,
        "revision": before.revision + 1,
        "updated_at": change.at,
        "updated_by": change.actor,
    }
    if before.id is not None:
        change.conn.execute(update(_v).where(_v.c.id == before.id, _v.c.revision == before.revision).values(**values))
        return before.id
    first = {"narrative": {}, "reasons": {}, "authors": [], "correction_reason": "", **values}
    key = {"programme_id": change.opened.programme_id, "month": before.month, "number": before.number}
    made = change.conn.execute(insert(_v).values(**key, **first)).inserted_primary_key
    return int(made[0])


def record_step(
    change: Change, version_id: int, action: Action, of: Version, after: State, *, note: str, event: str,
    detail: Mapping[str, Any], signed: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """The step and its audit entry: there is not one without the other."""
    scope, signed = change.opened.scope, signed or {}
    change.conn.execute(
        insert(schema.return_step).values(
            version_id=version_id, action=action.value, before=of.state.value, after=after.value, actor=change.actor,
            name=name_of(change.conn, scope), role=scope.role.value if scope.role else "", at=change.at, note=note,
            revision=of.revision + 1, contents_sha256=signed.get("contents_sha256"), pdf_sha256=signed.get("pdf_sha256"),
        )
    )  # fmt: skip
    audit.record(
        change.conn, actor=scope.actor, event=event, programme_id=change.opened.programme_id, at=change.at,
        detail={"month": of.month, "version": of.number, **detail},
    )  # fmt: skip


def name_of(conn: Connection, scope: Scope) -> str:
    """The person's name; what identifies them where no account has one."""
    u = schema.user.c
    return conn.execute(select(u.name).where(u.email == scope.actor)).scalar() or actor_of(scope)


def as_draft(version: Version) -> dict[str, Any]:
    """Columns that a version loses when it goes back to draft: what was frozen and sealed no longer stands."""
    emptied = ("template_name", "template_version", "code_version", "data_sha256", "contents", "figures")
    emptied += ("contents_sha256", "checks", "measures", "pdf", "pdf_sha256")
    return dict.fromkeys(emptied) if version.state is not State.DRAFT else {}


def with_author(version: Version, actor: str) -> list[str]:
    return sorted({*version.authors, actor})

"""The audit log: each event declared with its exact fields, written in the same transaction as the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from data_access import schema
from data_access.engine import ACCOUNTS, utc_now, writing

# Event -> the fields its detail must have, no more and no fewer: a reader of the log can rely on them.
EVENTS: dict[str, frozenset[str]] = {
    "signed in": frozenset({"account"}),
    "sign-in failed": frozenset({"account", "reason"}),
    "password change refused": frozenset({"account", "reason"}),
    "signed out": frozenset({"account"}),
    "password changed": frozenset({"account"}),
    "account added": frozenset({"account", "role", "programmes"}),
    "account disabled": frozenset({"account"}),
    "account enabled": frozenset({"account"}),
    "account role changed": frozenset({"account", "before", "after"}),
    "account programmes changed": frozenset({"account", "before", "after"}),
    "file sent": frozenset({"kind", "file_name", "size_bytes"}),
    "file discarded": frozenset({"kind", "file_name", "size_bytes", "because"}),
    "file loaded": frozenset({"kind", "file_name", "sha256", "rows_read", "rows_loaded"}),
    "counting rules changed": frozenset({"provider", "change", "moved"}),
    "month confirmed": frozenset({"month"}),
    "month confirmation withdrawn": frozenset({"month", "because"}),
    "pings expired": frozenset({"month", "pings", "files"}),
    "rejected rows expired": frozenset({"load", "file_name", "rows"}),
    "narrative saved": frozenset({"month", "version", "revision", "before", "reasons_for"}),
    "return checked": frozenset({"month", "version", "contents_sha256", "data_sha256"}),
    "return approved": frozenset({"month", "version", "pdf_sha256"}),
    "return certified": frozenset({"month", "version", "pdf_sha256"}),
    "return submitted": frozenset({"month", "version", "pdf_sha256"}),
    "return superseded": frozenset({"month", "version", "by_version"}),
    "return sent back": frozenset({"month", "version", "before", "reason"}),
    "correction opened": frozenset({"month", "version", "reason"}),
    "correction dropped": frozenset({"month", "version", "reason"}),
    "case study approved": frozenset({"reference", "role", "text_sha256", "status"}),
    "case study withdrawn": frozenset({"reference", "role", "reason"}),
    "comment written": frozenset({"thread", "figure"}),
    "comment thread resolved": frozenset({"thread", "figure"}),
    "plan registered": frozenset({"file_name", "sha256", "timing"}),
    "plan deviation recorded": frozenset({"plan_sha256", "decided_on"}),
    "return built": frozenset({"month", "version", "sha256"}),  # by a command or a job
    "return downloaded": frozenset({"month", "version", "format", "sha256"}),
    "job started": frozenset({"job", "kind"}),
    "job done": frozenset({"job", "kind", "sha256"}),
    "job failed": frozenset({"job", "kind", "error", "reference"}),
    "job cancelled": frozenset({"job", "kind"}),
    "document built": frozenset({"document", "choice", "sha256"}),  # by a command or a job
    "document downloaded": frozenset({"document", "choice", "sha256"}),
    "return notice written": frozenset({"month", "notice", "people"}),
    "downloaded": frozenset({"what"}),
    "download refused": frozenset({"what"}),
}


def record(
    conn: Connection,
    *,
    actor: str,
    event: str,
    detail: Mapping[str, Any],
    programme_id: int | None = None,
    at: datetime | None = None,
) -> None:
    """Write one row of the log; ValueError when the event or its fields are not declared in EVENTS."""
    declared = EVENTS.get(event)
    if declared is None:
        raise ValueError(f"“{event}” is not a declared audit event; add it to data_access.audit.EVENTS.")
    if set(detail) != declared:
        raise ValueError(f"“{event}” records exactly {sorted(declared)}, not {sorted(detail)}.")
    conn.execute(
        insert(schema.audit).values(
            at=at or utc_now(), actor=actor[:200], event=event, programme_id=programme_id, detail=dict(detail)
        )
    )


def note(*, actor: str, event: str, detail: Mapping[str, Any], programme_code: str = "") -> None:
    """Record something that changes no data (a download, or its refusal), in a transaction of its own."""
    with writing(lock=ACCOUNTS).begin() as conn:
        found = conn.execute(select(schema.programme.c.id).where(schema.programme.c.code == programme_code)).scalar()
        record(conn, actor=actor, event=event, detail=detail, programme_id=found)

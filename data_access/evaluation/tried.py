"""How many analyses have been tried: every different one that the portal ran is counted once a version of the data."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from data_access import schema
from data_access.engine import get_engine, utc_now
from data_access.evaluation.inputs import data_version
from data_access.reading import opened
from domain.roles import Permission
from domain.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)
_t = schema.analysis_tried.c
# A page must not wait behind a load of some minutes: what cannot be noted now is noted by the next look.
WAIT_MS = 250
_noted: set[tuple[str, str, str, str, str]] = set()


@dataclass(frozen=True)
class Tried:
    """``analyses``: methods x settings over all data versions; ``settings``: different choices among them.

    ``by_section``: [section, settings, analyses], and ``now``: analyses on the data as they are.
    """

    analyses: int
    settings: int
    now: int
    data_versions: int
    first_at: datetime | None
    by_section: pd.DataFrame

    def sentence(self) -> str:
        """The count in words, for the page."""
        if not self.analyses:
            return "No analysis has been run in the portal yet."
        versions = "one version" if self.data_versions == 1 else f"{self.data_versions:,} versions"
        return (
            f"{self.analyses:,} different analyses (methods and settings) have been run in the portal, on {versions} "
            f"of the data; {self.now:,} of them on the data as they are now."
        )


def note(code: str, section: str, choices: Mapping[str, str], data_hash: str, analyses: int) -> None:
    """Count one analysis; a database that cannot be written just now is no reason to withhold a page."""
    text = json.dumps(dict(sorted(choices.items())), ensure_ascii=False)
    key = (str(get_engine().url), code, section, text, data_hash)
    if key in _noted or not analyses:
        return
    try:
        _write(code, section, dict(choices), hashlib.sha256(text.encode()).hexdigest(), data_hash, analyses)
    except DBAPIError as problem:
        _log.warning("An analysis could not be counted: %s", problem.orig)
        return
    _noted.add(key)


def _write(code: str, section: str, choices: dict[str, str], sha: str, data_hash: str, analyses: int) -> None:
    with _short_wait() as conn:
        programme_id = conn.execute(select(schema.programme.c.id).where(schema.programme.c.code == code)).scalar()
        same = (_t.programme_id == programme_id, _t.section == section, _t.choices_sha256 == sha)
        known = conn.execute(select(_t.id).where(*same, _t.data_hash == data_hash)).first()
        conn.rollback()
        if known or programme_id is None:
            return
        values = {
            "programme_id": programme_id, "section": section, "choices": choices, "choices_sha256": sha,
            "data_hash": data_hash, "analyses": analyses, "first_at": utc_now(),
        }  # fmt: skip
        dialect = sqlite if conn.dialect.name == "sqlite" else postgresql
        # Two workers may both have found nothing: the unique constraint decides, and neither fails.
        row = dialect.insert(schema.analysis_tried).values(**values).on_conflict_do_nothing()
        with conn.begin():
            conn.execute(row)


@contextmanager
def _short_wait() -> Iterator[Connection]:
    """A connection that gives up soon where others write."""
    with get_engine().connect() as conn:
        if conn.dialect.name != "sqlite":
            yield conn
            return
        cursor = conn.connection.cursor()
        held = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout={WAIT_MS}")
        try:
            yield conn
        finally:
            cursor.execute(f"PRAGMA busy_timeout={int(held)}")
            cursor.close()


def tried_count(scope: Scope, code: str) -> Tried:
    """Everything tried for a programme; ``now`` counts what was tried on the data as they are."""
    data_hash = data_version(scope, code)
    with opened(scope, code, Permission.VIEW_EVALUATION) as o:
        rows = o.frame(
            select(_t.section, _t.choices_sha256, _t.data_hash, _t.analyses, _t.first_at)
            .where(_t.programme_id == o.programme_id)
            .order_by(_t.id)
        )
    by_section = rows.groupby("section", sort=True).agg(
        settings=("choices_sha256", "nunique"), analyses=("analyses", "sum")
    )
    return Tried(
        analyses=int(rows["analyses"].sum()),
        settings=len(rows[["section", "choices_sha256"]].drop_duplicates()),
        now=int(rows.loc[rows["data_hash"] == data_hash, "analyses"].sum()),
        data_versions=int(rows["data_hash"].nunique()),
        first_at=None if rows.empty else rows["first_at"].min(),
        by_section=by_section.reset_index(),
    )

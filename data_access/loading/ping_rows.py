"""Storing pings: into the ping store, and from there the visits of the days that changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, RowMapping, select

from data_access import ping_store
from data_access import schema as s
from data_access.loading import coverage, store
from data_access.loading.coverage import PINGS
from data_access.loading.reading import Context, Parsed, refuse_all_rejected
from data_access.loading.store import Progress
from data_access.loading.writing import (
    JOINED,
    Outcome,
    mark_held,
    note_withdrawn,
    period_of,
    recompute_visits,
    replaces,
)
from data_access.retention import RAW_EXPIRED
from domain.periods import Period, month_end, month_of

_DAY_MS = 86_400_000
_EXPIRED = (
    "The positions of this provider and day were kept for as long as the retention rule says and are gone; the visits "
    "worked out from them stay, and nothing can be added to them."
)


def write_pings(conn: Connection, programme_id: int, context: Context, parsed: Parsed) -> Outcome:
    """Replace the pings of loads that this file covers; count as duplicates what others hold already."""
    _reject_expired(conn, programme_id, context, parsed)
    parsed.period = period_of(parsed, PINGS)
    older = _compare(conn, programme_id, context, parsed)
    gone = ping_store.parts(conn, programme_id, load_ids=older.emptied)
    difference = _difference(older.emptied, gone, parsed.good()) if older.emptied else None
    days = {part.local_date for part in gone} | {day.date() for day in parsed.good()["local_date"].unique()}
    providers = sorted({part.provider for part in gone} | set(parsed.good()["provider"]))

    def put(conn: Connection, load_id: int, progress: Progress | None) -> None:
        ping_store.remove(conn, programme_id, older.emptied)
        ping_store.write(conn, programme_id, load_id, parsed.good(), progress)

    def settle(conn: Connection, load_id: int) -> None:
        actor = conn.execute(select(s.load.c.loaded_by).where(s.load.c.id == load_id)).scalar_one()
        for period in _runs(days):
            because = f"pings loaded from {context.file.name}"
            done = recompute_visits(conn, programme_id, period, providers, actor=actor, because=because)
            note_withdrawn(parsed, done)

    return Outcome(put, settle, older.superseded, difference)


def _reject_expired(conn: Connection, programme_id: int, context: Context, parsed: Parsed) -> None:
    expired = ping_store.expired_days(conn, programme_id)
    if not expired:
        return
    frame = parsed.frame
    days = pd.MultiIndex.from_arrays([frame["provider"], frame["local_date"]])
    late = days.isin([(provider, pd.Timestamp(day)) for provider, day in expired])
    parsed.rows.withhold(late & parsed.rows.good, RAW_EXPIRED)
    parsed.rows.reject(late, "time", _EXPIRED)
    refuse_all_rejected(context.file.name, parsed.rows)


@dataclass
class _Older:
    """Loads whose pings this file takes the place of, and those of them of which nothing is left."""

    emptied: list[int] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)

    def add(self, load_id: int, has_expired: bool) -> None:
        self.emptied.append(load_id)
        # Visits of days whose pings have expired still stand on the older load: it stays among the current ones.
        if not has_expired:
            self.superseded.append(load_id)


def _compare(conn: Connection, programme_id: int, context: Context, parsed: Parsed) -> _Older:
    """Which loads this file takes the place of; marks what other current loads hold as duplicates."""
    older = _Older()
    first, last = parsed.period or (date.min, date.max)
    around = (first.replace(day=1), month_end(last.replace(day=1)))
    with_expired = {part.load_id for part in ping_store.parts(conn, programme_id, expired=True)}
    for load in store.current_loads(conn, programme_id, "pings", period=around):
        if load["sha256"] == context.file.sha256:  # the same file again, because its files in the store are damaged
            older.add(load["id"], load["id"] in with_expired)
            continue
        held = coverage.held_pings(conn, programme_id, load["id"], parsed.good())
        if held.empty and load["id"] in with_expired:
            continue
        if _takes_its_place(parsed, load, held, context.options.replace):
            older.add(load["id"], load["id"] in with_expired)
        elif coverage.overlaps(parsed.good(), held, PINGS):
            theirs, ours = _providers(load["source"]), _providers(parsed.source)
            if not theirs & ours:
                _note_same_days(parsed, load, held)
            found = coverage.already_held(parsed.good(), held, PINGS)
            mark_held(parsed, found, load["file_name"], bool(theirs & ours))
    return older


def _note_same_days(parsed: Parsed, load: RowMapping, held: pd.DataFrame) -> None:
    """A re-export under another source adds to the first: its reader must hear of it."""
    new = parsed.good()
    for provider in sorted(set(held["provider"])):
        ours, theirs = new[new["provider"] == provider], held[held["provider"] == provider]
        days = len(set(ours["t_utc_ms"] // _DAY_MS) & set(theirs["t_utc_ms"] // _DAY_MS))
        devices = len(set(ours["device"]) & set(theirs["device"]))
        if days:
            parsed.notes.append(
                f"{load['file_name']} (source “{load['source']}”) holds pings of {provider} on {_count(days, 'day')} of this "
                f"file too; {_count(devices, 'device')} in both. Both stay, and add up. If this is the same export under "
                f"another name, load the right file with --source “{load['source']}” --replace."
            )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _takes_its_place(parsed: Parsed, load: RowMapping, held: pd.DataFrame, asked: bool) -> bool:
    # A ping is the same ping whoever sent the file, but a file replaces only those of the same providers.
    if not _providers(load["source"]) <= _providers(parsed.source):
        return False
    return replaces(parsed, load, held, PINGS, asked)


def _providers(source: str) -> set[str]:
    return set(source.split(JOINED))


def _difference(emptied: list[int], gone: list[Any], new: pd.DataFrame) -> dict[str, Any]:
    """Pings before and after, in all and by month, over the loads whose place is taken."""
    before: Counter[str] = Counter()
    for part in gone:
        before[month_of(part.local_date)] += part.pings
    after = {str(m): int(n) for m, n in new["local_date"].dt.strftime("%Y-%m").value_counts().items()}
    return {
        "replaced_loads": emptied,
        "rows_before": sum(before.values()),
        "rows_after": len(new),
        "by_month": {m: [before.get(m, 0), after.get(m, 0)] for m in sorted({*before, *after})},
    }


def _runs(days: set[date]) -> list[Period]:
    """The days as periods; a stray ping of years ago must not make every day between be done again."""
    found: list[Period] = []
    for day in sorted(days):
        if found and day - found[-1].end <= timedelta(days=3):
            found[-1] = Period(found[-1].start, day)
        else:
            found.append(Period(day, day))
    return found

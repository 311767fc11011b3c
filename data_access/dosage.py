"""Visits, tracker days and minutes of a programme, worked out again from its pings, hot spots and rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, func, insert, select

from analysis.dosage.local_days import date_of
from analysis.dosage.rules import Rules
from analysis.dosage.tables import PingBatch
from data_access import confirmed, ping_store
from data_access.dosage_counting import Counted, HotSpots, counted
from data_access.dosage_estimates import Estimates
from data_access.dosage_rules import rules_as_json, rules_from_json, rules_in_force, rules_rows
from data_access.schema import dose_day, ping_part, tracker_day, visit
from domain.periods import LONDON, Period

__all__ = ["Recomputed", "recompute_visits", "rules_as_json", "rules_from_json", "rules_in_force"]

_TABLES = (visit, tracker_day, dose_day)
_ROWS_AT_ONCE = 5_000
_PINGS_AT_ONCE = 2_000_000  # of a provider, in memory; a single day is never cut
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Recomputed:
    """kept : (provider, local day) left as they were, their pings having expired. withdrawn : months whose
    confirmation went because their minutes changed."""

    kept: tuple[tuple[str, date], ...] = ()
    withdrawn: tuple[str, ...] = ()


def recompute_visits(
    conn: Connection, programme_id: int, period: Period | None = None, providers: Sequence[str] | None = None, *,
    actor: str = "the portal", because: str = "visits worked out again",
) -> Recomputed:  # fmt: skip
    """Fill ``visit``, ``tracker_day`` and ``dose_day`` of one programme, in the caller's transaction.

    ``period`` : the local days whose pings changed (all by default); they and the day before and after are done again,
    because the step from the last ping of one day to the first of the next gives minutes to both. ``providers`` : all
    by default. Days whose pings have expired stay as they are. StoreError when pings cannot be read.
    """
    spots, rules = HotSpots.of(conn, programme_id), rules_rows(conn, programme_id)
    expired = ping_store.expired_days(conn, programme_id)
    around = Period(period.start - _DAY, period.end + _DAY) if period else None
    watch = confirmed.Watch(conn, programme_id, around)
    done: list[tuple[str, Period, set[date]]] = []
    for provider in providers if providers is not None else _providers(conn, programme_id):
        whole = around or _extent(conn, programme_id, provider)
        if whole is None:
            continue
        done.append((provider, whole, {day for p, day in expired if p == provider}))
        job = _Job(conn, programme_id, provider, spots, *rules.get(provider, (None, Rules())))
        for days in _without(whole, done[-1][2]):
            job.redo(days)
    by_provider = {provider: r for provider, (_, r) in rules.items()}
    again = period is None and providers is None
    estimates = Estimates(conn, programme_id, spots, by_provider, calibrate_again=again)
    for provider, whole, gone in done:
        estimates.redo(provider, whole, gone)
    kept = [(provider, day) for provider, w, gone in done for day in sorted(gone) if w.start <= day <= w.end]
    return Recomputed(tuple(kept), watch.withdraw_changed(actor, because))


def _providers(conn: Connection, programme_id: int) -> list[str]:
    """Every provider with pings, or with visits from pings that are gone."""
    found: set[str] = set()
    for table in (ping_part, *_TABLES):
        found |= set(
            conn.execute(select(table.c.provider).where(table.c.programme_id == programme_id).distinct()).scalars()
        )
    return sorted(found)


def _extent(conn: Connection, programme_id: int, provider: str) -> Period | None:
    """From the first to the last day that the provider has anything of."""
    ends: list[date] = []
    for table in (ping_part, *_TABLES):
        of = (table.c.programme_id == programme_id) & (table.c.provider == provider)
        row = conn.execute(select(func.min(table.c.local_date), func.max(table.c.local_date)).where(of)).one()
        ends += [day for day in row if day is not None]
    # A step over midnight gives minutes to the day after the last ping's, too.
    return Period(min(ends) - _DAY, max(ends) + _DAY) if ends else None


def _without(period: Period, gone: set[date]) -> Iterator[Period]:
    """The runs of days of a period between the days that are gone."""
    start = None
    for day in period.each_day():
        if day in gone:
            if start is not None:
                yield Period(start, day - _DAY)
            start = None
        elif start is None:
            start = day
    if start is not None:
        yield Period(start, period.end)


class _Job:
    """One provider's days, taken out and filled again."""

    def __init__(
        self, conn: Connection, programme_id: int, provider: str, spots: HotSpots, rules_id: int | None, rules: Rules
    ) -> None:
        self._conn, self._programme_id, self._provider = conn, programme_id, provider
        self._spots, self._rules_id, self._rules = spots, rules_id, rules
        self._reader = ping_store.Reader(conn, programme_id, provider)

    def redo(self, days: Period) -> None:
        for table in _TABLES:
            c = table.c
            of = (c.programme_id == self._programme_id) & (c.provider == self._provider)
            self._conn.execute(delete(table).where(of, c.local_date.between(days.start, days.end)))
        for some in self._chunks(days):
            near = Period(some.start - _DAY, some.end + _DAY)
            batch = ping_store.in_order(PingBatch.concatenate([b for _, b in self._reader.days(near)]))
            if len(batch):
                self._store(counted(batch, self._spots, self._rules, some))

    def _chunks(self, days: Period) -> Iterator[Period]:
        """Days whose pings fit into memory together."""
        near = Period(days.start - _DAY, days.end + _DAY)
        sizes: dict[date, int] = {}
        for part in ping_store.parts(self._conn, self._programme_id, provider=self._provider, period=near):
            sizes[part.local_date] = sizes.get(part.local_date, 0) + part.pings
        start, held = days.start, 0
        for day in sorted(day for day in sizes if days.start <= day <= days.end):
            held += sizes[day]
            if held >= _PINGS_AT_ONCE:
                yield Period(start, day)
                start, held = day + _DAY, 0
        if start <= days.end and sizes:
            yield Period(start, days.end)

    def _store(self, found: Counted) -> None:
        _insert(self._conn, visit, self._visit_rows(found.visits))
        _insert(self._conn, tracker_day, self._tracker_rows(found.trackers))
        _insert(self._conn, dose_day, self._dose_rows(found.dose))

    def _common(self, row: Any) -> dict[str, Any]:
        return {
            "programme_id": self._programme_id, "provider": self._provider,
            "team": self._reader.teams.names[row.team], "local_date": date_of(row.day),
        }  # fmt: skip

    def _visit_rows(self, frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
        for row in frame.itertuples(index=False):
            entered = _utc(row.t_in_ms)
            local = entered.astimezone(LONDON)
            yield self._common(row) | {
                "area_id": self._spots.ids[row.polygon], "entered_at": entered.replace(tzinfo=None),
                "left_at": _utc(row.t_out_ms).replace(tzinfo=None), "local_minute": local.hour * 60 + local.minute,
                "patrol_minutes": row.patrol_minutes, "person_minutes": row.person_minutes,
                "bridged_minutes": row.bridged_minutes, "silent_minutes": row.silent_minutes,
                "counts_as_visit": row.counts_as_visit, "rules_id": self._rules_id,
            }  # fmt: skip

    def _tracker_rows(self, frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
        names = ("pings", "tracked_minutes", "inside_minutes", "gap_minutes")
        for row in frame.itertuples(index=False):
            yield self._common(row) | {name: getattr(row, name) for name in names} | {
                "device": self._reader.devices.names[row.device],
                "median_interval_s": _number_or_none(row.median_interval_s),
            }  # fmt: skip

    def _dose_rows(self, frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
        names = (
            "plain_patrol_minutes", "plain_person_minutes", "rule_patrol_minutes", "rule_person_minutes", "near_minutes",
            "uncredited_silence_minutes",
        )  # fmt: skip
        for row in frame.itertuples(index=False):
            yield self._common(row) | {name: getattr(row, name) for name in names} | {
                "area_id": self._spots.ids[row.polygon],
                "median_interval_s": _number_or_none(row.median_interval_s),
            }  # fmt: skip


def _utc(t_ms: float) -> datetime:
    # Whole milliseconds: the database keeps no more, and rounding up must not reach the next day.
    return datetime.fromtimestamp(int(t_ms) / 1000, UTC)


def _number_or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _insert(conn: Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _ROWS_AT_ONCE:
            conn.execute(insert(table), waiting)
            waiting = []
    if waiting:
        conn.execute(insert(table), waiting)

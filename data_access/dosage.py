"""Visits and tracker days of a programme, worked out again from its current pings and hot spots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry import shape
from sqlalchemy import Connection, and_, delete, insert, select

from analysis.dosage.local_days import date_of
from analysis.dosage.reference import Intervals, Pings, Rules, Visits, device_intervals, visits
from analysis.dosage.reference_trackers import tracker_days
from analysis.dosage.tables import DEGREE
from analysis.dosage.trackers import TrackerDays
from data_access import ping_store
from data_access.schema import area, tracker_day, visit
from domain.periods import LONDON, Period

_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Recomputed:
    """What was left as it is: (provider, local day) whose pings have expired."""

    kept: tuple[tuple[str, date], ...] = ()


def recompute_visits(
    conn: Connection, programme_id: int, period: Period | None = None, providers: Sequence[str] | None = None, *,
    rules: Rules | None = None, actor: str = "the portal", because: str = "visits worked out again",
) -> Recomputed:  # fmt: skip
    """Fill ``visit`` and ``tracker_day`` of one programme, in the caller's transaction.

    With ``period`` only the local days in it are done again: enough after a load of pings of those days, because
    visits never cross local midnight. Without it everything is, as a change of hot spots needs.
    """
    if period:
        # The step from the last ping of one day to the first of the next gives minutes to both.
        period = Period(period.start - timedelta(days=1), period.end + timedelta(days=1))
    _clear(conn, programme_id, period)
    rules = rules or Rules()
    areas = _areas(conn, programme_id)
    frame = _pings(conn, programme_id, period, rules)
    if frame.empty:
        return Recomputed()
    # A tracker name is unique within its provider only.
    devices, device_keys = pd.factorize(pd.MultiIndex.from_frame(frame[["provider", "device"]]))
    teams, team_keys = pd.factorize(pd.MultiIndex.from_frame(frame[["provider", "team"]]))
    pings = Pings(
        devices.astype(np.int64), teams.astype(np.int64), frame["t_utc_ms"].to_numpy(np.int64),
        frame["lon"].to_numpy(float), frame["lat"].to_numpy(float),
    )  # fmt: skip
    intervals = _active(device_intervals(pings, [a["polygon"] for a in areas], rules), areas)
    _store(conn, visit, _visit_rows(visits(intervals, rules), programme_id, areas, team_keys, period))
    days = tracker_days(pings, intervals, rules)
    _store(conn, tracker_day, _tracker_rows(days, programme_id, device_keys, team_keys, period))
    return Recomputed()


def _clear(conn: Connection, programme_id: int, period: Period | None) -> None:
    for table in (visit, tracker_day):
        chosen = table.c.programme_id == programme_id
        if period:
            chosen = and_(chosen, table.c.local_date.between(period.start, period.end))
        conn.execute(delete(table).where(chosen))


def _areas(conn: Connection, programme_id: int) -> list[dict[str, Any]]:
    chosen = select(area.c.id, area.c.geometry, area.c.active_from, area.c.active_to)
    rows = conn.execute(chosen.where(area.c.programme_id == programme_id).order_by(area.c.position)).mappings()
    # Loads are checked for validity; make_valid only mends what an older portal may have kept.
    return [{**row, "polygon": _polygon(row["geometry"])} for row in rows]


def _polygon(geometry: Any) -> Any:
    found = shape(geometry)
    return found if found.is_valid else shapely.make_valid(found, method="structure", keep_collapsed=False)


def _pings(conn: Connection, programme_id: int, period: Period | None, rules: Rules) -> pd.DataFrame:
    around = Period(period.start - timedelta(days=1), period.end + timedelta(days=1)) if period else None
    found = [pd.DataFrame(columns=["provider", "team", "device", "t_utc_ms", "lon", "lat"])]
    for provider in sorted({part.provider for part in ping_store.parts(conn, programme_id, period=around)}):
        held = ping_store.read(conn, programme_id, provider, around)
        batch = held.batch
        found.append(pd.DataFrame({
            "provider": provider, "team": np.array(held.teams, object)[batch.team],
            "device": np.array(held.devices, object)[batch.device], "t_utc_ms": batch.t_ms,
            "lon": batch.lon_e7 / DEGREE, "lat": batch.lat_e7 / DEGREE,
        }))  # fmt: skip
    return pd.concat(found[1:] or found, ignore_index=True)


def _active(intervals: Intervals, areas: list[dict[str, Any]]) -> Intervals:
    """Only the time on days on which the hot spot was one."""
    dates = {int(n): date_of(int(n)) for n in np.unique(intervals.day)}
    keep = np.ones(len(intervals.day), bool)
    for number, held in enumerate(areas):
        start, end = held["active_from"], held["active_to"]
        closed = [n for n, day in dates.items() if (start and day < start) or (end and day > end)]
        if closed:
            keep &= ~((intervals.polygon == number) & np.isin(intervals.day, closed))
    i = intervals
    return Intervals(i.device[keep], i.team[keep], i.polygon[keep], i.day[keep], i.t_in_ms[keep], i.t_out_ms[keep])


def _visit_rows(
    found: Visits, programme_id: int, areas: list[dict[str, Any]], teams: pd.Index, period: Period | None
) -> list[dict[str, Any]]:
    rows = []
    for n in range(len(found.team)):
        day = date_of(int(found.day[n]))
        if period and not period.start <= day <= period.end:
            continue
        provider, team = teams[int(found.team[n])]
        entered = _utc(found.t_in_ms[n])
        local = entered.astimezone(LONDON)
        rows.append({
            "programme_id": programme_id, "area_id": areas[int(found.polygon[n])]["id"], "provider": provider,
            "team": team, "entered_at": entered.replace(tzinfo=None),
            "left_at": _utc(found.t_out_ms[n]).replace(tzinfo=None), "local_date": day,
            "local_minute": local.hour * 60 + local.minute, "patrol_minutes": float(found.patrol_minutes[n]),
            "person_minutes": float(found.person_minutes[n]), "counts_as_visit": bool(found.counts_as_visit[n]),
        })  # fmt: skip
    return rows


def _utc(t_ms: float) -> datetime:
    # Whole milliseconds: the database keeps no more, and rounding up must not reach the next day.
    return datetime.fromtimestamp(int(t_ms) / 1000, UTC)


def _tracker_rows(
    found: TrackerDays, programme_id: int, devices: pd.Index, teams: pd.Index, period: Period | None
) -> list[dict[str, Any]]:
    rows = []
    for n in range(len(found.device)):
        day = date_of(int(found.day[n]))
        if period and not period.start <= day <= period.end:
            continue
        provider, device = devices[int(found.device[n])]
        middle = float(found.median_interval_s[n])
        rows.append({
            "programme_id": programme_id, "provider": provider, "device": device,
            "team": teams[int(found.team[n])][1], "local_date": day, "pings": int(found.pings[n]),
            "tracked_minutes": float(found.tracked_minutes[n]), "inside_minutes": float(found.inside_minutes[n]),
            "gap_minutes": float(found.gap_minutes[n]), "median_interval_s": None if np.isnan(middle) else middle,
        })  # fmt: skip
    return rows


def _store(conn: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        conn.execute(insert(table), rows[first : first + _ROWS_AT_ONCE])

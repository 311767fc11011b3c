"""Expected minutes of sparse trackers, month by month, beside the counted ones.

A month is the unit: the rates of coming and going are fitted to all of its sparse pings, so that an estimate is the
same in whatever order files came, and any change of a month's pings makes the whole month be estimated again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from analysis.dosage.bridge import SPARSE_FROM_S, Calibration, estimate
from analysis.dosage.bridge_calibration import LEAST_CELLS, OWN_TRACKERS, calibrate, shipped
from analysis.dosage.local_days import date_of
from analysis.dosage.rules import Rules
from analysis.dosage.tables import PingBatch
from data_access import ping_store
from data_access.dosage_counting import HotSpots
from data_access.engine import utc_now
from data_access.schema import bridge_calibration, dose_day, programme, tracker_day
from domain.periods import Period, month_period
from domain.programme import parse_programme

SEED = 2026
_DENSE_SHARE = 0.2  # of the sparse interval: a tracker this quick can be thinned to it and still be the truth
_DENSE_PINGS = 1_500_000  # enough for thousands of cells, and seconds to work out
_DAY = timedelta(days=1)
_d = dose_day.c
_k = bridge_calibration.c


class Estimates:
    """The estimates of one programme; constants are settled once for each interval."""

    def __init__(
        self, conn: Connection, programme_id: int, spots: HotSpots, rules: dict[str, Rules], *, calibrate_again: bool
    ) -> None:
        self._conn, self._programme_id, self._spots, self._rules = conn, programme_id, spots, rules
        self._again = calibrate_again
        self._constants: dict[float, tuple[int, Calibration]] = {}

    def redo(self, provider: str, touched: Period, kept: set[date]) -> None:
        """The months touched, of one provider; days in ``kept`` stay as they are."""
        conn, programme_id = self._conn, self._programme_id
        for month in touched.months():
            period = month_period(month)
            trackers = _trackers(conn, programme_id, provider, period)
            sparse = _sparse_devices(trackers)
            _clear(conn, programme_id, provider, period, kept)
            if sparse.empty or not self._spots.ids:
                continue
            rules = self._rules.get(provider, Rules())
            batch, reader = _pings(conn, programme_id, provider, period, set(sparse.index))
            cells = _cells(batch, reader, self._spots, rules).merge(_sparse_days(trackers, set(sparse.index)))
            wanted = [period.start <= day <= period.end and day not in kept for day in cells["local_date"]]
            _store(conn, programme_id, provider, cells[wanted], self._calibration(float(sparse.median())))

    def _calibration(self, interval_s: float) -> tuple[int, Calibration]:
        interval_s = max(10.0, round(interval_s / 10) * 10)
        if interval_s not in self._constants:
            self._constants[interval_s] = _calibration(
                self._conn, self._programme_id, self._spots, self._rules, interval_s, again=self._again
            )
        return self._constants[interval_s]


def _trackers(conn: Connection, programme_id: int, provider: str, period: Period) -> pd.DataFrame:
    t = tracker_day.c
    columns = (t.device, t.team, t.local_date, t.median_interval_s)
    of = (t.programme_id == programme_id, t.provider == provider, t.local_date.between(period.start, period.end))
    rows = conn.execute(select(*columns).where(*of)).all()
    return pd.DataFrame(rows, columns=[c.name for c in columns])


def _sparse_devices(trackers: pd.DataFrame) -> pd.Series:
    """Median interval of each sparse device. By month: a dense tracker with a bad day is no sparse one."""
    middle = trackers.dropna(subset="median_interval_s").groupby("device")["median_interval_s"].median()
    return middle[middle.astype(float) > SPARSE_FROM_S]


def _sparse_days(trackers: pd.DataFrame, sparse: set[str]) -> pd.DataFrame:
    """[team, local_date, median_interval_s] of days on which all of a team's trackers were sparse: where one was
    dense, its counted minutes are better than any estimate."""
    of = trackers.assign(sparse=trackers["device"].isin(sparse)).groupby(["team", "local_date"], as_index=False)
    days = of.agg(sparse=("sparse", "all"), median_interval_s=("median_interval_s", "median"))
    return days[days["sparse"]].drop(columns="sparse")


def _clear(conn: Connection, programme_id: int, provider: str, period: Period, kept: set[date]) -> None:
    """Take the month's estimates out, and with them the rows that held nothing else."""
    of = [_d.programme_id == programme_id, _d.provider == provider, _d.local_date.between(period.start, period.end)]
    of += [_d.estimated_patrol_minutes.is_not(None)]
    if kept:
        of.append(_d.local_date.not_in(sorted(kept)))
    conn.execute(delete(dose_day).where(*of, *(_d[name] == 0 for name in _COUNTED)))
    nothing = dict.fromkeys(("estimated_patrol_minutes", "estimated_variance", "calibration_id"))
    conn.execute(update(dose_day).where(*of).values(**nothing))


def _pings(
    conn: Connection, programme_id: int, provider: str, period: Period, devices: set[str]
) -> tuple[PingBatch, ping_store.Reader]:
    """The devices' pings of the days, of the day before and of the day after; ordered by (device, t)."""
    reader = ping_store.Reader(conn, programme_id, provider)
    found = [batch for _, batch in reader.days(Period(period.start - _DAY, period.end + _DAY))]
    batch = PingBatch.concatenate(found)
    codes = [code for code, name in enumerate(reader.devices.names) if name in devices]
    return ping_store.in_order(batch.take(np.isin(batch.device, codes))), reader


def _cells(batch: PingBatch, reader: ping_store.Reader, spots: HotSpots, rules: Rules) -> pd.DataFrame:
    """[team, area_id, local_date, minutes, chain_variance]."""
    found = estimate(batch, spots.polygons, None, rules)
    on = spots.open_on(found.polygon, found.day)
    return pd.DataFrame({
        "team": pd.Series([reader.teams.names[i] for i in found.team[on]], dtype=object),
        "area_id": [spots.ids[i] for i in found.polygon[on]],
        "local_date": pd.Series([date_of(n) for n in found.day[on]], dtype=object),
        "minutes": found.expected_minutes[on], "chain_variance": found.chain_variance[on],
    })  # fmt: skip


def _store(
    conn: Connection, programme_id: int, provider: str, cells: pd.DataFrame, calibration: tuple[int, Calibration]
) -> None:
    """Estimates onto the rows of their cells, or onto new ones where nothing was counted."""
    calibration_id, constants = calibration
    if cells.empty:
        return
    period = (cells["local_date"].min(), cells["local_date"].max())
    of = (_d.programme_id == programme_id, _d.provider == provider, _d.local_date.between(*period))
    held = {(r.team, r.area_id, r.local_date): r.id for r in conn.execute(
        select(_d.id, _d.team, _d.area_id, _d.local_date).where(*of))}  # fmt: skip
    variance = constants.variance(cells["chain_variance"].to_numpy(float))
    for row, cell_variance in zip(cells.itertuples(index=False), variance.tolist(), strict=True):
        values: dict[str, Any] = {
            "estimated_patrol_minutes": float(row.minutes), "estimated_variance": cell_variance,
            "calibration_id": calibration_id,
        }  # fmt: skip
        key = (row.team, row.area_id, row.local_date)
        if key in held:
            conn.execute(update(dose_day).where(_d.id == held[key]).values(**values))
        else:
            conn.execute(insert(dose_day).values(
                programme_id=programme_id, provider=provider, team=row.team, area_id=row.area_id,
                local_date=row.local_date, median_interval_s=_or_none(row.median_interval_s),
                **dict.fromkeys(_COUNTED, 0.0), **values,
            ))  # fmt: skip


_COUNTED = (
    "plain_patrol_minutes", "plain_person_minutes", "rule_patrol_minutes", "rule_person_minutes", "near_minutes",
    "uncredited_silence_minutes",
)  # fmt: skip


def _or_none(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _calibration(
    conn: Connection, programme_id: int, spots: HotSpots, rules: dict[str, Rules], interval_s: float, *, again: bool
) -> tuple[int, Calibration]:
    """The constants for an interval: the force's own where its dense trackers give enough cells, else the shipped."""
    newest = select(bridge_calibration).where(_k.programme_id == programme_id, _k.interval_s == interval_s)
    held = conn.execute(newest.order_by(_k.id.desc()).limit(1)).mappings().first()
    if held is not None and not again and held["basis"].startswith(_OWN):
        return held["id"], _constants(held)
    found = _own(conn, programme_id, spots, rules, interval_s) or shipped(interval_s)
    if held is not None and _constants(held) == found:
        return held["id"], found
    values = {name: getattr(found, name) for name in _CONSTANTS} | {"basis": found.basis[:300]}
    made = conn.execute(insert(bridge_calibration).values(programme_id=programme_id, made_at=utc_now(), **values))
    return int(made.inserted_primary_key[0]), found


_CONSTANTS = ("interval_s", "scale", "floor_min2", "basis", "cells", "bias_share", "coverage")
_OWN = "this force's own"


def _constants(row: RowMapping) -> Calibration:
    return Calibration(**{name: row[name] for name in _CONSTANTS})


def _own(
    conn: Connection, programme_id: int, spots: HotSpots, rules: dict[str, Rules], interval_s: float
) -> Calibration | None:
    """From the provider with the most cells of dense trackers; None where they are too few."""
    cells = func.count().label("cells")
    dense = (
        select(_d.provider, cells)
        .where(_d.programme_id == programme_id, _d.median_interval_s <= interval_s * _DENSE_SHARE)
        .group_by(_d.provider)
        .having(cells >= LEAST_CELLS)
        .order_by(cells.desc(), _d.provider)
        .limit(1)
    )
    row = conn.execute(dense).first()
    if row is None:
        return None
    batch = _newest_dense(conn, programme_id, row.provider, interval_s)
    try:
        found = calibrate(batch, spots.polygons, interval_s, SEED, rules.get(row.provider, Rules()))
    except ValueError:  # fewer cells than its tail needs
        return None
    # Whose: one provider's walkers say little about another's cars.
    config = conn.execute(select(programme.c.config).where(programme.c.id == programme_id)).scalar_one()
    whose = f"{OWN_TRACKERS} of {parse_programme(config).provider_name(row.provider)}"
    return replace(found, basis=found.basis.replace(OWN_TRACKERS, whose, 1))


def _newest_dense(conn: Connection, programme_id: int, provider: str, interval_s: float) -> PingBatch:
    """Pings of the provider's dense trackers, of the newest days that together are enough."""
    parts = ping_store.parts(conn, programme_id, provider=provider)
    start, held = None, 0
    for day in sorted({part.local_date for part in parts}, reverse=True):
        held += sum(part.pings for part in parts if part.local_date == day)
        start = day
        if held >= _DENSE_PINGS:
            break
    if start is None:
        return PingBatch.empty()
    period = Period(start, max(part.local_date for part in parts))
    middle = _trackers(conn, programme_id, provider, period).groupby("device")["median_interval_s"].median()
    dense = set(middle[middle <= interval_s * _DENSE_SHARE].index)
    return _pings(conn, programme_id, provider, period, dense)[0]

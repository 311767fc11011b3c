"""Tracker positions into a programme: the providers are its own. Device and time identify a ping."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from data_access.loading.mapping import mapping_of
from data_access.loading.pings import PingFile, ReadBatch, Reject, each_batch
from data_access.loading.reading import Context, Parsed
from data_access.loading.table import Rows
from domain.periods import LONDON
from settings import max_load_bytes

DEGREE = 1e7
LEAST_BYTES = 16  # of a ping, in any text


def read(context: Context) -> Parsed:
    file = each_batch(
        context.file,
        mapping_of(context.options),
        today=context.today,
        providers=context.provider_names,
        needs=("provider", "team"),
        remembered=None,
        most_rows=max_load_bytes() // LEAST_BYTES,
    )
    batches = list(file)
    rows = _rows(batches)
    rows.notes += file.notes
    frame = _frame(file, batches, rows)
    providers = sorted(frame.loc[rows.good, "provider"].unique())
    return Parsed(rows, frame, context.options.source or " + ".join(providers))


def _numbers(batches: list[ReadBatch]) -> tuple[np.ndarray, np.ndarray, list[Reject]]:
    """Row numbers of pings and of duplicates, and the rejects."""
    empty = np.empty(0, np.int64)
    kept = np.concatenate([empty, *(np.asarray(b.numbers, np.int64) for b in batches)])
    duplicates = np.concatenate([empty, *(b.duplicates for b in batches)])
    return kept, duplicates, [reject for b in batches for reject in b.rejects]


def _rows(batches: list[ReadBatch]) -> Rows:
    """Every row of the file, in its order, with what became of it."""
    kept, duplicates, rejects = _numbers(batches)
    numbers = np.sort(np.concatenate([kept, duplicates, np.array([r.row_number for r in rejects], np.int64)]))
    place = np.searchsorted(numbers, [r.row_number for r in rejects])
    raw = dict(zip(place.tolist(), (r.raw for r in rejects), strict=True))
    rows = Rows(pd.DataFrame(index=pd.RangeIndex(len(numbers))), numbers, raw.__getitem__)
    reasons = pd.Series("", index=rows.frame.index, dtype=object)
    reasons.iloc[place] = [r.reason for r in rejects]
    fields = np.full(len(numbers), "", dtype=object)
    fields[place] = [r.field for r in rejects]
    for field in sorted({r.field for r in rejects}):
        rows.reject(fields == field, field, reasons)
    rows.duplicate(np.isin(numbers, duplicates))
    return rows


def _frame(file: PingFile, batches: list[ReadBatch], rows: Rows) -> pd.DataFrame:
    """The pings at their rows; other rows are empty."""
    good, n = rows.good, rows.read
    devices = np.array([*file.names.devices, ("", "")], dtype=object)
    teams = np.array([*file.names.teams, ("", "")], dtype=object)

    def column(name: str, fill: Any, dtype: Any) -> np.ndarray:
        values = np.full(n, fill, dtype=dtype)
        values[good] = np.concatenate([np.empty(0, dtype), *(getattr(b.pings, name) for b in batches)])
        return values

    device, t_ms = column("device", -1, np.int32), column("t_ms", 0, np.int64)
    when = pd.Series(pd.to_datetime(t_ms, unit="ms", utc=True)).dt.tz_convert(LONDON).dt.tz_localize(None)
    frame = pd.DataFrame(
        {
            "provider": devices[device, 0],
            "team": teams[column("team", -1, np.int32), 1],
            "device": devices[device, 1],
            "t_utc_ms": t_ms,
            "lon": column("lon_e7", 0, np.int32) / DEGREE,
            "lat": column("lat_e7", 0, np.int32) / DEGREE,
            "local_date": when.dt.normalize().where(good),
        }
    )
    if any(b.accuracy_m is not None for b in batches):
        given = [np.full(len(b.pings), np.nan, np.float32) if b.accuracy_m is None else b.accuracy_m for b in batches]
        frame["accuracy_m"] = np.full(n, np.nan, np.float32)
        frame.loc[good, "accuracy_m"] = np.concatenate(given)
    return frame

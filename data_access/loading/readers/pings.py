"""Tracker positions. Device and time identify a ping; a repeated one is a duplicate."""

from __future__ import annotations

import pandas as pd

from data_access.loading import values
from data_access.loading.reading import Context, Parsed
from data_access.loading.result import LoadRefused
from data_access.loading.table import Rows, read_csv

ALIASES = values.COORDINATE_ALIASES | {"device_id": "device", "timestamp": "time", "date_time": "time"}


def read(context: Context) -> Parsed:
    rows = read_csv(context.file, ("device", "time"), values.COORDINATE_COLUMNS, ALIASES, ("provider", "team"))
    options = context.options
    for name, given in (("provider", options.provider), ("team", options.team)):
        if not rows.has(name) and not given:
            raise LoadRefused(f"{context.file.name} has no column {name}. Add one, or say it with --{name}.")
    provider = values.one_of(rows, "provider", context.provider_names, "provider", default=options.provider)
    team = _named(rows, "team", 60, options.team)
    device = _named(rows, "device", 60)
    # Day-level truth: a ping may be minutes ahead of this clock, not a day.
    when = values.times(rows, "time", today=context.today, epoch=True)
    lon, lat = values.coordinates(rows, required=True)
    millis = pd.Series(when["utc"].to_numpy("datetime64[ms]").astype("int64"), index=when.index)
    frame = pd.DataFrame(
        {
            "provider": provider,
            "team": team,
            "device": device,
            "t_utc_ms": millis,
            "lon": lon,
            "lat": lat,
            "local_date": when["local"].dt.normalize(),
        }
    )
    repeated = pd.Series(False, index=frame.index)
    repeated[rows.good] = frame[rows.good].duplicated(["provider", "device", "t_utc_ms"])
    rows.duplicate(repeated)
    rows.remark(repeated, "Of rows that repeat a device and time of the file the first was kept ({rows} more).")
    providers = sorted(frame.loc[rows.good, "provider"].unique())
    return Parsed(rows, frame, options.source or " + ".join(providers))


def _named(rows: Rows, name: str, limit: int, default: str = "") -> pd.Series:
    cells = values.spaced(rows.column(name))
    cells = cells.where(cells != "", default)
    rows.reject(cells == "", name, f"The row names no {name}.")
    rows.reject(cells.str.len() > limit, name, f"The {name} is longer than {limit} characters.")
    return cells

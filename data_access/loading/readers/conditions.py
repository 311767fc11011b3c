"""What each day was like over the whole area: public events, rain, temperature."""

from __future__ import annotations

import pandas as pd

from data_access.loading import values
from data_access.loading.reading import Context, Parsed
from data_access.loading.table import Rows, read_csv

MEASURES = ("event", "rain_mm", "temperature_c")
YES, NO = ("1", "yes", "true"), ("0", "no", "false")
# Beyond what has ever been measured in Great Britain, so a wrong unit or column.
MOST_RAIN_MM, COLDEST_C, WARMEST_C = 350.0, -35.0, 45.0


def read(context: Context) -> Parsed:
    rows = read_csv(context.file, ("date",), any_of=[(name,) for name in MEASURES], optional=MEASURES)
    day = values.days(rows, "date", today=context.today)
    frame = pd.DataFrame({
        "local_date": day, "event": _event(rows),
        "rain_mm": _between(rows, "rain_mm", 0.0, MOST_RAIN_MM),
        "temperature_c": _between(rows, "temperature_c", COLDEST_C, WARMEST_C),
    })  # fmt: skip
    rows.reject(frame[list(MEASURES)].isna().all(axis=1), "date", "The row says nothing about its day.")
    repeated = pd.Series(False, index=frame.index)
    repeated[rows.good] = frame[rows.good].duplicated()
    rows.duplicate(repeated)
    other = pd.Series(False, index=frame.index)
    other[rows.good] = frame[rows.good].duplicated("local_date")
    rows.reject(other, "date", "The file says something else about this day further up.")
    return Parsed(rows, frame, context.options.source or "conditions")


def _event(rows: Rows) -> pd.Series:
    cells = rows.column("event").str.casefold()
    known = {**dict.fromkeys(YES, 1.0), **dict.fromkeys(NO, 0.0)}
    rows.reject(
        ~cells.isin(("", *known)), "event", "“{cell}” is neither 1 (an event) nor 0 (none).", rows.column("event")
    )
    return cells.map(known).astype(float)


def _between(rows: Rows, name: str, low: float, high: float) -> pd.Series:
    """A number in the bounds, or empty: not measured is not 0."""
    cells, found = rows.column(name), values.numbers(rows, name)
    rows.reject(found.isna() & (cells != ""), name, "“{cell}” is not a number.", cells)
    reason = f"“{{cell}}” is outside {low:g} to {high:g}; check the unit."
    rows.reject(found.notna() & ~found.between(low, high), name, reason, cells)
    return found

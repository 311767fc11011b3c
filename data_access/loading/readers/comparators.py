"""Other places by month, for scale beside the programme's own figures."""

from __future__ import annotations

import pandas as pd

from data_access.loading import values
from data_access.loading.reading import Context, Parsed
from data_access.loading.table import read_csv


def read(context: Context) -> Parsed:
    rows = read_csv(context.file, ("month", "place", "crimes"))
    month = values.months(rows, "month", today=context.today)
    place = values.spaced(rows.column("place"))
    rows.reject(place == "", "place", "The row names no place.")
    rows.reject(place.str.len() > 120, "place", "The place is longer than 120 characters.")
    crimes = values.amounts(rows, "crimes", whole=True)
    frame = pd.DataFrame({"month": month, "place": place, "crimes": crimes})
    same_month = pd.Series(False, index=frame.index)
    same_row = same_month.copy()
    same_row[rows.good] = frame[rows.good].duplicated()
    rows.duplicate(same_row)
    same_month[rows.good] = frame[rows.good].duplicated(["month", "place"])
    rows.reject(same_month, "month", "The file gives another number for this place and month further up.")
    return Parsed(rows, frame, context.options.source or "comparators")

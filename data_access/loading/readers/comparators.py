"""Other places by month: comparators, for scale beside the programme's own figures, and places that could have been chosen."""

from __future__ import annotations

import pandas as pd

from data_access.loading import values
from data_access.loading.reading import Context, Parsed
from data_access.loading.table import Rows, read_csv
from data_access.schema_evaluation import CANDIDATE, COMPARATOR


def read(context: Context) -> Parsed:
    rows = read_csv(context.file, ("month", "place", "crimes"), optional=("role",))
    month = values.months(rows, "month", today=context.today)
    place = values.spaced(rows.column("place"))
    rows.reject(place == "", "place", "The row names no place.")
    rows.reject(place.str.len() > 120, "place", "The place is longer than 120 characters.")
    crimes = values.amounts(rows, "crimes", whole=True)
    frame = pd.DataFrame({"month": month, "place": place, "crimes": crimes, "role": _roles(rows)})
    same_month = pd.Series(False, index=frame.index)
    same_row = same_month.copy()
    same_row[rows.good] = frame[rows.good].duplicated()
    rows.duplicate(same_row)
    same_month[rows.good] = frame[rows.good].duplicated(["month", "place"])
    rows.reject(same_month, "month", "The file gives another number for this place and month further up.")
    _one_role_each(rows, frame)
    return Parsed(rows, frame, context.options.source or "comparators")


def _roles(rows: Rows) -> pd.Series:
    cells = rows.column("role").str.casefold()
    rows.reject(
        ~cells.isin(("", COMPARATOR, CANDIDATE)),
        "role",
        "“{cell}” is neither comparator nor candidate (a place that could have been chosen as a hot spot).",
        rows.column("role"),
    )
    return cells.where(cells != "", COMPARATOR)


def _one_role_each(rows: Rows, frame: pd.DataFrame) -> None:
    """A place that could have been chosen is no comparison from elsewhere: the first role in the file counts."""
    good = frame[rows.good]
    first = good.groupby("place")["role"].transform("first")
    other = pd.Series(False, index=frame.index)
    other[rows.good] = good["role"] != first
    rows.reject(other, "role", "This place has another role further up; a place is either comparator or candidate.")

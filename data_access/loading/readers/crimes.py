"""A force's dated extract of crimes and incidents."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_access.loading import values
from data_access.loading.readers.police_uk import ASB, canonical_groups, mark_repeats
from data_access.loading.reading import Context, Parsed
from data_access.loading.table import Rows, read_csv

NOT_STATED = "Not stated"
OFFENCE = ("offence_code", "offence_title", "offence_group")
OPTIONAL = ("crime_ref", "occurred_to", *OFFENCE)
# Any one way of saying what was done, with any one way of saying where.
NEEDED = tuple((offence, *pair) for offence in OFFENCE for pair in values.COORDINATE_COLUMNS)


def read(context: Context) -> Parsed:
    rows = read_csv(context.file, ("occurred_from",), NEEDED, values.COORDINATE_ALIASES, OPTIONAL)
    start = values.times(rows, "occurred_from", today=context.today)
    end = values.times(rows, "occurred_to", required=False, today=context.today)
    # A bare date as the end means that whole day, so it is compared by day.
    before = (end["utc"] < start["utc"]) & (
        end["has_time"] | (end["local"].dt.normalize() < start["local"].dt.normalize())
    )
    rows.reject(before, "occurred_to", "occurred_to lies before occurred_from.")
    offence = _offences(rows)
    lon, lat = values.coordinates(rows, required=False)
    reference = rows.column("crime_ref").str.slice(0, 80)
    mark_repeats(rows, reference)
    minute = (start["local"].dt.hour * 60 + start["local"].dt.minute).where(start["has_time"])
    rows.remark(~start["has_time"], "occurred_from: a date without a time counts in no hour ({rows}).")
    frame = offence.assign(
        row_number=rows.numbers,
        reference=values.or_none(reference),
        month=start["local"].dt.strftime("%Y-%m"),
        local_date=start["local"].dt.normalize(),
        local_minute=minute,
        occurred_from=start["utc"],
        occurred_to=end["utc"],
        lon=lon,
        lat=lat,
        harm_days=None,
    )
    return Parsed(rows, frame, context.options.source or "crimes")


def _offences(rows: Rows) -> pd.DataFrame:
    code, title = values.spaced(rows.column("offence_code")), values.spaced(rows.column("offence_title"))
    group = canonical_groups(rows.column("offence_group"))
    rows.reject((code == "") & (title == "") & (group == ""), "offence_group", "The row names no offence.")
    rows.remark(group == "", f"Rows that name no offence group are grouped as “{NOT_STATED}” ({{rows}}).")
    group = group.where(group != "", NOT_STATED)
    return pd.DataFrame(
        {
            "offence_code": values.or_none(code.str.slice(0, 40)),
            "offence_title": values.or_none(title.str.slice(0, 300)),
            "offence_group": group.str.slice(0, 120),
            "is_crime": np.asarray(group != ASB),
        }
    )

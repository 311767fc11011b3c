"""A force's dated extract of crimes and incidents: text or a workbook, whatever its columns are called."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_access.loading import values
from data_access.loading.mapped import Needs, read_mapped
from data_access.loading.mapping import Mapping, mapping_of
from data_access.loading.readers.police_uk import ASB, canonical_groups, mark_repeats
from data_access.loading.reading import Context, Parsed
from data_access.loading.result import LoadRefused
from data_access.loading.table import Rows

NOT_STATED = "Not stated"
OFFENCES = (("offence_code",), ("offence_title",), ("offence_group",))
PLACES = (*values.COORDINATE_COLUMNS, ("x", "y"))
_SLASHED = r"^\s*([0-9]{1,2})/([0-9]{1,2})/[0-9]{4}"
_MIDNIGHT = r"[T ]+0{1,2}:00(?::00(?:[.,]0+)?)?$"
_BEFORE = "“Occurred to” lies before “Occurred from”."
_CLOCK = r"^[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?$"


def read(context: Context) -> Parsed:
    mapping = mapping_of(context.options)
    rows = read_mapped(context.file, mapping, needs_of(mapping))
    values.name_x_and_y(rows, context.file.name, mapping.crs)
    start, end = _times(context, rows, mapping)
    offence = _offences(rows, mapping.offence_group)
    lon, lat = values.coordinates(rows, required=False, crs=mapping.crs)
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


def needs_of(mapping: Mapping) -> Needs:
    return Needs("crimes", ("occurred_from",), (PLACES,) if mapping.offence_group else (OFFENCES, PLACES))


def _times(context: Context, rows: Rows, mapping: Mapping) -> tuple[pd.DataFrame, pd.DataFrame]:
    for name in ("occurred_from", "occurred_to"):
        _refuse_month_first(context.file.name, rows.column(name))
        _join_clock(rows, name)
    start = values.times(rows, "occurred_from", today=context.today, zone=mapping.tz)
    end = values.times(rows, "occurred_to", required=False, today=context.today, zone=mapping.tz)
    # A date as the end means that whole day, so it is compared by day; many exports write it with a midnight after it.
    midnight = rows.column("occurred_to").str.contains(_MIDNIGHT, regex=True).to_numpy(dtype=bool)
    earlier, same_day = end["utc"] < start["utc"], end["local"].dt.normalize() == start["local"].dt.normalize()
    whole_day = earlier & same_day & end["has_time"] & midnight
    rows.remark(whole_day, "“Occurred to” at 00:00 of the day of “Occurred from” was read as that whole day ({rows}).")
    before = earlier & ~(same_day & (~end["has_time"] | midnight))
    rows.reject(before, "occurred_to", _BEFORE)
    return start, end


def _refuse_month_first(file_name: str, cells: pd.Series) -> None:
    """02/13/2023 would reject its row, but 02/03/2023 beside it would pass for the 2nd of March."""
    parts = cells.str.extract(_SLASHED).apply(pd.to_numeric)
    month_first = parts[0].between(1, 12) & parts[1].between(13, 31)
    if month_first.sum() > 1 and not (parts[0] > 12).any():
        raise LoadRefused(
            f"{file_name} writes dates with the month first, such as “{cells[month_first].iloc[0][:40]}”, and then "
            "02/03/2023 cannot be told from 2 March. Export dates as YYYY-MM-DD (or DD/MM/YYYY)."
        )


def _join_clock(rows: Rows, name: str) -> None:
    """A time of day in a column of its own belongs to the date beside it; a date with a time keeps its own."""
    if not rows.has(f"{name}_time"):
        return
    clock = rows.column(f"{name}_time").str.replace(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", "", regex=True)
    clock = clock.str.replace(r"^([0-9]{2})([0-9]{2})$", r"\1:\2", regex=True)
    rows.reject(
        (clock != "") & ~clock.str.match(_CLOCK), f"{name}_time", "“{cell}” is not a time of day (HH:MM).", clock
    )
    day = rows.column(name).str.replace(_MIDNIGHT, "", regex=True)
    own = day.str.contains(":", regex=False)
    rows.frame[name.replace("_", "")] = day.where(own | (clock == "") | (day == ""), day + " " + clock)


def _offences(rows: Rows, whole_file: str) -> pd.DataFrame:
    code, title = values.spaced(rows.column("offence_code")), values.spaced(rows.column("offence_title"))
    group = rows.column("offence_group")
    if whole_file:
        group = group.where(group != "", whole_file)
        rows.notes.append(f"Every row without an offence group is “{whole_file[:120]}”, as the mapping says.")
    group = canonical_groups(group)
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

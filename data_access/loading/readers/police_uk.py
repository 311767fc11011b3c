"""data.police.uk street-level crime: month only, snapped points, no Crime ID on anti-social behaviour."""

from __future__ import annotations

import pandas as pd

from data_access.loading import values
from data_access.loading.reading import Context, Parsed
from data_access.loading.table import Rows, read_csv

ASB = "Anti-social behaviour"
REQUIRED = ("Month", "Reported by", "Longitude", "Latitude", "Crime type")
OPTIONAL = ("Crime ID", "Falls within", "Location", "LSOA code", "LSOA name", "Last outcome category", "Context")
# Spelling differs between copies of the data; these are the published names.
CATEGORIES = (
    ASB,
    "Bicycle theft",
    "Burglary",
    "Criminal damage and arson",
    "Drugs",
    "Other crime",
    "Other theft",
    "Possession of weapons",
    "Public disorder and weapons",
    "Public order",
    "Robbery",
    "Shoplifting",
    "Theft from the person",
    "Vehicle crime",
    "Violence and sexual offences",
    "Violent crime",
)


def read(context: Context) -> Parsed:
    rows = read_csv(context.file, REQUIRED, optional=OPTIONAL)
    month = values.months(rows, "Month", today=context.today)
    force = values.spaced(rows.column("Reported by"))
    rows.reject(force == "", "Reported by", "The row does not say which force reported it.")
    group = canonical_groups(rows.column("Crime type"))
    rows.reject(group == "", "Crime type", "The row has no crime type.")
    lon, lat = values.coordinates(rows, required=False, tolerant=True)
    reference = rows.column("Crime ID").str.slice(0, 80)
    mark_repeats(rows, reference)
    frame = pd.DataFrame(
        {
            "row_number": rows.numbers,
            "reference": values.or_none(reference),
            "month": month,
            "local_date": None,
            "local_minute": None,
            "occurred_from": None,
            "occurred_to": None,
            "offence_code": None,
            "offence_title": None,
            "offence_group": group.str.slice(0, 120),
            "is_crime": group != ASB,
            "lon": lon,
            "lat": lat,
            "harm_days": None,
        },
        index=rows.frame.index,
    )
    forces = sorted(force[rows.good].unique())
    return Parsed(rows, frame, context.options.source or " + ".join(forces))


def canonical_groups(cells: pd.Series) -> pd.Series:
    """Single spaces, and the published spelling where only case differs."""
    published = {name.casefold(): name for name in CATEGORIES}
    return values.spaced(cells).map(lambda text: published.get(text.casefold(), text))


def mark_repeats(rows: Rows, reference: pd.Series) -> None:
    """A row that repeats another cell for cell and has a reference is a duplicate; without one it may be another
    incident at the same snap point, so it stays."""
    repeated = pd.Series(False, index=rows.frame.index)
    candidates = rows.frame[rows.good & (reference != "").to_numpy()]
    repeated[candidates.index] = candidates.duplicated()
    rows.duplicate(repeated)
    rows.remark(
        repeated, "Rows that repeat another row of the file exactly, reference included, are duplicates ({rows})."
    )

"""Text to values, a column at a time: times, numbers, places, names. What cannot be used rejects its row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from data_access.loading.coordinate_systems import (
    BRITISH_GRID,
    System,
    look_like_british_grid,
    look_like_degrees,
    system,
)
from data_access.loading.result import LoadRefused
from data_access.loading.table import Rows, each_text
from domain.periods import LONDON

FIRST_YEAR = 1900
COORDINATE_COLUMNS = (("longitude", "latitude"), ("easting", "northing"))
COORDINATE_ALIASES = {
    "lon": "longitude",
    "lng": "longitude",
    "long": "longitude",
    "lat": "latitude",
    "eastings": "easting",
    "northings": "northing",
}
_TIME = re.compile(
    r"^(?:(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})|(?P<d2>[0-9]{1,2})/(?P<m2>[0-9]{1,2})/(?P<y2>[0-9]{4}))"
    r"(?:[T ]+(?P<H>[0-9]{1,2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?)?"
    r"\s*(?P<z>[Zz]|[+-][0-9]{2}:?[0-9]{2})?$"
)
_EPOCH = r"^[0-9]{9,13}$"
_DECIMALS = r"[0-9]{1,2}|[0-9]{4,}"  # after a comma: not thousands


def numbers(rows: Rows, name: str, comma: str = "") -> pd.Series:
    """Floats; NaN where the cell is empty or not a finite number. Decimal commas where the separator is none.

    ``comma`` is a pattern of digits after a comma that can only be decimals, whatever the separator.
    """
    cells = rows.column(name)
    digits = r"[0-9]+" if rows.decimal_comma else comma
    if digits:
        cells = cells.str.replace(rf"^([+-]?[0-9]+),({digits})$", r"\1.\2", regex=True)
    found = pd.to_numeric(cells, errors="coerce").astype(float)
    return found.where(np.isfinite(found))


def amounts(
    rows: Rows, name: str, *, low: float | None = 0.0, whole: bool = False, default: float | None = None
) -> pd.Series:
    """A required (or defaulted) number of at least ``low``; anything else rejects the row."""
    cells = rows.column(name)
    found = numbers(rows, name)
    if default is not None:
        found = found.where(cells != "", default)
    what = "a whole number" if whole else "a number"
    least = "" if low is None else f" of {low:g} or more"
    bad = found.isna() | (found < low if low is not None else False)
    if whole:
        bad |= (found % 1 != 0) | (found.abs() >= 2**31)
    rows.reject(bad, name, f"“{{cell}}” is not {what}{least}.", cells)
    return found


def times(
    rows: Rows,
    name: str,
    *,
    required: bool = True,
    today: date | None = None,
    epoch: bool = False,
    zone: ZoneInfo = LONDON,
) -> pd.DataFrame:
    """Parse date-times. Columns: ``utc``, ``local`` (naive), ``has_time``; NaT where empty or rejected.

    Zoneless times are of ``zone``. The hour that does not exist in spring rejects its row; of the hour that
    comes twice in autumn the first is meant, and a note counts such rows.
    """
    cells = rows.column(name)
    naive, offset, has_time = _split_times(cells)
    zoned = offset.notna()
    utc = (naive - pd.to_timedelta(offset, unit="m")).where(zoned)
    if epoch:
        stamp = pd.to_numeric(cells.where(cells.str.match(_EPOCH)), errors="coerce")
        millis = stamp.where(stamp > 1e11, stamp * 1000)
        known = millis.notna()
        utc, has_time, zoned = utc.where(~known, _from_millis(millis)), has_time | known, zoned | known
    plain = naive.where(~zoned)
    first = np.ones(len(plain), dtype=bool)  # ambiguous=True: summer time, the first of the two hours
    local_aware = plain.dt.tz_localize(zone, ambiguous=first, nonexistent="NaT")
    utc = utc.where(zoned, local_aware.dt.tz_convert("UTC").dt.tz_localize(None))
    missing_hour = plain.notna() & local_aware.isna()
    rows.reject(missing_hour, name, "“{cell}” does not exist: the clocks went forward over that hour.", cells)
    bad = utc.isna() & ((cells != "") if not required else True)
    rows.reject(bad, name, "“{cell}” is not a date and time (YYYY-MM-DD HH:MM or DD/MM/YYYY HH:MM).", cells)
    local = utc.dt.tz_localize("UTC").dt.tz_convert(LONDON).dt.tz_localize(None)
    _bound_years(rows, name, local, cells, today)
    _note_zones(rows, name, plain, has_time, zone)
    return pd.DataFrame({"utc": utc, "local": local, "has_time": has_time & utc.notna()})


def _split_times(cells: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """(naive time, minutes east of UTC or NaN, whether an hour was given)."""
    got = cells.str.extract(_TIME)
    number = {c: pd.to_numeric(got[c], errors="coerce") for c in ("y", "m", "d", "y2", "m2", "d2", "H", "M", "S")}
    parts = pd.DataFrame(
        {
            "year": number["y"].fillna(number["y2"]),
            "month": number["m"].fillna(number["m2"]),
            "day": number["d"].fillna(number["d2"]),
        }
    )
    parts = parts.where(parts["year"].between(1700, 2200))
    day = pd.to_datetime(parts, errors="coerce").astype("datetime64[ms]")
    hour, minute, second = (number[c].fillna(0) for c in ("H", "M", "S"))
    clock_ok = (hour < 24) & (minute < 60) & (second < 60)
    millis = pd.to_numeric(got["f"].str.slice(0, 3).str.ljust(3, "0"), errors="coerce").fillna(0)
    naive = (day + pd.to_timedelta(((hour * 60 + minute) * 60 + second) * 1000 + millis, unit="ms")).where(clock_ok)
    zone = got["z"].str.replace(":", "")
    east = pd.to_numeric(zone.str.slice(1, 3), errors="coerce") * 60 + pd.to_numeric(
        zone.str.slice(3, 5), errors="coerce"
    )
    east = east.where(zone.str[0] != "-", -east).mask(zone.str.upper() == "Z", 0.0)
    east = east.where(east.abs() <= 14 * 60)
    # A zone that cannot be (+99:00) must not pass as "no zone".
    naive = naive.where(zone.isna() | east.notna())
    return naive.astype("datetime64[ms]"), east, got["H"].notna()


def _from_millis(millis: pd.Series) -> pd.Series:
    return pd.to_datetime(millis, unit="ms", errors="coerce").astype("datetime64[ms]")


def _bound_years(rows: Rows, name: str, local: pd.Series, cells: pd.Series, today: date | None) -> None:
    rows.reject(local.dt.year < FIRST_YEAR, name, f"“{{cell}}” is before {FIRST_YEAR}.", cells)
    if today is not None:
        after = pd.Timestamp(today) + pd.Timedelta(days=1)
        rows.reject(local >= after, name, f"“{{cell}}” is in the future (today is {today}).", cells)


def _note_zones(rows: Rows, name: str, plain: pd.Series, has_time: pd.Series, zone: ZoneInfo) -> None:
    assumed = plain.notna() & has_time
    rows.remark(assumed, f"{name}: times without a zone were read as {zone.key} ({{rows}}).")
    # Clocks go back in the small hours of autumn (of spring, in the south): look only at those.
    hours = plain[assumed & plain.dt.hour.le(3) & plain.dt.month.isin([3, 4, 10, 11])]
    twice = hours.index[hours.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").isna()]
    rows.remark(
        plain.index.isin(twice),
        f"{name}: in the hour that comes twice when the clocks go back, the first of the two was taken ({{rows}}).",
    )


def days(rows: Rows, name: str, *, today: date | None = None) -> pd.Series:
    """Required calendar days (a time of day is dropped), as datetime64 at midnight."""
    cells = rows.column(name)
    naive, _, _ = _split_times(cells)
    rows.reject(naive.isna(), name, "“{cell}” is not a date (YYYY-MM-DD or DD/MM/YYYY).", cells)
    _bound_years(rows, name, naive, cells, today)
    return naive.dt.normalize()


def months(rows: Rows, name: str, *, today: date | None = None) -> pd.Series:
    """Required months, YYYY-MM."""
    cells = rows.column(name)
    good = cells.str.match(r"^(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])$")
    rows.reject(~good, name, "“{cell}” is not a month (YYYY-MM).", cells)
    if today is not None:
        rows.reject(good & (cells > f"{today:%Y-%m}"), name, f"“{{cell}}” is in the future (today is {today}).", cells)
    return cells


def one_of(
    rows: Rows, name: str, known: Mapping[str, str], what: str, *, required: bool = True, default: str = ""
) -> pd.Series:
    """Codes looked up by code or name, without regard to case; unknown ones reject the row and list what is known."""
    cells = rows.column(name)
    if default:
        cells = cells.where(cells != "", default)
    lookup = {label.casefold(): code for code, label in known.items()} | {code.casefold(): code for code in known}
    found = each_text(cells, lambda texts: texts.str.casefold().map(lookup).astype(object))
    listed = ", ".join(known) or "none yet"
    bad = found.isna() & ((cells != "") | required)
    rows.reject(bad, name, f"“{{cell}}” is not a {what} of this programme. Known: {listed}.", cells)
    return found


def coordinates(rows: Rows, *, required: bool, tolerant: bool = False, crs: str = "") -> tuple[pd.Series, pd.Series]:
    """Longitude and latitude (WGS84); NaN where a row has no position, never 0,0.

    ``required`` rejects rows without a position; ``tolerant`` keeps rows with a half position as without.
    Both forms in one file: longitude and latitude first, easting and northing where those are empty.
    ``crs`` is the system of easting and northing (British National Grid unless said), or of longitude and latitude
    where it is in degrees; LoadRefused when the columns are not what it is made of.
    """
    system = _system(rows, crs)
    lon, lat = _pair(rows, "longitude", "latitude", tolerant)
    if rows.has("longitude", "latitude"):
        swapped = lon.between(49, 61) & lat.between(-9, 2.1)
        rows.reject(swapped, "longitude", "Longitude and latitude look swapped: Britain lies at longitude -9 to 2.")
        impossible = (lon.abs() > 180) | (lat.abs() > 90)
        rows.reject(impossible, "longitude", "Longitude must lie between -180 and 180, latitude between -90 and 90.")
        if system.is_degrees and not system.is_wgs84:
            lon, lat = _converted(rows, system, lon, lat, lon.notna() & ~impossible, "longitude")
    east, north = _pair(rows, "easting", "northing", tolerant)
    use = east.notna() & lon.isna()
    if use.any():
        if system.code == BRITISH_GRID:
            beyond = use & ~(east.between(0, 700_000) & north.between(0, 1_300_000) & ((east > 0) | (north > 0)))
            rows.reject(
                beyond & ((east != 0) | (north != 0)),
                "easting",
                "Easting and northing lie outside the British National Grid (0-700000, 0-1300000 metres).",
            )
        else:
            beyond = use & (east == 0) & (north == 0)
        there_lon, there_lat = _converted(rows, system, east, north, use & ~beyond, "easting")
        lon, lat = lon.where(~use, there_lon), lat.where(~use, there_lat)
    nowhere = (lon == 0) & (lat == 0)
    if not required:
        rows.remark(nowhere, "A position at 0,0 counts as none ({rows}).")
    lon, lat = lon.mask(nowhere), lat.mask(nowhere)
    if required:
        rows.reject(lon.isna(), "longitude", "The row has no position.")
    return lon, lat


def _system(rows: Rows, crs: str) -> System:
    found = system(crs, "--crs") if crs else system(BRITISH_GRID, "British National Grid")
    if crs and found.is_degrees and not rows.has("longitude", "latitude"):
        raise LoadRefused(f"--crs {crs} ({found.name}) is in degrees, and the file has no longitude and latitude.")
    if crs and not found.is_degrees:
        if not rows.has("easting", "northing"):
            raise LoadRefused(
                f"--crs {crs} ({found.name}) is not in degrees, and the file has no easting and northing. Say in a "
                "mapping file which columns they are."
            )
        points = np.column_stack([numbers(rows, "easting"), numbers(rows, "northing")])
        points = points[np.isfinite(points).all(axis=1) & (points != 0).any(axis=1)]
        if len(points) and look_like_degrees(points):
            x, y = points[0]
            raise LoadRefused(
                f"--crs {crs} ({found.name}) is in metres or feet, and coordinates such as {x:g}, {y:g} look like "
                "degrees. Say --crs EPSG:4326, or leave it out."
            )
    return found


def _converted(
    rows: Rows, crs: System, x: pd.Series, y: pd.Series, where: pd.Series, field: str
) -> tuple[pd.Series, pd.Series]:
    """Longitude and latitude of those places, NaN elsewhere; rows whose place has none are rejected."""
    lon, lat = pd.Series(np.nan, index=x.index), pd.Series(np.nan, index=x.index)
    points = crs.to_wgs84(np.column_stack([x[where].to_numpy(float), y[where].to_numpy(float)]))
    lon[where], lat[where] = points[:, 0], points[:, 1]
    lost = where & ~(np.isfinite(lon) & np.isfinite(lat) & (lon.abs() <= 180) & (lat.abs() <= 90))
    what = "British National Grid" if crs.code == BRITISH_GRID else f"{crs.name} ({crs.code})"
    rows.reject(lost, field, f"The coordinates lie outside {what}.")
    rows.remark(where, f"Positions were converted from {what}, within a few metres ({{rows}}).")
    return lon.mask(lost), lat.mask(lost)


def name_x_and_y(rows: Rows, file_name: str, crs: str) -> None:
    """Columns called x and y become longitude and latitude, or easting and northing: by ``crs``, else by their values."""
    named = rows.has("longitude", "latitude") or rows.has("easting", "northing")
    if named or not rows.has("x", "y"):
        return
    points = np.column_stack([numbers(rows, "x", _DECIMALS), numbers(rows, "y", _DECIMALS)])
    points = points[np.isfinite(points).all(axis=1) & (points != 0).any(axis=1)]
    degrees = system(crs, "--crs").is_degrees if crs else look_like_degrees(points)
    if len(points) and not crs and not degrees and not look_like_british_grid(points):
        x, y = points[0]
        raise LoadRefused(
            f"{file_name}: x and y such as {x:g}, {y:g} are neither degrees nor British National Grid metres. Give their "
            "coordinate system with --crs, such as --crs EPSG:2154."
        )
    x, y = ("longitude", "latitude") if degrees else ("easting", "northing")
    rows.frame = rows.frame.rename(columns={"x": x, "y": y})
    rows.notes.append(f"The columns x and y were read as {x} and {y}.")


def _pair(rows: Rows, first: str, second: str, tolerant: bool) -> tuple[pd.Series, pd.Series]:
    # In degrees a comma cannot part thousands; in metres three digits after it may be either.
    comma = r"[0-9]+" if first == "longitude" else _DECIMALS
    x, y = numbers(rows, first, comma), numbers(rows, second, comma)
    for name, found in ((first, x), (second, y)):
        cells = rows.column(name)
        rows.reject(found.isna() & (cells != ""), name, "“{cell}” is not a coordinate.", cells)
    half = x.isna() != y.isna()
    if tolerant:
        rows.remark(half, f"Only one of {first} and {second}: counts as without coordinates ({{rows}}).")
    else:
        rows.reject(half, first, f"The row has only one of {first} and {second}.")
    return x.where(~half), y.where(~half)


def spaced(cells: pd.Series) -> pd.Series:
    """Single spaces inside, none outside."""
    return each_text(cells, lambda texts: texts.str.strip().str.replace(r"\s+", " ", regex=True))


def or_none(cells: pd.Series) -> pd.Series:
    return cells.astype(object).where(cells != "", None)

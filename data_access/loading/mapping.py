"""What a file's columns are called and what it leaves unsaid: recognised by name, or written in a small TOML file.

zone = "Europe/London"       # of times without a zone
crs = "EPSG:27700"           # of x and y, easting and northing
sheet = "Extract"            # of a workbook
provider = "outreach"        # where no column says so; likewise team, device, offence_group
max_accuracy_m = 100         # pings less exact than this are rejected
time_unit = "seconds"        # of numbers as times, where the file is not to decide

[columns]
device = "Unit"
time = "Fix Time"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from data_access.loading.result import LoadOptions, LoadRefused
from domain.periods import LONDON

TIME_UNITS = ("seconds", "milliseconds", "microseconds", "nanoseconds")
_PLACES = {
    "longitude": ("longitude", "lon", "lng", "long", "londeg", "gpslongitude", "gpslon", "gpslng", "positionlongitude",
                  "longitudedeg", "longitudedegrees", "decimallongitude", "loc lon", "loc lng", "start longitude"),
    "latitude": ("latitude", "lat", "latdeg", "gpslatitude", "gpslat", "positionlatitude", "latitudedeg",
                 "latitudedegrees", "decimallatitude", "loc lat", "start latitude"),
    "easting": ("easting", "eastings", "osgb easting", "grid easting", "east", "osx", "location easting",
                "gridref easting", "bng easting", "x27700", "xbng"),
    "northing": ("northing", "northings", "osgb northing", "grid northing", "north", "osy", "location northing",
                 "gridref northing", "bng northing", "y27700", "ybng"),
    "x": ("x", "xcoord", "xcoordinate", "coordx", "pointx", "geox", "xpos"),
    "y": ("y", "ycoord", "ycoordinate", "coordy", "pointy", "geoy", "ypos"),
}  # fmt: skip
# The first name of a list that the file has is taken. "id" and "name" are in none: they mostly number the rows.
NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "pings": {
        "time": ("time", "fixtime", "gpstime", "timestamp", "datetime", "date and time", "time stamp", "date time",
                 "gps datetime", "gps timestamp", "fix datetime", "fix timestamp", "time utc", "utc time", "utc",
                 "datetime utc", "utc datetime", "timestamp utc", "utc timestamp", "gps utc", "gps time utc", "fix utc",
                 "tracked at", "recorded at", "reported at", "logged at", "captured at", "received at", "device time",
                 "position time", "location time", "event time", "report time", "log time", "sample time",
                 "local time", "local datetime", "time local", "recorded time", "message time", "when", "ts",
                 "timestamp ms", "time ms", "timestamp s", "t utc ms", "t ms", "epoch", "epoch ms", "epoch time",
                 "unix time", "unix timestamp", "unix", "tst", "t"),
        "date": ("date", "fix date", "gps date", "event date", "local date", "day", "report date", "log date"),
        "device": ("device", "device id", "device name", "device code", "tracker", "tracker id", "tracker name", "unit",
                   "unit id", "unit name", "unit number", "unit code", "callsign", "call sign", "call sign id",
                   "vehicle", "vehicle id", "vehicle name", "vehicle reg", "vehicle registration", "registration",
                   "reg", "vrm", "imei", "imei number", "serial", "serial number", "issi", "radio", "radio id",
                   "terminal", "terminal id", "handset", "handset id", "handset issi", "phone", "phone id", "beacon",
                   "beacon id", "tag", "tag id", "asset", "asset id", "asset name", "object", "object id",
                   "resource", "resource id", "resource name", "user id", "user", "track id", "track", "dev", "tid",
                   "member id", "worker id"),
        "team": ("team", "team name", "team id", "team code", "squad", "crew", "patrol team", "patrol unit", "shift team"),
        "provider": ("provider", "provider code", "provider name", "organisation", "organization"),
        "accuracy": ("accuracy", "accuracy m", "accuracy metres", "accuracy meters", "gps accuracy", "gps accuracy m",
                     "horizontal accuracy", "horizontal accuracy m", "hacc", "h accuracy", "position accuracy",
                     "location accuracy", "precision m", "uncertainty m", "error radius", "error m", "epe"),
        **_PLACES,
    },
    "crimes": {
        "crime_ref": ("crime ref", "crime reference", "crime reference number", "crime number", "crime no", "crime id",
                      "crn", "crime ref no", "incident ref", "incident reference", "incident number", "incident id",
                      "urn", "occurrence number", "occurrence id", "reference", "reference number", "ref", "case number"),
        "occurred_from": ("occurred from", "occurred from date", "occurred from datetime", "date from", "datetime from",
                          "from date", "committed from", "committed from date", "committed on or from", "offence from",
                          "offence start", "first committed", "first committed date", "earliest date",
                          "start date", "start datetime", "start", "date time from", "occurrence start",
                          "incident start", "offence date from", "date first committed", "date start",
                          "occurred", "occurred at", "occurred on", "offence date", "incident date", "date of offence",
                          "event date", "datetime", "date time", "timestamp", "date"),
        "occurred_to": ("occurred to", "occurred to date", "occurred to datetime", "date to", "datetime to", "to date",
                        "committed to", "committed to date", "offence to", "offence end", "last committed",
                        "last committed date", "latest date", "end date", "end datetime", "end", "date time to",
                        "occurrence end", "incident end", "offence date to", "date last committed", "date end"),
        "occurred_from_time": ("occurred from time", "time from", "from time", "committed from time", "start time",
                               "first committed time", "offence time", "incident time", "time of offence",
                               "occurred time", "event time", "time"),
        "occurred_to_time": ("occurred to time", "time to", "to time", "committed to time", "end time",
                             "last committed time"),
        "offence_code": ("offence code", "ho code", "home office code", "hooc", "ho offence code", "hoclass",
                         "ho class", "cjs code", "crime code", "iucr"),
        "offence_title": ("offence title", "offence", "offence description", "offence text", "offence name",
                          "crime description", "description", "ho description", "offence type", "primary type"),
        "offence_group": ("offence group", "crime type", "crime group", "crime category", "category", "offence category",
                          "ho group", "offence class", "incident type", "type", "tree level 2", "group"),
        **_PLACES,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Mapping:
    """Empty text means "not said"."""

    columns: dict[str, str] = field(default_factory=dict)  # canonical name -> the file's header; "": none is
    zone: str = ""
    crs: str = ""
    sheet: str = ""
    provider: str = ""
    team: str = ""
    device: str = ""
    offence_group: str = ""
    time_unit: str = ""
    max_accuracy_m: float | None = None

    @property
    def tz(self) -> ZoneInfo:
        """The zone of times without one: Europe/London unless said otherwise."""
        return ZoneInfo(self.zone) if self.zone else LONDON


_TEXTS = ("zone", "crs", "sheet", "provider", "team", "device", "offence_group", "time_unit")


def parse_mapping(text: str, name: str = "the mapping file") -> Mapping:
    """A mapping from TOML; LoadRefused saying which line or entry cannot be used."""
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise LoadRefused(f'{name} is not TOML: {error}. Example: [columns] and under it time = "Fix Time".') from None
    unknown = sorted(set(document) - {*_TEXTS, "columns", "max_accuracy_m"})
    if unknown:
        raise LoadRefused(
            f"{name}: there is no setting {', '.join(unknown)[:200]}. Settings: {', '.join(_TEXTS)}, max_accuracy_m; "
            "the names of columns belong under [columns]."
        )
    for key in _TEXTS:
        if not isinstance(document.get(key, ""), str):
            raise LoadRefused(f"{name}: {key} must be a text in quotation marks.")
    given = {key: document[key].strip() for key in _TEXTS if key in document}
    return checked(
        Mapping(columns=_columns(document.get("columns", {}), name), max_accuracy_m=_limit(document, name), **given),
        name,
    )


def _columns(given: Any, name: str) -> dict[str, str]:
    known = list(dict.fromkeys(c for kind in NAMES.values() for c in kind))
    if not isinstance(given, dict):
        raise LoadRefused(f'{name}: [columns] must list the file\'s headers, one a line: time = "Fix Time".')
    for canonical, header in given.items():
        if canonical not in known:
            raise LoadRefused(f"{name}: [columns] {canonical[:60]} is not a column. Columns: {', '.join(known)}.")
        if not isinstance(header, str) or not header.strip():
            raise LoadRefused(f"{name}: [columns] {canonical} must be a header of the file, in quotation marks.")
    return {canonical: header.strip() for canonical, header in given.items()}


def _limit(document: dict[str, Any], name: str) -> float | None:
    limit = document.get("max_accuracy_m")
    if limit is None:
        return None
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 < limit < 1e6:
        raise LoadRefused(f"{name}: max_accuracy_m must be a number of metres above 0.")
    return float(limit)


def checked(mapping: Mapping, name: str) -> Mapping:
    """The mapping itself; LoadRefused where its zone or unit does not exist (a CRS is looked up when it is used)."""
    if mapping.zone:
        try:
            mapping.tz.key  # noqa: B018
        except (KeyError, ValueError, OSError):  # unknown, not a name, a folder of the zone database
            raise LoadRefused(
                f"{name}: there is no time zone “{mapping.zone[:60]}”. Write it like Europe/London or UTC."
            ) from None
    if mapping.time_unit and mapping.time_unit not in TIME_UNITS:
        raise LoadRefused(f"{name}: time_unit is one of {', '.join(TIME_UNITS)}, not “{mapping.time_unit[:60]}”.")
    return mapping


def mapping_of(options: LoadOptions) -> Mapping:
    """The options' mapping with what they say themselves put over it."""
    mapping = options.mapping or Mapping()
    said = {key: getattr(options, key) for key in ("crs", "sheet", "provider", "team") if getattr(options, key)}
    return replace(mapping, **said)


def header_key(header: str) -> str:
    """Headers are alike without regard to case, spaces, punctuation and what stands in brackets."""
    plain = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", header)
    return re.sub(r"[\W_]+", "", plain).casefold() or re.sub(r"[\W_]+", "", header).casefold()


_KEYS = {
    kind: {canonical: [header_key(n) for n in names] for canonical, names in lists.items()}
    for kind, lists in NAMES.items()
}


def recognise(headers: Iterable[str], kind: str) -> dict[str, str]:
    """Canonical name -> the header that obviously means it; ``kind`` is ``pings`` or ``crimes``.

    ``x`` and ``y`` stay so named: whether they are degrees or metres the values say.
    """
    by_key: dict[str, str] = {}
    for header in headers:
        by_key.setdefault(header_key(header), header)
    by_key.pop("", None)
    found: dict[str, str] = {}
    for canonical, keys in _KEYS[kind].items():
        key = next((k for k in keys if k in by_key), None)
        if key is not None:
            found[canonical] = by_key.pop(key)
    for one, other in (("x", "y"), ("easting", "northing"), ("longitude", "latitude")):
        if (one in found) != (other in found):  # half a place is none
            found.pop(one, None)
            found.pop(other, None)
    return found


def columns_of(mapping: Mapping, headers: Sequence[str], kind: str, file_name: str) -> dict[str, str]:
    """What the mapping names, and what is recognised among the other headers; LoadRefused when a named one is missing."""
    by_key = {header_key(h): h for h in reversed(headers)} | {h.strip(): h for h in reversed(headers)}
    named: dict[str, str] = {}
    for canonical, header in mapping.columns.items():
        if canonical not in NAMES[kind] or not header:
            continue
        at = by_key.get(header) or by_key.get(header_key(header))
        if at is None:
            listed = ", ".join(h.strip() for h in headers if h.strip())[:600]
            raise LoadRefused(
                f"{file_name} has no column “{header[:80]}”, which the mapping names for {canonical}. Found: {listed}."
            )
        named[canonical] = at
    found = recognise([h for h in headers if h not in named.values()], kind)
    found = {canonical: header for canonical, header in found.items() if mapping.columns.get(canonical) != ""}
    if {
        "x",
        "y",
        "easting",
        "northing",
        "longitude",
        "latitude",
    } & named.keys():  # one place a row: the one that was named
        for canonical in _PLACES:
            found.pop(canonical, None)
    return found | named

"""Texts and numbers as times: one form for a column, decided by its first rows and said in a note."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data_access.loading.pings.ledger import Ledger, Mask
from domain.periods import LONDON

FIRST_MS = 946_684_800_000  # 2000-01-01: no tracker of a patrol wrote before
PER_SECOND = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
NOT_A_TIME = "“{cell}” is not a date and time (YYYY-MM-DD HH:MM, DD/MM/YYYY HH:MM or numbers since 1970)."
ISO, ISO_ZONED, DAY_FIRST, NUMBER, OTHER = "iso", "iso zoned", "day first", "number", "other"

_EPOCH = datetime(1970, 1, 1)
_ANY = re.compile(
    r"(?:(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})|(?P<d2>[0-9]{1,2})/(?P<m2>[0-9]{1,2})/(?P<y2>[0-9]{4}))"
    r"(?:[T ]+(?P<H>[0-9]{1,2})(?::?(?P<M>[0-9]{2})(?::?(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?)?)?"
    r"\s*(?P<z>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_NUMBER = re.compile(r"[0-9]{9,19}(?:[.,][0-9]{1,9})?")
# What Arrow turns into a time as it stands; everything else goes through _ANY one by one.
_DAY = r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_PLAIN = rf"^[0-9]{{4}}-{_DAY}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{{1,6}})?)?"
_PLAIN_ZONED = _PLAIN + r"(?:Z|[+-](?:0[0-9]|1[0-3]):?[0-5][0-9])$"
_PLAIN_DAY_FIRST = r"^([0-9]{2})/([0-9]{2})/([0-9]{4}) "


def end_of(today: date) -> int:
    """The first UTC millisecond that is after a day in London: a ping may be minutes ahead of this clock, not a day."""
    midnight = datetime(today.year, today.month, today.day, tzinfo=LONDON) + timedelta(days=1)
    return int(midnight.timestamp() * 1000)


def form_of(cell: str) -> str:
    cell = cell.strip()
    if _NUMBER.fullmatch(cell):
        return NUMBER
    got = _ANY.fullmatch(cell)
    if not got or got["H"] is None:
        return OTHER
    if got["y"] is None:
        return DAY_FIRST
    return ISO_ZONED if got["z"] else ISO


@dataclass
class TimeForm:
    """How a file's times are written. ``unit`` may be found later, with the first number of the column."""

    main: str = OTHER
    digits: int = 0  # after the seconds, at most
    seconds: bool = True  # whether the clock of day-first times shows seconds
    unit: str = ""
    # Dates with slashes: one that can only be MM/DD/YYYY, and whether any can only be DD/MM/YYYY.
    month_first: str = ""
    day_first: bool = False

    @classmethod
    def of(cls, cells: Sequence[str], unit: str) -> TimeForm:
        cells = [cell.strip() for cell in cells if cell.strip()]
        counts = Counter(form_of(cell) for cell in cells)
        form = cls(unit=unit)
        if not counts:
            return form
        form.main = counts.most_common(1)[0][0]
        mine = [cell for cell in cells if form_of(cell) == form.main]
        form.digits = max((len(m[1]) for m in (re.search(r"[.,](\d+)", cell) for cell in mine) if m), default=0)
        form.seconds = mine[0].count(":") > 1
        form.settle_unit([float(c.replace(",", ".")) for c in cells if form_of(c) == NUMBER])
        return form

    def look_at_days(self, ms: NDArray[np.int64]) -> None:
        """Local times of dates with slashes: a day over 12 shows which of its numbers is the day."""
        if self.main == DAY_FIRST and not self.day_first and len(ms):
            days = ms.astype("datetime64[ms]").astype("datetime64[D]")
            self.day_first = bool(((days - days.astype("datetime64[M]")).astype(int) >= 12).any())

    def settle_unit(self, numbers: Sequence[float] | NDArray[Any]) -> None:
        """Seconds or finer, by what the middle one of these would be; once for the file."""
        if self.unit or not len(numbers):
            return
        middle = sorted(numbers)[(len(numbers) - 1) // 2]
        self.unit = next((u for u, per in PER_SECOND.items() if middle < 1e11 * per), "nanoseconds")


@dataclass(frozen=True)
class ReadTimes:
    """``ms``: UTC where ``zoned``, else local; 0 where the row is rejected."""

    ms: NDArray[np.int64]
    zoned: Mask
    number: Mask


def read_texts(cells: list[str], form: TimeForm, ledger: Ledger, name: str = "time") -> ReadTimes:
    """Times of texts; what is none rejects its row."""
    ms, zoned = np.zeros(len(cells), np.int64), np.ones(len(cells), bool)
    known, number = np.zeros(len(cells), bool), np.zeros(len(cells), bool)
    texts = pc.utf8_trim_whitespace(pa.array(cells, pa.string()))
    day_first = form.main == DAY_FIRST
    iso = pc.replace_substring_regex(texts, _PLAIN_DAY_FIRST, r"\3-\2-\1 ") if day_first else texts
    for pattern, kind in ((_PLAIN + "$", pa.timestamp("us")), (_PLAIN_ZONED, pa.timestamp("us", tz="UTC"))):
        fits = np.asarray(pc.match_substring_regex(iso, pattern))
        if fits.any():
            found = pc.cast(iso.filter(pa.array(fits)), kind).cast(pa.int64()).to_numpy() // 1000
            ms[fits], known[fits] = found, True
            form.look_at_days(found)
            zoned[fits] = kind.tz is not None
    for row in np.flatnonzero(~known & ledger.good).tolist():
        one = _one(cells[row].strip(), form)
        if one is not None:
            ms[row], zoned[row], number[row] = one
            known[row] = True
    ledger.reject_cells(~known, name, NOT_A_TIME, cells)
    return ReadTimes(ms, zoned, number)


def _one(cell: str, form: TimeForm) -> tuple[int, bool, bool] | None:
    """(milliseconds, whether UTC, whether a number since 1970)."""
    if _NUMBER.fullmatch(cell):
        whole, _, part = cell.replace(",", ".").partition(".")
        form.settle_unit([float(whole)])
        per = PER_SECOND[form.unit]
        exact = int(whole + part.ljust(9, "0")) * 1000 // (per * 10**9)
        return min(exact, 2**60), True, True
    got = _ANY.fullmatch(cell)
    if got is None:
        return None
    try:
        then = datetime(
            int(got["y"] or got["y2"]), int(got["m"] or got["m2"]), int(got["d"] or got["d2"]),
            int(got["H"] or 0), int(got["M"] or 0), int(got["S"] or 0),
        )  # fmt: skip
    except ValueError:
        if got["m2"] and int(got["m2"]) > 12 >= int(got["d2"]):
            form.month_first = form.month_first or cell
        return None
    form.day_first |= bool(got["d2"]) and int(got["d2"]) > 12
    gone = then - _EPOCH
    ms = (gone.days * 86_400 + gone.seconds) * 1000 + int((got["f"] or "0")[:3].ljust(3, "0"))
    if not got["z"]:
        return ms, False, False
    east = _east(got["z"])
    return None if east is None else (ms - east * 60_000, True, False)


def _east(zone: str) -> int | None:
    """Minutes east of UTC; None where there is no such zone."""
    if zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if minutes > 59 or hours * 60 + minutes > 14 * 60:
        return None
    return (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)


def bound(ms: NDArray[np.int64], until: int, today: date, cells: list[str], ledger: Ledger, form: TimeForm) -> None:
    """Reject times before 2000 and after today."""
    unit = f" Numbers of this column are {form.unit} since 1970." if form.unit else ""
    ledger.reject_cells(ms < FIRST_MS, "time", f"“{{cell}}” is before 2000.{unit}", cells)
    ledger.reject_cells(ms >= until, "time", f"“{{cell}}” is in the future (today is {today}).{unit}", cells)

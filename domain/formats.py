"""Numbers and dates as readers see them: commas, £, proper minus and en dash, "12 Feb 2023"."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

from domain.periods import LONDON, Period, parse_month

NOT_APPLICABLE = "[z]"
UNAVAILABLE = "[x]"
CONFIDENTIAL = "[c]"
LOW = "[low]"
UNRELIABLE = "[u]"
SYMBOL_NOTES = {
    NOT_APPLICABLE: "not applicable",
    UNAVAILABLE: "unavailable",
    CONFIDENTIAL: "count of 1 to 4 or one that would reveal it, suppressed",
    LOW: "rounds to 0",
    UNRELIABLE: "low reliability",
}
MINUS = "\u2212"


def _missing(value: float | None) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def number(value: float | None, decimals: int = 0) -> str:
    """1234.5 -> "1,234" (or with ``decimals``); missing -> [x]; never a zero for a rounded non-zero."""
    if value is None or _missing(value):
        return UNAVAILABLE
    if math.isinf(value):
        return "no upper limit" if value > 0 else "no lower limit"
    text = f"{abs(value):,.{decimals}f}"
    if value != 0 and float(text.replace(",", "")) == 0:
        return LOW
    return (MINUS if value < 0 else "") + text


def pounds(value: float | None, decimals: int = 0) -> str:
    text = number(value, decimals)
    if text[0] == "[":
        return text
    return f"{MINUS}£{text[1:]}" if text[0] == MINUS else f"£{text}"


def percent(fraction: float | None, decimals: int = 0) -> str:
    """0.325 -> "33%"."""
    text = number(None if fraction is None else fraction * 100, decimals)
    return text if text[0] == "[" else f"{text}%"


def signed_percent(fraction: float | None, decimals: int = 0) -> str:
    """Change with its sign: +5%, −39%, 0%."""
    text = percent(fraction, decimals)
    return f"+{text}" if fraction is not None and not _missing(fraction) and fraction > 0 and text[0] != "[" else text


def day(value: date | datetime) -> str:
    return f"{value.day} {value:%b %Y}"


def day_time(value: datetime) -> str:
    return f"{value.day} {value:%b %Y, %H:%M}"


def local_date(utc: datetime) -> date:
    """The day of a stored UTC moment in Europe/London."""
    return utc.replace(tzinfo=UTC).astimezone(LONDON).date()


def local_time(utc: datetime) -> str:
    """A stored UTC moment as the reader's clock showed it: "12 Feb 2023, 14:05" in Europe/London."""
    return day_time(utc.replace(tzinfo=UTC).astimezone(LONDON))


def month(text: str) -> str:
    """ "2023-02" -> "Feb 2023"."""
    return f"{parse_month(text):%b %Y}"


def period(value: Period) -> str:
    """ "Feb 2023 to Dec 2023" for whole months, else the two days."""
    if value.whole_months():
        first, last = f"{value.start:%b %Y}", f"{value.end:%b %Y}"
        return first if first == last else f"{first} to {last}"
    return f"{day(value.start)} to {day(value.end)}"


def span(value: Period) -> str:
    """ "22 to 28 Jan 2024": days of one month need its name once; else as :func:`period`."""
    start, end = value.start, value.end
    if start == end:
        return day(start)
    if value.whole_months() or (start.year, start.month) != (end.year, end.month):
        return period(value)
    return f"{start.day} to {day(end)}"


def counted(n: int, thing: str) -> str:
    """ "1 finding", "3 findings"."""
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"


def joined(words: list[str]) -> str:
    """ "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def safe_cell(value: str) -> str:
    """A spreadsheet would run a cell that starts like a formula; a leading apostrophe stops it."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(value) else value


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True

"""The one set of filters: read from the URL, written back to it, and said as an English sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from domain import formats
from domain.periods import Period, month_end, parse_month

YEAR_BEFORE = "year-before"
BEFORE_SERVICE = "before-service"
COMPARISONS = {
    YEAR_BEFORE: "the same months a year before",
    BEFORE_SERVICE: "the window before the evaluation",
}


@dataclass(frozen=True)
class FilterDefaults:
    """What an empty query string means for one programme."""

    programme: str
    area_name: str
    period: Period
    hot_spot_names: Mapping[str, str]  # code -> name, in display order
    area_word: str = "hot spots"  # "areas" where the programme has wards rather than hot spots
    before_window: Period | None = None
    during_window: Period | None = None  # the only period that the window before is as long as


@dataclass(frozen=True)
class Filters:
    """Frozen; ``hot_spots`` empty means all. ``problems`` are sentences for the reader, never an error."""

    programme: str
    period: Period
    hot_spots: tuple[str, ...] = ()
    compare: str = YEAR_BEFORE
    problems: tuple[str, ...] = ()

    @classmethod
    def parse(cls, query: Mapping[str, str], defaults: FilterDefaults) -> Filters:
        """Read a query string; what cannot be used is replaced by the default and said in ``problems``."""
        problems: list[str] = []
        start = _day(query.get("from"), defaults.period.start, False, problems)
        end = _day(query.get("to"), defaults.period.end, True, problems)
        if end < start:
            problems.append("The period ended before it started, so its ends were swapped.")
            start, end = end.replace(day=1), month_end(start.replace(day=1))
        wanted = [c for c in str(query.get("spots") or "").split(",") if c]
        unknown = [c for c in wanted if c not in defaults.hot_spot_names]
        if unknown:
            problems.append(f"No hot spot has the code {formats.joined(unknown)}; it was left out.")
        compare = str(query.get("compare") or YEAR_BEFORE)
        if compare == BEFORE_SERVICE and (
            defaults.before_window is None or Period(start, end) != defaults.during_window
        ):
            # A longer or shorter period beside that window would read as a rise or a fall.
            problems.append(
                f"{COMPARISONS[BEFORE_SERVICE].capitalize()} can be compared only with the evaluation window itself, "
                "so the same months a year before are used."
            )
            compare = YEAR_BEFORE
        elif compare not in COMPARISONS:
            problems.append("That comparison is not known; the same months a year before are used.")
            compare = YEAR_BEFORE
        spots = tuple(c for c in defaults.hot_spot_names if c in wanted)
        return cls(defaults.programme, Period(start, end), spots, compare, tuple(problems))

    def to_query(self) -> str:
        """The query string that parses back to these filters (property-tested)."""
        pairs = {
            "programme": self.programme,
            "from": _write(self.period.start, False),
            "to": _write(self.period.end, True),
            "compare": self.compare,
        }
        if self.hot_spots:
            pairs["spots"] = ",".join(self.hot_spots)
        return urlencode(pairs, safe=",")

    def comparison_period(self, defaults: FilterDefaults) -> Period:
        if self.compare == BEFORE_SERVICE and defaults.before_window:
            return defaults.before_window
        return self.period.year_before()

    def with_period(self, period: Period) -> Filters:
        return replace(self, period=period)

    def with_problem(self, sentence: str) -> Filters:
        return replace(self, problems=(*self.problems, sentence))

    def with_hot_spots(self, *codes: str) -> Filters:
        return replace(self, hot_spots=codes)

    def sentence(self, defaults: FilterDefaults, *, compare: bool = True) -> str:
        """Heads the page, the CSV and the PDF: "Leicester city centre, all hot spots, Feb 2023 to Dec 2023, ..."."""
        spots = formats.joined([defaults.hot_spot_names[c] for c in self.hot_spots if c in defaults.hot_spot_names])
        spots = spots or f"all {defaults.area_word}"
        shown = f"{defaults.area_name}, {spots}, {formats.period(self.period)}"
        if not compare:
            return shown
        words = year_before_words(self.period) if self.compare == YEAR_BEFORE else COMPARISONS[self.compare]
        return f"{shown}, compared with {words} ({formats.period(self.comparison_period(defaults))})"


def year_before_words(period: Period) -> str:
    """Whole months are compared with the same months; any other period with the same weeks (52 weeks earlier)."""
    return COMPARISONS[YEAR_BEFORE] if period.whole_months() else "the same weeks a year before"


def _day(raw: str | None, default: date, is_end: bool, problems: list[str]) -> date:
    if not raw:
        return default
    try:
        if len(raw) == 7:
            first = parse_month(raw)
            return month_end(first) if is_end else first
        found = date.fromisoformat(raw)
        if not 1990 <= found.year <= 2100:
            raise ValueError
        return found
    except ValueError:
        problems.append(f"“{raw}” is not a month or a date, so the default is used.")
        return default


def _write(day: date, is_end: bool) -> str:
    whole = day == month_end(day.replace(day=1)) if is_end else day.day == 1
    return f"{day:%Y-%m}" if whole else day.isoformat()

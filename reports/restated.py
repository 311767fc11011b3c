"""Have months already submitted moved? Their main figures then, beside what the same functions give now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data_access.delivery import delivery_table
from data_access.returns.versions import submitted_by_month
from data_access.trends import monthly
from domain import formats
from domain.filters import Filters
from domain.periods import Period, month_end, parse_month
from domain.scope import Scope
from reports.model import DataTable
from reports.source import known

# Measure -> its words, with the unit, and decimals as printed.
MEASURES: dict[str, tuple[str, int]] = {
    "crimes": ("Recorded crimes", 0),
    "asb_incidents": ("Anti-social behaviour incidents", 0),
    "harm_days": ("Harm (days)", 0),
    "patrol_minutes": ("Patrol-minutes", 0),
    "visits": ("Visits", 0),
}


@dataclass(frozen=True)
class Restatement:
    month: str
    measure: str
    then: float | None
    now: float | None


def measures(scope: Scope, code: str, months: list[str]) -> dict[str, dict[str, float]]:
    """Month -> measure -> value, for what is known of each month; one query for all of them."""
    if not months:
        return {}
    filters = Filters(code, Period(parse_month(min(months)), month_end(parse_month(max(months)))))
    found: dict[str, dict[str, float]] = {month: {} for month in months}
    for frame in (monthly(scope, filters), delivery_table(scope, filters, ("month",))):
        for row in frame.to_dict("records"):
            kept = found.get(str(row["month"]))
            if kept is not None:
                kept |= {k: round(float(row[k]), 6) for k in MEASURES if k in row and known(row[k])}
    return found


@dataclass(frozen=True)
class Restated:
    """``months`` were looked at; ``moved`` is what no longer prints as it was submitted."""

    months: tuple[str, ...]
    moved: tuple[Restatement, ...]


def restatements(scope: Scope, code: str, before: str) -> Restated:
    """The main figures of submitted months earlier than ``before``, then and now."""
    then = {m: v.measures for m, v in submitted_by_month(scope, code).items() if m < before}
    now = measures(scope, code, sorted(then))
    moved = tuple(
        Restatement(month, measure, then[month].get(measure), now[month].get(measure))
        for month in sorted(then)
        for measure in MEASURES
        if _printed(then[month], measure) != _printed(now[month], measure)
    )
    return Restated(tuple(sorted(then)), moved)


def _printed(values: Mapping[str, float], measure: str) -> str:
    return formats.number(values.get(measure), MEASURES[measure][1])


def restated_table(found: tuple[Restatement, ...]) -> DataTable:
    rows = tuple(
        (
            f"{formats.month(r.month)}: {MEASURES[r.measure][0]}",
            formats.number(r.then, MEASURES[r.measure][1]),
            formats.number(r.now, MEASURES[r.measure][1]),
        )
        for r in found
    )
    return DataTable(
        "Earlier months restated", ("Month and measure", "As submitted", "Now"), rows, (),
        "Submitted returns keep their figures; these are what later data say of the same months.",
    )  # fmt: skip

"""The five things a funder asks, each now, a year before and before the service: one frame for page and CSV."""

from __future__ import annotations

from typing import Any

import pandas as pd

from data_access import costs, delivery, patrols, trends
from data_access.programmes import get_programme
from domain import formats
from domain.filters import Filters
from domain.periods import Period, month_end, parse_month
from domain.programme import Programme
from domain.roles import Permission
from domain.scope import Scope

MISSING = float("nan")
COLUMNS = ["key", "measure", "unit", "now", "year_before", "before_service", "change_year", "change_before", "decimals"]


def _crime_rows(scope: Scope, filters: Filters, periods: list[Period | None]) -> list[dict[str, Any]]:
    found = [trends.totals(scope, filters.with_period(p)) if p else {} for p in periods]
    wanted = (
        ("crimes", "Recorded crimes", "crimes", 0),
        ("harm_days", "Harm", "crime harm index days", 0),
        ("harm_per_crime", "Harm per scored crime", "days", 1),
    )
    return [
        _row(key, name, unit, decimals, [f.get(key, MISSING) for f in found]) for key, name, unit, decimals in wanted
    ]


def _row(key: str, name: str, unit: str, decimals: int, values: list[float]) -> dict[str, Any]:
    now, year, before = values
    return {
        "key": key, "measure": name, "unit": unit, "now": now, "year_before": year, "before_service": before,
        "change_year": _change(now, year, unit), "change_before": _change(now, before, unit), "decimals": decimals,
    }  # fmt: skip


def _change(now: float, then: float, unit: str) -> float:
    """Change as a fraction; of a share, the difference in percentage points (as a fraction)."""
    if unit.startswith("%"):
        return (now - then) / 100
    return now / then - 1 if then else MISSING


def _patrol_rows(
    scope: Scope, filters: Filters, programme: Programme, periods: list[Period | None]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows, and what must be said with the costs of the period asked for."""
    shares, rates, notes = [], [], []
    for period in periods:
        if period is None or not _live(programme, period) or not patrols.covers(scope, filters.programme, period):
            shares.append((MISSING, MISSING))
            rates.append({})
            continue
        one = filters.with_period(period)
        done = delivery.delivery_total(scope, one)
        shares.append(
            (done.patrol_minutes or MISSING, done.delivered_share if done.delivered_share is not None else MISSING)
        )
        frame = costs.cost_by_provider(scope, one.with_hot_spots())
        notes += [note for note in frame.attrs["notes"] if len(rates) == 0]
        rates.append(dict(zip(frame["provider"], frame["cost_per_patrol_minute_gbp"], strict=True)))
    rows = [
        _row(
            "patrol_minutes", "Patrol delivered", "patrol-minutes in hot spots, GPS-verified", 0, [s[0] for s in shares]
        ),
        _row(
            "delivered_share",
            "Patrol delivered, share of plan",
            "% of planned minutes",
            0,
            [s[1] * 100 for s in shares],
        ),
    ]
    for provider in programme.providers:
        values = [r.get(provider.code, MISSING) for r in rates]
        if values[0] == values[0]:
            rows.append(
                _row(f"rate:{provider.code}", f"Cost: {provider.name}", "£ per patrol-minute in hot spots", 2, values)
            )
    return rows, notes


def _live(programme: Programme, period: Period) -> bool:
    """A period before the service, or that it only partly covers, has no like-for-like patrol figure."""
    return programme.service_live_from is None or period.start >= programme.service_live_from


def overview_table(scope: Scope, filters: Filters) -> pd.DataFrame:
    """One row a measure: COLUMNS; changes are fractions; missing where a period is not wholly loaded or not live.

    ``before_service`` is the programme's own "before" window, given only when the period asked for is its "during"
    window: other periods differ in length, and a total over more days would read as a rise.
    """
    scope.require(Permission.VIEW_OVERVIEW)
    programme = get_programme(scope, filters.programme)
    during, before = programme.during, programme.before
    comparable = bool(during and before and filters.period == during.period)
    periods = [filters.period, filters.period.year_before(), before.period if comparable and before else None]
    rows = _crime_rows(scope, filters, periods)
    notes: list[str] = []
    if programme.resolution == "day" and scope.may(Permission.VIEW_PATROLS):
        patrol_rows, notes = _patrol_rows(scope, filters, programme, periods)
        rows += patrol_rows
        if filters.hot_spots:
            notes.append("Costs are not recorded by hot spot, so the costs are those of all hot spots.")
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["not_applicable"] = [_not_applicable(row, programme, periods) for row in rows]
    frame["suppressed"] = frame["key"].isin(_hidden_keys(scope, filters))
    frame.attrs["notes"] = notes
    return frame


def _not_applicable(row: dict[str, Any], programme: Programme, periods: list[Period | None]) -> tuple[str, ...]:
    """Columns that cannot have a value: no service then, or no window before to set beside this period."""
    gone = []
    patrol = row["key"] not in ("crimes", "harm_days", "harm_per_crime")
    for period, columns in (
        (periods[1], ("year_before", "change_year")),
        (periods[2], ("before_service", "change_before")),
    ):
        if period is None or (patrol and not _live(programme, period)):
            gone += columns
    return tuple(gone)


def _hidden_keys(scope: Scope, filters: Filters) -> list[str]:
    """Rows whose counts are hidden from this role: [c], not [x]."""
    if scope.may(Permission.SEE_SMALL_COUNTS):
        return []
    hidden = bool(trends.crime_table(scope, filters, ())["suppressed"].any())
    return ["crimes", "harm_days", "harm_per_crime"] if hidden else []


def written_value(row: dict[str, Any], column: str = "now") -> str:
    """A value in its row's own unit: £2.28, 93%, 38,421."""
    value, decimals = row[column], int(row["decimals"])
    if value != value and row.get("suppressed"):
        return formats.CONFIDENTIAL
    if row["unit"].startswith("£"):
        return formats.pounds(value, decimals)
    text = formats.number(value, decimals)
    return f"{text}%" if row["unit"].startswith("%") and text[0] != "[" else text


def measure_sentence(row: dict[str, Any], year: Period, before: Period | None) -> str:
    """Now against both comparisons, in plain words; says which comparison cannot be made."""
    if row["now"] != row["now"]:
        return "Counts of 1 to 4 are not shown to your role." if row.get("suppressed") else "Not known for this period."
    parts = []
    for column, change, words in (
        ("year_before", "change_year", f"a year before ({formats.period(year)})"),
        (
            "before_service",
            "change_before",
            f"in the window before the evaluation ({formats.period(before)})" if before else "",
        ),
    ):
        if not words:
            continue
        if row[column] != row[column]:
            continue
        move = row[change]
        if row["unit"].startswith("%"):
            # A percentage of a percentage misleads: points are said by giving both shares.
            parts.append(f"against {written_value(row, column)} {words}")
        else:
            parts.append(f"{_direction(move)} {written_value(row, column)} {words}")
    if not parts:
        if "year_before" in row.get("not_applicable", ()):
            return "There is no earlier period to compare it with: the service was not live in all of it."
        return "There is no earlier period to compare it with: not all of it is loaded, or it is hidden from your role."
    text = formats.joined(parts)
    return f"{text[0].upper()}{text[1:]}."


def _direction(change: float) -> str:
    if change != change or abs(change) < 0.005:
        return "about the same as"
    return f"{formats.percent(abs(change))} {'higher' if change > 0 else 'lower'} than"


def sparks(scope: Scope, filters: Filters) -> dict[str, list[float]]:
    """Monthly values of the whole months loaded up to the period's end, last 24: the lines beside the numbers."""
    months = [m for m in trends.months_loaded(scope, filters.programme) if m <= f"{filters.period.end:%Y-%m}"][-24:]
    if not months:
        return {}
    whole = filters.with_period(Period(parse_month(months[0]), month_end(parse_month(months[-1]))))
    frame = trends.monthly(scope, whole)
    found = {k: [float(v) for v in frame[k]] for k in ("crimes", "harm_days", "harm_per_crime")}
    programme = get_programme(scope, filters.programme)
    if programme.resolution == "day" and scope.may(Permission.VIEW_PATROLS):
        done = delivery.delivery_table(scope, whole, ("month",))
        found["patrol_minutes"] = [float(v) for v in done["patrol_minutes"]]
        found["delivered_share"] = [float(v) * 100 for v in done["delivered_share"]]
    return found

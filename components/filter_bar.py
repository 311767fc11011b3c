"""The filter bar: a sentence edited in place, native selects only (Dash's own dropdowns fail WCAG A)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dash_bootstrap_components as dbc
from dash import html

from domain import formats
from domain.filters import BEFORE_SERVICE, COMPARISONS, YEAR_BEFORE, FilterDefaults, Filters, year_before_words
from domain.periods import Period, add_months, financial_year, month_end, month_of, parse_month

CUSTOM = "custom"
ALL = "all"  # an empty value would show as an empty control


@dataclass(frozen=True)
class PeriodChoice:
    value: str
    label: str
    period: Period


def period_choices(windows: Sequence[tuple[str, Period]], months: Sequence[str]) -> list[PeriodChoice]:
    """The programme's windows, the last 12 months, each financial year and calendar year with data."""
    found = [PeriodChoice(write_period(p), f"{label} ({formats.period(p)})", p) for label, p in windows]
    if not months:
        return found
    first, last = parse_month(months[0]), month_end(parse_month(months[-1]))
    start = add_months(parse_month(months[-1]), -11)
    spans = [("last 12 months", Period(max(start, first), last)), ("all months loaded", Period(first, last))]
    for year in sorted({financial_year(parse_month(m)) for m in months}, reverse=True):
        y = int(year[:4])
        spans.append(
            (
                f"financial year {year}",
                Period(max(parse_month(f"{y}-04"), first), min(month_end(parse_month(f"{y + 1}-03")), last)),
            )
        )
    seen = {c.period for c in found}
    for label, period in spans:
        if period not in seen:
            seen.add(period)
            found.append(PeriodChoice(write_period(period), f"{label} ({formats.period(period)})", period))
    return found


def write_period(period: Period) -> str:
    return f"{period.start.isoformat()}_{period.end.isoformat()}"


def _select(element_id: str, label: str, options: list[dict[str, str]], value: str) -> html.Span:
    return html.Span(
        [
            html.Label(label, htmlFor=element_id, className="visually-hidden"),
            dbc.Select(id=element_id, options=options, value=value, className="in-sentence"),
        ],
        className="filter-part",
    )


def compare_options(filters: Filters, defaults: FilterDefaults) -> list[dict[str, str]]:
    """The comparisons this period allows; the window before only beside the window it is as long as."""
    year = f"{year_before_words(filters.period)} ({formats.period(filters.period.year_before())})"
    options = [{"label": year, "value": YEAR_BEFORE}]
    if defaults.before_window and filters.period == defaults.during_window:
        label = f"{COMPARISONS[BEFORE_SERVICE]} ({formats.period(defaults.before_window)})"
        options.append({"label": label, "value": BEFORE_SERVICE})
    return options


def filter_bar(
    page: str,
    filters: Filters,
    defaults: FilterDefaults,
    choices: Sequence[PeriodChoice],
    months: Sequence[str],
    *,
    compare: bool = True,
    spots: bool = True,
) -> html.Div:
    """Controls named ``<page>-spots``, ``-period``, ``-from``, ``-to``, ``-compare``; state is written to the URL."""
    spot_options = [
        {"label": f"all {defaults.area_word}", "value": ALL},
        *({"label": n, "value": c} for c, n in defaults.hot_spot_names.items()),
    ]
    spot_value = filters.hot_spots[0] if len(filters.hot_spots) == 1 else ALL
    if len(filters.hot_spots) > 1:
        spot_value = ",".join(filters.hot_spots)
        spot_options.append({"label": f"{len(filters.hot_spots)} chosen {defaults.area_word}", "value": spot_value})
    period_value = write_period(filters.period)
    known = {c.value for c in choices}
    period_options = [{"label": c.label, "value": c.value} for c in choices] + [
        {"label": "choose months…", "value": CUSTOM}
    ]
    months = sorted({*months, month_of(filters.period.start), month_of(filters.period.end)})
    month_options = [{"label": formats.month(m), "value": m} for m in months]
    custom = period_value not in known
    compared = compare_options(filters, defaults)
    months_part = html.Span(
        [
            _select(f"{page}-from", "First month", month_options, month_of(filters.period.start)),
            html.Span(" to "),
            _select(f"{page}-to", "Last month", month_options, month_of(filters.period.end)),
        ],
        id=f"{page}-months",
        className="filter-part" if custom else "filter-part hidden",
    )
    parts = [
        html.Strong(defaults.area_name, className="filter-part"),
        html.Div(
            _select(
                f"{page}-spots",
                "Hot spots shown" if defaults.area_word == "hot spots" else "Areas shown",
                spot_options,
                spot_value,
            ),
            className="filter-part" if spots else "hidden",
        ),
        _select(f"{page}-period", "Period", period_options, CUSTOM if custom else period_value),
        months_part,
        html.Span(
            [
                html.Span("compared with ", className="filter-word"),
                _select(f"{page}-compare", "Compared with", compared, filters.compare),
            ],
            className="filter-part" if compare else "hidden",
        ),
    ]
    return html.Div(parts, className="filter-bar", role="group", **{"aria-label": "What this page shows"})


def filters_from_controls(
    programme: str, spots: str, period: str, start: str, end: str, compare: str
) -> dict[str, str]:
    """Control values back to the query dictionary that ``Filters.parse`` reads."""
    if period and period != CUSTOM and "_" in period:
        start, end = period.split("_", 1)
    return {
        "programme": programme,
        "spots": "" if spots == ALL else spots or "",
        "from": start or "",
        "to": end or "",
        "compare": compare or "",
    }

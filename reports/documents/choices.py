"""Quarters and financial years: how an address writes them, and which of them a programme's data fill."""

from __future__ import annotations

import re
from datetime import date

from data_access.costs import Finance, finance
from data_access.programmes import data_as_at, get_programme
from domain import formats
from domain.periods import Period, add_months, financial_year, month_end, month_of, parse_month
from domain.scope import Scope
from reports.contents import months_held
from reports.documents.model import Choice

_QUARTER = re.compile(r"^(\d{4})-(\d{2})-q([1-4])$")
_YEAR = re.compile(r"^(\d{4})-(\d{2})$")


def quarter_key(first: date) -> str:
    """ "2023-24-q3": quarters of the financial year, as grants count them."""
    return f"{financial_year(first)}-q{((first.month - 4) % 12) // 3 + 1}"


def quarter_period(key: str) -> Period:
    """The three months of "2023-24-q3"; ValueError with a sentence when it is not a quarter."""
    found = _QUARTER.match(key)
    if not found:
        raise ValueError(f"“{key[:40]}” is not a quarter; write it as 2023-24-q3 for October to December 2023.")
    start = add_months(year_period(f"{found[1]}-{found[2]}").start, 3 * (int(found[3]) - 1))
    return Period(start, month_end(add_months(start, 2)))


def year_period(key: str) -> Period:
    """April to March of "2023-24"; ValueError with a sentence when it is not a financial year."""
    found = _YEAR.match(key)
    if not found or (int(found[1]) + 1) % 100 != int(found[2]) or int(found[1]) < 1900:
        raise ValueError(f"“{key[:40]}” is not a financial year; write it as 2023-24 for April 2023 to March 2024.")
    return Period(date(int(found[1]), 4, 1), date(int(found[1]) + 1, 3, 31))


def quarter_words(period: Period) -> str:
    """ "Oct 2023 to Dec 2023, quarter 3 of 2023-24"."""
    return f"{formats.period(period)}, quarter {quarter_key(period.start)[-1]} of {financial_year(period.start)}"


def months_of_service(scope: Scope, code: str) -> list[str]:
    """Months with data since the service went live; every month with data where no such day is set."""
    live = get_programme(scope, code).service_live_from
    return [m for m in months_held(scope, code) if live is None or m >= month_of(live)]


def quarters(scope: Scope, code: str) -> tuple[Choice, ...]:
    """Quarters that are loaded whole, newest first."""
    held = set(months_of_service(scope, code))
    starts = sorted({m for m in held if parse_month(m).month in (4, 7, 10, 1)}, reverse=True)
    periods = [quarter_period(quarter_key(parse_month(m))) for m in starts]
    return tuple(Choice(quarter_key(p.start), quarter_words(p)) for p in periods if set(p.months()) <= held)


def months(scope: Scope, code: str) -> tuple[Choice, ...]:
    return tuple(Choice(m, formats.month(m)) for m in reversed(months_of_service(scope, code)))


def years(scope: Scope, code: str) -> tuple[Choice, ...]:
    """Financial years for which spend is loaded, newest first."""
    programme = get_programme(scope, code)
    held = [parse_month(m) for m in months_held(scope, code)]
    held += [programme.service_live_from] if programme.service_live_from else []
    starts = {year_period(financial_year(day)).start for day in held}
    if _YEAR.match(programme.grant_year):
        starts.add(year_period(programme.grant_year).start)
    found = []
    for start in sorted(starts, reverse=True):
        last = last_spend(scope, code, financial_year(start))
        if last is not None:
            whole = parse_month(last.month).month == 3
            until = "" if whole else f", spend loaded to {formats.month(last.month)}"
            found.append(Choice(last.financial_year, f"{last.financial_year}{until}"))
    return tuple(found)


def last_spend(scope: Scope, code: str, year: str) -> Finance | None:
    """The year's money at the last month that has spend: a month nobody has loaded is not a month without spend."""
    for month in reversed(year_period(year).months()):
        found = finance(scope, code, month)
        if found.spend_month_gbp is not None:
            return found
    return None


def data_version(scope: Scope, code: str) -> tuple[Choice, ...]:
    """The data as loaded, named by their hash, so that an address never silently means other data later."""
    as_at = data_as_at(scope, code)
    if as_at.last_load is None:
        return ()
    reach = f"recorded crime to {formats.day(as_at.crimes_to)}, " if as_at.crimes_to else ""
    return (Choice(as_at.data_sha256[:16], f"{reach}loaded {formats.day(as_at.last_load)}"),)

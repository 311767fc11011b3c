"""What a query string or a command line asks a briefing of: team and period, with defaults and plain refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from data_access import briefing
from domain.periods import Period, month_end, parse_month
from domain.scope import Scope


@dataclass(frozen=True)
class Ask:
    teams: tuple[briefing.Team, ...]
    team: briefing.Team
    period: Period


def asked(scope: Scope, code: str, query: Mapping[str, str]) -> Ask:
    """``query``: team ("provider/name" or a name), from and to (days or months); NoBriefing says what is wrong.

    Without a team the first of the programme; without a period the team's last whole week with data.
    """
    known = briefing.teams(scope, code)
    wanted = str(query.get("team") or "").strip()
    team = briefing.find_team(known, wanted or (known[0].key if known else ""))
    start, end = query.get("from"), query.get("to")
    if not start and not end:
        return Ask(tuple(known), team, briefing.default_period(scope, code, team))
    return Ask(tuple(known), team, _period(start or end or "", end or start or ""))


def _period(start: str, end: str) -> Period:
    first, last = _day(start, False), _day(end, True)
    if last < first:
        raise briefing.NoBriefing(f"The period ends ({end}) before it starts ({start}). Swap its two days.")
    return Period(first, last)


def _day(raw: str, is_end: bool) -> date:
    try:
        if len(raw) == 7:
            month = parse_month(raw)
            return month_end(month) if is_end else month
        found = date.fromisoformat(raw)
        if not 1990 <= found.year <= 2100:
            raise ValueError
        return found
    except ValueError:
        raise briefing.NoBriefing(f"“{raw}” is not a day; write it as YYYY-MM-DD, for example 2024-01-22.") from None

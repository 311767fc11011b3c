"""Missing GPS: providers without tracker data, days without, gaps while on duty, hot spots nobody was recorded in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import pandas as pd

from data_access.patrols import patrol_table, plan_table, tracker_quality
from domain import formats
from domain.periods import Period
from reports.checks.looked import Looked
from reports.checks.model import CheckResult, Finding, Severity, finding, not_made

KEY, TITLE = "trackers", "Missing GPS"
UPTIME_LEAST = (
    0.95  # tracked minutes over tracked minutes and gaps; below it a month's minutes are short by more than noise
)
MOST_DAYS_NAMED = 5
LOAD = "Load the missing tracker files, or write why there are none and whether patrols took place."


def trackers(look: Looked) -> CheckResult:
    when = formats.month(look.month)
    if not look.is_tracked:
        why = f"no tracker files are loaded for {when}, so nothing can be said about patrols."
        return CheckResult(
            KEY, TITLE, "No tracker data were there to look at.", (not_made(KEY, "no trackers", why, LOAD, "/data"),)
        )
    plan = plan_table(look.scope, look.filters, ("provider",))
    planned = dict(zip(plan["provider"], plan["planned_minutes"].fillna(0.0), strict=True))
    spots = patrol_table(look.scope, look.filters, ("hot_spot",))
    findings = [
        *untracked(planned, look.trackers, look.programme.provider_name, when),
        *gaps(look.trackers, look.programme.provider_name, when),
        *_days(look, when),
        *unvisited(spots[spots["hot_spot"].isin(look.spots["hot_spot"])], when),
    ]
    about = (
        f"{len(planned)} providers and {len(look.trackers)} with trackers, {len(look.spots)} hot spots, {look.period.days} days: planned "
        f"providers without tracker data, planned days without, uptime under {formats.percent(UPTIME_LEAST)}, hot spots without a visit."
    )
    if not any(planned.values()):
        findings.append(not_made(KEY, "no plan", f"no plan is loaded for {when}, so planned providers and days are not known.",
                                 "Load the plan, or write how you know that every patrol had a tracker.", "/data"))  # fmt: skip
    return CheckResult(KEY, TITLE, about, tuple(findings))


def untracked(
    planned: Mapping[str, float], quality: pd.DataFrame, name: Callable[[str], str], when: str
) -> list[Finding]:
    """Providers with planned minutes and no tracked ones."""
    tracked = set(quality.loc[quality["tracked_minutes"] > 0, "provider"])
    return [
        finding(
            KEY, f"no data of {code}", Severity.REASON,
            f"{name(code)} had {formats.number(minutes)} planned minutes in {when} and no tracker data.",
            LOAD, "/data", code, when, minutes,
        )
        for code, minutes in planned.items() if minutes > 0 and code not in tracked
    ]  # fmt: skip


def gaps(quality: pd.DataFrame, name: Callable[[str], str], when: str) -> list[Finding]:
    """Providers whose trackers were silent for more than ``1 - UPTIME_LEAST`` of their time on duty."""
    found = []
    for row in quality.to_dict("records"):
        whole = row["tracked_minutes"] + row["gap_minutes"]
        if whole and row["tracked_minutes"] / whole < UPTIME_LEAST:
            share = formats.percent(row["tracked_minutes"] / whole, 1)
            found.append(finding(
                KEY, f"gaps of {row['provider']}", Severity.REASON,
                f"{name(row['provider'])}: GPS uptime was {share} in {when}, {formats.number(row['gap_minutes'])} minutes of gaps.",
                "Ask the provider what kept the trackers silent, and write it down: its minutes are a lower bound.", "J",
                row["provider"], when, share,
            ))  # fmt: skip
    return found


def unvisited(by_spot: pd.DataFrame, when: str) -> list[Finding]:
    """Hot spots in force where no visit was recorded."""
    names = [str(n) for n in by_spot.loc[by_spot["visits"] == 0, "hot_spot_name"]]
    if not names:
        return []
    return [finding(
        KEY, "hot spots without a visit", Severity.REASON, f"No visit was recorded in {when} in {formats.joined(names)}.",
        "Check the trackers and boundaries of that time; write whether nobody patrolled there or nothing was recorded.", "C",
        when, *names,
    )]  # fmt: skip


def _days(look: Looked, when: str) -> list[Finding]:
    """Planned days, not wholly called away, on which no tracker of the provider sent anything."""
    plan = plan_table(look.scope, look.filters, ("local_date", "provider"))
    due = plan[plan["planned_minutes"].fillna(0.0) > plan["abstracted_minutes"].fillna(0.0)]
    found = []
    without = _days_without(look, set(due["local_date"]))
    for code, rows in due.groupby("provider"):
        silent = sorted(d for d in rows["local_date"] if (code, d) in without)
        if silent and len(silent) < len(rows):  # none at all is said once, for the month
            found.append(_silent(look.programme.provider_name(str(code)), str(code), silent, len(rows), when))
    return found


def _days_without(look: Looked, days: set[date]) -> set[tuple[str, date]]:
    """Providers and days without a position. Trackers are asked only for days on which nobody was seen inside."""
    inside = patrol_table(look.scope, look.filters, ("local_date", "provider"))
    seen = (inside["patrol_minutes"] + inside["passed_through_minutes"]) > 0
    unseen = inside.loc[~seen & inside["local_date"].isin(days), ["provider", "local_date"]]
    found = {(str(code), day) for code, day in zip(unseen["provider"], unseen["local_date"], strict=True)}
    for day in {day for _, day in found}:
        sent = set(tracker_quality(look.scope, look.over(Period(day, day)))["provider"])
        found -= {(code, day) for code in sent}
    return found


def _silent(name: str, code: str, days: list[date], planned: int, when: str) -> Finding:
    named = formats.joined([formats.day(d) for d in days[:MOST_DAYS_NAMED]])
    more = f" and {len(days) - MOST_DAYS_NAMED} more" if len(days) > MOST_DAYS_NAMED else ""
    return finding(
        KEY, f"days of {code}", Severity.REASON,
        f"{name} sent no positions on {len(days)} of {planned} planned days of {when}: {named}{more}.", LOAD, "/data", code, *days,
    )  # fmt: skip

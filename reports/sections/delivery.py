"""Section C: patrols delivered against plan, by provider and hot spot."""

from __future__ import annotations

from datetime import date

import pandas as pd

from components import figures
from data_access import patrols
from data_access.delivery import delivery_table
from domain import formats
from domain.periods import Period
from domain.roles import Permission
from reports.model import Chart, DataTable, Entry, Fact
from reports.source import Source, known, to_number


def section(s: Source) -> tuple[Entry, ...]:
    return (
        _visits(s), _minutes(s), _providers(s), _extended(s), _target(s), _verified(s), _dose(s), _abstractions(s),
    )  # fmt: skip


def is_tracked(s: Source) -> bool:
    """Whether tracker files cover the month: no file is not the same as no patrol."""
    return to_number(patrols.patrol_table(s.scope, s.filters, ()).iloc[0]["patrol_minutes"]) is not None


def _beside(s: Source, column: str, scale: float = 1.0, decimals: int = 0) -> tuple[float | None, str]:
    """The month's figure, and the same figure for the other periods in words."""
    now, parts = None, []
    for index, (name, period) in enumerate(s.four_periods()[:3]):
        value = to_number(patrols.patrol_table(s.scope, s.over(period), ()).iloc[0][column])
        value = value * scale if value is not None else None
        if index == 0:
            now = value
        else:
            parts.append(f"{name}: {formats.number(value, decimals)}")
    return now, "; ".join(parts) + "."


def _why(s: Source) -> str:
    return f"No tracker files are loaded for {formats.month(s.month)}."


def _visits(s: Source) -> Entry:
    now, note = _beside(s, "visits")
    fact = Fact("Visits", formats.number(now), note) if now is not None else s.missing("C", "patrols_total", _why(s))
    return s.entry("C", "patrols_total", facts=(fact,))


def _minutes(s: Source) -> Entry:
    facts = []
    for label, column, scale, decimals in (
        ("Patrol-minutes (one or more people present)", "patrol_minutes", 1.0, 0),
        ("Person-hours (summed over people)", "person_minutes", 1 / 60, 0),
    ):
        now, note = _beside(s, column, scale, decimals)
        facts.append(Fact(label, formats.number(now, decimals), note if now is not None else _why(s)))
    return s.entry("C", "patrol_hours_total", facts=tuple(facts))


def _providers(s: Source) -> Entry:
    if not is_tracked(s):
        return s.entry("C", "by_provider", facts=(s.missing("C", "by_provider", _why(s)),))
    frame = delivery_table(s.scope, s.filters, ("provider",))
    kinds = {p.code: p.kind for p in s.programme.providers}
    rows = tuple(
        (
            f"{s.name_of(str(r['provider']))} ({kinds.get(str(r['provider']), 'kind not set')})",
            formats.number(to_number(r["visits"])), formats.number(to_number(r["patrol_minutes"])),
            formats.number(to_number(r["person_hours"]), 1), formats.number(to_number(r["planned_minutes"])),
            formats.percent(to_number(r["delivered_share"])), formats.number(to_number(r["median_visit_minutes"]), 1),
            formats.percent(to_number(r["compliance"])),
        )
        for r in frame.to_dict("records")
    )  # fmt: skip
    head = (
        "Provider",
        "Visits",
        "Patrol-minutes",
        "Person-hours",
        "Planned minutes",
        "Delivered",
        "Median visit (min)",
        "At planned dose",
    )
    table = DataTable(f"Delivery by provider, {formats.month(s.month)}", head, rows)
    overlap = patrols.provider_overlap(s.scope, s.filters)
    sentence = (
        f"Providers were in the same hot spot at once for {formats.number(overlap.minutes)} minutes, "
        f"{formats.percent(overlap.share, 1)} of patrol-minutes."
    )
    return s.entry("C", "by_provider", sentences=(sentence,), tables=(table,))


def _extended(s: Source) -> Entry:
    value = to_number(patrols.plan_table(s.scope, s.filters, ()).iloc[0]["extended_minutes"])
    if value is None:
        return s.entry("C", "extended_patrol_activities_hours", facts=(
            s.missing("C", "extended_patrol_activities_hours", f"No plan is loaded for {formats.month(s.month)}."),
        ))  # fmt: skip
    fact = Fact("Extended patrol activities (hours)", formats.number(value / 60, 1), "Not counted as patrol time.")
    return s.entry("C", "extended_patrol_activities_hours", facts=(fact,))


def _target(s: Source) -> Entry:
    target = next(
        (
            t
            for t in s.programme.targets
            if t.financial_year == s.financial_year and "person-hours" in t.measure.lower()
        ),
        None,
    )
    done = to_number(patrols.patrol_table(s.scope, s.over(s.to_date), ()).iloc[0]["person_minutes"])
    label = f"Person-hours, {s.financial_year} to date"
    why = f"No tracker files are loaded for {s.financial_year} up to {formats.month(s.month)}."
    facts = [
        s.missing("C", "target_hours", why, label)
        if done is None
        else Fact(label, formats.number(done / 60), "GPS-verified, summed over people.")
    ]
    if target is None:
        why = f"No person-hours target is set for {s.financial_year} in the programme's settings."
        facts.append(s.missing("C", "target_hours", why, "Target for the year"))
        return s.entry("C", "target_hours", facts=tuple(facts))
    profile = target.value * s.to_date.days / _year_of(s).days
    facts.append(Fact(f"Target for {s.financial_year} (person-hours)", formats.number(target.value)))
    if done is None:
        return s.entry("C", "target_hours", facts=(*facts, s.missing("C", "target_hours", why, "Share of profile")))
    note = f"{formats.number(profile)} person-hours were due by {formats.day(s.period.end)} if spread evenly over the year."
    facts.append(Fact("Share of profile", formats.percent(done / 60 / profile if profile else None), note))
    return s.entry("C", "target_hours", facts=tuple(facts))


def _year_of(s: Source) -> Period:
    start = s.to_date.start
    return Period(start, date(start.year + 1, 3, 31))


def _verified(s: Source) -> Entry:
    reported = to_number(patrols.plan_table(s.scope, s.filters, ()).iloc[0]["self_reported_minutes"])
    reported_fact = (
        Fact("Self-reported hours", formats.number(reported / 60, 1), "Never added to GPS-verified time.")
        if reported is not None
        else s.missing(
            "C", "gps_verified_share", "Nobody reported time of their own in the loaded plan.", "Self-reported hours"
        )
    )
    measured = to_number(patrols.patrol_table(s.scope, s.filters, ()).iloc[0]["patrol_minutes"])
    if measured is None:
        return s.entry("C", "gps_verified_share", facts=(s.missing("C", "gps_verified_share", _why(s)), reported_fact))
    share = to_number(delivery_table(s.scope, s.filters, ()).iloc[0]["gps_share"])
    verified = (
        Fact("GPS-verified share", formats.percent(share), "Over GPS-verified and self-reported patrol time together.")
        if share is not None
        else s.missing("C", "gps_verified_share", "No patrol time of either kind was recorded.", "GPS-verified share")
    )
    hours = Fact("GPS-verified hours in hot spots", formats.number(measured / 60, 1), "Patrol-minutes over 60.")
    return s.entry("C", "gps_verified_share", facts=(verified, hours, reported_fact))


def _dose(s: Source) -> Entry:
    if not is_tracked(s):
        return s.entry("C", "visits_median_minutes", facts=(s.missing("C", "visits_median_minutes", _why(s)),))
    by_spot = delivery_table(s.scope, s.filters, ("hot_spot",))
    row = patrols.patrol_table(s.scope, s.filters, ()).iloc[0]
    visits, at_dose = to_number(row["visits_with_dose"]), to_number(row["visits_at_dose"])
    below = by_spot[(by_spot["planned_minutes"] > 0) & (by_spot["patrol_minutes"] < by_spot["planned_minutes"])]
    planned = by_spot[by_spot["planned_minutes"] > 0]
    cover = patrols.coverage(s.scope, s.filters)
    facts = (
        Fact("Median visit (minutes)", formats.number(to_number(row["median_visit_minutes"]), 1), _doses(s)),
        Fact("Visits at planned dose", formats.percent(at_dose / visits if visits and at_dose is not None else None),
             f"{formats.number(at_dose)} of {formats.number(visits)} visits that have a planned dose."),
        Fact("Hot spots below plan", f"{len(below)} of {len(planned)}" if len(planned) else formats.UNAVAILABLE,
             "Patrol-minutes in the month under planned minutes." if len(planned) else f"No plan is loaded for {formats.month(s.month)}."),
        Fact("Hot spot-days with any patrol", formats.percent(cover.share), f"{formats.number(cover.patrolled)} of {formats.number(cover.hot_spot_days)}."),
    )  # fmt: skip
    if by_spot.empty:
        return s.entry("C", "visits_median_minutes", facts=facts)
    return s.entry("C", "visits_median_minutes", facts=facts, charts=(_by_spot(s, by_spot),))


def _doses(s: Source) -> str:
    parts = [
        f"{p.name} {formats.number(p.dose_on(s.period.end))}"
        for p in s.programme.providers
        if p.dose_on(s.period.end) is not None
    ]
    return f"Planned dose, minutes: {', '.join(parts)}." if parts else "No planned dose is set."


def _by_spot(s: Source, frame: pd.DataFrame) -> Chart:
    since: dict[str, str] = {}
    if s.scope.may(Permission.SEE_DAYS):
        held = patrols.days_since_last_patrol(s.scope, s.code, s.period.end)
        for r in held.to_dict("records"):
            days = formats.number(r["days"]) if known(r["days"]) else "never"
            since[r["hot_spot"]] = f"{days} (flag)" if r["flag"] else days
    rows = tuple(
        (
            str(r["hot_spot_name"]), formats.number(r["planned_minutes"]), formats.number(r["patrol_minutes"]),
            formats.percent(to_number(r["delivered_share"])), formats.number(to_number(r["median_visit_minutes"]), 1),
            formats.percent(to_number(r["compliance"])), since.get(str(r["hot_spot"]), formats.CONFIDENTIAL),
        )
        for r in frame.to_dict("records")
    )  # fmt: skip
    head = (
        "Hot spot",
        "Planned minutes",
        "Patrol-minutes",
        "Delivered",
        "Median visit (min)",
        "At planned dose",
        "Days since last patrol",
    )
    when = formats.month(s.month)
    figure = figures.paired_dots(
        labels=list(frame["hot_spot_name"]), now=list(frame["patrol_minutes"]), then=list(frame["planned_minutes"]),
        now_name="delivered (GPS-verified)", then_name="planned", unit="patrol-minutes",
    )  # fmt: skip
    ranked = frame[frame["planned_minutes"] > 0].sort_values("delivered_share")
    reading = f"No plan is loaded for {when}, so only what was delivered is drawn."
    if len(ranked):
        low, high = ranked.iloc[0], ranked.iloc[-1]
        reading = (
            f"{low['hot_spot_name']} had the smallest share of its planned minutes ({formats.percent(low['delivered_share'])}), "
            f"{high['hot_spot_name']} the largest ({formats.percent(high['delivered_share'])})."
        )
    return Chart(
        "dose-by-hot-spot", "Planned and delivered patrol-minutes by hot spot", reading,
        f"GPS-verified patrol-minutes inside boundaries, {when}, all providers. Days since last patrol are counted at the end of the month and flagged at {patrols.FLAG_DAYS} or more.",
        DataTable(f"Planned and delivered by hot spot, {when}", head, rows), figure, 760, 110 + 34 * len(frame),
    )  # fmt: skip


def _abstractions(s: Source) -> Entry:
    plan = patrols.plan_table(s.scope, s.filters, ()).iloc[0]
    planned, lost = to_number(plan["planned_minutes"]), to_number(plan["abstracted_minutes"])
    if planned is None or lost is None:
        why = f"No plan is loaded for {formats.month(s.month)}."
        return s.entry("C", "abstractions", facts=(s.missing("C", "abstractions", why),))
    share = formats.percent(lost / planned if planned else None, 1)
    fact = Fact("Abstracted (hours)", formats.number(lost / 60, 1), f"{share} of planned time.")
    frame = patrols.abstractions(s.scope, s.filters)
    if frame.empty:
        return s.entry("C", "abstractions", facts=(fact,))
    rows = tuple(
        (str(r["reason"]), s.name_of(str(r["provider"])), formats.number(r["minutes"]), formats.number(r["visits"]))
        for r in frame.to_dict("records")
    )
    head = ("Reason", "Provider", "Minutes", "Planned visits touched")
    return s.entry("C", "abstractions", facts=(fact,), tables=(DataTable("Abstractions by reason", head, rows, (1,)),))

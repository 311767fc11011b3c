"""Section C, from the functions behind the Patrols page."""

from __future__ import annotations

from datetime import date
from typing import Any

from data_access import patrols
from data_access.delivery import overlap_table
from domain import formats
from domain.periods import Period
from reports.checks.looked import Looked
from reports.checks.printed import Place
from reports.checks.recount import Known, Recount, amount, over, share, written

DELIVERY = "delivery.delivery_table"
PROVIDER_HEAD = (
    "Visits", "Patrol-minutes", "Person-hours", "Planned minutes", "Delivered", "Median visit (min)", "At planned dose",
)  # fmt: skip
SPOT_HEAD = (
    "Planned minutes", "Patrol-minutes", "Delivered", "Median visit (min)", "At planned dose", "Days since last patrol",
)  # fmt: skip


def section_c(look: Looked) -> dict[Place, Known]:
    r = Recount("C", look.names)
    _totals(r, look)
    _target(r, look)
    _shares(r, look)
    _abstractions(r, look)
    if look.is_tracked:
        _providers(r, look)
        _dose(r, look)
        _by_spot(r, look)
    return r.known


def _totals(r: Recount, look: Looked) -> None:
    for key, label, column in (
        ("patrols_total", "Visits", "visits"),
        ("patrol_hours_total", "Patrol-minutes (one or more people present)", "patrol_minutes"),
        ("patrol_hours_total", "Person-hours (summed over people)", "person_hours"),
    ):
        now, *others = (row[column] for row in look.delivered)
        r.fact(key, label, written(now), DELIVERY, map(written, others) if amount(now) is not None else [])


def _providers(r: Recount, look: Looked) -> None:
    kinds = {p.code: p.kind for p in look.programme.providers}
    rows = [
        (
            f"{x['provider_name']} ({kinds.get(x['provider'], 'kind not set')})", written(x["visits"]),
            written(x["patrol_minutes"]), written(x["person_hours"], 1), written(x["planned_minutes"]),
            share(x["delivered_share"]), written(x["median_visit_minutes"], 1), share(x["compliance"]),
        )
        for x in look.by_provider.to_dict("records")
    ]  # fmt: skip
    r.table("by_provider", f"Delivery by provider, {formats.month(look.month)}", PROVIDER_HEAD, rows, DELIVERY)
    for x in overlap_table(look.scope, look.filters).to_dict("records"):
        r.sentence("by_provider", 1, "delivery.overlap_table", [written(x["overlap_minutes"]), share(x["share"], 1)])


def _target(r: Recount, look: Looked) -> None:
    done, year = amount(look.delivered[2]["person_hours"]), look.financial_year
    r.fact("target_hours", f"Person-hours, {year} to date", written(done), DELIVERY, [])
    targets = [t for t in look.programme.targets if t.financial_year == year and "person-hours" in t.measure.lower()]
    if not targets:
        return
    start = look.to_date.start
    due = targets[0].value * look.to_date.days / Period(start, date(start.year + 1, 3, 31)).days
    r.fact(
        "target_hours", f"Target for {year} (person-hours)", written(targets[0].value), "programmes.get_programme", []
    )
    r.fact(
        "target_hours", "Share of profile", share(over(done, due)), DELIVERY, [written(due)] if done is not None else []
    )


def _shares(r: Recount, look: Looked) -> None:
    now = look.delivered[0]
    r.fact("gps_verified_share", "GPS-verified share", share(now["gps_share"]), DELIVERY, [])
    hours = written(over(now["patrol_minutes"], 60), 1)
    beside = "Patrol-minutes over 60." if look.is_tracked else None
    r.fact("gps_verified_share", "GPS-verified hours in hot spots", hours, DELIVERY, words=beside)
    r.fact(
        "gps_verified_share", "Self-reported hours", written(over(now["self_reported_minutes"], 60), 1), DELIVERY, []
    )
    extended = written(over(now["extended_minutes"], 60), 1)
    r.fact("extended_patrol_activities_hours", "Extended patrol activities (hours)", extended, DELIVERY, [])


def _dose(r: Recount, look: Looked) -> None:
    key, now, spots = "visits_median_minutes", look.delivered[0], look.patrolled_spots
    doses = [d for p in look.programme.providers if (d := p.dose_on(look.period.end)) is not None]
    r.fact(key, "Median visit (minutes)", written(now["median_visit_minutes"], 1), DELIVERY, map(written, doses))
    met = [written(now["visits_at_dose"]), written(now["visits_with_dose"])]
    r.fact(key, "Visits at planned dose", share(now["compliance"]), DELIVERY, met)
    planned = spots[spots["planned_minutes"] > 0]
    below = (planned["patrol_minutes"] < planned["planned_minutes"]).sum()
    r.fact(
        key, "Hot spots below plan", f"{below} of {len(planned)}" if len(planned) else formats.UNAVAILABLE, DELIVERY, []
    )
    cover = patrols.coverage(look.scope, look.filters)
    days = [written(cover.patrolled), written(cover.hot_spot_days)]
    r.fact(key, "Hot spot-days with any patrol", share(cover.share), "patrols.coverage", days)


def _by_spot(r: Recount, look: Looked) -> None:
    since = patrols.days_since_last_patrol(look.scope, look.code, look.period.end)
    last = {x["hot_spot"]: _days(x) for x in since.to_dict("records")}
    spots = look.patrolled_spots
    rows = [
        (
            x["hot_spot_name"], written(x["planned_minutes"]), written(x["patrol_minutes"]), share(x["delivered_share"]),
            written(x["median_visit_minutes"], 1), share(x["compliance"]), last.get(x["hot_spot"]),
        )
        for x in spots.to_dict("records")
    ]  # fmt: skip
    caption = f"Planned and delivered by hot spot, {formats.month(look.month)}"
    r.table("visits_median_minutes", caption, SPOT_HEAD, rows, f"{DELIVERY}, patrols.days_since_last_patrol")
    shares = spots[spots["planned_minutes"] > 0]["delivered_share"]
    ends = [share(shares.min()), share(shares.max())] if len(shares) else []
    r.reading("visits_median_minutes", "dose-by-hot-spot", DELIVERY, ends)


def _days(row: dict[Any, Any]) -> str:
    days = "never" if amount(row["days"]) is None else written(row["days"])
    return f"{days} (flag)" if row["flag"] else days


def _abstractions(r: Recount, look: Looked) -> None:
    now = look.delivered[0]
    lost = now["abstracted_minutes"]
    of_plan = [share(over(lost, now["planned_minutes"]), 1)] if amount(lost) is not None else []
    r.fact("abstractions", "Abstracted (hours)", written(over(lost, 60), 1), DELIVERY, of_plan)
    rows = [
        (x["reason"], look.programme.provider_name(x["provider"]), written(x["minutes"]), written(x["visits"]))
        for x in patrols.abstractions(look.scope, look.filters).to_dict("records")
    ]
    head = ("Provider", "Minutes", "Planned visits touched")
    r.table("abstractions", "Abstractions by reason", head, rows, "patrols.abstractions")

"""Section H: the grant, and what a minute costs."""

from __future__ import annotations

import pandas as pd

from components import figures
from data_access.costs import Finance, cost_by_provider, finance
from domain import formats
from reports.model import Chart, DataTable, Entry, Fact
from reports.source import Source, to_number

_UNKNOWN = "Not loaded."


def section(s: Source) -> tuple[Entry, ...]:
    now, last = finance(s.scope, s.code, s.month), finance(s.scope, s.code, s.last_year_month)
    return (_award(s, now, last), _categories(s, now, last), _match(s, now), _claims(s, now), _rates(s))


def _money(label: str, value: float | None, note: str, reason: str = "") -> Fact:
    if value is None:
        return Fact(label, formats.UNAVAILABLE, reason or _UNKNOWN)
    return Fact(label, formats.pounds(value), note)


def _award(s: Source, f: Finance, last: Finance) -> Entry:
    spent = (
        formats.percent(f.spend_to_date_gbp / f.award_gbp) if f.spend_to_date_gbp is not None and f.award_gbp else ""
    )
    facts = (
        _money(f"Award, {f.financial_year}", f.award_gbp, s.programme.fund, f.reasons.get("award_gbp", "")),
        _money(f"Spend, {formats.month(s.month)}", f.spend_month_gbp,
               f"{formats.month(s.last_year_month)}: {formats.pounds(f.spend_same_month_last_year_gbp)}.",
               f"No spend is loaded for {formats.month(s.month)}."),
        _money("Spend, year to date", f.spend_to_date_gbp,
               f"{spent} of the award; {last.financial_year} to the same month: {formats.pounds(last.spend_to_date_gbp)}." if spent
               else f"{last.financial_year} to the same month: {formats.pounds(last.spend_to_date_gbp)}.",
               f.reasons.get("spend_to_date_gbp", "")),
        _money("Forecast outturn for the year", f.forecast_year_end_gbp, "Spend to date and the forecast of the months left.",
               f.reasons.get("forecast_year_end_gbp", "")),
        _money("Variance (award less forecast)", f.variance_gbp,
               "Underspend: lost if not spent by 31 March." if (f.variance_gbp or 0) > 0 else "Overspend." if (f.variance_gbp or 0) < 0 else "",
               f.reasons.get("variance_gbp", "")),
        s.missing("H", "award", "Costs carry no reason of their own; managers give it under “Issues and mitigations”.", "Reason for variance"),
        Fact("Notes in the month's cost rows", "; ".join(f.notes) or formats.NOT_APPLICABLE, "" if f.notes else "None were loaded."),
    )  # fmt: skip
    return s.entry("H", "award", facts=facts)


def _categories(s: Source, f: Finance, last: Finance) -> Entry:
    if not f.by_category:
        why = f"No spend is loaded for {f.financial_year} up to {formats.month(s.month)}."
        return s.entry("H", "by_category", facts=(s.missing("H", "by_category", why),))
    before = {c.category: c for c in last.by_category}
    have_last = last.spend_to_date_gbp is not None
    rows = []
    for c in f.by_category:
        old = before.get(c.category)
        past = (
            (formats.pounds(old.spend_month_gbp if old else 0.0), formats.pounds(old.spend_to_date_gbp if old else 0.0))
            if have_last
            else (formats.UNAVAILABLE, formats.UNAVAILABLE)
        )
        rows.append(
            (c.category, formats.pounds(c.spend_month_gbp), past[0], formats.pounds(c.spend_to_date_gbp), past[1])
        )
    head = ("Category", *(name for name, _ in s.four_periods()))
    note = (
        ""
        if have_last
        else f"[x]: no spend is loaded for {last.financial_year} up to {formats.month(s.last_year_month)}."
    )
    return s.entry("H", "by_category", tables=(DataTable("Spend by category", head, tuple(rows), note=note),))


def _match(s: Source, f: Finance) -> Entry:
    if f.match_to_date_gbp is None:
        return s.entry(
            "H", "match_funding", facts=(s.missing("H", "match_funding", f.reasons.get("match_to_date_gbp", _UNKNOWN)),)
        )
    return s.entry("H", "match_funding", facts=(
        _money(f"Match funding, {formats.month(s.month)}", f.match_month_gbp, "", f"None is loaded for {formats.month(s.month)}."),
        _money("Match funding, year to date", f.match_to_date_gbp, f"{formats.percent(f.match_share)} of grant spend and match together."),
    ))  # fmt: skip


def _claims(s: Source, f: Finance) -> Entry:
    key = "amount_claimed_this_period"
    if f.claim_to_date_gbp is None:
        return s.entry("H", key, facts=(s.missing("H", key, f.reasons.get("claim_to_date_gbp", _UNKNOWN)),))
    return s.entry("H", key, facts=(
        _money(f"Claimed, {formats.month(s.month)}", f.claim_month_gbp, "", f"No claim is loaded for {formats.month(s.month)}."),
        _money("Claimed, year to date", f.claim_to_date_gbp, claimed_too_much(f)),
    ))  # fmt: skip


def claimed_too_much(f: Finance) -> str:
    """A warning where more was claimed than was spent; "" where not. Pennies of rounding are no finding."""
    if f.claim_to_date_gbp is None or f.spend_to_date_gbp is None or f.claim_to_date_gbp < f.spend_to_date_gbp + 1:
        return ""
    return (
        f"Check: claims of {formats.pounds(f.claim_to_date_gbp)} exceed the spend of {formats.pounds(f.spend_to_date_gbp)} "
        f"in {f.financial_year} to date. A claim for last year's spend counts in the year it was made."
    )


def _rates(s: Source) -> Entry:
    frames = [cost_by_provider(s.scope, s.over(period)) for _, period in s.four_periods()[:3]]
    names = [n for n, _ in s.four_periods()[:3]]
    now = frames[0]
    priced = now[now["cost_per_patrol_minute_gbp"].notna()]
    notes = tuple(dict.fromkeys(now.attrs.get("notes", [])))
    if priced.empty:
        fact = s.missing(
            "H", "cost_per_patrol_minute", "It needs a provider with both spend and tracker data in the month."
        )
        return s.entry("H", "cost_per_patrol_minute", facts=(fact,), sentences=notes)
    rows = tuple(
        (
            str(r["provider_name"]), formats.pounds(to_number(r["cost_gbp"])), formats.number(to_number(r["patrol_minutes"])),
            formats.pounds(to_number(r["cost_per_patrol_minute_gbp"]), 2), formats.pounds(to_number(r["cost_per_person_hour_gbp"]), 2),
        )
        for r in now.to_dict("records")
    )  # fmt: skip
    head = ("Provider", "Cost", "Patrol-minutes", "Per patrol-minute", "Per person-hour")
    table = DataTable(f"Cost of presence in the {s.area_word}, {names[0]}", head, rows, note=" ".join(notes))
    tables = (*_like_for_like(now, names[0]), _rates_beside(names, frames))
    return s.entry("H", "cost_per_patrol_minute", charts=(_rate_chart(priced, table),), tables=tables)


def _like_for_like(now: pd.DataFrame, period: str) -> tuple[DataTable, ...]:
    """What providers may be compared by, where some trackers are too sparse for the rules; else nothing more."""
    if not now["estimated"].any():
        return ()
    rows = tuple(
        (
            str(r["provider_name"]), formats.number(to_number(r["like_for_like_minutes"])),
            formats.pounds(to_number(r["like_for_like_rate_gbp"]), 2),
            *(
                formats.pounds(to_number(r[f"like_for_like_rate_{end}_gbp"]), 2) if r["estimated"] else formats.NOT_APPLICABLE
                for end in ("low", "high")
            ),
        )
        for r in now.to_dict("records")
    )  # fmt: skip
    head = ("Provider", "Minutes", "Per minute", "95% range from", "95% range to")
    note = "All time inside hot spots: an estimate where trackers are sparse, by the counting rules elsewhere."
    return (DataTable(f"Cost per minute like for like, {period}", head, rows, note=note),)


def _rates_beside(names: list[str], frames: list[pd.DataFrame]) -> DataTable:
    """Cost per patrol-minute in the month, the same month last year and the year to date."""
    by_period = [dict(zip(f["provider"], f["cost_per_patrol_minute_gbp"], strict=True)) for f in frames]
    rows = tuple(
        (str(name), *(formats.pounds(to_number(p.get(code)), 2) for p in by_period))
        for code, name in zip(frames[0]["provider"], frames[0]["provider_name"], strict=True)
    )
    return DataTable("Cost per patrol-minute beside other periods", ("Provider", *names), rows)


def _rate_chart(priced: pd.DataFrame, table: DataTable) -> Chart:
    frame = priced.sort_values("cost_per_patrol_minute_gbp")
    names, rates = list(frame["provider_name"]), [float(v) for v in frame["cost_per_patrol_minute_gbp"]]
    texts = [formats.pounds(v, 2) for v in rates]
    figure = figures.ranked_bars(labels=names, values=rates, unit="£ per patrol-minute in hot spots", texts=texts)
    reading = (
        "A patrol-minute in the hot spots cost "
        + formats.joined([f"{t} by {n}" for n, t in zip(names, texts, strict=True)])
        + "."
    )
    if priced["estimated"].any():
        reading += " Trackers differ too much for those to be compared; the table after it compares like for like."
    return Chart(
        "cost-per-minute", "Cost per patrol-minute by provider", reading,
        "Each provider's spend in the month over its GPS-measured minutes inside boundaries. Providers differ in powers and tasks: a lower cost is not by itself better value.",
        table, figure, 760, 110 + 40 * len(names),
    )  # fmt: skip

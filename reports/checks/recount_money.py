"""Section H, from the functions behind the Costs page."""

from __future__ import annotations

import pandas as pd

from domain import formats
from reports.checks.looked import Looked
from reports.checks.printed import Place
from reports.checks.recount import Known, Recount, amount, money, over, share, written
from reports.checks.recount_outcomes import heads

GRANT, RATES = "finance.finance_table", "costs.cost_by_provider"
MONTH, TO_DATE, YEAR = "month_gbp", "year_to_date_gbp", "full_year_gbp"
SPEND = "Spend: "


def section_h(look: Looked) -> dict[Place, Known]:
    r = Recount("H", look.names)
    _award(r, look)
    _categories(r, look)
    _match_and_claims(r, look)
    _rates(r, look)
    return r.known


def _cell(frame: pd.DataFrame, line: str, column: str) -> float | None:
    return amount(frame.at[line, column]) if line in frame.index else None


def _award(r: Recount, look: Looked) -> None:
    now, last = look.money
    when, spent = formats.month(look.month), _cell(now, "Spend", TO_DATE)
    award = _cell(now, "Award", YEAR)
    r.fact("award", f"Award, {look.financial_year}", money(award), GRANT)
    month, before = _cell(now, "Spend", MONTH), [money(_cell(last, "Spend", MONTH))]
    r.fact("award", f"Spend, {when}", money(month), GRANT, before if month is not None else [])
    of_award = [share(over(spent, award))] if spent is not None and award else []
    beside = [*of_award, money(_cell(last, "Spend", TO_DATE))] if spent is not None else []
    r.fact("award", "Spend, year to date", money(spent), GRANT, beside)
    r.fact("award", "Forecast outturn for the year", money(_cell(now, "Spend", YEAR)), GRANT, [])
    r.fact(
        "award", "Variance (award less forecast)", money(_cell(now, "Variance (award less forecast)", YEAR)), GRANT, []
    )
    notes = "; ".join(look.finance[0].notes) or formats.NOT_APPLICABLE
    r.fact("award", "Notes in the month's cost rows", notes, "costs.finance", [])


def _categories(r: Recount, look: Looked) -> None:
    now, last = look.money
    have_last = _cell(last, "Spend", TO_DATE) is not None
    rows = []
    for line in (x for x in now.index if x.startswith(SPEND)):
        past = [_cell(last, line, c) or 0.0 if have_last else None for c in (MONTH, TO_DATE)]
        mine = [_cell(now, line, c) for c in (MONTH, TO_DATE)]
        rows.append((line.removeprefix(SPEND), *map(money, (mine[0], past[0], mine[1], past[1]))))
    r.table("by_category", "Spend by category", heads(look), rows, GRANT)


def _match_and_claims(r: Recount, look: Looked) -> None:
    now, when = look.money[0], formats.month(look.month)
    matched, claimed = _cell(now, "Match funding", TO_DATE), _cell(now, "Claimed", TO_DATE)
    if matched is not None:
        r.fact("match_funding", f"Match funding, {when}", money(_cell(now, "Match funding", MONTH)), GRANT, [])
        together = [share(look.finance[0].match_share)]
        r.fact("match_funding", "Match funding, year to date", money(matched), GRANT, together)
    if claimed is not None:
        key, spent = "amount_claimed_this_period", _cell(now, "Spend", TO_DATE)
        r.fact(key, f"Claimed, {when}", money(_cell(now, "Claimed", MONTH)), GRANT, [])
        too_much = spent is not None and claimed >= spent + 1  # pennies of rounding are no finding
        r.fact(key, "Claimed, year to date", money(claimed), GRANT, [money(claimed), money(spent)] if too_much else [])


def _rates(r: Recount, look: Looked) -> None:
    key, now = "cost_per_patrol_minute", look.rates[0]
    notes = list(dict.fromkeys(now.attrs.get("notes", [])))
    priced = now[now["cost_per_patrol_minute_gbp"].notna()].sort_values("cost_per_patrol_minute_gbp")
    if priced.empty:
        for number, note in enumerate(notes, 1):
            r.sentence(key, number, RATES, text=note)
        return
    rows = [
        (
            x["provider_name"], money(x["cost_gbp"]), written(x["patrol_minutes"]),
            money(x["cost_per_patrol_minute_gbp"], 2), money(x["cost_per_person_hour_gbp"], 2),
        )
        for x in now.to_dict("records")
    ]  # fmt: skip
    area = "areas" if look.programme.resolution == "month" else "hot spots"
    caption = f"Cost of presence in the {area}, {formats.month(look.month)}"
    head = ("Cost", "Patrol-minutes", "Per patrol-minute", "Per person-hour")
    r.table(key, caption, head, rows, RATES, " ".join(notes))
    r.reading(key, "cost-per-minute", RATES, [money(v, 2) for v in priced["cost_per_patrol_minute_gbp"]])
    _beside(r, look)
    if now["estimated"].any():
        _like_for_like(r, look)


def _beside(r: Recount, look: Looked) -> None:
    columns = [dict(zip(f["provider"], f["cost_per_patrol_minute_gbp"], strict=True)) for f in look.rates]
    rows = [
        (look.programme.provider_name(code), *(money(c.get(code), 2) for c in columns))
        for code in look.rates[0]["provider"]
    ]
    r.table("cost_per_patrol_minute", "Cost per patrol-minute beside other periods", heads(look)[:3], rows, RATES)


def _like_for_like(r: Recount, look: Looked) -> None:
    rows = [
        (
            x["provider_name"], written(x["like_for_like_minutes"]), money(x["like_for_like_rate_gbp"], 2),
            *(money(x[f"like_for_like_rate_{end}_gbp"], 2) if x["estimated"] else formats.NOT_APPLICABLE for end in ("low", "high")),
        )
        for x in look.rates[0].to_dict("records")
    ]  # fmt: skip
    caption = f"Cost per minute like for like, {formats.month(look.month)}"
    r.table("cost_per_patrol_minute", caption, ("Minutes", "Per minute", "95% range from", "95% range to"), rows, RATES)

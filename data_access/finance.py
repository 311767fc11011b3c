"""The grant's money as one table and one sentence, for the Costs page, its CSV and the return."""

from __future__ import annotations

import pandas as pd

from data_access.costs import finance
from domain import formats
from domain.scope import Scope

NOT_APPLICABLE = {
    "Award": ("month_gbp", "year_to_date_gbp"),
    "Variance (award less forecast)": ("month_gbp", "year_to_date_gbp"),
    "Match funding": ("full_year_gbp",),
    "Claimed": ("full_year_gbp",),
}


def finance_table(scope: Scope, code: str, month: str) -> pd.DataFrame:
    """[line, month_gbp, year_to_date_gbp, full_year_gbp, not_applicable (the columns a line cannot have)]. Empty without money."""
    f = finance(scope, code, month)
    if f.award_gbp is None and f.spend_to_date_gbp is None:
        return pd.DataFrame(columns=["line", "month_gbp", "year_to_date_gbp", "full_year_gbp"])
    rows: list[tuple[str, float | None, float | None, float | None]] = [
        ("Award", None, None, f.award_gbp),
        ("Spend", f.spend_month_gbp, f.spend_to_date_gbp, f.forecast_year_end_gbp),
        ("Variance (award less forecast)", None, None, f.variance_gbp),
        ("Match funding", f.match_month_gbp, f.match_to_date_gbp, None),
        ("Claimed", f.claim_month_gbp, f.claim_to_date_gbp, None),
    ]
    rows += [
        (
            f"Spend: {c.category}",
            c.spend_month_gbp,
            c.spend_to_date_gbp,
            c.spend_to_date_gbp + c.forecast_rest_of_year_gbp,
        )
        for c in f.by_category
    ]
    frame = pd.DataFrame(rows, columns=["line", "month_gbp", "year_to_date_gbp", "full_year_gbp"])
    frame["not_applicable"] = [NOT_APPLICABLE.get(line, ()) for line in frame["line"]]
    return frame


def finance_sentence(scope: Scope, code: str, month: str) -> str:
    """Spend to date against the award, and the forecast under- or overspend, in words."""
    f = finance(scope, code, month)
    if f.spend_to_date_gbp is None:
        return f.reasons.get("spend_to_date_gbp", "No spend is loaded.")
    text = (
        f"{formats.pounds(f.spend_to_date_gbp)} was spent in {f.financial_year} up to the end of {formats.month(month)}"
    )
    if f.award_gbp:
        text += f", {formats.percent(f.spend_to_date_gbp / f.award_gbp)} of the award of {formats.pounds(f.award_gbp)}"
    if f.claim_to_date_gbp is not None and f.claim_to_date_gbp > f.spend_to_date_gbp:
        text += f"; claims to date ({formats.pounds(f.claim_to_date_gbp)}) are above spend to date, which needs an explanation"
    if f.variance_gbp is None:
        return f"{text}. No year-end variance can be given: {f.reasons.get('forecast_year_end_gbp') or f.reasons.get('award_gbp') or 'it needs an award and a forecast.'}"
    word = "underspend" if f.variance_gbp >= 0 else "overspend"
    return f"{text}. The forecast for the year is {formats.pounds(f.forecast_year_end_gbp)}: an {word} of {formats.pounds(abs(f.variance_gbp))}."

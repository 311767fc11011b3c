"""Monthly costs, set so that cost over measured patrol-minutes matches the published rates.

The minutes come from the pings, as a portal would find them; only the amounts are chosen here.
"""

from __future__ import annotations

from collections.abc import Mapping

from demo.calendar import DATA_TO, DURING, SERVICE_FROM, stream
from demo.schedule import Shift
from domain.periods import Period, financial_year, month_of, parse_month

# Published pounds per patrol-minute; the dedicated team's is not published and is plausible only.
RATES_GBP = {"outreach": 2.28, "police-dedicated": 2.91, "police-overtime": 3.38}
CATEGORY = {
    "outreach": "partner provider", "police-dedicated": "dedicated staff", "police-overtime": "police overtime",
}  # fmt: skip
HEADER = ("month", "category", "flow", "amount_gbp", "provider", "note")
ANALYSIS_GBP = 1_450.0
MATCH_GBP = 4_800.0


def provider_spend(seed: int, shifts: list[Shift], minutes: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Pounds by provider and month. ``minutes``: patrol-minutes of each provider in the DURING window.

    A month costs about what its shifts cost; the whole is scaled so that the months' shares of the window add up
    to rate x minutes. Rounded to pence, the rate is exact to about a millionth of a pound.
    """
    rng = stream(seed, "money")
    months = Period(SERVICE_FROM, DATA_TO).months()
    found: dict[str, dict[str, float]] = {}
    for provider, rate in RATES_GBP.items():
        worked = {m: sum(1 for s in shifts if s.provider == provider and month_of(s.day) == m) for m in months}
        weight = {m: (worked[m] + 1.5) * rng.normal(1.0, 0.02) for m in months}
        scale = rate * minutes[provider] / sum(weight[m] * DURING.share_of_month(m) for m in months)
        found[provider] = {m: round(weight[m] * scale, 2) for m in months}
    return found


def cost_rows(seed: int, shifts: list[Shift], minutes: Mapping[str, float]) -> list[tuple[str, ...]]:
    """Spend, forecast, match and claim rows of the costs extract."""
    spend = provider_spend(seed, shifts, minutes)
    rows: list[tuple[str, ...]] = []
    for month in Period(SERVICE_FROM, DATA_TO).months():
        for provider, by_month in spend.items():
            note = "Fewer shifts over the holiday" if month[-2:] == "12" and provider == "outreach" else ""
            rows.append((month, CATEGORY[provider], "spend", f"{by_month[month]:.2f}", provider, note))
        rows += [(month, category, "spend", f"{amount:.2f}", "", "") for category, amount in _shared(month)]
    return rows + _forecast(rows) + _match() + _claims(rows)


def _shared(month: str) -> list[tuple[str, float]]:
    """Spend that is no one provider's."""
    found = [("analysis/tech", ANALYSIS_GBP)]
    if month[-2:] in ("01", "04", "07", "10"):
        found.append(("training/evaluation", 1_900.0))
    if month in ("2022-10", "2023-04"):
        found.append(("equipment", 2_640.0))
    return found


def _forecast(spend: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """What was forecast for each month of the grant year: the year's usual month, before it was known."""
    year = [r for r in spend if financial_year(parse_month(r[0])) == "2023-24"]
    months = Period(parse_month("2023-04"), parse_month("2024-03")).months()
    known = len({r[0] for r in year})
    rows = []
    for category, provider in sorted({(r[1], r[4]) for r in year}):
        usual = sum(float(r[3]) for r in year if (r[1], r[4]) == (category, provider)) / known
        rows += [(m, category, "forecast", f"{round(usual, -1):.2f}", provider, "") for m in months]
    return rows


def _match() -> list[tuple[str, ...]]:
    months = Period(SERVICE_FROM, DATA_TO).months()
    return [
        (m, "other", "match", f"{MATCH_GBP:.2f}", "", "Analyst time and premises given by partners")
        for m in months if m[-2:] in ("12", "03", "06", "09")
    ]  # fmt: skip


def _claims(spend: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Claimed in the month after each quarter; the year's last quarter in March, with the year's closing.

    A claim counts in the year it is made in, so a last quarter claimed in April would stand beside another year's
    spend and exceed it.
    """
    months = Period(SERVICE_FROM, DATA_TO).months()
    rows = []
    for number, month in enumerate(months):
        closing = month[-2:] == "03"
        quarter = months[max(0, number - 2) : number + 1] if closing else months[max(0, number - 3) : number]
        if month[-2:] in ("01", "03", "07", "10") and len(quarter) == 3:
            amount = sum(float(r[3]) for r in spend if r[0] in quarter)
            rows.append((month, "other", "claim", f"{amount:.2f}", "", f"Quarter {quarter[0]} to {quarter[-1]}"))
    return rows

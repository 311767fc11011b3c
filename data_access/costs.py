"""Money: what a patrol minute costs by provider, the three ledgers kept apart, and the grant's finances."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
from sqlalchemy import func, select

from data_access import schema
from data_access.like_for_like import half_range, monthly_minutes, sparse_note
from data_access.patrols import minutes_for_rates
from data_access.reading import Opened, finished, opened, pings_covered, viewer_period
from data_access.released_patrols import is_protected
from data_access.remembered import remembered
from domain import formats
from domain.filters import Filters
from domain.periods import Period, add_months, financial_year, month_of, parse_month
from domain.roles import Permission
from domain.scope import Scope

COST_COLUMNS = [
    "provider", "provider_name", "cost_gbp", "patrol_minutes", "person_minutes",
    "cost_per_patrol_minute_gbp", "cost_per_person_hour_gbp", "like_for_like_minutes", "like_for_like_rate_gbp",
    "like_for_like_rate_low_gbp", "like_for_like_rate_high_gbp", "estimated", "not_applicable",
]  # fmt: skip
RATE_COLUMNS = [
    "provider", "provider_name", "reference", "reference_name", "rate_gbp", "reference_rate_gbp",
    "difference_gbp", "percent_cheaper", "percent_cheaper_low", "percent_cheaper_high", "patrol_minutes",
    "delivery_cost_avoided_gbp", "delivery_cost_avoided_low_gbp", "delivery_cost_avoided_high_gbp", "not_applicable",
]  # fmt: skip

_cost = schema.cost.c


@remembered
def cost_by_provider(scope: Scope, filters: Filters) -> pd.DataFrame:
    """What each provider's presence cost: [provider, provider_name, cost_gbp, patrol_minutes, person_minutes,
    cost_per_patrol_minute_gbp, cost_per_person_hour_gbp, like_for_like_minutes, like_for_like_rate_gbp with its 95%
    range, estimated]. The like-for-like columns are what providers are compared by: while every tracker is dense the
    same as the minutes before them, else all time inside, estimated (with a range) where trackers are sparse.

    Monthly spend is split by the days of the month inside the period. Cost and minutes cover the same months:
    those with spend for the provider and with tracker data (``attrs["notes"]`` says which were left out).
    Costs are not recorded by hot spot, so all hot spots are used whatever the filter says. ``attrs["like_for_like"]``:
    whether the like-for-like columns differ from the others, some tracker of the period being sparse.
    """
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW) as o:
        period = viewer_period(o, filters.period, False)
        if filters.hot_spots:
            o.notes.append("Costs are not recorded by hot spot, so these figures cover all hot spots.")
        spend = _monthly_spend(o, period)
        cover = pings_covered(o)
        alike = monthly_minutes(o, period)
        o.notes.extend(filter(None, [sparse_note(o, period)]))
    whole = filters.with_hot_spots().with_period(period)
    minutes = minutes_for_rates(scope, whole)
    spend = spend[spend["month"].isin([m for m in period.months() if cover.has_month(m)])]
    spend = spend.assign(
        cost_gbp=[a * period.share_of_month(m) for m, a in zip(spend.month, spend.amount, strict=True)]
    )
    both = minutes.merge(spend[["month", "provider", "cost_gbp"]], on=["month", "provider"], how="outer")
    _note_unmatched(o, both)
    matched = _with_like_for_like(both[both["cost_gbp"].notna()], alike)
    columns = ["cost_gbp", "patrol_minutes", "person_minutes", *_LIKE]
    codes = list(dict.fromkeys([*minutes["provider"], *spend["provider"]]))
    frame = matched.groupby("provider")[columns].sum(min_count=1).reindex(codes).rename_axis("provider").reset_index()
    frame.insert(1, "provider_name", [o.programme.provider_name(code) for code in frame["provider"]])
    frame["cost_per_patrol_minute_gbp"] = _ratio(frame["cost_gbp"], frame["patrol_minutes"])
    frame["cost_per_person_hour_gbp"] = _ratio(frame["cost_gbp"], frame["person_minutes"] / 60)
    frame = _like_for_like_rates(frame)
    if is_protected(o):  # minutes outside the operational roles are whole
        shown = ["patrol_minutes", "person_minutes", "like_for_like_minutes"]
        frame[shown] = frame[shown].astype(float).round()
    done = finished(frame[COST_COLUMNS], o, period)
    done.attrs["like_for_like"] = alike is not None
    return done


_LIKE = ["like_for_like_minutes", "variance", "bias_minutes", "estimated_months"]


def _with_like_for_like(matched: pd.DataFrame, alike: pd.DataFrame | None) -> pd.DataFrame:
    if alike is None:
        return matched.assign(
            like_for_like_minutes=matched["patrol_minutes"], variance=0.0, bias_minutes=0.0, estimated_months=0
        )
    joined = matched.merge(alike, on=["month", "provider"], how="left")
    known = joined["patrol_minutes"].notna()  # not so where the viewer may not see them
    joined["like_for_like_minutes"] = joined["like_for_like_minutes"].where(known)
    joined["estimated_months"] = joined["estimated"].fillna(False).astype(bool).astype(int)
    return joined.drop(columns="estimated")


def _like_for_like_rates(frame: pd.DataFrame) -> pd.DataFrame:
    frame["estimated"] = frame["estimated_months"].fillna(0) > 0
    minutes, half = frame["like_for_like_minutes"], half_range(frame["variance"], frame["bias_minutes"])
    frame["like_for_like_rate_gbp"] = _ratio(frame["cost_gbp"], minutes)
    # Fewer minutes, a higher rate: the range turns round.
    frame["like_for_like_rate_low_gbp"] = _ratio(frame["cost_gbp"], minutes + half).where(frame["estimated"])
    frame["like_for_like_rate_high_gbp"] = _ratio(frame["cost_gbp"], (minutes - half).clip(lower=0)).where(
        frame["estimated"]
    )
    ends = ("like_for_like_rate_low_gbp", "like_for_like_rate_high_gbp")
    frame["not_applicable"] = [() if estimated else ends for estimated in frame["estimated"]]
    return frame


def has_costs(scope: Scope, code: str) -> bool:
    """Whether any cost row is loaded."""
    with opened(scope, code, Permission.VIEW_COSTS) as o:
        return o.conn.execute(select(_cost.id).where(_cost.programme_id == o.programme_id).limit(1)).first() is not None


def has_estimates(scope: Scope, filters: Filters) -> bool:
    """Whether some minutes of the period are estimates, so that comparisons have ranges to show."""
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW) as o:
        return monthly_minutes(o, viewer_period(o, filters.period, False)) is not None


def _monthly_spend(o: Opened, period: Period) -> pd.DataFrame:
    """[month, provider, amount]: spend that belongs to one provider."""
    months = period.months()
    return o.frame(
        select(_cost.month, _cost.provider, func.sum(_cost.amount_gbp).label("amount"))
        .where(
            _cost.programme_id == o.programme_id,
            _cost.flow == "spend",
            _cost.provider.is_not(None),
            _cost.month.between(months[0], months[-1]),
        )
        .group_by(_cost.month, _cost.provider)
    )


def _note_unmatched(o: Opened, both: pd.DataFrame) -> None:
    lost = both[both["cost_gbp"].isna() & (both["patrol_minutes"] > 0)]
    for code, group in lost.groupby("provider"):
        months = formats.joined([formats.month(m) for m in sorted(group["month"])])
        o.notes.append(
            f"No spend is loaded for {o.programme.provider_name(str(code))} in {months}; "
            "minutes of those months are left out of its rate."
        )


def _ratio(above: pd.Series, below: pd.Series) -> pd.Series:
    return (above / below).where(below > 0)


def rate_comparison(scope: Scope, filters: Filters) -> pd.DataFrame:
    """Ledger 1, delivery cost avoided: each provider against the programme's reference provider.

    [provider, provider_name, reference, reference_name, rate_gbp, reference_rate_gbp (both per patrol-minute),
    difference_gbp (reference less provider), percent_cheaper (a fraction; negative = dearer), patrol_minutes,
    delivery_cost_avoided_gbp = difference x patrol_minutes]. Empty, with a note, when there is nothing to compare.
    """
    scope.require(Permission.VIEW_COSTS)
    return compared_rates(scope, filters, cost_by_provider(scope, filters))


def compared_rates(scope: Scope, filters: Filters, rates: pd.DataFrame) -> pd.DataFrame:
    """The comparison made from an already read cost_by_provider frame."""
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW) as o:
        o.notes.extend(rates.attrs["notes"])
        code = o.programme.rate_reference_provider
        empty = pd.DataFrame({c: pd.Series(dtype=object) for c in RATE_COLUMNS})
        if code is None:
            o.notes.append("The programme names no reference provider, so no rates are compared.")
            return finished(empty, o)
        reference = rates[(rates["provider"] == code) & rates["like_for_like_rate_gbp"].notna()]
        if reference.empty:
            o.notes.append(f"{o.programme.provider_name(code)} has no rate in this period, so no rates are compared.")
            return finished(empty, o)
        others = rates[(rates["provider"] != code) & rates["like_for_like_rate_gbp"].notna()].copy()
        others["reference"], others["reference_name"] = code, o.programme.provider_name(code)
        others = _against(others, reference.iloc[0])
        return finished(others[RATE_COLUMNS].reset_index(drop=True), o, rates.attrs.get("period"))


def _against(others: pd.DataFrame, reference: pd.Series) -> pd.DataFrame:
    """Differences from the reference; the range of "cheaper" sets each rate's unkindest end against the other's."""
    rate = float(reference["like_for_like_rate_gbp"])
    others["rate_gbp"], others["reference_rate_gbp"] = others["like_for_like_rate_gbp"], rate
    others["difference_gbp"] = rate - others["rate_gbp"]
    others["percent_cheaper"] = others["difference_gbp"] / rate if rate else float("nan")
    low, high = (
        others[f"like_for_like_rate_{end}_gbp"].fillna(others["rate_gbp"]) for end in ("low", "high")
    )  # a dense provider's rate has no range of its own
    own = reference["like_for_like_rate_low_gbp"], reference["like_for_like_rate_high_gbp"]
    floor, ceiling = (rate if pd.isna(end) else float(end) for end in own)
    any_range = others["estimated"] | bool(reference["estimated"])
    others["percent_cheaper_low"] = (1 - high / floor).where(any_range)
    others["percent_cheaper_high"] = (1 - low / ceiling).where(any_range)
    others["patrol_minutes"] = others["like_for_like_minutes"]
    others["delivery_cost_avoided_gbp"] = others["difference_gbp"] * others["patrol_minutes"]
    # The spend is known; only the minutes have ranges. (R - r) m = spend (R / r - 1).
    spend = others["rate_gbp"] * others["patrol_minutes"]
    others["delivery_cost_avoided_low_gbp"] = (spend * (floor / high - 1)).where(any_range)
    others["delivery_cost_avoided_high_gbp"] = (spend * (ceiling / low - 1)).where(any_range)
    ends = tuple(
        f"{name}_{end}{unit}"
        for name, unit in (("percent_cheaper", ""), ("delivery_cost_avoided", "_gbp"))
        for end in ("low", "high")
    )
    others["not_applicable"] = [() if ranged else ends for ranged in any_range]
    return others


@dataclass(frozen=True)
class Ledger:
    """A ledger's value, or None with the reason that a reader is told."""

    name: str
    value_gbp: float | None
    reason: str


def response_cost_avoided(scope: Scope, filters: Filters) -> Ledger:
    """Ledger 2, police response cost avoided (opportunity cost, not cash)."""
    with opened(scope, filters.programme, Permission.VIEW_COSTS):
        return Ledger("Police response cost avoided", None, "No unit costs of police response are loaded.")


def social_cost_avoided(scope: Scope, filters: Filters) -> Ledger:
    """Ledger 3, social cost of crime avoided (mostly not cashable)."""
    with opened(scope, filters.programme, Permission.VIEW_COSTS):
        return Ledger("Social cost of crime avoided", None, "No unit costs of crime are loaded.")


# --- the grant ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CategorySpend:
    category: str
    spend_month_gbp: float
    spend_to_date_gbp: float
    forecast_rest_of_year_gbp: float


@dataclass(frozen=True)
class Finance:
    """A month of the grant. None means not available; ``reasons`` says why, by field name."""

    month: str
    financial_year: str
    award_gbp: float | None
    spend_month_gbp: float | None
    spend_to_date_gbp: float | None  # financial year to the end of the month
    spend_same_month_last_year_gbp: float | None
    forecast_year_end_gbp: float | None  # spend to date and the forecast of the months left
    variance_gbp: float | None  # award less forecast: positive is an underspend, which is lost
    match_month_gbp: float | None
    match_to_date_gbp: float | None
    match_share: float | None  # match over match and spend, year to date
    claim_month_gbp: float | None
    claim_to_date_gbp: float | None
    by_category: tuple[CategorySpend, ...]
    notes: tuple[str, ...]  # notes that came with the month's money
    reasons: dict[str, str] = field(default_factory=dict)


@remembered
def finance(scope: Scope, code: str, month: str) -> Finance:
    """Award, spend, forecast, variance, match funding and claims for ``month`` (YYYY-MM) and its year to date."""
    first = parse_month(month)
    year_start = first.replace(month=4, day=1, year=first.year if first.month >= 4 else first.year - 1)
    year_end = month_of(add_months(year_start, 11))
    with opened(scope, code, Permission.VIEW_COSTS) as o:
        rows = o.frame(
            select(_cost.month, _cost.category, _cost.flow, _cost.amount_gbp, _cost.note).where(
                _cost.programme_id == o.programme_id,
                _cost.month.between(month_of(add_months(year_start, -12)), year_end),
            )
        )
        year = financial_year(first)
        money = _Money(rows, month, month_of(year_start), year_end)
        reasons: dict[str, str] = {}
        award = o.programme.award_gbp if o.programme.grant_year in ("", year) else None
        if award is None:
            reasons["award_gbp"] = f"No award is set for {year}."
        spend, forecast = money.to_date("spend"), money.forecast(reasons)
        variance = _pence(award - forecast) if award is not None and forecast is not None else None
        if variance is None:
            reasons["variance_gbp"] = "It needs both an award and a forecast."
        for flow in ("spend", "match", "claim"):
            if money.in_month(flow) is None:
                reasons[f"{flow}_month_gbp"] = f"No {flow} rows are loaded for {formats.month(month)}."
            if money.to_date(flow) is None:
                reasons[f"{flow}_to_date_gbp"] = f"No {flow} rows are loaded for {year} up to {formats.month(month)}."
        last_year = month_of(add_months(first, -12))
        if money.in_month("spend", last_year) is None:
            reasons["spend_same_month_last_year_gbp"] = f"No spend rows are loaded for {formats.month(last_year)}."
        match = money.to_date("match")
        return Finance(
            month=month, financial_year=year, award_gbp=award,
            spend_month_gbp=money.in_month("spend"), spend_to_date_gbp=spend,
            spend_same_month_last_year_gbp=money.in_month("spend", last_year),
            forecast_year_end_gbp=forecast, variance_gbp=variance,
            match_month_gbp=money.in_month("match"), match_to_date_gbp=match,
            match_share=match / (match + spend) if match is not None and spend is not None and match + spend else None,
            claim_month_gbp=money.in_month("claim"), claim_to_date_gbp=money.to_date("claim"),
            by_category=money.by_category(), notes=money.notes(), reasons=reasons,
        )  # fmt: skip


def _pence(amount: float) -> float:
    """Money is whole pence; sums of floats are not."""
    return round(float(amount), 2)


class _Money:
    """A financial year's cost rows, asked for sums; None where no row exists (nothing loaded is not £0)."""

    def __init__(self, rows: pd.DataFrame, month: str, start: str, end: str) -> None:
        self.rows, self.month, self.start, self.end = rows, month, start, end

    def _sum(self, flow: str, low: str, high: str) -> float | None:
        chosen = self.rows[(self.rows["flow"] == flow) & self.rows["month"].between(low, high)]
        return _pence(chosen["amount_gbp"].sum()) if len(chosen) else None

    def in_month(self, flow: str, month: str | None = None) -> float | None:
        return self._sum(flow, month or self.month, month or self.month)

    def to_date(self, flow: str) -> float | None:
        return self._sum(flow, self.start, self.month)

    def forecast(self, reasons: dict[str, str]) -> float | None:
        spend = self.to_date("spend")
        if self.month == self.end:
            return spend
        rest = self._sum("forecast", month_of(add_months(parse_month(self.month), 1)), self.end)
        if spend is None or rest is None:
            reasons["forecast_year_end_gbp"] = "No forecast is loaded for the months left of the year."
            return None
        return _pence(spend + rest)

    def by_category(self) -> tuple[CategorySpend, ...]:
        year = self.rows[self.rows["month"].between(self.start, self.end)]
        found = []
        for category, group in year.groupby("category", sort=True):
            spend = group[(group["flow"] == "spend") & (group["month"] <= self.month)]
            rest = group[(group["flow"] == "forecast") & (group["month"] > self.month)]
            if len(spend) or len(rest):
                month = _pence(spend.loc[spend["month"] == self.month, "amount_gbp"].sum())
                total, left = _pence(spend["amount_gbp"].sum()), _pence(rest["amount_gbp"].sum())
                found.append(CategorySpend(str(category), month, total, left))
        return tuple(found)

    def notes(self) -> tuple[str, ...]:
        chosen = self.rows[(self.rows["month"] == self.month) & self.rows["note"].notna()]
        return tuple(dict.fromkeys(n for n in chosen["note"] if n))

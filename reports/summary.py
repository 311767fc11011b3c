"""The month in five sentences and five numbers, from the same functions as the sections."""

from __future__ import annotations

import pandas as pd

from data_access import finance, trends
from data_access.costs import cost_by_provider
from data_access.costs import finance as finance_of
from data_access.delivery import Delivery, delivery_total
from domain import formats
from reports.model import Headline
from reports.sections.delivery import is_tracked
from reports.sections.outcomes import series
from reports.source import Source, change, to_number


def five_sentences(s: Source) -> tuple[str, ...]:
    return (_delivery(s), _crimes(s), _harm(s), _cost(s), finance.finance_sentence(s.scope, s.code, s.month))


def five_numbers(s: Source) -> tuple[Headline, ...]:
    now, then = _totals(s)
    money = finance_of(s.scope, s.code, s.month)
    rates = _rates(s)
    done = _done(s)
    spent = money.spend_to_date_gbp
    return (
        Headline("Planned minutes delivered", formats.percent(done.delivered_share if done else None), _delivered_detail(s, done)),
        Headline("Recorded crimes", formats.number(now["crimes"]), _detail(s, "crimes", now, then, 0)),
        Headline(
            "Harm per scored crime (days)", formats.number(now["harm_per_crime"], 1),
            _detail(s, "harm_per_crime", now, then, 1),
        ),
        Headline("Cost per patrol-minute, lowest", _lowest(rates), _rate_detail(rates)),
        Headline("Spent, year to date", formats.pounds(spent), _award_detail(money.award_gbp, spent, s.financial_year)),
    )  # fmt: skip


def _totals(s: Source) -> tuple[dict[str, float | None], dict[str, float | None]]:
    found = [trends.totals(s.scope, s.over(p)) for p in (s.period, s.period.year_before())]
    return tuple({k: to_number(v) for k, v in f.items()} for f in found)  # type: ignore[return-value]


def _detail(s: Source, key: str, now: dict[str, float | None], then: dict[str, float | None], decimals: int) -> str:
    """The same month last year; or why the month itself has no value."""
    if now["crimes"] is None:
        return f"{formats.month(s.month)} is not wholly loaded."
    if now[key] is None:
        return "No crime of the month has a weight."
    return _beside(formats.period(s.period.year_before()), now[key], then[key], decimals)


def _beside(name: str, now: float | None, then: float | None, decimals: int = 0) -> str:
    if then is None:
        return f"{name} has no such figure."
    difference = change(now, then)
    return f"{name}: {formats.number(then, decimals)}" + (f" ({difference})." if difference else ".")


def _done(s: Source) -> Delivery | None:
    return delivery_total(s.scope, s.filters) if is_tracked(s) else None


def _delivered_detail(s: Source, done: Delivery | None) -> str:
    if done is None:
        return f"No tracker files are loaded for {formats.month(s.month)}."
    if not done.planned_minutes:
        return f"No plan is loaded for {formats.month(s.month)}."
    return (
        f"{formats.number(done.patrol_minutes)} of {formats.number(done.planned_minutes)} patrol-minutes, GPS-verified."
    )


def _delivery(s: Source) -> str:
    done, when = _done(s), formats.month(s.month)
    if done is None:
        return f"What patrols delivered in {when} cannot be given: no tracker files are loaded for the month."
    start = f"In {when} patrols spent {formats.number(done.patrol_minutes)} minutes in the {s.area_word} of {s.programme.area_name}"
    if not done.planned_minutes:
        return f"{start}; no plan is loaded to compare it with."
    lost = formats.percent(done.abstracted_minutes / done.planned_minutes)
    return f"{start}, {formats.percent(done.delivered_share)} of the minutes planned; {lost} of planned time was abstracted."


def _crimes(s: Source) -> str:
    now, then = _totals(s)
    when, last = formats.month(s.month), formats.period(s.period.year_before())
    if now["crimes"] is None:
        return f"Recorded crime in {when} cannot be given: the month is not loaded."
    text = f"{formats.number(now['crimes'])} {'crime was' if now['crimes'] == 1 else 'crimes were'} recorded there"
    if then["crimes"] is not None:
        difference = change(now["crimes"], then["crimes"])
        text += f", against {formats.number(then['crimes'])} in {last}" + (f" ({difference})" if difference else "")
    return text + _variation(s)


def _variation(s: Source) -> str:
    """What the XmR chart says of the month, without a word on why."""
    frame = series(s)
    row = frame.iloc[-1] if len(frame) and frame["month"].iloc[-1] == s.month else None
    if row is None or row["upper"] != row["upper"]:
        return "; too few earlier months are loaded to say what ordinary variation is."
    if row["crimes"] < row["lower"] or row["crimes"] > row["upper"]:
        side = "below" if row["crimes"] < row["lower"] else "above"
        return f"; that lies {side} the limits of ordinary month-to-month variation{_weak(frame)}."
    if row["signal"]:
        side = "below" if row["crimes"] < row["centre"] else "above"
        return f"; the month belongs to a run {side} the mean that ordinary variation would seldom give{_weak(frame)}."
    return "; ordinary month-to-month variation would explain this."


def _weak(frame: pd.DataFrame) -> str:
    return (
        ", but the earlier months were not steady, so the limits are a weak guide"
        if frame.attrs.get("unsteady")
        else ""
    )


def _harm(s: Source) -> str:
    now, then = _totals(s)
    when = formats.month(s.month)
    if now["harm_days"] is None:
        return f"Harm in {when} cannot be given: no crime of the month has a weight."
    text = f"Harm was {formats.number(now['harm_days'])} days, {formats.number(now['harm_per_crime'], 1)} for each scored crime"
    if then["harm_per_crime"] is not None:
        text += f" ({formats.number(then['harm_per_crime'], 1)} in {formats.period(s.period.year_before())})"
    return f"{text}; {s.as_at.weight_edition}."


def _rates(s: Source) -> pd.DataFrame:
    frame = cost_by_provider(s.scope, s.filters)
    return frame[frame["cost_per_patrol_minute_gbp"].notna()].sort_values("cost_per_patrol_minute_gbp")


def _cost(s: Source) -> str:
    rates = _rates(s)
    if rates.empty:
        return (
            f"The cost of a minute in {formats.month(s.month)} cannot be given: it needs both spend and tracker data."
        )
    parts = [
        f"{formats.pounds(r, 2)} by {n}"
        for n, r in zip(rates["provider_name"], rates["cost_per_patrol_minute_gbp"], strict=True)
    ]
    alike = rates["estimated"].any() and len(parts) > 1
    apart = " Trackers differ too much for those to be compared; section H compares like for like." if alike else ""
    return f"A patrol-minute in the {s.area_word} cost {formats.joined(parts)}.{apart}"


def _lowest(rates: pd.DataFrame) -> str:
    return formats.pounds(float(rates["cost_per_patrol_minute_gbp"].iloc[0]), 2) if len(rates) else formats.UNAVAILABLE


def _rate_detail(rates: pd.DataFrame) -> str:
    if rates.empty:
        return "It needs both spend and tracker data."
    others = [
        f"{n} {formats.pounds(r, 2)}"
        for n, r in zip(rates["provider_name"][1:], rates["cost_per_patrol_minute_gbp"][1:], strict=True)
    ]
    return f"{rates['provider_name'].iloc[0]}" + (f"; {', '.join(others)}." if others else ".")


def _award_detail(award: float | None, spent: float | None, year: str) -> str:
    if spent is None:
        return f"No spend is loaded for {year} up to the end of the month."
    if award is None:
        return "No award is set for the year."
    share = formats.percent(spent / award) if spent is not None and award else formats.UNAVAILABLE
    return f"{share} of the award of {formats.pounds(award)}."

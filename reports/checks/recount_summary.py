"""The five sentences and five numbers, from the functions behind the Overview, Patrols and Costs pages."""

from __future__ import annotations

from data_access.delivery import Delivery, delivery_total
from data_access.finance import finance_sentence
from domain import formats
from reports.checks.looked import Looked
from reports.checks.printed import HEADLINES, SUMMARY, Place
from reports.checks.recount import Known, Recount, amount, change, money, over, share, written

TOTALS, DELIVERED, RATES = "trends.totals", "delivery.delivery_total", "costs.cost_by_provider"


def summary(look: Looked) -> dict[Place, Known]:
    r = Recount("", look.names)
    done = delivery_total(look.scope, look.filters) if look.is_tracked else None
    rates = look.rates[0]["cost_per_patrol_minute_gbp"]
    ranked = sorted(float(v) for v in rates[rates.notna()])
    _sentences(r, look, done, ranked)
    _headlines(r, look, done, ranked)
    return r.known


def _sentences(r: Recount, look: Looked, done: Delivery | None, rates: list[float]) -> None:
    now, then = look.totals[0], look.totals[1]
    minutes = [] if done is None else [written(done.patrol_minutes)]
    if done and done.planned_minutes:
        minutes += [share(done.delivered_share), share(over(done.abstracted_minutes, done.planned_minutes))]
    r.sentence(SUMMARY, 1, DELIVERED, minutes)
    crimes = [] if amount(now["crimes"]) is None else [written(now["crimes"]), *_then(now, then, "crimes", 0)]
    r.sentence(SUMMARY, 2, TOTALS, crimes)
    harm = []
    if amount(now["harm_days"]) is not None:
        harm = [written(now["harm_days"]), written(now["harm_per_crime"], 1), written(then["harm_per_crime"], 1)]
    r.sentence(SUMMARY, 3, TOTALS, harm)
    r.sentence(SUMMARY, 4, RATES, [money(v, 2) for v in rates])
    r.sentence(SUMMARY, 5, "finance.finance_sentence", text=finance_sentence(look.scope, look.code, look.month))


def _then(now: dict[str, float], then: dict[str, float], key: str, decimals: int) -> list[str]:
    if amount(now[key]) is None or amount(then[key]) is None:
        return []
    return [written(then[key], decimals), change(now[key], then[key])]


def _headlines(r: Recount, look: Looked, done: Delivery | None, rates: list[float]) -> None:
    now, then = look.totals[0], look.totals[1]
    beside = [written(done.patrol_minutes), written(done.planned_minutes)] if done and done.planned_minutes else []
    r.fact(HEADLINES, "Planned minutes delivered", share(done.delivered_share if done else None), DELIVERED, beside)
    for label, key, decimals in (
        ("Recorded crimes", "crimes", 0),
        ("Harm per scored crime (days)", "harm_per_crime", 1),
    ):
        r.fact(HEADLINES, label, written(now[key], decimals), TOTALS, _then(now, then, key, decimals))
    lowest = money(rates[0], 2) if rates else formats.UNAVAILABLE
    r.fact(HEADLINES, "Cost per patrol-minute, lowest", lowest, RATES, [money(v, 2) for v in rates[1:]])
    spent, award = look.finance[0].spend_to_date_gbp, look.finance[0].award_gbp
    of_award = [share(over(spent, award)), money(award)] if spent is not None and award is not None else []
    r.fact(HEADLINES, "Spent, year to date", money(spent), "costs.finance", of_award)

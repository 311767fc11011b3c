"""Is one provider's rate against another's fair? What is in nobody's rate, and how far trackers alone could move it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from analysis.dosage import shipped_bias
from data_access import counted, schema
from data_access.reading import opened, viewer_period
from domain.filters import Filters
from domain.roles import Permission
from domain.scope import Scope

_cost = schema.cost.c


@dataclass(frozen=True)
class TrackerError:
    """One provider's trackers and what they could do to its rate: shares of the rate beside the reference's.

    bias : of minutes by the default rules at its interval, (least, most) over the ways of patrolling.
    rate : (least, most), None of the reference itself and where either interval is not known.
    """

    provider: str
    provider_name: str
    interval_s: float
    bias: tuple[float, float]
    rate: tuple[float, float] | None


def shared_spend(scope: Scope, filters: Filters) -> dict[str, float]:
    """Spend of the period that is no provider's, by category: monthly spend split by the days, as rates are."""
    with opened(scope, filters.programme, Permission.VIEW_COSTS) as o:
        period = viewer_period(o, filters.period, False)
        months = period.months()
        rows = o.conn.execute(
            select(_cost.month, _cost.category, func.sum(_cost.amount_gbp))
            .where(
                _cost.programme_id == o.programme_id,
                _cost.flow == "spend",
                _cost.provider.is_(None),
                _cost.month.between(months[0], months[-1]),
            )
            .group_by(_cost.month, _cost.category)
        ).all()
    found: dict[str, float] = {}
    for month, category, amount in rows:
        found[str(category)] = found.get(str(category), 0.0) + float(amount) * period.share_of_month(month)
    return dict(sorted(found.items()))


def tracker_errors(scope: Scope, filters: Filters) -> list[TrackerError]:
    """By provider with trackers in the period, all hot spots; the reference is the programme's."""
    with opened(scope, filters.programme, Permission.VIEW_COSTS) as o:
        programme = o.programme
    known = counted.intervals(scope, filters)
    reference = known.get(programme.rate_reference_provider or "")
    found = []
    for code, interval_s in sorted(known.items()):
        compared = reference is not None and code != programme.rate_reference_provider
        rate = shipped_bias.rate_error(interval_s, reference) if compared and reference is not None else None
        bias = shipped_bias.spread(interval_s)
        found.append(TrackerError(code, programme.provider_name(code), interval_s, bias, rate))
    return found

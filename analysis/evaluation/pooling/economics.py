"""What one crime fewer cost, as far as the data can say: an interval whose upper end may not exist."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.evaluation.building import difference_record
from analysis.evaluation.record import Check, Refusal, ResultRecord, ThreeWays, hash_values, three_ways

NO_UPPER = "no upper limit: the interval includes no change, so there may be no gain at any price"
NO_GAIN = "no gain: the whole interval lies on the side of more"
FEWER, FEWER_INTERVAL = "fewer", "fewer, 95% interval"
SPENT = "spend"


@dataclass(frozen=True)
class Fewer:
    """Events fewer than expected, with interval; negative means more. ``unit``: "crime" or "harm day"."""

    estimate: float
    low: float
    high: float
    unit: str
    source: ResultRecord


def fewer_than_expected(record: ResultRecord, observed: float, unit: str = "crime") -> Fewer:
    """Events fewer than expected without the change, from a ratio or a difference.

    Ratio r: observed x (1 / r - 1), ends from the ends of r (:func:`analysis.evaluation.record.three_ways`). Difference d
    in events: -d.

    Parameters
    ----------
    record : ResultRecord
        On either scale.
    observed : float
        Events during the service, >= 0; not used for a difference.
    unit : str
        One event: "crime", "harm day".

    Examples
    --------
    >>> from analysis.evaluation.before_after.counts import TwoCounts, exact_conditional
    >>> found = fewer_than_expected(exact_conditional(TwoCounts(416, 252, 1, 1)), 252)
    >>> round(found.estimate), round(found.low), round(found.high)
    (164, 103, 236)
    """
    if record.scale == "ratio":
        ways: ThreeWays = three_ways(record, observed)
        return Fewer(ways.events_fewer, ways.events_fewer_low, ways.events_fewer_high, unit, record)
    return Fewer(-record.estimate, -record.ci_high, -record.ci_low, unit, record)


def cost_per_fewer(spend: float, fewer: Fewer, *, estimand: str = "") -> ResultRecord | Refusal:
    """Pounds spent for each event fewer than expected, with the interval of the change carried through.

    Cost = spend / fewer. As spend is known and fewer runs from low to high, cost runs from spend / high to spend / low;
    where low <= 0 < high the upper end is infinite (and no gain at all is among the values), where high <= 0 there is no
    cost per event fewer at all.

    Parameters
    ----------
    spend : float
        Pounds in the window of the effect, > 0.
    fewer : Fewer
        From :func:`fewer_than_expected`.
    estimand : str
        Words for the record.

    Returns
    -------
    ResultRecord or Refusal
        Scale "difference", unit "£ per crime fewer" (or harm day). ``se`` and ``p`` are None: the interval is that of the
        change turned over. Refusal when nothing was spent or the estimate itself is no fewer.

    Notes
    -----
    How it can mislead: the estimate is pulled to the low side when the change was lucky, and it is the cost of a crime
    fewer only if the service lay behind the change, which a before/after design cannot show. Nothing is said about
    what else the money would have bought, nor about ends other than crime.

    References
    ----------
    Fieller, E. C. (1954). Some problems in interval estimation. JRSS B 16, 175-185 (unbounded intervals of ratios).
    Johnson, S. D., Tilley, N. & Bowers, K. J. (2015). Introducing EMMIE. J Experimental Criminology 11, 459-473.

    Examples
    --------
    >>> from analysis.evaluation.before_after.counts import TwoCounts, exact_conditional
    >>> change = fewer_than_expected(exact_conditional(TwoCounts(416, 252, 1, 1)), 252)
    >>> found = cost_per_fewer(300_000, change)
    >>> round(found.estimate), round(found.ci_low), round(found.ci_high)
    (1829, 1269, 2916)
    """
    words = estimand or f"Spend per {fewer.unit} fewer than expected"
    if not (math.isfinite(spend) and spend > 0):
        return Refusal(words, "No spend is loaded for the service's window, so there is no cost to divide.")
    interval = _fewer_words(fewer.low, fewer.high)
    checks = (
        Check(FEWER, float(fewer.estimate) if math.isfinite(fewer.estimate) else "without limit", None,
              meaning=f"{fewer.unit.capitalize()}s fewer than expected; below 0 means more."),
        Check(FEWER_INTERVAL, interval, fewer.low > 0, needed="above 0",
              meaning="Where it includes 0, no gain at any price is among the values that fit."),
        Check(SPENT, float(spend), None, meaning="Pounds in the same window."),
    )  # fmt: skip
    if not math.isfinite(fewer.estimate):
        return Refusal(
            words,
            f"No {fewer.unit} was recorded during the service, so how many fewer it was cannot be told from a ratio.",
            checks,
        )
    if fewer.estimate <= 0:
        return Refusal(
            words,
            f"The estimate is no {fewer.unit} fewer (95% interval {interval}), so there is nothing to divide the spend by.",
            checks,
        )
    source = fewer.source
    return difference_record(
        difference=spend / fewer.estimate, se=0.0, df=None, method_key="cost-effectiveness",
        unit=f"£ per {fewer.unit} fewer", estimand=words,
        ci_low=spend / fewer.high if math.isfinite(fewer.high) else 0.0,
        ci_high=spend / fewer.low if fewer.low > 0 else math.inf,
        p=None, mde80=None, n_events=source.n_events, n_units=source.n_units, n_clusters=source.n_clusters,
        method=f"Spend over the change, its interval turned over; change by: {source.method}",
        maryland_level=source.maryland_level, data_hash=hash_values([source.data_hash], [spend]),
        calibrated_type1=source.calibrated_type1, calibrated_coverage=source.calibrated_coverage,
        assumptions=("the service lay behind the change that its spend is divided by", *source.assumptions),
        limits=("Spend is what providers charged; it leaves out what partners gave in kind.", *source.limits),
        checks=checks,
    )  # fmt: skip


def cost_interval_words(record: ResultRecord) -> str:
    """ "£1,280 to £2,900", "£1,280 to no upper limit": the interval as a reader should see it."""
    return f"{pounds(record.ci_low)} to {pounds(record.ci_high)}"


def pounds(value: float) -> str:
    """Three significant figures: more would claim a precision that no interval here has."""
    if math.isinf(value):
        return "no upper limit"
    kept = float(f"{value:.3g}")
    return f"£{kept:,.0f}" if kept >= 100 else f"£{kept:,.2f}"


def _fewer_words(low: float, high: float) -> str:
    """ "81 more to 851 fewer"; a minus sign before "fewer" would have to be read twice."""
    ends = [(abs(value), "fewer" if value > 0 else "more") for value in (low, high)]
    words = ["no upper limit" if math.isinf(size) else f"{size:,.0f}" for size, _ in ends]
    if ends[0][1] != ends[1][1]:
        return f"{words[0]} more to {words[1]} fewer"
    first, last = words if ends[0][1] == "fewer" else words[::-1]
    return f"{first} to {last} {ends[0][1]}"

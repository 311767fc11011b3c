"""Did the places move alike before the service? Slopes, and leads and lags by block of months."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.building import p_of, reach_of
from analysis.evaluation.comparators.panel import Flags, Floats, Panel, make_panel
from analysis.evaluation.distributions import f_above
from analysis.evaluation.record import Check, Refusal
from domain import formats

PRE_TREND = "difference of trend before the service (log ratio a year)"
MIN_TREND_MONTHS = 12
ESTIMAND = "Relative level by block of months, against the block before the service"


@dataclass(frozen=True)
class Trend:
    """Slope of the treated place less the comparators' mean, a year, with t(J - 1) interval; and against each comparator."""

    gap: float
    se: float
    low: float
    high: float
    p: float
    gaps: Floats  # (J,) the treated place's slope less each comparator's


@dataclass(frozen=True)
class EventStudy:
    """``table``: block, first, last, ratio, low, high, lead (bool), base (bool); the joint test of the leads.

    ``joint_p`` is None, and ``why_not`` says why, where there are too few comparators for the number of leads.
    """

    table: pd.DataFrame
    joint_f: float | None
    joint_df: tuple[int, int] | None
    joint_p: float | None
    why_not: str = ""


def log_rates(panel: Panel) -> Floats:
    """(P, T) log of (count + 0.5) / exposure; NaN where not known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(
            panel.known, np.log((panel.counts + 0.5) / np.where(panel.known, panel.exposure, 1)), np.nan
        )
    return found


def pre_trend(panel: Panel, *, ratio: bool = True) -> Trend | None:
    """Slope before the service, the treated place against the comparators; None with under 12 months or 2 comparators.

    Each comparator's slope is that of its difference from the treated place over the months both have, so a season that
    they share drops out. SE^2 = s^2 (1 + 1/J) plus what the treated place's own scatter adds.
    """
    own = panel.pre & panel.known[0]
    if own.sum() < MIN_TREND_MONTHS or panel.comparators < 2:
        return None
    y = (
        log_rates(panel)
        if ratio
        else np.where(panel.known, panel.counts / np.where(panel.known, panel.exposure, 1), np.nan)
    )
    time = np.arange(len(panel.months)) / _periods_a_year(panel)
    lines = [_slope(time, y[i], panel.pre & panel.known[i]) for i in range(len(panel.places))]
    if any(not math.isfinite(slope) for slope, _ in lines):
        return None
    noise = np.array([v for _, v in lines])
    gaps = np.array(
        [_slope(time, y[0] - y[i], panel.pre & panel.known[0] & panel.known[i])[0] for i in range(1, len(panel.places))]
    )
    j = panel.comparators
    extra = max(0.0, float(noise[0] - noise[1:].mean()))
    se = math.sqrt(float(np.var(gaps, ddof=1)) * (1 + 1 / j) + extra)
    gap, reach = float(np.mean(gaps)), reach_of(se, j - 1)
    return Trend(gap, se, gap - reach, gap + reach, p_of(gap, se, j - 1), gaps)


def _periods_a_year(panel: Panel) -> int:
    """12 where periods are named as months (YYYY-MM), else each is taken for a year."""
    return 12 if re.fullmatch(r"\d{4}-\d{2}", str(panel.months[0])) else 1


def _slope(time: Floats, y: Floats, used: Flags) -> tuple[float, float]:
    """Least-squares slope and its variance."""
    if used.sum() < 3:
        return math.nan, math.nan
    t, v = time[used] - time[used].mean(), y[used] - y[used].mean()
    slope = float(t @ v / (t @ t))
    residual = v - slope * t
    return slope, float(residual @ residual / (len(t) - 2) / (t @ t))


def pre_trend_check(panel: Panel, *, ratio: bool = True) -> tuple[Check, ...]:
    """The check beside an estimate; empty where no trend can be told."""
    found = pre_trend(panel, ratio=ratio)
    if found is None:
        return ()
    return (
        Check(
            PRE_TREND if ratio else "difference of trend before the service (a year)", found.gap, found.p >= 0.05,
            needed="an interval that holds 0",
            meaning=f"95% interval {formats.number(found.low, 3)} to {formats.number(found.high, 3)}. Not passing says that "
            "the places were drifting apart already; passing is no proof that they were not.",
        ),
    )  # fmt: skip


def event_study(
    series: pd.DataFrame,
    treated: str,
    first_month: Any,
    *,
    block: int = 6,
    leads: int = 4,
    last_before: Any = None,
    last_month: Any = None,
    comparators: tuple[str, ...] | None = None,
) -> EventStudy | Refusal:
    """Leads and lags: the treated place relative to the comparators in blocks of months, before and after the start.

    For block k, d_k = log(rate_k / rate_base) of the treated place - mean_j of the same, base being the last block before
    the service. With S the covariance of the comparators' own d and N the treated place's extra noise,
    V = S (1 + 1/J) + N. Joint test of the L leads: F = d' V^-1 d (J - L) / (L (J - 1)) against F(L, J - L) (Hotelling).

    Parameters
    ----------
    series, treated, first_month, last_before, last_month, comparators
        As in :func:`analysis.evaluation.comparators.did.did`.
    block : int
        Months in a block.
    leads : int
        Blocks before the base block, at most.

    Returns
    -------
    EventStudy or Refusal

    Notes
    -----
    How it can mislead: leads near 1 do not prove that the places would have moved alike later, and with few comparators
    the joint test has little power; leads and lags all lean on the same base block, so an unusual base moves them all.

    References
    ----------
    Freyaldenhoven, S., Hansen, C. & Shapiro, J. M. (2019). American Economic Review 109(9), 3307-3338.
    Roth, J. (2022). American Economic Review: Insights 4(3), 305-322.

    Examples
    --------
    >>> from analysis.evaluation.comparators.example import example_series
    >>> found = event_study(example_series(9, ratio=0.7), "ours", "2023-01", block=6)
    >>> int(found.table["lead"].sum()), int((~found.table["lead"] & ~found.table["base"]).sum())
    (4, 2)
    """
    panel = make_panel(
        series, treated, first_month, baseline_months=None, last_before=last_before, last_month=last_month,
        comparators=comparators, estimand=ESTIMAND,
    )  # fmt: skip
    if isinstance(panel, Refusal):
        return panel
    panel = panel.complete()
    blocks = _blocks(panel, block, leads)
    if sum(last for *_, last in blocks) < 1 or len(blocks) < 2:
        return Refusal(ESTIMAND, f"There are not {block} months before the service that every place has.")
    return _study(panel, blocks)


def _blocks(panel: Panel, block: int, leads: int) -> list[tuple[int, Any, bool]]:
    """(number from the service: -1 the base, 0 the first during; columns; whether it is the base), oldest first."""
    pre, during = np.flatnonzero(panel.pre), np.flatnonzero(panel.during)
    found: list[tuple[int, Any, bool]] = []
    for back in range(1, min(leads + 1, len(pre) // block) + 1):
        stop = len(pre) - (back - 1) * block
        found.insert(0, (-back, pre[stop - block : stop], back == 1))
    for number, start in enumerate(range(0, len(during), block)):
        found.append((number, during[start : start + block], False))
    return found


def _study(panel: Panel, blocks: list[tuple[int, Any, bool]]) -> EventStudy:
    j = panel.comparators
    totals = np.stack([panel.counts[:, columns].sum(axis=1) for _, columns, _ in blocks], axis=1)
    exposed = np.stack([panel.exposure[:, columns].sum(axis=1) for _, columns, _ in blocks], axis=1)
    totals = totals + np.where((totals == 0).any(axis=1, keepdims=True), 0.5, 0.0)
    base = next(i for i, (*_, is_base) in enumerate(blocks) if is_base)
    others = [i for i in range(len(blocks)) if i != base]
    level = np.log(totals / exposed)
    change = level[:, others] - level[:, [base]]  # (P, K)
    noise = panel.phi()[:, None] / totals
    extra = np.maximum(noise[0] - noise[1:].mean(axis=0), 0.0)
    gap = change[0] - change[1:].mean(axis=0)
    if j < 2:
        covariance = np.full((len(others), len(others)), np.nan)
    else:
        covariance = np.atleast_2d(np.cov(change[1:].T, ddof=1)) * (1 + 1 / j) + np.diag(extra[others]) + extra[base]
    table = _event_table(panel, blocks, base, gap, covariance, j)
    lead = [k for k, i in enumerate(others) if i < base]
    return EventStudy(table, *_joint(gap[lead], covariance[np.ix_(lead, lead)], j))


def _event_table(
    panel: Panel, blocks: list[tuple[int, Any, bool]], base: int, gap: Floats, covariance: Floats, j: int
) -> pd.DataFrame:
    rows, k = [], 0
    for i, (number, columns, is_base) in enumerate(blocks):
        row = {
            "block": number, "first": panel.months[columns[0]], "last": panel.months[columns[-1]],
            "months": len(columns), "ratio": 1.0, "low": math.nan, "high": math.nan, "lead": i < base, "base": is_base,
        }  # fmt: skip
        if not is_base:
            variance = float(covariance[k, k])
            reach = reach_of(math.sqrt(variance), j - 1) if math.isfinite(variance) else math.nan
            row |= {
                "ratio": math.exp(gap[k]),
                "low": math.exp(gap[k] - reach),
                "high": math.exp(min(700, gap[k] + reach)),
            }
            k += 1
        rows.append(row)
    return pd.DataFrame(rows)


def _joint(gap: Floats, covariance: Floats, j: int) -> tuple[float | None, tuple[int, int] | None, float | None, str]:
    count = len(gap)
    if count == 0:
        return None, None, None, "There is no block before the base block to test."
    if j <= count + 1:
        why = f"A joint test of {count} leads needs at least {count + 2} comparators; there are {j}."
        return None, None, None, why
    if np.linalg.cond(covariance) > 1e12:
        return None, None, None, "The comparators' changes cannot be told apart, so the leads have no joint test."
    t2 = float(gap @ np.linalg.solve(covariance, gap))
    f = t2 * (j - count) / (count * (j - 1))
    return f, (count, j - count), float(f_above(f, count, j - count)), ""

"""The same estimate over every acceptable set of comparators and baseline, and without each comparator in turn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.building import p_of, reach_of
from analysis.evaluation.comparators.changes import Changes, changes_of
from analysis.evaluation.comparators.panel import BASELINE_MONTHS, Panel, make_panel
from analysis.evaluation.comparators.trend import pre_trend
from analysis.evaluation.record import Refusal

ESTIMAND = "Ratio over every acceptable set of comparators"
LEVELS: tuple[float | None, ...] = (None, 4.0, 2.0)  # level at most this many times the treated place's, or its inverse
TRENDS: tuple[float | None, ...] = (None, 0.10, 0.05)  # log ratio a year by which the trend before may differ
BASELINES = (12, 24, 36)
MIN_SET = 3


@dataclass(frozen=True)
class Rule:
    """Which comparators are alike enough: None is no limit."""

    level: float | None = None
    trend: float | None = None

    def words(self) -> str:
        level = "any level" if self.level is None else f"level within {self.level:g} times ours"
        trend = "any trend" if self.trend is None else f"trend before within {self.trend:.0%} a year of ours"
        return f"{level}, {trend}"


def multiverse(
    series: pd.DataFrame,
    treated: str,
    first_month: Any,
    *,
    baselines: tuple[int, ...] = BASELINES,
    baseline_months: int = BASELINE_MONTHS,
    last_before: Any = None,
    last_month: Any = None,
    comparators: tuple[str, ...] | None = None,
) -> pd.DataFrame | Refusal:
    """Difference in differences for every set of comparators that a stated rule accepts, crossed with baseline lengths.

    Rules: mean monthly level before within 4 or 2 times the treated place's (or no limit), crossed with a trend before
    that differs by at most 10% or 5% a year (or no limit), crossed with a baseline of 12, 24 or 36 months. Rules that
    accept the same places are one row. The pre-registered row is the whole list with the pre-registered baseline.

    Parameters
    ----------
    series, treated, first_month, last_before, last_month, comparators
        As in :func:`analysis.evaluation.comparators.did.did`.
    baselines : tuple of int
        Months; lengths that the data do not reach are left out.
    baseline_months : int
        The pre-registered length.

    Returns
    -------
    DataFrame or Refusal
        ``rule``, ``baseline_months``, ``comparators`` (number), ``places`` (text), ``ratio``, ``low``, ``high``, ``p``,
        ``preregistered``; smallest ratio first. Sets under 3 comparators are left out.

    Notes
    -----
    How it can mislead: the rows share data and are no independent tests, so counting how many leave out 1 is no
    significance test. It shows how far the choice of comparators moves the answer.

    References
    ----------
    Steegen, S., Tuerlinckx, F., Gelman, A. & Vanpaemel, W. (2016). Perspectives on Psychological Science 11, 702-712.

    Examples
    --------
    >>> from analysis.evaluation.comparators.example import example_series
    >>> found = multiverse(example_series(9, ratio=0.7), "ours", "2023-01")
    >>> int(found["preregistered"].sum())
    1
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    refused: Refusal | None = None
    for length in dict.fromkeys((baseline_months, *baselines)):
        panel = make_panel(
            series, treated, first_month, baseline_months=length, last_before=last_before, last_month=last_month,
            comparators=comparators, estimand=ESTIMAND,
        )  # fmt: skip
        if isinstance(panel, Refusal):
            refused = panel
            continue
        if panel.before.sum() < length and length != baseline_months:
            continue
        found = changes_of(panel)
        for rule, kept in _sets(panel):
            registered = rule == Rule() and length == baseline_months
            if len(kept) < MIN_SET and not (registered and len(kept) >= 2):
                continue
            key = (length, *kept)
            if key not in rows:
                row = _row(panel, found, kept)
                rows[key] = {
                    "rule": rule.words(),
                    "baseline_months": int(panel.before.sum()),
                    **row,
                    "preregistered": registered,
                }
    if not rows:
        return refused or Refusal(ESTIMAND, f"No rule accepts {MIN_SET} comparators or more.")
    return pd.DataFrame(list(rows.values())).sort_values(["ratio", "rule"], ignore_index=True)


def _sets(panel: Panel) -> list[tuple[Rule, list[int]]]:
    with np.errstate(invalid="ignore"):
        rate = np.nansum(np.where(panel.before, panel.counts, 0.0), axis=1) / panel.exposure[:, panel.before].sum(
            axis=1
        )
    trend = pre_trend(panel)
    found = []
    for level, gap in product(LEVELS, TRENDS):
        if gap is not None and trend is None:
            continue
        kept = [
            i
            for i in range(1, len(panel.places))
            if (level is None or (rate[0] > 0 and 1 / level <= rate[i] / rate[0] <= level))
            and (gap is None or trend is None or abs(trend.gaps[i - 1]) <= gap)
        ]
        found.append((Rule(level, gap), kept))
    return found


def _row(panel: Panel, found: Changes, kept: list[int]) -> dict[str, Any]:
    """The estimate of ``did`` for some comparators (rows of the panel), from changes that are worked out once."""
    some = found.of([i - 1 for i in kept])
    estimate, spread, df = float(some.gaps.mean()), some.spread or 0.0, len(kept) - 1
    se = some.se(spread)
    reach = reach_of(se, df)
    return {
        "comparators": len(kept),
        "places": ", ".join(panel.places[i] for i in kept),
        "ratio": math.exp(estimate),
        "low": math.exp(estimate - reach),
        "high": math.exp(min(700.0, estimate + reach)),
        "p": p_of(estimate, se, df),
    }


def leave_one_out(
    series: pd.DataFrame,
    treated: str,
    first_month: Any,
    *,
    baseline_months: int | None = BASELINE_MONTHS,
    last_before: Any = None,
    last_month: Any = None,
    comparators: tuple[str, ...] | None = None,
) -> pd.DataFrame | Refusal:
    """Difference in differences without each comparator in turn.

    Parameters
    ----------
    series, treated, first_month, baseline_months, last_before, last_month, comparators
        As in :func:`analysis.evaluation.comparators.did.did`.

    Returns
    -------
    DataFrame or Refusal
        ``left_out``, ``ratio``, ``low``, ``high``, ``p``; Refusal below 3 comparators.
    """
    panel = make_panel(
        series, treated, first_month, baseline_months=baseline_months, last_before=last_before, last_month=last_month,
        comparators=comparators, estimand=ESTIMAND,
    )  # fmt: skip
    if isinstance(panel, Refusal):
        return panel
    if panel.comparators < 3:
        return Refusal(ESTIMAND, "Leaving one out needs 3 comparators or more.")
    found, rows = changes_of(panel), []
    for out in range(1, len(panel.places)):
        row = _row(panel, found, [i for i in range(1, len(panel.places)) if i != out])
        rows.append({"left_out": panel.places[out], **{k: row[k] for k in ("ratio", "low", "high", "p")}})
    return pd.DataFrame(rows)

"""What is taken out of a before/after ratio because the places were chosen for the crime they had."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.evaluation.before_after.drift import MIN_YEARS, YearCount
from analysis.evaluation.before_after.rtm import regression_of, spells_of
from analysis.evaluation.record import Check
from domain import formats
from domain.periods import month_period

RTM = "regression to the mean"
_NEEDED = "candidate places loaded, or places chosen on other months"
_MEANING = "Places chosen because crime was high tend to fall by themselves."
NOT_ADJUSTED = (
    "Not adjusted for regression to the mean: places chosen because crime was high tend to fall by themselves."
)


@dataclass(frozen=True)
class Adjustment:
    """``log_ratio`` = log(expected / recorded before), 0 where nothing is adjusted; ``totals`` of all candidates a spell."""

    done: bool
    log_ratio: float = 0.0
    se: float = 0.0
    totals: tuple[int, ...] = ()
    assumptions: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    def years_for(self, earlier: Sequence[YearCount]) -> tuple[list[YearCount], str]:
        """Years that show ordinary drift, and words for where they come from.

        The chosen places' own last year is high because they were chosen for it, which would pass for drift: all
        candidates together show it without that, and with less counting noise.
        """
        if not self.done:
            return list(earlier), ""
        if len(self.totals) >= MIN_YEARS:
            return [YearCount(total, 1.0) for total in self.totals], " (all candidate places together)"
        if not earlier:
            return [], ""
        last = earlier[-1]
        expected = YearCount(max(0, round(last.events * math.exp(self.log_ratio))), last.exposure)
        return [*earlier[:-1], expected], ""


def adjustment(cells: pd.DataFrame, candidates: pd.DataFrame | None, selection: tuple[str, str] | None) -> Adjustment:
    """The adjustment that the data allow, and what is to be said about it either way.

    Given everything the candidates recorded up to the end of the "before" window, the expectation of the chosen places
    is the same whichever of those counts they were chosen on, so the spells are those of the "before" window.
    """
    first, last = span_of(cells)
    if selection and (selection[1] < first or selection[0] > last):
        words = f"places were chosen on {_months(selection)}, outside the “before” window"
        return Adjustment(False, checks=(Check(RTM, words, True, needed=_NEEDED, meaning=_MEANING),))
    if candidates is None or candidates.empty:
        why = "no candidate places are given to this estimate"
        return Adjustment(False, limits=(NOT_ADJUSTED,), checks=(_failed(why),))
    spells = spells_of(candidates, list(cells["hot_spot"].unique()), (first, last))
    if isinstance(spells, str):
        return Adjustment(False, limits=(f"{NOT_ADJUSTED} {spells}",), checks=(_failed(spells),))
    if spells.counts[spells.chosen, -1].sum() == 0:
        return Adjustment(False, limits=(NOT_ADJUSTED,), checks=(_failed("the chosen places have no crime"),))
    found, number = regression_of(spells), spells.counts.shape[1]
    change = math.expm1(found.log_ratio)
    words = (
        f"adjusted: by choosing alone {formats.percent(abs(change))} {'lower' if change < 0 else 'higher'} was to be expected "
        f"({len(spells.places)} candidate places, {number} {'spell' if number == 1 else 'spells'})"
    )
    limits = () if number > 1 else (
        "Regression to the mean is adjusted for counting noise only: the candidate places have no earlier months.",
    )  # fmt: skip
    return Adjustment(
        True, found.log_ratio, found.se, tuple(int(total) for total in spells.counts.sum(axis=0)),
        ("apart from their recorded crime the chosen places are like the other candidates",), limits,
        (Check(RTM, words, True, needed=_NEEDED, meaning=_MEANING),),
    )  # fmt: skip


def span_of(cells: pd.DataFrame) -> tuple[str, str]:
    """First and last month of which the "before" window holds at least half; all its months where there is none."""
    before = cells.loc[cells["window"] == "before", ["month", "exposure_days"]].drop_duplicates("month")
    half = before["month"].map(lambda month: month_period(month).days / 2)
    kept = before.loc[before["exposure_days"] >= half, "month"]
    months = kept if len(kept) else before["month"]
    return str(months.min()), str(months.max())


def _failed(why: str) -> Check:
    return Check(RTM, f"not adjusted: {why}".rstrip("."), False, needed=_NEEDED, meaning=_MEANING)


def _months(span: tuple[str, str]) -> str:
    return formats.month(span[0]) if span[0] == span[1] else f"{formats.month(span[0])} to {formats.month(span[1])}"

"""The before/after estimate of a programme: one function, so that page, PDF and bundle cannot differ."""

from __future__ import annotations

import pandas as pd

from analysis.evaluation.before_after.counts import TwoCounts
from analysis.evaluation.before_after.drift import YearCount
from analysis.evaluation.before_after.ratio import ESTIMAND, before_after_ratio
from analysis.evaluation.inputs import WINDOWS, Inputs
from analysis.evaluation.record import Refusal, ResultRecord
from domain import formats
from domain.periods import Period

MAX_EARLIER_YEARS = 10
NO_CELLS = "No crimes are loaded for the “before” and “during” windows."


def headline(inputs: Inputs, *, adjusted: bool = True) -> ResultRecord | Refusal:
    """The default estimate of the programme; ``adjusted`` False leaves regression to the mean in."""
    reason = why_not(inputs)
    if reason:
        return Refusal(ESTIMAND, reason)
    return before_after_ratio(
        inputs.cells,
        earlier_years(inputs),
        candidates_of(inputs) if adjusted else None,
        selection=selection_months(inputs),
    )


def why_not(inputs: Inputs) -> str:
    """Why the windows cannot be compared; "" when they can. A window with a month missing is no window."""
    if inputs.cells.empty:
        return inputs.why_empty("cells", NO_CELLS)
    for name, period in zip(WINDOWS, (inputs.before, inputs.during), strict=True):
        part = inputs.cells[inputs.cells["window"] == name].dropna(subset=["crimes"])
        spots = part.groupby("month")["hot_spot"].nunique()
        full = set(spots[spots == inputs.cells["hot_spot"].nunique()].index)
        gone = [month for month in (period.months() if period else []) if month not in full]
        if gone:
            months = formats.joined([formats.month(month) for month in gone])
            return f"No crimes are loaded for {months}, part of the “{name}” window."
    return ""


def candidates_of(inputs: Inputs) -> pd.DataFrame | None:
    """Every place that could have been chosen, the hot spots among them; None where none is loaded."""
    found = inputs.places[inputs.places["role"] == "candidate"][["place", "month", "crimes"]]
    if found.empty:
        return None
    own = inputs.months.rename(columns={"hot_spot": "place"})[["place", "month", "crimes"]]
    return pd.concat([found, own[~own["place"].isin(set(found["place"]))]], ignore_index=True)


def selection_months(inputs: Inputs) -> tuple[str, str] | None:
    return None if inputs.selection is None else (inputs.selection.months()[0], inputs.selection.months()[-1])


def totals(inputs: Inputs) -> TwoCounts | None:
    """Recorded crimes and hot spot-days of the two windows; None where there are no windows."""
    if why_not(inputs):
        return None
    sums = inputs.cells.groupby("window")[["crimes", "exposure_days"]].sum()
    crimes, days = sums["crimes"].astype(int), sums["exposure_days"].astype(float)
    return TwoCounts(int(crimes["before"]), int(crimes["during"]), float(days["before"]), float(days["during"]))


def earlier_years(inputs: Inputs) -> list[YearCount]:
    """The "before" window and the same days of earlier years as far back as whole months are loaded; oldest first.

    Crimes of a month at the edge of a window count by its share of days, because only whole months are loaded.
    """
    counts = totals(inputs)
    if counts is None or inputs.before is None or inputs.months.empty:
        return []
    spots = inputs.cells["hot_spot"].nunique()
    own = inputs.months[inputs.months["hot_spot"].isin(set(inputs.cells["hot_spot"]))]
    per_month = own.dropna(subset=["crimes"]).groupby("month")["hot_spot"].nunique()
    crimes = own.groupby("month")["crimes"].sum()[per_month[per_month == spots].index]
    found = [YearCount(counts.before, counts.exposure_before)]
    period = inputs.before.year_before()
    while len(found) < MAX_EARLIER_YEARS and set(period.months()) <= set(crimes.index):
        found.append(_year(crimes, period, spots))
        period = period.year_before()
    return found[::-1]


def _year(crimes: pd.Series, period: Period, spots: int) -> YearCount:
    events = sum(float(crimes[month]) * period.share_of_month(month) for month in period.months())
    return YearCount(round(events), float(period.days * spots))

"""The before/after estimate of a programme: one function, so that page, PDF and bundle cannot differ."""

from __future__ import annotations

import pandas as pd

from analysis.evaluation.before_after.counts import TwoCounts
from analysis.evaluation.before_after.drift import PRIOR_SCALE, YearCount
from analysis.evaluation.before_after.ratio import ESTIMAND, before_after_ratio
from analysis.evaluation.inputs import WINDOWS, Inputs
from analysis.evaluation.record import Refusal, ResultRecord
from domain import formats

NO_CELLS = "No crimes are loaded for the “before” and “during” windows."


def headline(inputs: Inputs, *, adjusted: bool = True, prior_scale: float = PRIOR_SCALE) -> ResultRecord | Refusal:
    """The default estimate of the programme; ``adjusted`` False leaves regression to the mean in."""
    reason = why_not(inputs)
    if reason:
        return Refusal(ESTIMAND, reason)
    return before_after_ratio(
        inputs.cells,
        earlier_years(inputs),
        candidates_of(inputs) if adjusted else None,
        selection=selection_months(inputs),
        prior_scale=prior_scale,
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
    """The "before" window and the same days of earlier years as far back as they are loaded; oldest first."""
    if totals(inputs) is None:
        return []
    rows = zip(inputs.years["crimes"], inputs.years["exposure_days"], strict=True)
    return [YearCount(int(crimes), float(days)) for crimes, days in rows]

"""The curves of a programme: before and after, and comparators, over windows, baselines and estimators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.evaluation.before_after.counts import TwoCounts, exact_conditional
from analysis.evaluation.before_after.headline import candidates_of, earlier_years, selection_months, why_not
from analysis.evaluation.before_after.ratio import before_after_ratio
from analysis.evaluation.comparators.did import did
from analysis.evaluation.comparators.rate_ratios import rirr_phi
from analysis.evaluation.comparators.section import setting
from analysis.evaluation.comparators.synthetic import sdid
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.pooling.specification import CHANCE, COLUMNS, specification_curve
from analysis.evaluation.record import Refusal, ResultRecord
from domain.periods import month_of, month_period

BEFORE_AFTER, COMPARED = "before and after", "comparators"
WINDOWS = ("the windows of the plan", "whole months in both", "no day of service before")
YEARS = ("drift from earlier years", "drift assumed")
UNADJUSTED = "none"
ADJUSTED = ("choosing by past crime, and season", "season where it can be")
ESTIMATORS: dict[str, Callable[..., ResultRecord | Refusal]] = {
    "difference in differences": did,
    "synthetic differences": sdid,
    "ratio of rate ratios": rirr_phi,
}
BASELINES = ("24 months", "12 months", "36 months")
PLACES = ("all comparators", "without the largest fall", "without the largest rise")


def before_after_curve(inputs: Inputs) -> pd.DataFrame:
    """Window x adjustment for how the places were chosen x source of drift, and chance alone beside them."""
    if why_not(inputs):
        return pd.DataFrame(columns=list(COLUMNS))
    years, candidates = earlier_years(inputs), candidates_of(inputs)
    adjustments = ADJUSTED if candidates is not None else ADJUSTED[1:]

    def estimate(chosen: Any) -> ResultRecord | Refusal:
        cells = _windowed(inputs, chosen["days"])
        used = years if chosen["error"] == YEARS[0] else ()
        spells = candidates if chosen["adjusted"] == ADJUSTED[0] else None
        return before_after_ratio(cells, used, spells, selection=selection_months(inputs))

    registered = {"days": WINDOWS[0], "adjusted": adjustments[0], "error": YEARS[0]}
    curve = specification_curve({"days": WINDOWS, "adjusted": adjustments, "error": YEARS}, estimate, registered)
    # Where candidates show the drift there is none to assume: the two would be one analysis counted twice.
    curve = curve[~((curve["adjusted"] == ADJUSTED[0]) & (curve["error"] == YEARS[1]))]
    chance = specification_curve(
        {"days": WINDOWS, "adjusted": (UNADJUSTED,), "error": (CHANCE,)},
        lambda chosen: _exact(_windowed(inputs, chosen["days"])), registered,
    )  # fmt: skip
    both = pd.concat([curve, chance], ignore_index=True).sort_values("ratio", kind="stable", ignore_index=True)
    return both.assign(question=BEFORE_AFTER, outcome="recorded crime", compared="same hot spots")[list(COLUMNS)]


def _windowed(inputs: Inputs, which: str) -> pd.DataFrame:
    cells = inputs.cells
    if which == WINDOWS[1]:
        whole = cells["exposure_days"] >= cells["month"].map(lambda m: float(month_period(m).days))
        calendar = {
            w: set(cells.loc[whole & (cells["window"] == w), "month"].str[-2:]) for w in ("before", "during")
        }  # fmt: skip
        return cells[whole & cells["month"].str[-2:].isin(calendar["before"] & calendar["during"])]
    if which == WINDOWS[2] and inputs.live_from is not None:
        return cells[(cells["window"] == "during") | (cells["month"] < month_of(inputs.live_from))]
    return cells


def _exact(cells: pd.DataFrame) -> ResultRecord | Refusal:
    sums = cells.groupby("window")[["crimes", "exposure_days"]].sum().reindex(["before", "during"]).fillna(0.0)
    if (sums["exposure_days"] <= 0).any():
        return Refusal("", "One of the windows holds no month of this choice.")
    (b, t0), (d, t1) = sums.to_numpy(float)
    return exact_conditional(TwoCounts(round(b), round(d), t0, t1))


def comparators_curve(inputs: Inputs) -> pd.DataFrame:
    """Estimator x baseline x comparators, over the months of the comparators' page."""
    found = setting(inputs, {})
    if isinstance(found, str):
        return pd.DataFrame(columns=list(COLUMNS))
    series, given = found
    sets = _sets(series, given)

    def estimate(chosen: Any) -> ResultRecord | Refusal:
        names = sets.get(chosen["compared"])
        if not names:
            return Refusal("", "Too few comparators to leave one out.")
        used = {**given, "comparators": names, "baseline_months": int(chosen["days"].split()[0])}
        return _compared(series, inputs.area_name, chosen["error"], used)

    registered = {"days": BASELINES[0], "compared": PLACES[0], "error": next(iter(ESTIMATORS))}
    options = {"days": BASELINES, "compared": PLACES, "error": tuple(ESTIMATORS)}
    curve = specification_curve(options, estimate, registered)
    return curve.assign(question=COMPARED, outcome="recorded crime", adjusted="none")[list(COLUMNS)]


def _compared(series: pd.DataFrame, treated: str, name: str, used: dict[str, Any]) -> ResultRecord | Refusal:
    options = dict(used)
    first, baseline = options.pop("first_month"), options["baseline_months"]
    if ESTIMATORS[name] is not sdid:
        return ESTIMATORS[name](series, treated, first, **options)
    # A synthetic comparison weighs every month before that it is given.
    del options["baseline_months"]
    before = sorted(month for month in series["month"].unique() if month <= options["last_before"])
    if not before:
        return Refusal("", "No month before the service is loaded.")
    return sdid(series[series["month"] >= before[-baseline:][0]], treated, first, **options)


def _sets(series: pd.DataFrame, given: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """All comparators, and all but the one that fell or rose most."""
    names = tuple(given["comparators"])
    others = series[series["place"].isin(names)]
    inside = others["month"].between(given["first_month"], given["last_month"])
    during = others[inside].groupby("place")["crimes"].mean()
    before = others[others["month"] <= given["last_before"]].groupby("place")["crimes"].mean()
    change = (during / before).dropna().sort_values(kind="stable")
    if len(names) < 4 or len(change) < 2:
        return {PLACES[0]: names}
    ends = (str(change.index[0]), str(change.index[-1]))
    return {PLACES[0]: names} | {
        words: tuple(name for name in names if name != end) for words, end in zip(PLACES[1:], ends, strict=True)
    }

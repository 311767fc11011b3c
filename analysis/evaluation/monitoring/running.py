"""The running WDD inside its bounds: looked at every month, crying wolf no more often than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.evaluation.building import difference_record
from analysis.evaluation.displacement.wdd import ASSUMPTIONS, PHI, running_wdd
from analysis.evaluation.monitoring.spending import FARTHEST, Spending, spending_bounds
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values, mde80

ESTIMAND = "Crimes in the hot spots so far, change less the control's"
SPENT, SEEN, LOOKS = "error spent so far", "share of the planned information seen", "looks so far, of those planned"
CROSSED = "bound crossed at this look"
COLUMNS = ("look", "estimate", "se", "z", "time", "bound", "low", "high", "crossed")
Counts = Sequence[float]
Parts = Sequence[Counts]
LIMITS = (
    "The control is brought to the size of the hot spots by its count before, taken as known.",
    "Chance is what these months scatter and drift by; places that drift apart more slowly than that look like a change.",
)


@dataclass(frozen=True)
class RunningWdd:
    """``looks``: a row each with COLUMNS (interval = estimate -/+ bound x SE); ``latest`` the record of the last one."""

    looks: pd.DataFrame
    latest: ResultRecord


def running_in_bounds(
    treated_before: Counts,
    treated_during: Counts,
    control_before: Counts,
    control_during: Counts,
    *,
    planned: int,
    control_area: float = 1.0,
    phi: float = 1.0,
    df: float | None = None,
    alpha: float = 0.05,
    kind: Spending = "obrien-fleming",
) -> RunningWdd | Refusal:
    """WDD after each month so far, with bounds that hold the error of all looks together at ``alpha``.

    After m months theta = WDD / m is crimes a month fewer; its information is 1 / Var(theta), and the information time of
    a look is its share of that at the last planned look. Looks share their "before", so Cov(theta_j, theta_k) =
    Var(theta_k) for j < k, which is what alpha spending needs. Interval of a look: WDD -/+ bound x SE.

    Parameters
    ----------
    treated_before, control_before : (n,) sequences of float
        Counts a month before, oldest first, in the hot spots and in the control.
    treated_during, control_during : (m,) sequences of float
        Counts a month since the start; none may be missing.
    planned : int
        Months at which the last look was planned; more than ``m`` while the service runs.
    control_area : float
        Size of the control in treated areas (its count before over theirs).
    phi, df : float
        Overdispersion, >= 1, and the degrees of freedom it was estimated with (None: taken as known). A bound is then
        the t quantile with the same tail as its normal one.
    alpha, kind
        Total error, two-sided, and the spending function (:func:`~analysis.evaluation.monitoring.spending.spent_by`).

    Returns
    -------
    RunningWdd or Refusal
        Scale "difference": below 0 means fewer crimes so far than the control leads to expect.

    Notes
    -----
    How it can mislead: the last planned look must have been set before the data were seen. Looks past it spend nothing,
    and are not shown. A control that drifts apart from the hot spots looks like an effect. With one look the bound is
    the ordinary 1.96.

    References
    ----------
    Wheeler, A. P. & Ratcliffe, J. H. (2018). Crime Science 7, 11. Lan, K. K. G. & DeMets, D. L. (1983). Biometrika 70.
    Jennison, C. & Turnbull, B. W. (1989). Interim analyses: the repeated confidence interval approach. JRSS B 51, 305-361.

    Examples
    --------
    >>> found = running_in_bounds([30] * 12, [20] * 6, [60] * 12, [60] * 6, planned=12, control_area=2)
    >>> found.looks["estimate"].tolist()
    [-10.0, -20.0, -30.0, -40.0, -50.0, -60.0]
    >>> bool(found.looks["crossed"].iloc[0]), round(float(found.looks["bound"].iloc[-1]), 2)
    (False, 2.53)
    """
    months = min(len(treated_during), planned)
    reason = _reason(treated_before, treated_during, control_before, control_during, months)
    if reason:
        return Refusal(ESTIMAND, reason)
    sizes = {"control_area": control_area, "phi": max(1.0, phi)}
    shown = running_wdd(treated_before, treated_during[:months], control_before, control_during[:months], **sizes)
    if shown.empty or not (shown["se"] > 0).all():
        return Refusal(ESTIMAND, "No crime was recorded in the hot spots or the control before or in the first month.")
    ends = [_carried_on(counts[:months], planned) for counts in (treated_during, control_during)]
    final = running_wdd(treated_before, ends[0], control_before, ends[1], **sizes).iloc[-1]
    times = _rising((shown["look"] / shown["se"]) ** 2 / (final["look"] / final["se"]) ** 2)
    bounds = spending_bounds(times, alpha=alpha, kind=kind)
    looks = shown.assign(time=times, bound=[_wider(z, df) for z in bounds.z])
    looks["low"], looks["high"] = (looks["estimate"] + side * looks["bound"] * looks["se"] for side in (-1, 1))
    looks["crossed"] = looks["z"].abs() >= looks["bound"]
    parts = (treated_before, treated_during[:months], control_before, control_during[:months])
    record = _record(looks, bounds.spent[-1], alpha, planned, max(1.0, phi), df, parts)
    return RunningWdd(looks[list(COLUMNS)], record)


def _reason(
    treated_before: Counts,
    treated_during: Counts,
    control_before: Counts,
    control_during: Counts,
    months: int,
) -> str:
    if not len(treated_before) or len(treated_before) != len(control_before):
        return "No month before the service is loaded for both the hot spots and the control."
    if months < 1 or len(treated_during) != len(control_during):
        return "No month of the service is loaded for both the hot spots and the control."
    if not np.isfinite(np.concatenate([treated_before, treated_during, control_before, control_during])).all():
        return "A month is missing; a running total over it would take it for a month without crime."
    return ""


def _wider(z: float, df: float | None) -> float:
    """The bound for a noise that was itself estimated; farther out than FARTHEST no bound is of use."""
    if df is None or z >= FARTHEST:
        return z
    return min(FARTHEST, float(stats.t.isf(stats.norm.sf(z), df)))


def _carried_on(counts: Counts, planned: int) -> list[float]:
    """Counts up to the planned end, months to come at the mean of those seen: how much information is still to come."""
    seen = list(counts)
    return seen + [float(np.mean(seen))] * (planned - len(seen))


def _rising(times: pd.Series) -> list[float]:
    """Information times, above 0 and rising: a month of very many crimes can make a look know less than the last."""
    found: list[float] = []
    for value in times:
        least = found[-1] * (1 + 1e-6) if found else 1e-6
        found.append(max(float(value), least))
    # At the planned end the time is 1 however the counts fell.
    top = max(1.0, found[-1])
    return [value / top for value in found]


def _record(
    looks: pd.DataFrame, spent: float, alpha: float, planned: int, phi: float, df: float | None, parts: Parts
) -> ResultRecord:
    last = looks.iloc[-1]
    ended = int(last["look"]) >= planned
    return difference_record(
        difference=float(last["estimate"]), se=float(last["se"]), df=df, method_key="running-wdd", unit="crimes",
        estimand=ESTIMAND, ci_low=float(last["low"]), ci_high=float(last["high"]), p=None,
        mde80=mde80(float(last["se"]), "difference", critical=min(float(last["bound"]), FARTHEST)),
        n_events=round(sum(float(np.sum(part)) for part in parts)), n_units=sum(len(part) for part in parts),
        n_clusters=None,
        method="Running weighted displacement difference inside O'Brien-Fleming-type alpha-spending bounds; "
        + ("last planned look" if ended else "interval widened to the bound of this look"),
        maryland_level=3, data_hash=hash_values(*parts, [alpha, planned, phi]), assumptions=ASSUMPTIONS, limits=LIMITS,
        checks=(
            Check(LOOKS, f"{int(last['look'])} of {planned}", None, meaning="The last one was set before the service."),
            Check(SEEN, float(last["time"]), None, meaning="How much of what the last look will know is known now."),
            Check(SPENT, float(spent), None, meaning=f"Of {alpha:g} in all, over every look together."),
            Check("bound on z at this look", min(float(last["bound"]), FARTHEST), None, meaning="1.96 for one look alone."),
            Check("z at this look", float(last["z"]), None, meaning="The estimate over its standard error."),
            Check(CROSSED, "yes" if bool(last["crossed"]) else "no", None, meaning="A change beyond chance at this look."),
            Check(PHI, phi, None, meaning="1 is the scatter of pure chance; above 1 the interval is widened."),
        ),
    )  # fmt: skip

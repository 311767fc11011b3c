"""Several rings around the hot spots tested together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.evaluation.building import difference_record, reach_of
from analysis.evaluation.displacement.areas import Counts, TwoPeriods, two_periods
from analysis.evaluation.displacement.wdd import ASSUMPTIONS, LIMITS, wdd
from analysis.evaluation.distributions import chi2_above, f_above
from analysis.evaluation.pooling.multiplicity import holm
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values

ESTIMAND = "Crimes in all rings around the hot spots, change less the control's"


@dataclass(frozen=True)
class RingTest:
    """``joint``: the sum of the rings with its interval and, as its p, that of the test of all rings at once."""

    joint: ResultRecord
    rings: Mapping[str, ResultRecord]
    statistic: float  # Wald chi-squared
    statistic_df: int
    p: float
    holm: Mapping[str, float]  # adjusted p of each ring


def ring_test(
    rings: Mapping[str, Counts],
    controls: Counts | Mapping[str, Counts] | None,
    *,
    phi: float = 1.0,
    df: float | None = None,
    level: float = 0.95,
    shared_control: bool = True,
    unit: str = "crimes",
) -> RingTest | Refusal:
    """One test of whether any ring changed other than its control, with each ring's WDD beside it.

    d_i = change of ring i - change of its control; V = phi x covariance of d (Poisson; rings on one control
    share its noise). W = d' V^-1 d against chi-squared(rings), or W / rings against F(rings, df) where ``df`` is given.
    Holm's adjusted p for the single rings.

    Parameters
    ----------
    rings : mapping of str to TwoPeriods or pair of float
        Counts of rings that share no crime, by name. Rings without a crime are left out and said so.
    controls : TwoPeriods or pair, or mapping of them by ring
        One control for all, or each ring's own (or the one control scaled to each ring).
    phi, df, level, unit
        As in :func:`~analysis.evaluation.displacement.wdd.wdd`.
    shared_control : bool
        The controls are one area (a mapping then only scales it); False where each ring has its own.

    Returns
    -------
    RingTest or Refusal

    Notes
    -----
    How it can mislead: a joint p does not say which ring changed or which way; rings that gain and lose
    cancel in the sum but not in the test, so read both. Not finding a change is not finding that none happened.

    References
    ----------
    Wheeler, A. P. & Ratcliffe, J. H. (2018). Crime Science 7, 11. Wald, A. (1943). Trans. Amer. Math. Soc. 54, 426-482.
    Holm, S. (1979). Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> found = ring_test({"0-100": (50, 40), "100-200": (60, 62)}, {"0-100": (55, 54), "100-200": (58, 60)},
    ...                   shared_control=False)
    >>> found.joint.estimate, found.statistic_df, round(found.p, 2)
    (-9.0, 2, 0.82)
    """
    if controls is None:
        return Refusal(
            ESTIMAND, "There is no control area, so a change cannot be told from one that happened everywhere."
        )
    counted = {name: two_periods(counts) for name, counts in rings.items()}
    used = {name: ring for name, ring in counted.items() if ring.events > 0}
    if not used:
        return Refusal(ESTIMAND, "No crime was recorded in any ring in either period.")
    others = {name: two_periods(controls[name] if isinstance(controls, Mapping) else controls) for name in used}
    single: dict[str, ResultRecord] = {}
    for name, ring in used.items():
        made = wdd(ring, others[name], phi=phi, df=df, level=level, unit=unit, method_key="wdd-rings")
        if isinstance(made, Refusal):
            return Refusal(ESTIMAND, f"{name}: {made.reason}")
        single[name] = replace(made, estimand=f"Crimes {name} m from the hot spots, change less the control's")
    difference = np.array([record.estimate for record in single.values()])
    covariance = phi * _covariance(list(used.values()), list(others.values()), shared_control)
    wald = float(difference @ np.linalg.solve(covariance, difference))
    count = len(single)
    p = float(chi2_above(wald, count) if df is None else f_above(wald / count, count, df))
    counts = [*used.values(), *(list(others.values())[:1] if shared_control else others.values())]
    events = round(sum(area.events for area in counts))
    adjusted = holm([record.p or 0.0 for record in single.values()])
    joint = _joint(single, math.sqrt(float(covariance.sum())), df, level, unit, p, len(counted) - count, wald, events)
    return RingTest(joint, single, wald, count, p, dict(zip(single, map(float, adjusted), strict=True)))


def _covariance(rings: list[TwoPeriods], controls: list[TwoPeriods], shared: bool) -> npt.NDArray[np.float64]:
    noise = np.array([c.variance for c in controls])
    between = np.sqrt(np.outer(noise, noise)) if shared else np.diag(noise)
    found: npt.NDArray[np.float64] = between + np.diag([ring.variance for ring in rings])
    return found


def _joint(
    single: Mapping[str, ResultRecord], se: float, df: float | None, level: float, unit: str, p: float, empty: int,
    wald: float, events: int,
) -> ResultRecord:  # fmt: skip
    estimate, reach = sum(record.estimate for record in single.values()), reach_of(se, df, level)
    against = "chi-squared" if df is None else "F"
    return difference_record(
        difference=estimate, se=se, df=df, method_key="wdd-rings", unit=unit, estimand=ESTIMAND, p=p,
        ci_low=estimate - reach, ci_high=estimate + reach,
        n_events=events, n_units=len(single), n_clusters=None,
        method=f"Wald test of {len(single)} rings at once ({against}); p is that of the test, the interval that of the sum",
        maryland_level=3, data_hash=hash_values([record.data_hash for record in single.values()]),
        assumptions=ASSUMPTIONS, limits=LIMITS,
        checks=(
            Check("Wald statistic", wald, None, meaning="How far all rings together lie from no change."),
            Check("rings without a crime, left out", float(empty), empty == 0, needed="0"),
        ),
    )  # fmt: skip

"""Weighted displacement difference (WDD): crimes fewer than the control's change leads to expect, rings included."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.evaluation.building import difference_record, reach_of
from analysis.evaluation.displacement.areas import Counts, TwoPeriods, two_periods
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values

ESTIMAND = "Crimes in and around the hot spots, change less the control's"
SMALLEST, SMALLEST_NEEDED = "smallest count", 5
PHI = "overdispersion phi"
ASSUMPTIONS = (
    "without the service the treated area and its ring would have changed by as many crimes as their controls did",
    "the control areas were not touched by the service or by displacement",
)
LIMITS = (
    "The method subtracts counts, so areas with different levels of crime are comparable only when they change by "
    "the same number of crimes, not the same per cent.",
)


@dataclass(frozen=True)
class WddParts:
    """``total`` = ``local`` + ``displacement``; the last is None where no ring was given."""

    total: ResultRecord
    local: ResultRecord
    displacement: ResultRecord | None
    expected: float  # treated area during the service had it changed as its control did, per unit of time and area

    @property
    def change(self) -> float | None:
        """Local WDD as a fraction of what was expected; None when nothing was."""
        return self.local.estimate / self.expected if self.expected > 0 else None


def wdd(
    treated: Counts,
    control: Counts | None,
    displacement: Counts | None = None,
    displacement_control: Counts | None = None,
    *,
    phi: float = 1.0,
    df: float | None = None,
    level: float = 0.95,
    shared_control: bool = False,
    unit: str = "crimes",
    method_key: str = "wdd",
) -> ResultRecord | Refusal:
    """Weighted displacement difference of a treated area and its ring against their controls.

    WDD = (T1 - T0) - (C1 - C0) + (D1 - D0) - (E1 - E0), with T treated, C control, D ring (displacement), E ring
    control, 0 before and 1 during, each count divided by length of period x size of area. Variance = phi x the sum
    of each count over the square of its divisor (Poisson); estimate / SE against the normal or t(df) distribution.

    Parameters
    ----------
    treated, control, displacement, displacement_control : TwoPeriods or pair of float
        Counts ``(before, during)``; :class:`~analysis.evaluation.displacement.areas.TwoPeriods` adds unequal periods,
        areas and the variance of weighted counts. ``displacement`` may be None; without ``displacement_control``
        the one control serves both and is subtracted twice.
    phi : float
        Overdispersion, >= 1: the standard error is multiplied by its root. From months,
        :func:`~analysis.evaluation.displacement.scatter.monthly_scatter` finds it with its ``df``.
    df : float, optional
        Degrees of freedom behind ``phi``; None for the normal distribution.
    level : float
        Of the interval.
    shared_control : bool
        ``displacement_control`` is the same area as ``control`` (scaled otherwise, perhaps): its noise then
        adds up before it is squared.
    unit : str
        "crimes", "harm days", or per unit of time where the periods differ.

    Returns
    -------
    ResultRecord or Refusal
        Of the total, scale "difference": below 0 means fewer crimes than the controls lead to expect. The smallest
        effect that would usually be found is ``mde80``. Refusal without a control area or without any crime.

    Notes
    -----
    How it can mislead: overdispersed counts make the plain Poisson variance too small (hence phi); a control with
    another level of crime changes by another number; a control next door receives what was displaced. "Not
    significant" is no evidence that nothing moved: read the upper end of the interval (:func:`ruled_out`).

    References
    ----------
    Wheeler, A. P. & Ratcliffe, J. H. (2018). A simple weighted displacement difference test to evaluate place based
    crime interventions. Crime Science 7, 11.

    Examples
    --------
    The worked example of the paper:

    >>> found = wdd((207, 110), (308, 318), (178, 157), (150, 140))
    >>> round(found.estimate), round(found.se**2), round(found.ci_low), round(found.ci_high)
    (-118, 1568, -196, -40)
    >>> half = TwoPeriods(100, 50, time_before=2, time_during=1)
    >>> wdd(TwoPeriods(80, 20, time_before=2, time_during=1), half, unit="crimes a year").estimate
    -20.0
    """
    found = wdd_parts(
        treated, control, displacement, displacement_control,
        phi=phi, df=df, level=level, shared_control=shared_control, unit=unit, method_key=method_key,
    )  # fmt: skip
    return found if isinstance(found, Refusal) else found.total


def wdd_parts(
    treated: Counts,
    control: Counts | None,
    displacement: Counts | None = None,
    displacement_control: Counts | None = None,
    *,
    phi: float = 1.0,
    df: float | None = None,
    level: float = 0.95,
    shared_control: bool = False,
    unit: str = "crimes",
    method_key: str = "wdd",
) -> WddParts | Refusal:
    """:func:`wdd` with its local and its displacement part; parameters as there."""
    if control is None:
        return Refusal(
            ESTIMAND, "There is no control area, so a change cannot be told from one that happened everywhere."
        )
    shared = shared_control or (displacement is not None and displacement_control is None)
    given = [treated, control]
    if displacement is not None:
        given += [displacement, control if displacement_control is None else displacement_control]
    areas = [two_periods(counts) for counts in given]
    reason = _reason(areas, phi)
    if reason:
        return Refusal(ESTIMAND, reason)
    how = _How(phi, df, level, unit, method_key)
    t, c = areas[:2]
    local = how.record("Crimes in the hot spots, change less the control's", [(t, 1.0), (c, -1.0)])
    expected = t.per_unit()[0] + c.change
    if len(areas) == 2:
        return WddParts(local, local, None, expected)
    d, e = areas[2:]
    ring = how.record("Crimes around the hot spots, change less the control's", [(d, 1.0), (e, -1.0)])
    terms = [(t, 1.0), (c, -1.0), (d, 1.0), (e, -1.0)]
    return WddParts(how.record(ESTIMAND, terms, shared=(1, 3) if shared else None), local, ring, expected)


def _reason(areas: Sequence[TwoPeriods], phi: float) -> str:
    problem = next((a.problem() for a in areas if a.problem()), "")
    if problem:
        return problem
    if not (math.isfinite(phi) and phi > 0):
        return "The overdispersion is not above 0."
    # Each part is an answer of its own, so each needs crimes.
    for name, pair in zip(("hot spots", "ring"), (areas[:2], areas[2:]), strict=True):
        if pair and sum(a.variance for a in pair) == 0:
            return f"No crime was recorded in the {name} or the control in either period."
    return ""


@dataclass(frozen=True)
class _How:
    phi: float
    df: float | None
    level: float
    unit: str
    method_key: str

    def record(
        self, estimand: str, terms: Sequence[tuple[TwoPeriods, float]], shared: tuple[int, int] | None = None
    ) -> ResultRecord:
        """A weighted sum of changes; ``shared``: positions of the two terms that are one area."""
        estimate = sum(sign * area.change for area, sign in terms)
        variance = sum(area.variance for area, _ in terms)
        if shared:
            # Var(aX + bX) = (a + b)^2 Var(X): the cross term of one area that enters twice.
            variance += 2 * math.sqrt(terms[shared[0]][0].variance * terms[shared[1]][0].variance)
        se = math.sqrt(self.phi * variance)
        reach = reach_of(se, self.df, self.level)
        smallest = min(min(area.before, area.during) for area, _ in terms)
        return difference_record(
            difference=estimate, se=se, df=self.df, method_key=self.method_key, unit=self.unit, estimand=estimand,
            ci_low=estimate - reach, ci_high=estimate + reach,
            n_events=round(sum(area.events for area, _ in (terms[:3] if shared else terms))), n_units=2 * len(terms), n_clusters=None,
            method="Weighted displacement difference, variance of Poisson counts x phi; "
            + ("normal reference" if self.df is None else f"t({self.df:g}), so few months show how they scatter"),
            maryland_level=3, data_hash=_hash([area for area, _ in terms], self.phi),
            assumptions=ASSUMPTIONS, limits=LIMITS,
            checks=(
                Check("z", estimate / se, None, meaning="The estimate over its standard error."),
                Check(PHI, self.phi, None, meaning="1 is the scatter of pure chance; above 1 the interval is widened."),
                Check(
                    SMALLEST, float(smallest), smallest >= SMALLEST_NEEDED, needed=f"{SMALLEST_NEEDED} or more",
                    meaning="The normal approximation is poor for very small counts.",
                ),
            ),
        )  # fmt: skip


def _hash(areas: Sequence[TwoPeriods], *more: float) -> str:
    rows = [[a.before, a.during, a.time_before, a.time_during, a.area, a.variance] for a in areas]
    return hash_values(rows, list(more))


@dataclass(frozen=True)
class CrimeType:
    """One crime type for :func:`wdd_harm`: the areas as :func:`wdd` takes them, and the harm of one crime."""

    treated: Counts
    control: Counts
    weight: float
    displacement: Counts | None = None
    displacement_control: Counts | None = None


def wdd_harm(
    by_type: Mapping[str, CrimeType], *, phi: float = 1.0, level: float = 0.95, unit: str = "harm days"
) -> ResultRecord | Refusal:
    """WDD of harm: each crime type's WDD times its weight, summed.

    Estimate = sum of weight x WDD; variance = phi x sum of weight^2 x variance (types independent).

    Parameters
    ----------
    by_type : mapping of str to CrimeType
        Weights >= 0 in ``unit`` a crime. Types without a crime anywhere add nothing.
    phi, level, unit
        As in :func:`wdd`.

    Returns
    -------
    ResultRecord or Refusal
        Scale "difference", below 0 means less harm than the controls lead to expect.

    Notes
    -----
    How it can mislead: a handful of very harmful crimes carry most of the sum and of its variance, and the normal
    approximation then holds least; types that rise and fall together make the variance too small.

    References
    ----------
    Wheeler, A. P. (2020). Amending the WDD test to incorporate harm weights. Wheeler & Ratcliffe (2018), Crime
    Science 7, 11.

    Examples
    --------
    >>> found = wdd_harm({"robbery": CrimeType((144, 92), (86, 64), 7), "theft": CrimeType((327, 202), (388, 305), 2)})
    >>> found.estimate
    -294.0
    """
    estimand = "Harm in and around the hot spots, change less the control's"
    used: list[tuple[ResultRecord, float]] = []
    for name, one in by_type.items():
        if not (math.isfinite(one.weight) and one.weight >= 0):
            return Refusal(estimand, f"“{name}” has no harm weight.")
        found = wdd(one.treated, one.control, one.displacement, one.displacement_control, phi=phi)
        if isinstance(found, ResultRecord):
            used.append((found, one.weight))
        elif "No crime" not in found.reason:
            return Refusal(estimand, f"{name}: {found.reason}")
    se = math.sqrt(sum((weight * record.se) ** 2 for record, weight in used if record.se is not None))
    if se == 0:
        return Refusal(estimand, "No crime with a harm weight was recorded in any area.")
    estimate = sum(weight * record.estimate for record, weight in used)
    reach = reach_of(se, None, level)
    share = max(weight**2 * (record.se or 0) ** 2 for record, weight in used) / se**2
    return difference_record(
        difference=estimate, se=se, df=None, method_key="wdd-harm", unit=unit, estimand=estimand,
        ci_low=estimate - reach, ci_high=estimate + reach,
        n_events=sum(record.n_events for record, _ in used), n_units=len(used), n_clusters=None,
        method="Weighted displacement difference summed over crime types with harm weights", maryland_level=3,
        data_hash=hash_values([record.data_hash for record, _ in used], [weight for _, weight in used]),
        assumptions=(*ASSUMPTIONS, "numbers of one crime type do not depend on those of another"), limits=LIMITS,
        checks=(
            Check("z", estimate / se, None, meaning="The estimate over its standard error."),
            Check(
                "share of the variance from one crime type", share, share < 0.5, needed="under 0.5",
                meaning="Where one type makes most of the noise, a few of its crimes decide the result.",
            ),
        ),
    )  # fmt: skip


def running_wdd(
    treated_before: Sequence[float],
    treated_during: Sequence[float],
    control_before: Sequence[float],
    control_during: Sequence[float],
    *,
    control_area: float = 1.0,
    phi: float = 1.0,
) -> pd.DataFrame:
    """WDD after every period of the service so far, against all periods before, in crimes up to that look.

    After m of the periods during: WDD = (T1 - T0 m / n) - (C1 - C0 m / n) / area, n periods before; variance as in
    :func:`wdd`, so that looks share their "before" and are correlated.

    Parameters
    ----------
    treated_before, control_before : (n,) sequences of float
        Counts by period (month), oldest first.
    treated_during, control_during : (m,) sequences of float
    control_area : float
        Size of the control in treated areas.
    phi : float
        Overdispersion, >= 1.

    Returns
    -------
    DataFrame
        ``look`` (1..m), ``estimate``, ``se``, ``z``; empty without periods on both sides.

    Examples
    --------
    >>> running_wdd([10, 10], [5, 5], [10, 10], [10, 10])["estimate"].tolist()
    [-5.0, -10.0]
    """
    n, looks = len(treated_before), np.arange(1, len(treated_during) + 1)
    columns = ["look", "estimate", "se", "z"]
    if n == 0 or len(looks) == 0 or len(control_before) != n or len(control_during) != len(looks):
        return pd.DataFrame(columns=columns)
    share = looks / n
    estimate, variance = np.zeros(len(looks)), np.zeros(len(looks))
    for before, during, weight in (
        (treated_before, treated_during, 1.0),
        (control_before, control_during, -1.0 / control_area),
    ):
        total, so_far = float(np.sum(before)), np.cumsum(np.asarray(during, float))
        estimate += weight * (so_far - total * share)
        variance += weight**2 * (so_far + total * share**2)
    se = np.sqrt(phi * variance)
    z = np.divide(estimate, se, out=np.zeros_like(estimate), where=se > 0)
    return pd.DataFrame({"look": looks, "estimate": estimate, "se": se, "z": z})


def ruled_out(displacement: ResultRecord) -> float:
    """Displaced crimes beyond which the 95% interval does not reach (>= 0): its upper end."""
    return max(0.0, displacement.ci_high)

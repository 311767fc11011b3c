"""Weighted displacement quotient (WDQ), its parts and the total net effect."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from analysis.evaluation.building import difference_record, reach_of
from analysis.evaluation.displacement.areas import Counts, TwoPeriods, two_periods
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values

ESTIMAND = "Weighted displacement quotient"
LIMITS = ("The quotient has no unit and no natural size: read the total net effect in crimes beside it.",)
ASSUMPTIONS = (
    "without the service the hot spots and the ring would have changed in proportion to the control",
    "the control was not touched by the service or by displacement",
)


@dataclass(frozen=True)
class WdqParts:
    """The arithmetic of Bowers & Johnson (2003) and Guerette (2009), with their signs and without intervals."""

    gross_effect: float  # response before - during, in crimes of the "during" length: positive means fewer
    net_effect: float  # response / comparison, before - during
    success: float  # the same, during - before: negative means the response area did better than the control
    buffer_measure: float  # buffer / comparison, during - before
    total_net_effect: float  # crimes fewer than expected in response and buffer: positive means fewer

    @property
    def quotient(self) -> float | None:
        """WDQ = buffer measure / success measure: above 0 benefits spread, below 0 crime moved, below -1 more than the gain."""
        return self.buffer_measure / self.success if self.success else None


@dataclass(frozen=True)
class Wdq:
    """``quotient`` is a Refusal unless ``success`` is clearly below 0; ``net`` in crimes, below 0 means fewer."""

    parts: WdqParts
    success: ResultRecord
    quotient: ResultRecord | Refusal
    net: ResultRecord


def wdq_parts(response: Counts, comparison: Counts, buffer: Counts) -> WdqParts | Refusal:
    """The closed-form parts; see :func:`wdq` for when a quotient may be read.

    Examples
    --------
    >>> parts = wdq_parts((207, 110), (308, 318), (178, 157))
    >>> parts.gross_effect, round(parts.success, 4), round(parts.quotient, 4), round(parts.total_net_effect, 1)
    (97.0, -0.3262, 0.2582, 130.5)
    """
    a, c, b = two_periods(response), two_periods(comparison), two_periods(buffer)
    reason = next((area.problem() for area in (a, c, b) if area.problem()), "")
    if reason:
        return Refusal(ESTIMAND, reason)
    if not (c.before and c.during):
        return Refusal(ESTIMAND, "The control area has a period without any crime, so nothing can be divided by it.")
    growth = c.during / c.before
    return WdqParts(
        gross_effect=a.before * a.time_during / a.time_before - a.during,
        net_effect=a.before / c.before - a.during / c.during,
        success=a.during / c.during - a.before / c.before,
        buffer_measure=b.during / c.during - b.before / c.before,
        total_net_effect=(a.before + b.before) * growth - (a.during + b.during),
    )


def wdq(
    response: Counts,
    comparison: Counts,
    buffer: Counts,
    *,
    phi: float = 1.0,
    df: float | None = None,
    level: float = 0.95,
) -> Wdq | Refusal:
    """Weighted displacement quotient with its parts; no quotient unless the hot spots clearly did better than the control.

    With A response, B buffer, C comparison area, 0 before and 1 during:
    success measure S = A1/C1 - A0/C0, buffer measure M = B1/C1 - B0/C0, WDQ = M / S,
    total net effect = (A0 + B0) C1/C0 - (A1 + B1) crimes. Variances by the delta method on Poisson counts x phi;
    the interval of M / S is Fieller's.

    Parameters
    ----------
    response, comparison, buffer : TwoPeriods or pair of float
        Counts ``(before, during)``; period lengths enter the gross effect alone, sizes cancel.
    phi, df, level
        As in :func:`~analysis.evaluation.displacement.wdd.wdd`.

    Returns
    -------
    Wdq or Refusal
        Refusal when the comparison area had no crime in a period. Within ``Wdq``, the quotient is refused unless the
        whole interval of the success measure lies below 0: divided by a number near 0 it can be anything.

    Notes
    -----
    How it can mislead: a quotient of 1 may be 10 crimes or 1,000; a control that itself received displaced crime
    makes both measures look better; with few crimes the interval is wide even when it is given.

    References
    ----------
    Bowers, K. J. & Johnson, S. D. (2003). Measuring the geographical displacement and diffusion of benefit effects of
    crime prevention activity. Journal of Quantitative Criminology 19, 275-301.
    Guerette, R. T. (2009). Analyzing crime displacement and diffusion. POP Guide 10, appendix B.
    Fieller, E. C. (1954). Some problems in interval estimation. JRSS B 16, 175-185.

    Examples
    --------
    >>> found = wdq((207, 110), (308, 318), (178, 157))
    >>> round(found.quotient.estimate, 2), round(found.net.estimate, 1)
    (0.26, -130.5)
    >>> wdq((20, 19), (30, 30), (10, 12)).quotient.reason[:36]
    'The hot spots did not clearly do bet'
    """
    parts = wdq_parts(response, comparison, buffer)
    if isinstance(parts, Refusal):
        return parts
    a, c, b = two_periods(response), two_periods(comparison), two_periods(buffer)
    if a.events == 0:
        return Refusal(ESTIMAND, "No crime was recorded in the hot spots in either period.")
    spread = _Spread(a, c, b, phi)
    made: dict[str, Any] = {
        "df": df, "method_key": "wdq", "n_events": round(a.events + c.events + b.events), "n_units": 6,
        "n_clusters": None, "maryland_level": 3, "assumptions": ASSUMPTIONS, "limits": LIMITS,
        "data_hash": hash_values([[x.before, x.during, x.time_before, x.time_during] for x in (a, c, b)], [phi]),
        "checks": (Check("overdispersion phi", phi, None, meaning="Above 1 the interval is widened."),),
    }  # fmt: skip
    se = math.sqrt(spread.success)
    success = difference_record(
        difference=parts.success, se=se, unit="crimes in the hot spots for each crime in the control",
        estimand="Success measure: hot spots against control, during less before", method="Delta method",
        **_between(parts.success, reach_of(se, df, level)), **made,
    )  # fmt: skip
    se = math.sqrt(spread.net)
    net = difference_record(
        difference=-parts.total_net_effect, se=se, unit="crimes",
        estimand="Total net effect: crimes in hot spots and ring, recorded less expected", method="Delta method",
        **_between(-parts.total_net_effect, reach_of(se, df, level)), **made,
    )  # fmt: skip
    return Wdq(parts, success, _quotient(parts, spread, success, reach_of(1.0, df, level), made), net)


def _between(estimate: float, reach: float) -> dict[str, Any]:
    return {"ci_low": estimate - reach, "ci_high": estimate + reach}


@dataclass(frozen=True)
class _Spread:
    """Delta-method variances; every count varies as phi x its variance and independently of the others."""

    a: TwoPeriods
    c: TwoPeriods
    b: TwoPeriods
    phi: float

    @property
    def success(self) -> float:
        return self._measure(self.a, self.a)

    @property
    def buffer(self) -> float:
        return self._measure(self.b, self.b)

    @property
    def together(self) -> float:
        """Covariance of the two measures: they share the control."""
        return self._measure(self.a, self.b)

    @property
    def net(self) -> float:
        start, growth = self.a.before + self.b.before, self.c.during / self.c.before
        (a0, a1), (c0, c1), (b0, b1) = (_variances(x) for x in (self.a, self.c, self.b))
        control = start**2 * (c1 / self.c.before**2 + growth**2 * c0 / self.c.before**2)
        return self.phi * (growth**2 * (a0 + b0) + a1 + b1 + control)

    def _measure(self, x: TwoPeriods, y: TwoPeriods) -> float:
        (c0, c1), own = _variances(self.c), _variances(x)
        found = x.before * y.before * c0 / self.c.before**4 + x.during * y.during * c1 / self.c.during**4
        if x is y:
            found += own[0] / self.c.before**2 + own[1] / self.c.during**2
        return self.phi * found


def _variances(x: TwoPeriods) -> tuple[float, float]:
    return (
        x.before if x.variance_before is None else x.variance_before,
        x.during if x.variance_during is None else x.variance_during,
    )


def _quotient(
    parts: WdqParts, spread: _Spread, success: ResultRecord, quantile: float, made: dict[str, Any]
) -> ResultRecord | Refusal:
    if success.ci_high >= 0:
        return Refusal(
            ESTIMAND,
            "The hot spots did not clearly do better than the control (the interval of the success measure reaches 0), "
            "so there is nothing for a quotient to divide by.",
            (Check("success measure, upper end of interval", success.ci_high, False, needed="below 0"),),
        )
    m, s = parts.buffer_measure, parts.success
    vm, vs, cov, q2 = spread.buffer, spread.success, spread.together, quantile**2
    # Fieller: all r with (m - r s)^2 <= q^2 (vm - 2 r cov + r^2 vs); bounded because s is clear of 0 at this level.
    lead, half, rest = s**2 - q2 * vs, m * s - q2 * cov, m**2 - q2 * vm
    root = math.sqrt(max(0.0, half**2 - lead * rest))
    se = math.sqrt(max(0.0, vm - 2 * (m / s) * cov + (m / s) ** 2 * vs)) / abs(s)
    record = difference_record(
        difference=m / s, se=se, unit="change around the hot spots for each unit of change inside",
        ci_low=(half - root) / lead, ci_high=(half + root) / lead,
        estimand=f"{ESTIMAND}: above 0 benefits spread, below 0 crime moved, below -1 it moved more than was gained",
        method="Quotient with Fieller's interval",
        **made,
    )  # fmt: skip
    # A quotient is no number of crimes, so no smallest number of them can be named.
    return replace(record, mde80=None)

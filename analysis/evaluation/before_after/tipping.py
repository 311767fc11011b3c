"""How far comparison places would have had to fall for the finding to be gone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.evaluation.building import reach_of
from analysis.evaluation.record import Refusal, ResultRecord
from domain import formats


@dataclass(frozen=True)
class TippingPoint:
    """Ratios that comparison places would need: ``estimate`` for no difference at all, ``interval`` for one that chance
    could explain (None where the interval holds no change already); ``direction`` of the finding, "lower" or "higher".
    """

    direction: str
    estimate: float
    interval: float | None

    def sentence(self) -> str:
        """What it takes, in plain words; says so where there is nothing to tip."""
        moved, way = ("fallen", "lower") if self.direction == "lower" else ("risen", "higher")
        size = _size(self.estimate)
        if self.interval is None:
            return (
                "The 95% interval holds “no change” already, so there is no finding to tip. Comparable places would have "
                f"had to be {size} {way} for the estimate itself to be matched."
            )
        return (
            f"Had comparable places {moved} by {_size(self.interval)} or more over the same time, the difference could be "
            f"chance (the 95% interval would hold “no change”); had they {moved} by {size}, nothing would be left of it."
        )


def _size(ratio: float) -> str:
    return "less than 1%" if 0 < abs(ratio - 1) < 0.005 else formats.percent(abs(ratio - 1))


def tipping_point(record: ResultRecord | Refusal, *, comparator_se: float = 0.0) -> TippingPoint | Refusal:
    """How far comparators would have had to change for a before/after finding to be gone.

    With R the ratio and C that of comparison places, the ratio of ratios is R / C. It is 1 at C = R. Its 95% interval
    reaches 1 at C = the end of R's interval nearest to 1; with a comparator log SE s_c the interval is first widened to
    sqrt(se^2 + s_c^2).

    Parameters
    ----------
    record : ResultRecord or Refusal
        On the ratio scale.
    comparator_se : float
        Log-scale SE that the comparators' own ratio would have, >= 0.

    Returns
    -------
    TippingPoint or Refusal
        Refusal for a difference or where there is no estimate.

    Notes
    -----
    How it can mislead: it says what would have to be true, not whether it is; compare it with what comparable places did.

    References
    ----------
    Cornfield, J. et al. (1959). J National Cancer Institute 22, 173-203 (how strong another cause would have to be).
    VanderWeele, T. J. & Ding, P. (2017). Annals of Internal Medicine 167, 268-274.

    Examples
    --------
    >>> from analysis.evaluation.before_after.counts import TwoCounts, exact_conditional
    >>> found = tipping_point(exact_conditional(TwoCounts(416, 252, 1.0, 1.0)))
    >>> found.direction, round(1 - found.estimate, 2), round(1 - found.interval, 2)
    ('lower', 0.39, 0.29)
    """
    estimand = "Change of comparison places that would undo the finding"
    if isinstance(record, Refusal):
        return Refusal(estimand, record.reason)
    if record.scale != "ratio" or not 0 < record.estimate < math.inf:
        return Refusal(estimand, "Only a finite ratio has a tipping point.")
    low, high = _widened(record, comparator_se)
    direction = "lower" if record.estimate <= 1 else "higher"
    end = high if direction == "lower" else low
    dead = end >= 1 if direction == "lower" else end <= 1
    return TippingPoint(direction, record.estimate, None if dead else end)


def _widened(record: ResultRecord, comparator_se: float) -> tuple[float, float]:
    if comparator_se <= 0:
        return record.ci_low, record.ci_high
    middle = math.log(record.estimate)
    ends = []
    for end in (record.ci_low, record.ci_high):
        # Whatever its shape, the interval's own reach is kept and the comparators' added in quadrature.
        reach = abs(math.log(end) - middle) if 0 < end < math.inf else math.inf
        ends.append(math.hypot(reach, reach_of(comparator_se, None)))
    return math.exp(middle - ends[0]) if ends[0] < math.inf else 0.0, math.exp(min(700.0, middle + ends[1]))

"""What the count part of a before/after harm split takes from the before/after comparison of crimes."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.evaluation.before_after.drift import YearDrift, year_drift
from analysis.evaluation.before_after.headline import earlier_years, headline
from analysis.evaluation.before_after.ratio import PHI
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.record import ResultRecord


@dataclass(frozen=True)
class CountNoise:
    """``phi`` between hot spot-months and ``drift`` between years, both of counts."""

    phi: float
    drift: YearDrift


def count_noise(inputs: Inputs) -> CountNoise:
    """Overdispersion and year-on-year drift of the number of crimes in the hot spots."""
    years = earlier_years(inputs)
    found = headline(inputs, adjusted=False)
    check = found.check(PHI) if isinstance(found, ResultRecord) else None
    phi = float(check.value) if check and isinstance(check.value, float) else 1.0
    return CountNoise(phi, year_drift(years, phi))

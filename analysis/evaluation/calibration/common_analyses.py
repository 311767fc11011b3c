"""How often analyses signal when nothing happened, by simulation of this very design.

7 hot spots, 47 weeks, no effect, 1,000 runs. These are the analyses common in the field, not the portal's own
defaults; the defaults' rates are in :mod:`analysis.evaluation.calibration`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorRate:
    """False alarms of a 5% test as fractions, lowest and highest over the situations simulated."""

    analysis: str
    low: float
    high: float
    why: str


DESIGN = "7 hot spots, 47 weeks, no effect, 1,000 simulated runs, 5% tests"

COMMON_ANALYSES: tuple[ErrorRate, ...] = (
    ErrorRate(
        "Before and after, Poisson test", 0.36, 0.62,
        "Crime varies more than Poisson; the higher figure adds regression to the mean and a national fall.",
    ),
    ErrorRate("Patrol days, all days pooled, Poisson", 0.16, 0.42, "Patrols go where and when crime is expected."),
    ErrorRate("Patrol days, t-test on daily counts", 0.12, 0.37, "Counts are few, skewed and clustered."),
    ErrorRate("Patrol days, clustered on the 7 hot spots", 0.11, 0.14, "Seven clusters are too few."),
    ErrorRate("Ratio of rate ratios with Poisson variance", 0.31, 0.47, "Drift between places is left out."),
    ErrorRate("Interrupted time series on the treated area", 0.16, 0.41, "Months depend on each other."),
    ErrorRate("Synthetic difference-in-differences, plain placebo error", 0.31, 0.35, "Small counts are noisier than the donors'."),
    ErrorRate("Two-way fixed effects clustered on one treated city", 0.68, 0.83, "One treated cluster has no spread."),
    ErrorRate("Harm treated as a Poisson count", 0.95, 0.95, "Harm days are weights, not events."),
    ErrorRate("A significance test looked at every month", 0.20, 0.20, "Every look is another chance to be wrong."),
)  # fmt: skip

"""False-alarm rates and coverage of the portal's own defaults, as measured by :func:`calibrate.measure`.

The table is data, so that estimators can quote it without running it; a test re-measures it.
"""

from __future__ import annotations

from dataclasses import dataclass

BEFORE_AFTER = "before and during, default"
PATROL_DAYS = "patrol days, default"
CLEAN = "no confounder left unmeasured"
NATIONAL_FALL = "crime falls 8% everywhere"
BAD_YEAR = "crime falls 8% everywhere and the places were chosen for a bad year"
DAY_SHOCK = "an unmeasured event moves patrols and crime on the same day"
RUNS = 2000
SEED = 2026


@dataclass(frozen=True)
class Calibration:
    """Share of runs with no effect in which the 95% interval left out 1; coverage is the rest."""

    estimator: str
    situation: str
    type1: float

    @property
    def coverage(self) -> float:
        return 1 - self.type1


MEASURED: tuple[Calibration, ...] = (
    Calibration(BEFORE_AFTER, CLEAN, 0.059),
    Calibration(BEFORE_AFTER, NATIONAL_FALL, 0.092),
    Calibration(BEFORE_AFTER, BAD_YEAR, 0.1995),
    Calibration(PATROL_DAYS, CLEAN, 0.058),
    Calibration(PATROL_DAYS, DAY_SHOCK, 0.2665),
)


def measured(estimator: str, situation: str = CLEAN) -> Calibration:
    """The row of the table; KeyError when that was not measured."""
    for row in MEASURED:
        if (row.estimator, row.situation) == (estimator, situation):
            return row
    raise KeyError(f"{estimator}, {situation}")


def quote(method_key: str) -> tuple[float | None, float | None]:
    """(type I, coverage) that a record of this method quotes; (None, None) where nothing is measured yet."""
    return (None, None)

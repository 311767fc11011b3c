"""What the records quote: how often each method was wrong on data whose truth is known.

The rows are data (:mod:`analysis.evaluation.calibration.shipped`), so that estimators can quote them without running
anything; tests re-measure some of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from analysis.evaluation.calibration import shipped


@dataclass(frozen=True)
class Row:
    """One method in one situation; rates as fractions, bias and spreads on the log scale of a ratio.

    Attributes
    ----------
    alarms : float
        Share of runs whose 95% interval leaves out no change: the type I error where nothing happened, else power.
    right_way : float or None
        Share of runs with an alarm in the direction of a benefit.
    coverage : float or None
        Share of answered runs whose interval holds the truth; None for a method without an interval.
    bias, spread, mean_se : float or None
        Mean error, standard deviation of the errors, mean stated standard error.
    """

    method: str
    situation: str
    runs: int
    refused: int
    alarms: float
    right_way: float | None
    coverage: float | None
    bias: float | None
    spread: float | None
    mean_se: float | None

    @property
    def alarms_mcse(self) -> float:
        """Monte Carlo standard error of ``alarms``."""
        return math.sqrt(max(self.alarms * (1 - self.alarms), 1e-12) / self.runs)

    @property
    def coverage_mcse(self) -> float | None:
        answered = self.runs - self.refused
        if self.coverage is None or not answered:
            return None
        return math.sqrt(max(self.coverage * (1 - self.coverage), 1e-12) / answered)


@cache
def rows() -> tuple[Row, ...]:
    """The shipped table."""
    return tuple(Row(*values) for values in shipped.ROWS)


def row(method: str, situation: str) -> Row | None:
    """The shipped row of a method in a situation, or None where that was not measured."""
    return _by_key().get((method, situation))


@cache
def _by_key() -> dict[tuple[str, str], Row]:
    return {(found.method, found.situation): found for found in rows()}


def quote(method_key: str, situation: str = "") -> tuple[float | None, float | None]:
    """(type I error, coverage) that a record of this method quotes; (None, None) where nothing was measured.

    Measured where nothing happened and everything that moves crime is known to the method
    (``shipped.QUOTED``: the situation for each method), or in ``situation`` where a closer one was measured.
    """
    found = row(method_key, situation or shipped.QUOTED.get(method_key, ""))
    return (None, None) if found is None else (found.alarms, found.coverage)


def provenance() -> dict[str, str | int]:
    """Runs, seed, date, code version and design of the shipped table, for every page that quotes it."""
    return {
        "runs": min((found.runs for found in rows()), default=0),
        "seed": shipped.SEED,
        "measured_on": shipped.MEASURED_ON,
        "code_version": shipped.CODE_VERSION,
        "design": shipped.DESIGN,
    }

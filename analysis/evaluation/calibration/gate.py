"""What a default must do before its numbers may be headlines: false alarms of 3 to 8%, coverage of 92% or more."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from analysis.evaluation.calibration import designs as d
from analysis.evaluation.calibration.designs import SITUATIONS
from analysis.evaluation.calibration.table import Row

LEAST_ALARMS, MOST_ALARMS = 0.03, 0.08
LEAST_COVERAGE = 0.92
# Where each default must hold: what moves crime there is something that the method is given.
DEFAULTS: dict[str, tuple[str, ...]] = {
    "before-after": (d.MONTHS,),
    "before-after:candidates": (d.CHOSEN,),
    "did": (d.NATIONAL, d.NATIONAL_8),
    "patrol-days": (d.DAYS,),
    "dosage-linear": (d.DAYS,),
    "harm-ppml": (d.DAYS,),
    "wdd": (d.MONTHS,),
    "running-wdd": (d.MONTHS,),
}
# Sequential bounds end with an interval wider than 95% would need, and alpha spending is an upper limit on alarms.
COVERAGE_ONLY = frozenset({"running-wdd"})


@dataclass(frozen=True)
class Verdict:
    """``problems`` in words; none: passed."""

    row: Row
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def must_hold(method: str, situation: str) -> bool:
    """True where the gate asks for it."""
    return situation in DEFAULTS.get(method, ())


def judge(row: Row, allowance: float = 0.0) -> Verdict:
    """One row against the gate, whatever method and situation; only null situations have an error rate.

    ``allowance`` is in Monte Carlo standard errors: a rate is outside only when it is so by more than these.
    """
    problems = []
    # Error of a rate that lies at the limit: that of the observed one would be none where there was no alarm.
    most, least = (allowance * _error(limit, row.runs) for limit in (MOST_ALARMS, LEAST_ALARMS))
    if SITUATIONS[row.situation].null:
        if row.alarms - most > MOST_ALARMS:
            problems.append(f"signals in {row.alarms:.1%} of {row.runs:,} runs where nothing happened, more than 8%")
        if row.alarms + least < LEAST_ALARMS and row.method not in COVERAGE_ONLY:
            problems.append(f"signals in {row.alarms:.1%} of {row.runs:,} runs, less than 3%: wider than it says")
    answered = max(1, row.runs - row.refused)
    if row.coverage is not None and row.coverage + allowance * _error(LEAST_COVERAGE, answered) < LEAST_COVERAGE:
        problems.append(f"holds the truth in {row.coverage:.1%} of {row.runs:,} runs, less than 92%")
    if row.refused > 0.05 * row.runs:
        problems.append(f"gives no estimate in {row.refused:,} of {row.runs:,} runs")
    return Verdict(row, tuple(problems))


def _error(rate: float, runs: int) -> float:
    """Monte Carlo standard error of a rate."""
    return math.sqrt(rate * (1 - rate) / runs)


def gate(rows: Iterable[Row], allowance: float = 0.0, methods: Iterable[str] | None = None) -> list[str]:
    """What keeps the defaults from passing, in sentences; [] when all pass. A default that was not measured fails.

    Parameters
    ----------
    rows : iterable of Row
        A calibration table.
    allowance : float
        Monte Carlo standard errors granted; 0 for the shipped table, 3 for a short run.
    methods : iterable of str, optional
        Only these defaults (all unless given).
    """
    by_key = {(row.method, row.situation): row for row in rows}
    found = []
    for method in DEFAULTS if methods is None else methods:
        for situation in DEFAULTS[method]:
            row = by_key.get((method, situation))
            if row is None:
                found.append(f"{method}, {SITUATIONS[situation].words}: not measured")
                continue
            found += [f"{method}, {SITUATIONS[situation].words}: {p}" for p in judge(row, allowance).problems]
    return found

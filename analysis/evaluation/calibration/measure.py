"""Runs the defaults on data where nothing happened: what the table in :mod:`analysis.evaluation.calibration` holds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from analysis.evaluation.before_after.ratio import before_after_ratio
from analysis.evaluation.calibration import table
from analysis.evaluation.calibration.simulation import DaysDesign, MonthsDesign, days_panel, months_panel
from analysis.evaluation.calibration.table import Calibration
from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.record import Refusal, ResultRecord

Draw = Callable[[np.random.Generator], ResultRecord | Refusal]


def _months(design: MonthsDesign) -> Draw:
    return lambda rng: before_after_ratio(*months_panel(rng, design))


def _days(design: DaysDesign) -> Draw:
    return lambda rng: patrol_days(days_panel(rng, design))


_FALL = math.log(0.92)
SITUATIONS: dict[tuple[str, str], Draw] = {
    (table.BEFORE_AFTER, table.CLEAN): _months(MonthsDesign()),
    (table.BEFORE_AFTER, table.NATIONAL_FALL): _months(MonthsDesign(national_change=_FALL)),
    (table.BEFORE_AFTER, table.BAD_YEAR): _months(MonthsDesign(True, _FALL)),
    (table.PATROL_DAYS, table.CLEAN): _days(DaysDesign()),
    (table.PATROL_DAYS, table.DAY_SHOCK): _days(DaysDesign(True)),
}


def measure(estimator: str, situation: str, *, runs: int = table.RUNS, seed: int = table.SEED) -> Calibration:
    """Share of ``runs`` simulated data sets without effect whose interval leaves out no change.

    Refusals count as silence: a portal that gives no estimate raises no alarm.
    """
    draw, rng, alarms = SITUATIONS[estimator, situation], np.random.default_rng(seed), 0
    for _ in range(runs):
        result = draw(rng)
        alarms += isinstance(result, ResultRecord) and result.excludes_no_change()
    return Calibration(estimator, situation, alarms / runs)

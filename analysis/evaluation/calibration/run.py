"""Every estimator on simulated data: what each said in each run, and what that makes of its error rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.evaluation.calibration.adapters import Adapter, adapters
from analysis.evaluation.calibration.designs import SITUATIONS, Situation, generator
from analysis.evaluation.calibration.table import Row
from analysis.evaluation.calibration.world import World
from analysis.evaluation.record import Refusal, ResultRecord

RUNS = 1000
SEED = 2026


class Said(NamedTuple):
    """One run of one estimator; NaN where it gives no such number. ``alarm``: the 95% interval leaves out no change."""

    answered: float
    alarm: float
    right_way: float  # an alarm in the direction of a benefit
    covered: float
    error: float  # estimate minus truth (log of a ratio)
    se: float


_NOTHING = Said(0.0, 0.0, 0.0, math.nan, math.nan, math.nan)


def block(
    situation: str, methods: Sequence[str], first: int, last: int, seed: int, world: World
) -> dict[str, npt.NDArray[np.float64]]:
    """Runs ``first`` to ``last`` - 1 of one situation: by method an array (runs, 6) in the order of :class:`Said`."""
    at = SITUATIONS[situation]
    found: dict[str, list[Said]] = {key: [] for key in methods}
    for run in range(first, last):
        data = at.draw(generator(situation, run, seed), world)
        for key in methods:
            found[key].append(_said(adapters()[key], data, at, seed=run))
    return {key: np.array(rows, dtype=np.float64).reshape(-1, len(Said._fields)) for key, rows in found.items()}


def _said(adapter: Adapter, data: object, situation: Situation, seed: int) -> Said:
    result = adapter.estimate(data, seed)
    if isinstance(result, Refusal):
        return _NOTHING
    if isinstance(result, bool | np.bool_):
        return Said(1.0, float(result), math.nan, math.nan, math.nan, math.nan)
    return _of_record(result, adapter.truth(situation))


def _of_record(record: ResultRecord, truth: float | None) -> Said:
    ratio = record.scale == "ratio"
    has_interval = math.isfinite(record.ci_low) or math.isfinite(record.ci_high)
    alarm = record.excludes_no_change() if has_interval else record.p is not None and record.p <= 0.05
    below = alarm and record.estimate < record.no_change
    value = (math.log(record.estimate) if record.estimate > 0 else math.nan) if ratio else record.estimate
    if truth is None:
        return Said(1.0, float(alarm), float(below), math.nan, math.nan, record.se or math.nan)
    at = math.exp(truth) if ratio else truth
    covered = float(record.ci_low <= at <= record.ci_high) if has_interval else math.nan
    return Said(1.0, float(alarm), float(below), covered, value - truth, record.se if record.se else math.nan)


@dataclass(frozen=True)
class Plan:
    """What is run: (situation, methods) pairs."""

    parts: tuple[tuple[str, tuple[str, ...]], ...]


def plan(methods: Sequence[str] | None = None, situations: Sequence[str] | None = None) -> Plan:
    """Each method in each situation that it is made for; KeyError for a method without an adapter."""
    wanted = list(adapters()) if methods is None else list(methods)
    for key in wanted:
        adapters()[key]
    parts = []
    for situation in situations or SITUATIONS:
        here = tuple(key for key in wanted if situation in adapters()[key].situations)
        if here:
            parts.append((situation, here))
    return Plan(tuple(parts))


def row_of(method: str, situation: str, said: npt.NDArray[np.float64]) -> Row:
    """The table's row from every run of one method in one situation.

    A refusal is no alarm: a portal that gives no estimate cries no wolf. Coverage, bias and standard errors are over
    the runs that were answered.
    """
    answered = said[said[:, 0] == 1]
    error = answered[:, 4]
    error = error[np.isfinite(error)]
    return Row(
        method=method,
        situation=situation,
        runs=len(said),
        refused=len(said) - len(answered),
        alarms=float(np.nansum(said[:, 1]) / len(said)),
        right_way=_mean(said[:, 2]) if len(answered) else None,
        coverage=_mean(answered[:, 3]),
        bias=_mean(error),
        spread=float(error.std(ddof=1)) if len(error) > 1 else None,
        mean_se=_mean(answered[:, 5]),
    )


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if len(kept) else None


def measure(
    methods: Sequence[str] | None = None,
    *,
    situations: Sequence[str] | None = None,
    runs: int = RUNS,
    seed: int = SEED,
    world: World | None = None,
) -> list[Row]:
    """The whole calibration here, one run after the other; the command spreads the same blocks over processes."""
    found = []
    for situation, here in plan(methods, situations).parts:
        said = block(situation, here, 0, runs, seed, world or World())
        found += [row_of(method, situation, said[method]) for method in here]
    return found

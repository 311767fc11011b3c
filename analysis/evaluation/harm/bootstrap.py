"""Intervals of harm from drawing whole weeks again: no formula, no normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.harm.patrol import ESTIMAND, about_harm
from analysis.evaluation.models.poisson import DidNotConverge
from analysis.evaluation.patrol_days.model import Fitted, fit_days
from analysis.evaluation.patrol_days.panel import prepare, usable_conditions
from analysis.evaluation.record import Refusal, ResultRecord, hash_values

Floats = npt.NDArray[np.float64]
DRAWS, SEED = 1999, 2026
MIN_WEEKS = 8
KEY = "harm-bootstrap"
_CHUNK = 250
NO_WEEKS = "The day of the crimes is not known, so weeks cannot be drawn."


@dataclass(frozen=True)
class WeekSums:
    """One window by week: harm days and scored crimes of every week of it, weeks without a crime included."""

    harm: Sequence[float]
    crimes: Sequence[float]


@dataclass(frozen=True)
class BootstrappedSplit:
    """Total, number and severity, during / before, each with its percentile interval from the same drawn weeks."""

    total: ResultRecord
    count: ResultRecord
    severity: ResultRecord
    draws: Floats  # (draws, 3) log ratios, finite ones only


def week_bootstrap(
    before: WeekSums, during: WeekSums, *, draws: int = DRAWS, seed: int = SEED, level: float = 0.95
) -> BootstrappedSplit | Refusal:
    """Harm during / before, and its two parts, with intervals from drawing whole weeks again.

    Weeks of each window are drawn with replacement, as many as it has; every draw gives the ratio of harm a week, of
    crimes a week and of harm per crime. The interval runs between the 2.5th and 97.5th percentile of the draws, SE is the
    standard deviation of their logs, p = 2 x the smaller share of draws on one side of no change, (r + 1) / (draws + 1).

    Parameters
    ----------
    before, during : WeekSums
        Harm days (>= 0) and scored crimes by week. What happens in one week stays together.
    draws, seed : int
        How often, and where the random numbers start; the same seed gives the same numbers.
    level : float
        Of the interval.

    Returns
    -------
    BootstrappedSplit or Refusal
        Refusal with fewer than 8 weeks in a window, or no harm in one.

    Notes
    -----
    How it can mislead: it sees how weeks differ, not how years do, so without a comparison area it is too narrow for a
    claim about change; and weeks that never held a grave crime cannot be drawn with one.

    References
    ----------
    Efron, B. & Tibshirani, R. J. (1993). An Introduction to the Bootstrap, ch. 8 and 13. Davison, A. C. & Hinkley, D. V.
    (1997). Bootstrap Methods and their Application, section 8.2.3 (blocks).

    Examples
    --------
    >>> weeks = WeekSums([20.0, 30.0, 10.0, 40.0] * 3, [2, 3, 1, 4] * 3)
    >>> half = WeekSums([10.0, 15.0, 5.0, 20.0] * 3, [1, 1.5, 0.5, 2] * 3)
    >>> found = week_bootstrap(weeks, half, draws=499)
    >>> round(found.total.estimate, 6), found.total.ci_low < 0.5 < found.total.ci_high, round(found.severity.estimate, 6)
    (0.5, True, 1.0)
    """
    sums = [np.column_stack([np.asarray(w.harm, float), np.asarray(w.crimes, float)]) for w in (before, during)]
    for name, window in zip(("before", "during"), sums, strict=True):
        if len(window) < MIN_WEEKS:
            return Refusal("Harm, during / before", f"Fewer than {MIN_WEEKS} weeks are in the “{name}” window.")
        if (window.sum(axis=0) <= 0).any():
            return Refusal("Harm, during / before", f"No crime with a harm weight lies in the “{name}” window.")
    rng = np.random.default_rng(seed)
    means = []
    for window in sums:
        times = rng.multinomial(len(window), np.full(len(window), 1 / len(window)), size=draws)
        means.append(times @ window / len(window))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(means[1]) - np.log(means[0])
        logs = np.column_stack([logs[:, 0], logs[:, 1], logs[:, 0] - logs[:, 1]])
    logs = logs[np.isfinite(logs).all(axis=1)]
    point = np.log(sums[1].mean(axis=0)) - np.log(sums[0].mean(axis=0))
    points = (float(point[0]), float(point[1]), float(point[0] - point[1]))
    words = (
        "Harm days, during / before",
        "Number of scored crimes, during / before",
        "Harm per scored crime, during / before",
    )
    shared = _Shared(
        events=round(float(sum(w[:, 1].sum() for w in sums))), units=sum(len(w) for w in sums), level=2, seed=seed,
        digest=hash_values(*sums, [draws, seed]), confidence=level,
        method=f"Weeks drawn again {draws:,} times; percentile interval",
    )  # fmt: skip
    total, count, severity = (shared.record(estimand, points[i], logs[:, i]) for i, estimand in enumerate(words))
    return BootstrappedSplit(total, count, severity, logs)


@dataclass(frozen=True)
class _Shared:
    events: int
    units: int
    level: int
    seed: int
    digest: str
    confidence: float
    method: str

    def record(self, estimand: str, point: float, logs: Floats) -> ResultRecord:
        tail = 100 * (1 - self.confidence) / 2
        low, high = np.percentile(logs, [tail, 100 - tail])
        beyond = min(int((logs <= 0).sum()), int((logs >= 0).sum()))
        # Its rates were measured on patrol days (level 3): windows are another design.
        rates: dict[str, Any] = {} if self.level >= 3 else {"calibrated_type1": None, "calibrated_coverage": None}
        return log_ratio_record(
            **rates, log_ratio=point, se=float(logs.std(ddof=1)), df=None, method_key=KEY, estimand=estimand,
            ci_low=math.exp(low), ci_high=math.exp(high), p=min(1.0, 2 * (beyond + 1) / (len(logs) + 1)),
            n_events=self.events, n_units=self.units, n_clusters=self.units, method=self.method,
            maryland_level=self.level, data_hash=self.digest, seed=self.seed,
            assumptions=("one week does not depend on another",),
            limits=("Differences between years are not in the interval.",),
        )  # fmt: skip


def weeks_of(scored: pd.DataFrame, window: str, first: object, last: object) -> WeekSums | None:
    """``SCORED`` of a window by week, from the week of ``first`` to that of ``last``; None where no day is known."""
    rows = scored[scored["window"] == window]
    if rows["week"].isna().any():
        return None
    start, end = (pd.Timestamp(str(day)) for day in (first, last))
    weeks = pd.date_range(start - pd.Timedelta(days=start.day_of_week), end, freq="7D")
    sums = rows.groupby(pd.to_datetime(rows["week"]))["harm_days"].agg(["sum", "count"]).reindex(weeks, fill_value=0)
    return WeekSums(sums["sum"].tolist(), sums["count"].tolist())


def days_bootstrap(
    panel: pd.DataFrame,
    *,
    outcome: str = "harm_days",
    crimes: str = "crimes",
    covariates: Sequence[str] | None = None,
    weekday: bool = True,
    draws: int = DRAWS,
    seed: int = SEED,
    level: float = 0.95,
) -> ResultRecord | Refusal:
    """Patrol days' harm ratio with an interval from drawing whole weeks of all hot spots again.

    Weeks of seven days from the first one (four make a stratum) are drawn with replacement; each draw is one Newton step
    of the weighted conditional Poisson model from the estimate, b* = b + I_w(b)^-1 U_w(b), weights = times drawn.

    Parameters
    ----------
    panel, outcome, crimes, covariates, weekday
        As in :func:`~analysis.evaluation.harm.patrol.harm_ppml`.
    draws, seed, level
        As in :func:`week_bootstrap`.

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: with few harmful weeks the draws are lumpy, and one step is not the whole way where a draw is
    far from the data; a test holds it against full refits.

    References
    ----------
    Davidson, R. & MacKinnon, J. G. (1999). Bootstrap testing in nonlinear models. International Economic Review 40,
    487-508 (few Newton steps).
    """
    if panel.empty or outcome not in panel or not (panel[outcome] > 0).any():
        return Refusal(ESTIMAND, "No crime in the service window has a harm weight.")
    extra = usable_conditions(panel) if covariates is None else tuple(covariates)
    prepared = prepare(panel, outcome, ["patrol"], extra, "4 weeks", weekday=weekday)
    try:
        fitted = fit_days(prepared, ("patrol",), extra, weekday=weekday, asked="Patrol days")
    except DidNotConverge as error:
        return Refusal(ESTIMAND, str(error))
    if isinstance(fitted, str):
        return Refusal(ESTIMAND, fitted)
    logs = one_step_draws(fitted, draws, seed)
    weeks = int(_week(fitted).max()) + 1
    if weeks < MIN_WEEKS or len(logs) < draws / 2:
        return Refusal(ESTIMAND, "There are too few weeks with harm to draw them again.")
    shared = _Shared(
        events=0, units=len(prepared.y), level=3, seed=seed, digest=prepared.digest("patrol"), confidence=level,
        method=f"Weeks of all hot spots drawn again {draws:,} times, one Newton step each; percentile interval",
    )  # fmt: skip
    record = shared.record(ESTIMAND, fitted.value("patrol"), logs)
    limits = ("Days were not drawn at random.",)
    return about_harm(replace(record, n_clusters=weeks, limits=limits), panel, outcome, crimes)


def _week(fitted: Fitted) -> npt.NDArray[np.int64]:
    """Seven days from the panel's first complete day, so that four weeks are exactly one stratum's."""
    first = fitted.prepared.complete["local_date"].min()
    found: npt.NDArray[np.int64] = ((fitted.prepared.rows["local_date"] - first).dt.days // 7).to_numpy(np.int64)
    return found


def one_step_draws(fitted: Fitted, draws: int, seed: int) -> Floats:
    """Log ratios of the draws that can be solved; sums by stratum and week stand in for rows, whose weights they share."""
    at = fitted.names.index("patrol")
    week = _week(fitted)
    terms = {name: fitted.prepared.column(name) for name in fitted.names if not name.startswith("weekday")}
    terms |= {name: fitted.prepared.weekdays[name] for name in fitted.names if name.startswith("weekday")}
    x = np.column_stack([terms[name] for name in fitted.names])
    # Centred by stratum: the conditional model does not see levels, and sums of squares lose fewer digits.
    strata = fitted.prepared.strata
    x = x - (np.stack([np.bincount(strata, weights=c) for c in x.T], axis=1) / np.bincount(strata)[:, None])[strata]
    risk = np.exp(x @ fitted.fit.coef)
    key, cell = np.unique(strata * (week.max() + 1) + week, return_inverse=True)
    upper = np.triu_indices(x.shape[1])

    def summed(values: Floats) -> Floats:
        return np.stack([np.bincount(cell, weights=c) for c in np.atleast_2d(values)], axis=1)

    y = fitted.prepared.y
    parts = [summed(y), summed((x * y[:, None]).T), summed(risk), summed((x * risk[:, None]).T)]
    squares = summed((x[:, upper[0]] * x[:, upper[1]] * risk[:, None]).T)
    starts = np.flatnonzero(np.diff(key // (week.max() + 1), prepend=-1))
    cell_week = key % (week.max() + 1)
    rng, weeks = np.random.default_rng(seed), int(week.max()) + 1
    drawn = rng.multinomial(weeks, np.full(weeks, 1 / weeks), size=draws).astype(float)
    found = [
        _steps(drawn[i : i + _CHUNK][:, cell_week], parts, squares, starts, upper, at) for i in range(0, draws, _CHUNK)
    ]
    return float(fitted.fit.coef[at]) + np.concatenate(found)


def _steps(
    times: Floats, parts: Sequence[Floats], squares: Floats, starts: npt.NDArray[np.int64],
    upper: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]], at: int,
) -> Floats:  # fmt: skip
    """Newton steps of the coefficient ``at`` for a block of draws; draws without information drop out."""
    events, by_x, risk, risk_x = parts
    k = by_x.shape[1]

    def strata_sums(values: Floats) -> Floats:
        """(draws, strata, columns): cells weighted by how often their week was drawn."""
        return np.stack([np.add.reduceat(times * column, starts, axis=1) for column in values.T], axis=2)

    total, base = strata_sums(events)[:, :, 0], strata_sums(risk)[:, :, 0]
    share = np.divide(total, base, out=np.zeros_like(total), where=base > 0)
    first = strata_sums(risk_x)
    score = times @ by_x - np.einsum("ds,dsk->dk", share, first)
    mean = np.divide(first, base[:, :, None], out=np.zeros_like(first), where=base[:, :, None] > 0)
    information = np.zeros((len(times), k, k))
    sizes = np.diff(np.append(starts, times.shape[1]))
    spread = (times * np.repeat(share, sizes, axis=1)) @ squares
    information[:, upper[0], upper[1]] = spread
    information[:, upper[1], upper[0]] = spread
    information -= np.einsum("dsk,dsl->dkl", mean * total[:, :, None], mean)
    usable = np.linalg.cond(information) < 1e12
    steps = np.linalg.solve(information[usable], score[usable][:, :, None])[:, at, 0]
    return steps[np.isfinite(steps)]

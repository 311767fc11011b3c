"""Randomisation inference on patrol days: whole days change places, so what hot spots share on a day stays together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from analysis.evaluation.calibration.table import quote
from analysis.evaluation.distributions import normal_quantile
from analysis.evaluation.models.poisson import DidNotConverge, fit_conditional_poisson
from analysis.evaluation.patrol_days.arrangements import Arrangements
from analysis.evaluation.patrol_days.model import ESTIMAND, patrol_days
from analysis.evaluation.patrol_days.panel import (
    Codes,
    Floats,
    Prepared,
    block_days,
    independent_terms,
    prepare,
    usable_conditions,
)
from analysis.evaluation.record import Check, Refusal, ResultRecord, mde80

DRAWS = 4999
SEED = 2026
_FARTHEST = 5.0  # log ratio at which the search for an interval's end stops: a factor of 148


@dataclass(frozen=True)
class Randomisation:
    """What the shuffled days say: the score of every arrangement, p, and the ratios that are not rejected.

    ``log_ratios``: each arrangement's one-step estimate, (U - mean) / information, the observed one first.
    """

    log_ratios: Floats
    p: float
    ci_low: float
    ci_high: float
    n_permutations: int
    exact: bool
    possible: float
    days: int
    movable_days: int
    cells: int


@dataclass(frozen=True)
class _Board:
    """Days x hot spots: patrol and the null model's residuals, with the model's own arrays."""

    prepared: Prepared
    treatment: str
    x: Floats
    day: Codes  # of every complete row
    spot: Codes
    log_exposure: Floats | None

    @cached_property
    def patrol(self) -> Floats:
        return self.grid(self.prepared.complete[self.treatment].to_numpy(float))

    @cached_property
    def treated(self) -> Floats:
        return self.prepared.column(self.treatment)

    def grid(self, values: Floats) -> Floats:
        found = np.zeros((int(self.day.max()) + 1, int(self.spot.max()) + 1))
        found[self.day, self.spot] = values
        return found

    def residuals(self, effect: float, start: Floats | None) -> tuple[Floats, Floats]:
        """(days x hot spots residuals, coefficients) of the null model in which the log ratio is ``effect``."""
        offset = effect * self.treated + (0.0 if self.log_exposure is None else self.log_exposure)
        fit = fit_conditional_poisson(
            self.x, self.prepared.y, self.prepared.strata, offset=offset, start=start, tolerance=1e-5
        )
        every = np.zeros(len(self.day))
        every[self.prepared.alive] = self.prepared.y - fit.mu
        return self.grid(every), fit.coef

    def information(self) -> float:
        """Of the treatment at no effect, after the covariates: what turns a score into a log ratio."""
        x = np.column_stack([self.x, self.treated])
        offset = self.log_exposure
        null = fit_conditional_poisson(self.x, self.prepared.y, self.prepared.strata, offset=offset)
        weight, strata = null.mu, self.prepared.strata
        totals = np.maximum(np.bincount(strata, weights=weight), 1e-300)
        means = np.stack([np.bincount(strata, weights=weight * column) / totals for column in x.T], axis=1)
        centred = x - means[strata]
        full = (centred * weight[:, None]).T @ centred
        inner, cross = full[:-1, :-1], full[:-1, -1]
        return float(full[-1, -1] - (cross @ np.linalg.solve(inner, cross) if len(cross) else 0.0))


def randomise_days(
    panel: pd.DataFrame,
    *,
    outcome: str = "crimes",
    treatment: str = "patrol",
    covariates: Sequence[str] | None = None,
    strata: str = "4 weeks",
    cells: str = "4 weeks",
    by_weekday: bool = True,
    weekday: bool = True,
    exposure: str | None = None,
    permutations: int = DRAWS,
    seed: int = SEED,
    level: float = 0.95,
    interval: bool = True,
) -> Randomisation | str:
    """Permute whole days within weekday x four-week cells; a reason in words where no day can move.

    Parameters and returns as in :func:`patrol_days_ri`; ``cells`` and ``by_weekday``
    say within what days may change places, ``interval`` whether to invert the test (the slower half).
    """
    board = _board(panel, outcome, treatment, covariates, strata, weekday, exposure)
    if isinstance(board, str):
        return board
    found = _cells(board, cells, by_weekday)
    if not found:
        return (
            "No day has a day to change places with: within every weekday and block of days the patrols were the same, "
            "or there is one day only."
        )
    drawn = Arrangements.of(found, permutations, seed)
    try:
        residual, coef = board.residuals(0.0, None)
        totals, mean = drawn.totals(board.patrol, residual)
        centred, information = totals - mean, board.information()
        if information <= 0:
            return "Patrol days cannot be told apart from the other terms of the model."
        low, high = _invert(board, drawn, coef, level, centred[0] / information) if interval else (-math.inf, math.inf)
    except DidNotConverge as error:
        return str(error)
    return Randomisation(
        centred / information, _p(totals), math.exp(low), math.exp(high), drawn.count - (not drawn.exact),
        drawn.exact, drawn.possible, int(board.day.max()) + 1, sum(len(cell) for cell in found), len(found),
    )  # fmt: skip


def _p(totals: Floats) -> float:
    """Twice the smaller share of arrangements (the observed one among them) at least as far out on one side."""
    tolerance = 1e-9 * max(1e-12, float(np.abs(totals).max()))
    above, below = np.mean(totals >= totals[0] - tolerance), np.mean(totals <= totals[0] + tolerance)
    return min(1.0, 2 * float(min(above, below)))


def _board(
    panel: pd.DataFrame,
    outcome: str,
    treatment: str,
    covariates: Sequence[str] | None,
    strata: str,
    weekday: bool,
    exposure: str | None,
) -> _Board | str:
    extra = usable_conditions(panel) if covariates is None else tuple(covariates)
    prepared = prepare(panel, outcome, [treatment], extra, strata, weekday=weekday, exposure=exposure)
    if not len(prepared.y):
        return "No crime was recorded in the service window on any of these days."
    if prepared.complete.duplicated(["hot_spot", "local_date"]).any():
        return "A hot spot has two rows on one day, so its days cannot change places."
    terms = dict(prepared.weekdays) if weekday else {}
    terms |= {name: prepared.column(name) for name in extra}
    x, _, _ = independent_terms(terms, prepared.strata)
    day = np.unique(prepared.complete["local_date"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    spot = pd.factorize(prepared.complete["hot_spot"])[0].astype(np.int64)
    exposed = np.log(prepared.column(exposure)) if exposure else None
    return _Board(prepared, treatment, x, day, spot, exposed)


def _cells(board: _Board, cells: str, by_weekday: bool) -> list[Codes]:
    """Days that may change places: same weekday, same block, the same hot spots known, and patrols that differ."""
    dates = pd.Series(np.unique(board.prepared.complete["local_date"].to_numpy()))
    length = block_days(cells)
    block = np.zeros(len(dates), int) if length is None else ((dates - dates.min()).dt.days // length).to_numpy()
    weekdays = dates.dt.day_of_week.to_numpy() if by_weekday else np.zeros(len(dates), int)
    present = board.grid(np.ones(len(board.day))) > 0
    pattern = np.unique(np.packbits(present, axis=1), axis=0, return_inverse=True)[1].ravel()
    key = pd.factorize(pd.MultiIndex.from_arrays([block, weekdays, pattern]))[0]
    order = np.argsort(key, kind="stable")
    found = np.split(order, np.flatnonzero(np.diff(key[order])) + 1)
    return [c.astype(np.int64) for c in found if len(c) > 1 and (board.patrol[c] != board.patrol[c[0]]).any()]


def _invert(board: _Board, drawn: Arrangements, coef: Floats, level: float, near: float) -> tuple[float, float]:
    """Log ratios at which the observed score just reaches a tail of (1 - level) / 2; infinite where it never does."""
    tail = (1 - level) / 2
    state = {"coef": coef}

    kept = math.floor(tail * drawn.count + 1e-9)  # arrangements, the observed one among them, that a tail may hold

    def distance(effect: float, upper: bool) -> float:
        residual, state["coef"] = board.residuals(effect, state["coef"])
        totals, _ = drawn.totals(board.patrol, residual)
        others = totals[1:]
        at = len(others) - kept if upper else kept - 1
        return float(totals[0] - np.partition(others, at)[at])

    if not 0 < kept < drawn.count:
        return -math.inf, math.inf
    step = max(0.05, abs(near) / 2, 2 / math.sqrt(max(1.0, board.information())))
    return _root(lambda b: distance(b, True), near, -step), _root(lambda b: distance(b, False), near, step)


def _root(distance: Callable[[float], float], near: float, step: float) -> float:
    """Walk from ``near`` in the direction of ``step`` until the sign turns, then close in."""
    inside = min(max(near, -_FARTHEST), _FARTHEST)
    sign = -1.0 if step > 0 else 1.0  # outside an upper end the observed score is below the tail, and the reverse
    first = distance(inside)
    if first * sign > 0:
        return _walked(distance, inside, -step, sign, outward=False)
    return _walked(distance, inside, step, sign, outward=True)


def _walked(distance: Callable[[float], float], at: float, step: float, sign: float, *, outward: bool) -> float:
    last = at
    while abs(last) < _FARTHEST + abs(step):
        following = last + step
        outside = distance(following) * sign > 0
        if outside == outward:
            return float(brentq(distance, last, following, xtol=5e-4))
        last, step = following, step * 1.6
    return math.copysign(math.inf, step if outward else -step)


def patrol_days_ri(
    panel: pd.DataFrame,
    *,
    outcome: str = "crimes",
    permutations: int = DRAWS,
    seed: int = SEED,
    covariates: Sequence[str] | None = None,
    strata: str = "4 weeks",
    treatment: str = "patrol",
    weekday: bool = True,
    exposure: str | None = None,
    randomised: bool = False,
    estimand: str = ESTIMAND,
    method_key: str = "patrol-days-ri",
) -> ResultRecord | Refusal:
    """Patrol days against other days, with p and interval from shuffling whole days instead of a formula.

    U = sum over days of (patrols of the day over hot spots) . (residuals of the day over hot spots), residuals from the
    conditional Poisson model without patrol but with every covariate. Days of one weekday and four weeks exchange
    their patrols as a whole, so what hot spots share on a day stays together. p = 2 x the smaller share of
    arrangements with U at least as far out on one side, the observed one counted. The interval holds every ratio r
    for which the same test, with log r held fixed in the model, does not reject at 5%.

    Parameters
    ----------
    panel, outcome, covariates, strata, treatment, weekday, exposure, randomised
        As in ``patrol_days``. One row a hot spot and day at most; days change places only with days on which the same
        hot spots are known.
    permutations : int
        Arrangements drawn where there are more than 20,000; where there are fewer all are enumerated.
    seed : int
        Of the draw; the same seed gives the same figures.

    Returns
    -------
    ResultRecord or Refusal
        ``estimate`` is that of ``patrol_days``; ``se`` is None; ``mde80`` is from the half width of the interval. An end
        of the interval is 0 or infinite where no ratio on that side can be rejected.

    Notes
    -----
    How it can mislead: days were not really drawn by lot. It guards against a wrong variance formula, not against
    an event that moved patrols and crime on the same day. With few arrangements p has a high floor.

    References
    ----------
    Fisher, R. A. (1935). The Design of Experiments. Winkler, A. M. et al. (2014). NeuroImage 92, 381-397 (covariates in
    the null model). Ernst, M. D. (2004). Statistical Science 19(4), 676-685.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2023-02-06", periods=112)
    >>> patrol = np.arange(112) // 7 % 2
    >>> panel = pd.DataFrame({"hot_spot": "A", "local_date": days, "patrol": patrol, "crimes": 2 - patrol})
    >>> found = patrol_days_ri(panel, permutations=999)
    >>> round(found.estimate, 3), found.p, found.ci_high < 1
    (0.5, 0.002, True)
    """
    options = {
        "outcome": outcome, "covariates": covariates, "strata": strata, "treatment": treatment, "weekday": weekday,
        "exposure": exposure,
    }  # fmt: skip
    plain = patrol_days(panel, estimand=estimand, randomised=randomised, **options)  # type: ignore[arg-type]
    if isinstance(plain, Refusal):
        return plain
    found = randomise_days(panel, permutations=permutations, seed=seed, **options)  # type: ignore[arg-type]
    if isinstance(found, str):
        return Refusal(estimand, found, plain.checks)
    return randomised_record(plain, found, seed, method_key)


def randomised_record(
    plain: ResultRecord, found: Randomisation, seed: int, method_key: str = "patrol-days-ri"
) -> ResultRecord:
    """The record of ``patrol_days`` with p and interval from the shuffled days."""
    type1, coverage = quote(method_key)
    half = math.log(found.ci_high / found.ci_low) / 2 if found.ci_low > 0 and found.ci_high < math.inf else math.inf
    how = "all arrangements enumerated" if found.exact else f"{found.n_permutations:,} arrangements drawn"
    return replace(
        plain,
        se=None, df=None, p=found.p, ci_low=found.ci_low, ci_high=found.ci_high, seed=None if found.exact else seed,
        mde80=mde80(half / normal_quantile(0.975)), method_key=method_key,
        calibrated_type1=type1, calibrated_coverage=coverage, n_clusters=found.days,
        method=f"{plain.method.split(';')[0]}; randomisation of whole days within weekday x 4-week cells, {how}",
        checks=(*plain.checks, *_checks(found)),
    )  # fmt: skip


def _checks(found: Randomisation) -> tuple[Check, ...]:
    count = len(found.log_ratios)
    return (
        Check(
            "arrangements looked at", float(count), count >= 1000, needed="1,000 or more",
            meaning="Of the days' patrols, the one that happened among them; p cannot be below 2 divided by this number.",
        ),
        Check(
            "days that can change places", float(found.movable_days), found.movable_days >= found.days / 2,
            needed=f"half of {found.days:,} days", meaning="Days with a day of the same weekday and four weeks to change places with.",
        ),
    )  # fmt: skip

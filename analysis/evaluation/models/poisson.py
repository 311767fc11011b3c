"""Poisson maximum likelihood by Newton's method, small enough to read, fast enough for a page.

statsmodels gives the same coefficients (a test holds them together) but takes seconds to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

Floats = npt.NDArray[np.float64]
_TOLERANCE = 1e-10
_ROUNDS = 100


class DidNotConverge(ValueError):
    """The likelihood has no finite maximum (or the design is not of full rank)."""


@dataclass(frozen=True)
class PoissonFit:
    """``coef`` (k,), ``cov`` (k, k) = inverse information at phi = 1, ``mu`` (n,), Pearson ``phi`` = chi2 / df."""

    coef: Floats
    cov: Floats
    mu: Floats
    df: int
    phi: float
    loglik: float

    def quasi(self, *, floor: float = 1.0) -> Floats:
        """Quasi-Poisson covariance, phi x inverse information; phi below ``floor`` is raised to it (0: as it is)."""
        phi = self.phi if np.isfinite(self.phi) else 1.0
        found: Floats = max(floor, phi) * self.cov
        return found

    def scores(self, x: Floats, y: Floats) -> Floats:
        """Row scores x_i (y_i - mu_i), (n, k), for sandwich covariances (clustered, Newey-West)."""
        found: Floats = np.asarray(x, float) * (np.asarray(y, float) - self.mu)[:, None]
        return found


def fit_poisson(x: Floats, y: Floats, offset: Floats | None = None) -> PoissonFit:
    """Fit log E[y] = x b + offset.

    Parameters
    ----------
    x : (n, k) array
        Design, full column rank.
    y : (n,) array
        Counts (or any non-negative amounts: pseudo-likelihood).
    offset : (n,) array, optional
        Log exposure.

    Returns
    -------
    PoissonFit
        ``phi`` is Pearson chi2 / (n - k), not floored; NaN when n = k.

    Raises
    ------
    DidNotConverge
        When a coefficient runs away or the information matrix cannot be inverted.

    References
    ----------
    McCullagh, P. & Nelder, J. A. (1989). Generalized Linear Models, 2nd ed., ch. 2 and 6.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    log_exposure = np.zeros(len(y)) if offset is None else np.asarray(offset, float)
    coef = np.linalg.lstsq(x, np.log(y + 0.5) - log_exposure, rcond=None)[0]
    current = _objective(x, y, log_exposure, coef)
    for _ in range(_ROUNDS):
        mu = np.exp(x @ coef + log_exposure)
        step = _solve((x * mu[:, None]).T @ x, x.T @ (y - mu))
        # Halve an overshooting step: full Newton can leave the range of exp from a poor start.
        scale = 1.0
        while (proposed := _objective(x, y, log_exposure, coef + scale * step)) < current - 1e-9 and scale > 1e-8:
            scale /= 2
        coef, current = coef + scale * step, proposed
        if np.max(np.abs(scale * step)) < _TOLERANCE:
            return _finish(x, y, log_exposure, coef)
    raise DidNotConverge("The Poisson model has no finite best fit to these counts.")


def _objective(x: Floats, y: Floats, offset: Floats, coef: Floats) -> float:
    eta = x @ coef + offset
    if np.max(eta) > 700:
        return -np.inf
    return float(y @ eta - np.exp(eta).sum())


def _solve(a: Floats, b: Floats) -> Floats:
    if np.linalg.cond(a) > 1e14:
        raise DidNotConverge("The terms of the model cannot be told apart in these data.")
    solved: Floats = np.linalg.solve(a, b).astype(np.float64)
    return solved


def _finish(x: Floats, y: Floats, offset: Floats, coef: Floats) -> PoissonFit:
    mu = np.exp(x @ coef + offset)
    cov: Floats = np.linalg.inv((x * mu[:, None]).T @ x).astype(np.float64)
    df = len(y) - x.shape[1]
    phi = float(((y - mu) ** 2 / mu).sum() / df) if df > 0 else float("nan")
    loglik = float((y * np.log(mu) - mu - gammaln(y + 1)).sum())
    return PoissonFit(coef, cov, mu, df, phi, loglik)


@dataclass(frozen=True)
class ConditionalFit:
    """Fixed-effects Poisson: ``coef`` (k,), ``cov_model`` (k, k), ``mu`` (n,), row ``scores`` (n, k) for clustered errors."""

    coef: Floats
    cov_model: Floats
    mu: Floats
    blocks: _Strata
    state: _State

    @cached_property
    def scores(self) -> Floats:
        """(y_i - mu_i)(x_i - xbar_s): made when asked for, which a shuffle of a thousand fits never does."""
        return self.blocks.scores(self.state)


def fit_conditional_poisson(
    x: Floats,
    y: Floats,
    strata: npt.NDArray[np.int64],
    *,
    offset: Floats | None = None,
    start: Floats | None = None,
    tolerance: float = _TOLERANCE,
) -> ConditionalFit:
    """Poisson regression with one free level a stratum, the levels removed by conditioning on stratum totals.

    Maximises sum_i y_i (x_i b + o_i) - sum_s N_s log sum_{i in s} exp(x_i b + o_i); the fitted share of row i in its
    stratum is p_i, mu_i = N_s p_i, and the score of row i is (y_i - mu_i)(x_i - xbar_s) with xbar_s = sum p_i x_i.
    Equal to a Poisson GLM with a dummy for each stratum.

    Parameters
    ----------
    x : (n, k) array
        Regressors that vary within strata; k may be 0.
    y : (n,) array
        Non-negative outcomes; strata whose total is 0 add nothing.
    strata : (n,) array of int
        Stratum numbers, of any size and in any order.
    offset : (n,) array, optional
        Added to the log of the mean (log exposure, or an effect held fixed).
    start : (k,) array, optional
        Where to begin; the coefficients of nearly the same data save most of the work.
    tolerance : float
        Largest last step of any coefficient; the error left is about its square.

    Raises
    ------
    DidNotConverge
        On separation (an estimate runs to infinity) or terms that cannot be told apart within strata.

    References
    ----------
    Hausman, J., Hall, B. H. & Griliches, Z. (1984). Econometrica 52(4), 909-938.
    Armstrong, B. G., Gasparrini, A. & Tobias, A. (2014). BMC Med Res Methodol 14, 122.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    blocks = _Strata.of(x, y, np.asarray(strata), np.zeros(len(y)) if offset is None else np.asarray(offset, float))
    coef = np.zeros(x.shape[1]) if start is None else np.array(start, float)
    current = blocks.at(coef)
    for _ in range(_ROUNDS):
        step = _solve(current.information, current.gradient) if len(coef) else coef
        scale = 1.0
        while True:
            proposed = blocks.at(coef + scale * step)
            if proposed.loglik >= current.loglik - 1e-9 or scale < 1e-8:
                break
            scale /= 2
        coef, current = coef + scale * step, proposed
        if np.max(np.abs(coef), initial=0) > 30:
            raise DidNotConverge("An estimate runs off to zero or infinity: the events lie all on one side.")
        if np.max(np.abs(scale * step), initial=0) < tolerance:
            return blocks.finish(coef, current)
    raise DidNotConverge("The conditional Poisson model has no finite best fit to these counts.")


@dataclass(frozen=True)
class _State:
    loglik: float
    gradient: Floats
    information: Floats
    mu: Floats


@dataclass(frozen=True)
class _Strata:
    """Rows put in order of their stratum, so that sums over a stratum are sums over a run of rows; ``x`` is (k, n)."""

    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    x: Floats
    y: Floats
    offset: Floats
    totals: Floats

    @classmethod
    def of(cls, x: Floats, y: Floats, strata: npt.NDArray[np.int64], offset: Floats) -> _Strata:
        order = np.argsort(strata, kind="stable")
        sorted_strata = strata[order]
        starts = np.flatnonzero(np.r_[True, sorted_strata[1:] != sorted_strata[:-1]][: len(y)])
        sizes = np.diff(np.r_[starts, len(y)])
        totals = np.add.reduceat(y[order], starts) if len(y) else np.zeros(0)
        return cls(order, starts, sizes, np.ascontiguousarray(x[order].T), y[order], offset[order], totals)

    def at(self, coef: Floats) -> _State:
        if not len(self.y):
            return _State(0.0, np.zeros(len(coef)), np.zeros((len(coef), len(coef))), np.zeros(0))
        eta = coef @ self.x + self.offset
        top = np.maximum.reduceat(eta, self.starts)  # log-sum-exp, so that a far step cannot overflow
        weight = np.exp(eta - np.repeat(top, self.sizes))
        sums = np.add.reduceat(weight, self.starts)
        mu: Floats = weight * np.repeat(self.totals / sums, self.sizes)
        weighted = self.x * mu
        scaled = np.add.reduceat(weighted, self.starts, axis=1) / np.sqrt(np.where(self.totals > 0, self.totals, 1.0))
        return _State(
            float(self.y @ eta - self.totals @ (np.log(sums) + top)),
            self.x @ (self.y - mu),
            weighted @ self.x.T - scaled @ scaled.T,
            mu,
        )

    def finish(self, coef: Floats, state: _State) -> ConditionalFit:
        bread: Floats = np.linalg.inv(state.information).astype(np.float64)
        mu = np.empty_like(self.y)
        mu[self.order] = state.mu
        return ConditionalFit(coef, bread, mu, self, state)

    def scores(self, state: _State) -> Floats:
        found = np.empty((len(self.y), len(self.x)))
        if len(self.y):
            means = np.add.reduceat(self.x * state.mu, self.starts, axis=1) / np.where(
                self.totals > 0, self.totals, 1.0
            )
            centred = self.x - np.repeat(means, self.sizes, axis=1)
            found[self.order] = (centred * (self.y - state.mu)).T
        return found


def cluster_covariance(scores: Floats, bread: Floats, clusters: npt.NDArray[np.int64]) -> tuple[Floats, int]:
    """CR1 sandwich: B (sum_g s_g s_g') B x G / (G - 1), s_g the summed row scores of cluster g.

    Parameters
    ----------
    scores : (n, k) array
        Row scores.
    bread : (k, k) array
        Inverse information.
    clusters : (n,) array of int
        Cluster numbers 0..G-1, each present.

    Returns
    -------
    (covariance (k, k), G)

    References
    ----------
    Cameron, A. C. & Miller, D. L. (2015). J Human Resources 50(2), 317-372.
    """
    groups = int(clusters.max()) + 1
    summed = np.stack([np.bincount(clusters, weights=column, minlength=groups) for column in scores.T], axis=1)
    covariance: Floats = bread @ (summed.T @ summed) @ bread * (groups / (groups - 1))
    return covariance, groups

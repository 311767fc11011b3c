"""Zero-inflated Poisson: some rows can never have an event, the others follow a Poisson model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize
from scipy.special import expit, gammaln

from analysis.evaluation.models.poisson import DidNotConverge, fit_poisson

Floats = npt.NDArray[np.float64]
_GRADIENT = 1e-7  # of the mean log likelihood a row
_RUNAWAY = 1e-4  # a chance of never below this in every row is a zero part that has run off to 0


@dataclass(frozen=True)
class ZeroInflatedFit:
    """``count`` (k,) log-rate terms, ``zero`` (m,) log-odds terms of never having an event, ``cov`` (k + m, k + m).

    ``mu`` (n,) Poisson means, ``never`` (n,) fitted chance of never; the expected count is (1 - never) mu.
    """

    count: Floats
    zero: Floats
    cov: Floats
    mu: Floats
    never: Floats
    loglik: float
    aic: float

    @property
    def count_se(self) -> Floats:
        found: Floats = np.sqrt(np.diag(self.cov))[: len(self.count)]
        return found

    @property
    def zero_se(self) -> Floats:
        found: Floats = np.sqrt(np.diag(self.cov))[len(self.count) :]
        return found


def fit_zero_inflated_poisson(x: Floats, z: Floats, y: Floats, offset: Floats | None = None) -> ZeroInflatedFit:
    """Fit P(y = 0) = p + (1 - p) exp(-mu), P(y) = (1 - p) Poisson(y; mu) for y > 0.

    log mu = x b + offset, logit p = z g; exact maximum likelihood by a trust region with the exact second derivatives,
    from which the standard errors come.

    Parameters
    ----------
    x : (n, k) array
        Design of the Poisson part, constant included.
    z : (n, m) array
        Design of the zero part, constant included.
    y : (n,) array of int
        Counts.
    offset : (n,) array, optional
        Log exposure of the Poisson part.

    Raises
    ------
    DidNotConverge
        Without zeros or without events, or when the zero part runs off to a chance of 0 or 1.

    Notes
    -----
    How it can mislead: many zeros alone are no sign of inflation; a Poisson rate of 0.1 a day has nine days in ten at
    zero. The two parts can trade places, so single coefficients may be unstable while the expected count is not.

    References
    ----------
    Lambert, D. (1992). Technometrics 34, 1-14.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([0] * 60 + [1] * 10 + [2] * 15 + [3] * 10 + [4] * 5)
    >>> one = np.ones((100, 1))
    >>> fit = fit_zero_inflated_poisson(one, one, y)
    >>> round(float((1 - fit.never[0]) * fit.mu[0]), 6), float(y.mean())
    (0.9, 0.9)
    """
    x, z, y = np.asarray(x, float), np.asarray(z, float), np.asarray(y, float)
    log_exposure = np.zeros(len(y)) if offset is None else np.asarray(offset, float)
    if not (y == 0).any() or not (y > 0).any():
        raise DidNotConverge("A zero-inflated model needs rows without and rows with events.")
    # Columns of one size: a trust region is round.
    sizes = np.concatenate([_size(x), _size(z)])
    problem = _Problem(x / sizes[: x.shape[1]], z / sizes[x.shape[1] :], y, log_exposure)
    found = optimize.minimize(
        problem.value, problem.start(), jac=problem.gradient, hess=problem.hessian, method="trust-exact",
        options={"gtol": _GRADIENT, "maxiter": 500},
    )  # fmt: skip
    theta = np.asarray(found.x, float)
    mu, never, _ = problem.state(theta)
    information = problem.hessian(theta) * len(y)
    if np.max(np.abs(problem.gradient(theta))) > 1e-5 or np.linalg.cond(information) > 1e12:
        raise DidNotConverge("The zero-inflated model has no finite best fit to these counts.")
    if never.max() < _RUNAWAY:
        raise DidNotConverge("The zero part runs off to a chance of 0: a Poisson model fits these counts as well.")
    cov = np.linalg.inv(information) / np.outer(sizes, sizes)
    loglik = -problem.value(theta) * len(y)
    theta = theta / sizes
    return ZeroInflatedFit(
        count=theta[: x.shape[1]],
        zero=theta[x.shape[1] :],
        cov=np.asarray(cov, np.float64),
        mu=mu,
        never=never,
        loglik=loglik,
        aic=2 * len(theta) - 2 * loglik,
    )


def _size(columns: Floats) -> Floats:
    found: Floats = np.sqrt((columns**2).mean(axis=0))
    return np.where(found > 0, found, 1.0)


@dataclass(frozen=True)
class _Problem:
    """Minus the mean log likelihood a row, and its derivatives."""

    x: Floats
    z: Floats
    y: Floats
    offset: Floats

    def start(self) -> Floats:
        """The Poisson fit, and a zero part at the share of zeros beyond Poisson's."""
        fit = fit_poisson(self.x, self.y, self.offset)
        zero = self.y == 0
        beyond = float(np.clip(zero.mean() - np.exp(-fit.mu).mean(), 0.05, 0.9))
        # Log odds as near constant as the zero part's columns can make it.
        gamma = np.linalg.lstsq(self.z, np.full(len(self.y), math.log(beyond / (1 - beyond))), rcond=None)[0]
        return np.concatenate([fit.coef, gamma])

    def state(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """mu, p = chance of never, w = chance of never given the count (0 where an event was seen)."""
        k = self.x.shape[1]
        eta = np.clip(self.x @ theta[:k] + self.offset, -700, 50)
        odds = self.z @ theta[k:]
        mu = np.exp(eta)
        return mu, expit(odds), np.where(self.y == 0, expit(odds + mu), 0.0)

    def value(self, theta: Floats) -> float:
        k = self.x.shape[1]
        mu, _, _ = self.state(theta)
        odds = self.z @ theta[k:]
        log_some, log_never = -np.logaddexp(0, odds), -np.logaddexp(0, -odds)
        at_zero = np.logaddexp(log_never, log_some - mu)
        above = log_some + self.y * np.log(mu) - mu - gammaln(self.y + 1)
        return -float(np.where(self.y == 0, at_zero, above).mean())

    def gradient(self, theta: Floats) -> Floats:
        mu, never, w = self.state(theta)
        count = self.x.T @ ((1 - w) * (self.y - mu))
        zero = self.z.T @ (w - never)
        found: Floats = -np.concatenate([count, zero]) / len(self.y)
        return found

    def hessian(self, theta: Floats) -> Floats:
        mu, never, w = self.state(theta)
        both = w * (1 - w)
        count = (self.x * (both * mu**2 - (1 - w) * mu)[:, None]).T @ self.x
        cross = (self.x * (both * mu)[:, None]).T @ self.z
        zero = (self.z * (both - never * (1 - never))[:, None]).T @ self.z
        found: Floats = -np.block([[count, cross], [cross.T, zero]]) / len(self.y)
        return found

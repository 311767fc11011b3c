"""Tails and quantiles of the distributions that estimates are read against.

The functions of scipy.special that scipy.stats itself calls, without the half second that scipy.stats takes to load and
the tenth of a millisecond that each of its calls takes: a return asks some hundreds of times. Arguments broadcast.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

_LOG_ROOT_2PI = 0.5 * math.log(2 * math.pi)


def normal_above(z: Any) -> Any:
    """P(Z > z)."""
    return special.ndtr(-np.asarray(z))


def log_normal_above(z: Any) -> Any:
    """log P(Z > z): keeps its digits far in the tail."""
    return special.log_ndtr(-np.asarray(z))


def normal_quantile(p: Any) -> Any:
    return special.ndtri(p)


def log_normal_density(x: Any, sd: Any = 1.0) -> Any:
    return -((x / sd) ** 2) / 2 - _LOG_ROOT_2PI - np.log(sd)


def t_above(x: Any, df: Any) -> Any:
    """P(T > x), T ~ t(df)."""
    return special.stdtr(df, -np.asarray(x))


def t_quantile(p: Any, df: Any) -> Any:
    return special.stdtrit(df, p)


def f_above(x: Any, df1: Any, df2: Any) -> Any:
    """P(F > x), F ~ F(df1, df2); a statistic below 0 is no evidence."""
    return special.fdtrc(df1, df2, np.maximum(x, 0.0))


def chi2_above(x: Any, df: Any) -> Any:
    """P(X > x), X ~ chi-squared(df); a statistic below 0 is no evidence."""
    return special.chdtrc(df, np.maximum(x, 0.0))


def beta_quantile(p: Any, a: Any, b: Any) -> Any:
    return special.betaincinv(a, b, p)


def binomial_up_to(k: Any, n: Any, share: Any) -> Any:
    """P(K <= k), K ~ binomial(n, share); 0 for k < 0."""
    return np.where(np.asarray(k) < 0, 0.0, special.bdtr(np.maximum(k, 0), n, share))


def poisson_mass(k: Any, mean: Any) -> Any:
    """P(N = k), N ~ Poisson(mean)."""
    return np.exp(special.xlogy(k, mean) - special.gammaln(np.asarray(k) + 1) - mean)


def log_half_cauchy_density(x: Any, scale: Any) -> Any:
    """Of x >= 0; ``scale`` is its median."""
    return math.log(2 / math.pi) - np.log1p((x / scale) ** 2) - np.log(scale)

"""Least squares, and the covariances that a linear or a Poisson fit may need: White, Newey-West, clustered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.evaluation.models.clustered import Correction, clustered_covariance
from analysis.evaluation.models.poisson import DidNotConverge

Floats = npt.NDArray[np.float64]
White = Literal["HC0", "HC1", "HC2", "HC3", "HC4"]


@dataclass(frozen=True)
class OlsFit:
    """``coef`` (k,), ``bread`` (k, k) = (X'WX)^-1, ``residuals`` (n,), row ``scores`` (n, k), ``leverage`` (n,).

    ``df`` = n - k, ``sigma2`` = weighted residual sum of squares / df, ``r_squared`` about the mean.
    """

    coef: Floats
    bread: Floats
    residuals: Floats
    scores: Floats
    leverage: Floats
    df: int
    sigma2: float
    r_squared: float

    def classical(self) -> Floats:
        """sigma^2 (X'WX)^-1: right where the errors are independent and equally spread."""
        found: Floats = self.sigma2 * self.bread
        return found

    def white(self, kind: White = "HC1") -> Floats:
        """Robust to unequal spread; HC0 White, HC1 x n / (n - k), HC2 to HC4 by leverage h.

        HC2 divides e^2 by 1 - h, HC3 by (1 - h)^2, HC4 by (1 - h)^min(4, n h / k).

        References
        ----------
        White, H. (1980). Econometrica 48, 817-838. MacKinnon, J. & White, H. (1985). J Econometrics 29, 305-325.
        Cribari-Neto, F. (2004). Computational Statistics & Data Analysis 45, 215-233.
        """
        n, k = self.scores.shape
        left = np.clip(1 - self.leverage, 1e-12, None)
        power = {"HC0": 0.0, "HC1": 0.0, "HC2": 1.0, "HC3": 2.0, "HC4": np.minimum(4.0, n * self.leverage / k)}[kind]
        factor = n / (n - k) if kind == "HC1" else 1.0
        meat = (self.scores / (left**power)[:, None]).T @ self.scores
        found: Floats = np.asarray(factor * self.bread @ meat @ self.bread, np.float64)
        return found

    def newey_west(self, lags: int, *, small_sample: bool = False) -> Floats:
        """Robust to unequal spread and to dependence in time; rows in order and evenly spaced (:func:`hac_covariance`)."""
        return hac_covariance(self.scores, self.bread, lags, small_sample=small_sample)

    def clustered(self, clusters: Sequence[npt.ArrayLike], *, correction: Correction = "CR1S") -> Floats:
        """Robust to dependence within clusters, in one or several ways (:func:`clustered_covariance`)."""
        return clustered_covariance(self.scores, self.bread, clusters, correction=correction).covariance


def fit_ols(x: Floats, y: Floats, weights: Floats | None = None) -> OlsFit:
    """Least squares, plain or weighted: coef = (X'WX)^-1 X'Wy.

    Parameters
    ----------
    x : (n, k) array
        Design, full column rank, n > k.
    y : (n,) array
        Outcome.
    weights : (n,) array, optional
        Relative precision of each row, > 0.

    Raises
    ------
    DidNotConverge
        When the terms cannot be told apart or there are no more rows than terms.

    References
    ----------
    Greene, W. H. (2012). Econometric Analysis, 7th ed., ch. 4 and 9.

    Examples
    --------
    >>> import numpy as np
    >>> fit = fit_ols(np.column_stack([np.ones(4), [0, 1, 2, 3]]), np.array([1.0, 3.0, 5.0, 8.0]))
    >>> fit.coef.round(2).tolist()
    [0.8, 2.3]
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    n, k = x.shape
    w = np.ones(n) if weights is None else np.asarray(weights, float)
    if n <= k or np.linalg.matrix_rank(x) < k:
        raise DidNotConverge("The terms of the model cannot be told apart in these data.")
    root = np.sqrt(w)[:, None]
    q, r = np.linalg.qr(x * root)  # steadier than normal equations where columns differ in size
    coef = np.linalg.solve(r, q.T @ (y * root[:, 0]))
    inverse = np.linalg.inv(r)
    residuals = y - x @ coef
    centred = y - np.average(y, weights=w)
    total = float(w @ centred**2)
    left = float(w @ residuals**2)
    return OlsFit(
        coef=coef,
        bread=inverse @ inverse.T,
        residuals=residuals,
        scores=x * (w * residuals)[:, None],
        leverage=(q**2).sum(axis=1),
        df=n - k,
        sigma2=left / (n - k),
        r_squared=1 - left / total if total > 0 else math.nan,
    )


def hac_covariance(scores: Floats, bread: Floats, lags: int, *, small_sample: bool = False) -> Floats:
    """Newey-West covariance: B [G_0 + sum_{l=1..L} (1 - l/(L+1)) (G_l + G_l')] B, G_l = sum_t s_t s_{t-l}'.

    Parameters
    ----------
    scores : (n, k) array
        Row scores in time order, evenly spaced; of least squares or of a Poisson model.
    bread : (k, k) array
        Inverse information.
    lags : int
        L >= 0; 0 is White.
    small_sample : bool
        Multiply by n / (n - k).

    Notes
    -----
    How it can mislead: in short series (fewer than about 100 points) it is too small, the more so the longer the
    dependence lasts.

    References
    ----------
    Newey, W. K. & West, K. D. (1987). Econometrica 55, 703-708.

    Examples
    --------
    >>> import numpy as np
    >>> s = np.array([[1.0], [1.0], [-1.0], [-1.0]])
    >>> [round(float(hac_covariance(s, np.eye(1), lags)[0, 0]), 3) for lags in (0, 1)]
    [4.0, 5.0]
    """
    n, k = scores.shape
    meat = scores.T @ scores
    for lag in range(1, min(lags, n - 1) + 1):
        shifted = scores[lag:].T @ scores[:-lag]
        meat = meat + (1 - lag / (lags + 1)) * (shifted + shifted.T)
    factor = n / (n - k) if small_sample else 1.0
    found: Floats = np.asarray(factor * bread @ meat @ bread, np.float64)
    return found


def usual_lags(n: int) -> int:
    """Newey and West's rule of thumb, floor(4 (n / 100)^(2/9)): 3 lags for 36 to 97 months."""
    return max(1, math.floor(4 * math.pow(n / 100, 2 / 9)))

"""Weights that add up to 1 and are none below 0, by least squares: the core of synthetic comparators."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from analysis.evaluation.comparators.panel import Floats


def simplex_weights(columns: Floats, target: Floats, *, ridge: float = 0.0, intercept: bool = False) -> Floats:
    """Weights w >= 0 with sum 1 that minimise |columns w (+ constant) - target|^2 + ridge |w|^2.

    As the weights add up to 1, the residual is B w with B = columns - target. Minimising |B u|^2 + (sum u - 1)^2 over
    u >= 0 finds the same direction (for u = c w the best c is 1 / (1 + |B w|^2), and the value then grows with |B w|^2),
    so w = u / sum u exactly and ordinary non-negative least squares does it.

    Parameters
    ----------
    columns : (n, k) array
    target : (n,) array
    ridge : float
        >= 0.
    intercept : bool
        Let the whole combination lie higher or lower than the target (both are then centred).

    Returns
    -------
    (k,) array
    """
    if intercept:
        columns, target = columns - columns.mean(axis=0), target - target.mean()
    k = columns.shape[1]
    b = columns - target[:, None]
    size = max(float(np.sqrt((b**2).mean() * len(b))), float(np.sqrt(ridge)), 1e-300)
    # Scaled so that both parts of the problem are of one size; the answer does not depend on it.
    parts = [b / size, np.ones((1, k))]
    if ridge > 0:
        parts.insert(1, np.sqrt(ridge) / size * np.eye(k))
    a = np.vstack(parts)
    u, _ = nnls(a, np.r_[np.zeros(len(a) - 1), 1.0])
    weights: Floats = np.asarray(u / u.sum(), np.float64)
    return weights


def frank_wolfe_weights(columns: Floats, target: Floats, *, ridge: float, tolerance: float) -> Floats:
    """The same weights as the R package synthdid finds them: Frank-Wolfe steps that stop early.

    100 steps from equal weights, then weights up to a quarter of the largest are set to 0, then up to 10,000 steps; both
    runs stop when a step lowers the mean square by less than ``tolerance``^2. Where the minimum is flat this stops short
    of it: for reproducing published figures only.

    Parameters
    ----------
    columns : (n, k) array
    target : (n,) array
    ridge : float
        zeta^2 of the package.
    tolerance : float
        1e-5 x the noise level in the package.
    """
    k = columns.shape[1]
    weights = _frank_wolfe(columns, target, np.full(k, 1 / k), ridge, tolerance, 100)
    weights = np.where(weights <= weights.max() / 4, 0.0, weights)
    return _frank_wolfe(columns, target, weights / weights.sum(), ridge, tolerance, 10_000)


def _frank_wolfe(columns: Floats, target: Floats, w: Floats, ridge: float, tolerance: float, rounds: int) -> Floats:
    n, last = len(target), np.inf
    fitted = columns @ w
    for count in range(rounds):
        gradient = (fitted - target) @ columns + n * ridge * w
        best = int(np.argmin(gradient))
        step = -w.copy()
        step[best] += 1.0
        moved = columns[:, best] - fitted
        below = float(moved @ moved + n * ridge * step @ step)
        share = min(1.0, max(0.0, float(-gradient @ step) / below)) if below > 0 else 0.0
        w, fitted = w + share * step, fitted + share * moved
        value = ridge * float(w @ w) + float(((fitted - target) ** 2).sum()) / n
        if count > 0 and last - value <= tolerance**2:
            break
        last = value
    return w

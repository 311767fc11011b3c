"""Looking at growing data several times: how much of the 5% each look may spend, and the bounds that follow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]
Spending = Literal["obrien-fleming", "pocock", "power", "hwang-shih-decani"]
# Bounds further out than this leave less than 1e-15 to spend: at such a look nothing can be signalled.
FARTHEST = 8.0
_PANELS, _PER_PANEL = 16, 16  # Gauss-Legendre points between the bounds of one look


@cache
def _quadrature() -> tuple[Floats, Floats]:
    """Nodes and weights on (-1, 1), panel by panel: one rule of 256 nodes would take longer than all looks together."""
    nodes, weights = np.polynomial.legendre.leggauss(_PER_PANEL)
    middles = (2 * np.arange(_PANELS) + 1) / _PANELS - 1
    return (middles[:, None] + nodes[None, :] / _PANELS).ravel(), np.tile(weights / _PANELS, _PANELS)


@dataclass(frozen=True)
class Bounds:
    """Bounds on z at each look; ``spent`` is the cumulative error (over both sides where two-sided)."""

    times: tuple[float, ...]
    z: tuple[float, ...]
    spent: tuple[float, ...]
    sides: int
    alpha: float


def spent_by(
    time: float, alpha: float = 0.05, kind: Spending = "obrien-fleming", sides: int = 2, shape: float | None = None
) -> float:
    """Error allowed up to information time t, over both sides where two-sided.

    For one side at level a: O'Brien-Fleming type 2 - 2 Phi(z_{a/2} / sqrt t), Pocock type a log(1 + (e - 1) t), power
    a t^shape, Hwang-Shih-DeCani a (1 - exp(-shape t)) / (1 - exp(-shape)). Two-sided: twice the one-sided at alpha / 2.

    Parameters
    ----------
    time : float
        Share of the planned information seen, 0 to 1 (more counts as 1).
    alpha : float
        Total error, 0.05 say.
    kind : {"obrien-fleming", "pocock", "power", "hwang-shih-decani"}
    sides : {1, 2}
    shape : float, optional
        Of the last two; 3 and -4 unless given.

    Examples
    --------
    >>> round(spent_by(1 / 3, 0.05, sides=1), 5)
    0.00069
    """
    t, a = min(max(time, 0.0), 1.0), alpha / sides
    if t == 0:
        return 0.0
    if kind == "obrien-fleming":
        return sides * 2 * float(ndtr(ndtri(a / 2) / math.sqrt(t)))
    if kind == "pocock":
        return sides * a * math.log1p((math.e - 1) * t)
    if kind == "power":
        return float(sides * a * t ** (3.0 if shape is None else shape))
    if kind == "hwang-shih-decani":
        g = -4.0 if shape is None else shape
        return sides * a * (t if g == 0 else math.expm1(-g * t) / math.expm1(-g))
    raise ValueError(f"There is no spending function called “{kind}”.")


def spending_bounds(
    times: Sequence[float],
    *,
    alpha: float = 0.05,
    kind: Spending = "obrien-fleming",
    sides: int = 2,
    shape: float | None = None,
) -> Bounds:
    """Bounds on z at looks with given information times, such that all looks together cry wolf with chance alpha.

    z_k solves P(|Z_1| < z_1, ..., |Z_{k-1}| < z_{k-1}, |Z_k| >= z_k) = spent(t_k) - spent(t_{k-1}), with
    Cov(Z_j, Z_k) = sqrt(t_j / t_k) for j <= k. Z_k sqrt(t_k) has independent increments, so the density of those not
    yet stopped is carried from look to look by quadrature (Armitage, McPherson and Rowe).

    Parameters
    ----------
    times : sequence of float
        Information times, rising, above 0; 1 at the last planned look. Looks need not be evenly spaced.
    alpha : float
        Total error over all looks.
    kind, shape
        Spending function, as in :func:`spent_by`.
    sides : {1, 2}
        One-sided bounds are for the upper tail.

    Returns
    -------
    Bounds
        z is at most 8: a look with almost nothing to spend has no bound that data could cross.

    Notes
    -----
    How it can mislead: the looks must be planned by the calendar or the amount of data, not by what the last look
    showed; and the planned end must not move because of the result. The error rate is that of the normal
    approximation: with few events, or noise underestimated, the real one is higher.

    References
    ----------
    Lan, K. K. G. & DeMets, D. L. (1983). Discrete sequential boundaries for clinical trials. Biometrika 70, 659-663.
    O'Brien, P. C. & Fleming, T. R. (1979). Biometrics 35, 549-556. Pocock, S. J. (1977). Biometrika 64, 191-199.
    Armitage, P., McPherson, C. K. & Rowe, B. C. (1969). J Royal Statistical Society A 132, 235-244.

    Examples
    --------
    >>> [round(z, 4) for z in spending_bounds([0.2, 0.4, 0.6, 0.8, 1.0]).z]
    [4.8769, 3.357, 2.6803, 2.2898, 2.031]
    >>> [round(z, 3) for z in spending_bounds([0.5, 1.0], kind="pocock").z]
    [2.157, 2.201]
    """
    t = _checked(times)
    spent = [spent_by(time, alpha, kind, sides, shape) for time in t]
    walk, found, before = _Walk(sides), [], 0.0
    for time, total in zip(t, spent, strict=True):
        found.append(walk.bound_for(time, total - before))
        walk.step(time, found[-1])
        before = total
    return Bounds(tuple(t), tuple(found), tuple(spent), sides, alpha)


def classic_bounds(
    looks: int, *, alpha: float = 0.05, kind: Literal["obrien-fleming", "pocock"] = "obrien-fleming", sides: int = 2
) -> Bounds:
    """The original bounds for evenly spaced looks: z_k = c / sqrt(k / K) (O'Brien-Fleming) or z_k = c (Pocock).

    Parameters
    ----------
    looks : int
        Number of looks K, 1 or more.
    alpha, sides
        Total error and whether it lies on one side or both.
    kind : {"obrien-fleming", "pocock"}

    Examples
    --------
    >>> [round(z, 2) for z in classic_bounds(5).z]
    [4.56, 3.23, 2.63, 2.28, 2.04]
    >>> round(classic_bounds(5, kind="pocock").z[0], 3)
    2.413
    """
    times = [(k + 1) / looks for k in range(looks)]
    shape: Callable[[float], float] = (lambda t: 1 / math.sqrt(t)) if kind == "obrien-fleming" else (lambda t: 1.0)

    def excess(c: float) -> float:
        return sum(crossing_chances(times, [c * shape(t) for t in times], sides=sides)) - alpha

    c = float(optimize.brentq(excess, 0.5, FARTHEST, xtol=1e-10))
    z = tuple(c * shape(t) for t in times)
    spent = tuple(np.cumsum(crossing_chances(times, z, sides=sides)).tolist())
    return Bounds(tuple(times), z, spent, sides, alpha)


def crossing_chances(
    times: Sequence[float], z: Sequence[float], *, drift: float = 0.0, sides: int = 2
) -> tuple[float, ...]:
    """Chance of first crossing the bounds at each look, when E[Z_k] = drift x sqrt(t_k).

    Parameters
    ----------
    times, z : sequence of float
        Information times (rising) and bounds.
    drift : float
        Mean of z at full information: 0 for no change; 2.80 for 80% power of a single two-sided 5% test.
    sides : {1, 2}
        Whether the lower bounds -z are there too.

    Examples
    --------
    >>> round(sum(crossing_chances([1.0], [1.959964])), 4)
    0.05
    """
    walk, found = _Walk(sides, drift), []
    for time, bound in zip(_checked(times), z, strict=True):
        found.append(walk.beyond(time, bound))
        walk.step(time, bound)
    return tuple(found)


def _checked(times: Sequence[float]) -> list[float]:
    t = [float(time) for time in times]
    if not t or min(t) <= 0 or any(later <= earlier for earlier, later in pairwise(t)):
        raise ValueError("Information times must be above 0 and rise from look to look.")
    return t


class _Walk:
    """Density of S = Z sqrt(t) among those that crossed at no look so far, on a grid between the last bounds."""

    def __init__(self, sides: int, drift: float = 0.0) -> None:
        if sides not in (1, 2):
            raise ValueError("Bounds are one-sided or two-sided.")
        self.sides, self.drift = sides, drift
        self.nodes, self.weights = _quadrature()
        self.time, self.at, self.mass = 0.0, np.array([0.0]), np.array([1.0])

    def beyond(self, time: float, z: float) -> float:
        """Chance of not having crossed before and being outside the bound at ``time``."""
        sd, edge = math.sqrt(time - self.time), z * math.sqrt(time)
        mean = self.at + self.drift * (time - self.time)
        above = ndtr((mean - edge) / sd)
        below = ndtr((-edge - mean) / sd) if self.sides == 2 else 0.0
        return float(self.mass @ (above + below))

    def bound_for(self, time: float, spend: float) -> float:
        if spend <= 0 or self.beyond(time, FARTHEST) >= spend:
            return FARTHEST
        return float(optimize.brentq(lambda z: self.beyond(time, z) - spend, -FARTHEST, FARTHEST, xtol=1e-10))

    def step(self, time: float, z: float) -> None:
        """Carry the density to ``time`` and drop what crossed."""
        sd, edge = math.sqrt(time - self.time), z * math.sqrt(time)
        reach = (abs(self.drift) + FARTHEST + 2) * math.sqrt(time)
        low = -edge if self.sides == 2 else -reach
        at = (edge + low) / 2 + (edge - low) / 2 * self.nodes
        mean = self.at + self.drift * (time - self.time)
        density = np.exp(-0.5 * ((at[:, None] - mean[None, :]) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))
        self.mass = (density @ self.mass) * self.weights * (edge - low) / 2
        self.at, self.time = at, time

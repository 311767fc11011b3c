"""The change of the treated place beside that of each comparator, month for month, and the noise in both."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.evaluation.comparators.panel import Flags, Floats, Panel

HALF = 0.5  # added to both totals of a place with none in one window, so that its ratio is finite


@dataclass(frozen=True)
class Changes:
    """(J,) arrays, one entry a comparator, over the months that it and the treated place both have.

    Attributes
    ----------
    own, other : arrays
        Change of the treated place and of the comparator: log ratio of rates, or difference of rates.
    noise_own, noise_other : arrays
        phi x Poisson variance of those changes; 0 where the outcome is no count.
    halved : tuple of str
        Places whose total in one window was 0.
    """

    own: Floats
    other: Floats
    noise_own: Floats
    noise_other: Floats
    halved: tuple[str, ...]

    @property
    def gaps(self) -> Floats:
        return self.own - self.other

    def of(self, comparators: list[int]) -> Changes:
        """Those comparators alone (numbers from 0)."""
        rows = np.array(comparators, np.intp)
        return Changes(self.own[rows], self.other[rows], self.noise_own[rows], self.noise_other[rows], self.halved)

    @property
    def spread(self) -> float | None:
        """SD between comparators; None for a single one."""
        return float(np.std(self.gaps, ddof=1)) if len(self.gaps) > 1 else None

    @property
    def extra(self) -> float:
        """By how much the treated place's own noise is above the comparators' average (variance, not below 0)."""
        return max(0.0, float(np.mean(self.noise_own) - np.mean(self.noise_other)))

    def se(self, spread: float) -> float:
        return math.sqrt(spread**2 * (1 + 1 / len(self.gaps)) + self.extra)


def changes_of(panel: Panel, *, ratio: bool = True, counts: bool = True, phi: Floats | None = None) -> Changes:
    """Changes of the treated place and each comparator.

    Parameters
    ----------
    panel : Panel
    ratio : bool
        Log ratio of rates; otherwise difference of rates.
    counts : bool
        Whether the outcome is counted events, which carry Poisson noise; an amount (packs a head) carries none here.
    phi : (P,) array, optional
        Overdispersion of each place; default: estimated before the service.
    """
    phi = panel.phi() if phi is None else phi
    rows, halved = [], dict.fromkeys(panel.places, False)
    for j in range(1, len(panel.places)):
        shared = panel.known[0] & panel.known[j]
        before, during = panel.before & shared, panel.during & shared
        pair = []
        for i in (0, j):
            change, noise, was_zero = _change(panel, i, before, during, ratio=ratio, phi=float(phi[i]))
            halved[panel.places[i]] |= was_zero
            pair.append((change, noise if counts else 0.0))
        rows.append((pair[0][0], pair[1][0], pair[0][1], pair[1][1]))
    own, other, noise_own, noise_other = np.array(rows, float).T
    return Changes(own, other, noise_own, noise_other, tuple(p for p, hit in halved.items() if hit))


def _change(
    panel: Panel, i: int, before: Flags, during: Flags, *, ratio: bool, phi: float
) -> tuple[float, float, bool]:
    b, d = float(panel.counts[i, before].sum()), float(panel.counts[i, during].sum())
    exposed_b, exposed_d = float(panel.exposure[i, before].sum()), float(panel.exposure[i, during].sum())
    if not ratio:
        return d / exposed_d - b / exposed_b, phi * (b / exposed_b**2 + d / exposed_d**2), False
    zero = min(b, d) == 0
    if zero:
        b, d = b + HALF, d + HALF
    return math.log(d / exposed_d) - math.log(b / exposed_b), phi * (1 / b + 1 / d), zero

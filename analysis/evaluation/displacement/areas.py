"""Counts of one area in two periods, and what makes two areas comparable: length of the periods, size of the area."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class TwoPeriods:
    """Counts before and during in one area.

    Attributes
    ----------
    before, during : float
        Crimes (or harm days), >= 0.
    time_before, time_during : float
        Lengths of the periods in one unit, > 0; counts are divided by them, so 2 and 1 gives crimes a unit of time.
    area : float
        Size, or how many times the treated area this one is, > 0; counts are divided by it.
    variance_before, variance_during : float or None
        Of the counts; None means Poisson (equal to the count). For harm days, the sum of squared weights.
    """

    before: float
    during: float
    time_before: float = 1.0
    time_during: float = 1.0
    area: float = 1.0
    variance_before: float | None = None
    variance_during: float | None = None

    @property
    def change(self) -> float:
        """during / (time x area) - before / (time x area)."""
        return self.during / (self.time_during * self.area) - self.before / (self.time_before * self.area)

    @property
    def variance(self) -> float:
        """Variance of :attr:`change`: each variance over the square of what its count is divided by."""
        v0 = self.before if self.variance_before is None else self.variance_before
        v1 = self.during if self.variance_during is None else self.variance_during
        return v1 / (self.time_during * self.area) ** 2 + v0 / (self.time_before * self.area) ** 2

    @property
    def events(self) -> float:
        return self.before + self.during

    def per_unit(self) -> tuple[float, float]:
        """(before, during) per unit of time and area."""
        return self.before / (self.time_before * self.area), self.during / (self.time_during * self.area)

    def problem(self) -> str:
        """Why these numbers cannot be counts of an area; "" when they can."""
        counts = [self.before, self.during]
        counts += [v for v in (self.variance_before, self.variance_during) if v is not None]
        if not all(math.isfinite(c) and c >= 0 for c in counts):
            return "A count is negative or missing."
        if not all(math.isfinite(s) and s > 0 for s in (self.time_before, self.time_during, self.area)):
            return "The length of a period or the size of an area is not above 0."
        return ""


Counts = TwoPeriods | Sequence[float]


def two_periods(counts: Counts) -> TwoPeriods:
    """A pair ``(before, during)`` as :class:`TwoPeriods`; one that is so already is returned as it is."""
    if isinstance(counts, TwoPeriods):
        return counts
    before, during = counts
    return TwoPeriods(float(before), float(during))


def scaled_to(control: Counts, treated: Counts) -> TwoPeriods | None:
    """The control brought to the size of the treated area: area = control before / treated before (per unit of time).

    The ratio is taken as known, as published uses do; None where either had no crime before.
    """
    c, t = two_periods(control), two_periods(treated)
    k = c.before / c.time_before
    own = t.before / (t.time_before * t.area)
    return replace(c, area=k / own) if k > 0 and own > 0 else None


def harm_periods(before: Sequence[float], during: Sequence[float], **sizes: float) -> TwoPeriods:
    """Harm days of one area from each crime's weight: variance = sum of squared weights.

    ``sizes`` are ``time_before``, ``time_during`` and ``area`` of :class:`TwoPeriods`.
    """
    w0, w1 = np.asarray(before, float), np.asarray(during, float)
    return TwoPeriods(
        float(w0.sum()), float(w1.sum()), variance_before=float(w0 @ w0), variance_during=float(w1 @ w1), **sizes
    )

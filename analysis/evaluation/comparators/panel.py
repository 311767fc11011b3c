"""Places by month as arrays, the two windows, and which comparators can be used: what every estimator here starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.comparators.phi import overdispersion
from analysis.evaluation.comparators.slow import slow_overdispersion
from analysis.evaluation.record import Refusal, hash_values

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
BASELINE_MONTHS = 24
MIN_SHARE = 0.5  # of the treated place's months in each window that a comparator must have


@dataclass(frozen=True)
class Panel:
    """Counts and exposure, places x months, the treated place in row 0.

    Attributes
    ----------
    places : tuple of str
        The treated place, then the comparators in alphabetical order.
    months : tuple
        Labels in order of time.
    counts, exposure : (P, T) arrays
        ``counts`` is NaN, ``exposure`` 0 where a month is not known.
    pre : (T,) array of bool
        Every month up to the end of the baseline.
    before, during : (T,) arrays of bool
        The baseline (the last months of ``pre``) and the service.
    left_out : tuple of (str, str)
        Comparators not used, and why.
    """

    places: tuple[str, ...]
    months: tuple[Any, ...]
    counts: Floats
    exposure: Floats
    pre: Flags
    before: Flags
    during: Flags
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def comparators(self) -> int:
        return len(self.places) - 1

    @property
    def treated(self) -> str:
        return self.places[0]

    @property
    def known(self) -> Flags:
        return self.exposure > 0

    def phi(self) -> Floats:
        """Overdispersion of each place, from its months before the service: around 7-month means, or slow if that is more."""
        counts, exposure = self.counts[:, self.pre], self.exposure[:, self.pre]
        fast = np.array([overdispersion(*pair) for pair in zip(counts, exposure, strict=True)])
        slow = slow_overdispersion(counts, exposure)
        return fast if slow is None else np.maximum(fast, slow)

    def keep(self, places: list[int]) -> Panel:
        """The panel of those rows, the first becoming the treated one (a placebo, or without one comparator)."""
        return replace(
            self,
            places=tuple(self.places[i] for i in places),
            counts=self.counts[places],
            exposure=self.exposure[places],
        )

    def complete(self) -> Panel:
        """Only the months that every place has."""
        kept: Flags = np.asarray(self.known.all(axis=0), bool)
        return replace(
            self,
            months=tuple(m for m, k in zip(self.months, kept, strict=True) if k),
            counts=self.counts[:, kept],
            exposure=self.exposure[:, kept],
            pre=self.pre[kept],
            before=self.before[kept],
            during=self.during[kept],
        )

    def data_hash(self) -> str:
        used = self.before | self.during | self.pre
        windows = [f"{m}:{int(b)}{int(d)}" for m, b, d in zip(self.months, self.before, self.during, strict=True)]
        return hash_values(
            list(self.places), windows, np.nan_to_num(self.counts[:, used], nan=-1.0), self.exposure[:, used]
        )


def make_panel(
    series: pd.DataFrame,
    treated: str,
    first_month: Any,
    *,
    baseline_months: int | None = BASELINE_MONTHS,
    last_before: Any = None,
    last_month: Any = None,
    comparators: tuple[str, ...] | None = None,
    estimand: str,
) -> Panel | Refusal:
    """Arrays for the estimators, or why the comparison cannot be made.

    Parameters
    ----------
    series : DataFrame
        ``place``, ``month`` (any labels that sort in order of time, YYYY-MM say), ``crimes`` (>= 0; NaN or no row where a
        month is not known) and, where periods are not alike, ``exposure`` (> 0: days, people).
    treated : str
    first_month : label
        First month of the service.
    baseline_months : int or None
        Length of the baseline; None for everything before.
    last_before, last_month : label, optional
        End of the baseline (default: the month before ``first_month``) and of the service (default: the last month).
    comparators : tuple of str, optional
        Places to use; default: all but ``treated``.
    estimand : str
        For the refusal.
    """
    wide = _wide(series, comparators, treated)
    if treated not in wide.places:
        return Refusal(estimand, f"There are no months for {treated}, the place with the service.")
    if (wide.counts < 0).any():
        return Refusal(estimand, "A count below zero was given, and crimes cannot be fewer than none.")
    months, own = wide.months, wide.exposure[wide.places.index(treated)] > 0
    during = own & np.array([m >= first_month and (last_month is None or m <= last_month) for m in months], bool)
    pre = np.array(
        [m < first_month if last_before is None else m <= last_before and m < first_month for m in months], bool
    )
    before = pre & own
    if baseline_months is not None and before.sum() > baseline_months:
        before[: np.flatnonzero(before)[-baseline_months]] = False
    if not before.any() or not during.any():
        which = "before the service" if not before.any() else "from the start of the service on"
        return Refusal(estimand, f"{treated} has no month {which}, so there is no change to compare.")
    return _with_usable(wide, (pre, before, during), treated, estimand)


@dataclass(frozen=True)
class _Wide:
    """Every place asked for: (P, T) counts (NaN where not known) and exposure (0 there)."""

    places: list[str]
    months: npt.NDArray[Any]
    counts: Floats
    exposure: Floats


def _wide(series: pd.DataFrame, comparators: tuple[str, ...] | None, treated: str) -> _Wide:
    place, crimes = series["place"].astype(str).to_numpy(object), series["crimes"].to_numpy(float)
    given = series["exposure"].to_numpy(float) if "exposure" in series else np.ones(len(series))
    kept = np.isfinite(crimes) & (given > 0)
    if comparators is not None:
        kept &= np.isin(place.astype(str), [treated, *comparators])
    rows, places = pd.factorize(place[kept], sort=True)
    columns, months = pd.factorize(series["month"].to_numpy(object)[kept], sort=True)
    shape = (len(places), len(months))
    cell = rows * max(1, len(months)) + columns
    size = shape[0] * shape[1]
    counts = np.bincount(cell, weights=crimes[kept], minlength=size)[:size].reshape(shape)
    exposure: Floats = np.bincount(cell, weights=given[kept], minlength=size)[:size].reshape(shape).astype(np.float64)
    if "exposure" not in series:  # two rows of one place and month are parts of one count, not two months
        exposure = np.minimum(exposure, 1.0)
    return _Wide([str(p) for p in places], np.asarray(months, object), np.where(exposure > 0, counts, np.nan), exposure)


def _with_usable(wide: _Wide, windows: tuple[Flags, Flags, Flags], treated: str, estimand: str) -> Panel | Refusal:
    pre, before, during = windows
    known, own = wide.exposure > 0, wide.places.index(treated)
    totals = np.nansum(wide.counts[:, before | during], axis=1)
    left_out, used = [], [own]
    for i, place in enumerate(wide.places):
        if i == own:
            continue
        if min(known[i, before].mean(), known[i, during].mean()) < MIN_SHARE:
            left_out.append((place, f"fewer than {MIN_SHARE:.0%} of the months of a window are loaded"))
        elif totals[i] == 0:
            left_out.append((place, "no crime in either window, so it says nothing about change"))
        else:
            used.append(i)
    if totals[own] == 0:
        return Refusal(
            estimand, f"No crime was recorded in {treated} in either window, so there is no change to compare."
        )
    if len(used) == 1:
        said = "; ".join(f"{place}: {why}" for place, why in left_out)
        return Refusal(
            estimand, f"No comparator can be used ({said})." if said else "There is no comparator to compare with."
        )
    return Panel(
        tuple(wide.places[i] for i in used), tuple(wide.months), wide.counts[used], wide.exposure[used],
        pre, before, during, tuple(left_out),
    )  # fmt: skip

"""Adapters of the methods that compare months."""

from __future__ import annotations

import numpy as np

from analysis.evaluation.calibration import designs as d
from analysis.evaluation.calibration.adapters import Adapter, Answer, function, only_if_null
from analysis.evaluation.calibration.months import BEFORE, MonthsData
from analysis.evaluation.calibration.world import DAYS_PER_MONTH

_OWN = (d.MONTHS, d.CHOSEN, d.NATIONAL, d.NATIONAL_CHOSEN)
_COMPARED = (d.NATIONAL, d.NATIONAL_8, d.NATIONAL_CHOSEN, *d.POWER_MONTHS)


def _before_after(data: MonthsData, _seed: int) -> Answer:
    return function("before_after.ratio:before_after_ratio")(data.cells, data.earlier_years)


def _two_counts(data: MonthsData):  # type: ignore[no-untyped-def]
    counts = data.treated.sum(axis=0)
    days = 12 * DAYS_PER_MONTH * data.hot_spots
    two = function("before_after.counts:TwoCounts")
    return two(int(counts[BEFORE - 12 : BEFORE].sum()), int(counts[BEFORE:].sum()), days, days)


def _exact(data: MonthsData, _seed: int) -> Answer:
    return function("before_after.counts:exact_conditional")(_two_counts(data))


def _pair(data: MonthsData, area: int) -> tuple[int, int]:
    counts = data.treated.sum(axis=0) if area == 0 else data.area(area)
    return int(counts[BEFORE - 12 : BEFORE].sum()), int(counts[BEFORE:].sum())


def _wdd(data: MonthsData, _seed: int) -> Answer:
    months = [data.treated.sum(axis=0), *(data.area(k) for k in range(1, 4))]
    series = [(counts[BEFORE - 12 :], weight) for counts, weight in zip(months, (1, -1, 1, -1), strict=True)]
    during = np.arange(len(series[0][0])) >= 12
    scatter = function("displacement.scatter:monthly_scatter")(series, during)
    return function("displacement.wdd:wdd")(*(_pair(data, k) for k in range(4)), phi=scatter.phi, df=scatter.df)


ADAPTERS: tuple[Adapter, ...] = (
    Adapter("before-after", _before_after, _OWN, d.MONTHS),
    Adapter("exact-conditional", _exact, _OWN, d.MONTHS),
    Adapter("wdd", _wdd, (d.MONTHS, d.CHOSEN, d.NATIONAL, *d.POWER_MONTHS), d.MONTHS, only_if_null),
)

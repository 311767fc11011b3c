"""Adapters of the methods that compare months."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from analysis.evaluation.calibration import designs as d
from analysis.evaluation.calibration.adapters import Adapter, Answer, call, function, nothing, only_if_null
from analysis.evaluation.calibration.months import BEFORE, FIRST_MONTH, TREATED, MonthsData
from analysis.evaluation.calibration.world import DAYS_PER_MONTH

_OWN = (d.MONTHS, d.CHOSEN, d.NATIONAL, d.NATIONAL_CHOSEN)
_COMPARED = (d.NATIONAL, d.NATIONAL_8, d.NATIONAL_CHOSEN)
_LOOKS = 12


def _before_after(data: MonthsData, _seed: int) -> Answer:
    return call("before_after.ratio:before_after_ratio", data.cells, data.earlier_years)


def _given_candidates(data: MonthsData, _seed: int) -> Answer:
    selection = data.labels[BEFORE - 12], data.labels[BEFORE - 1]
    path = "before_after.ratio:before_after_ratio"
    return call(path, data.cells, data.earlier_years, data.candidates, selection=selection)


def _counts_of(path: str, *given: Any) -> Callable[[MonthsData, int], Answer]:
    return lambda data, _seed: call(path, _two_counts(data), *given)


def _e_test(data: MonthsData, _seed: int) -> Answer:
    # Its p alone: inverting the test for the interval is slow, and the two say the same.
    return bool(function("before_after.counts:e_test_p")(_two_counts(data), "unpooled") <= 0.05)


def _its(data: MonthsData, _seed: int) -> Answer:
    own = data.months.groupby("month", as_index=False)[["crimes", "exposure_days"]].sum()
    return call("before_after.its:its", own, FIRST_MONTH)


def _two_counts(data: MonthsData) -> Any:
    days = 12 * DAYS_PER_MONTH * data.hot_spots
    return function("before_after.counts:TwoCounts")(*_pair(data, 0), days, days)


def _pair(data: MonthsData, area: int) -> tuple[int, int]:
    counts = data.treated.sum(axis=0) if area == 0 else data.area(area)
    return int(counts[BEFORE - 12 : BEFORE].sum()), int(counts[BEFORE:].sum())


def _scatter(data: MonthsData, weights: tuple[int, ...]) -> Any:
    months = [data.treated.sum(axis=0), *(data.area(k) for k in range(1, len(weights)))]
    series = [(counts[BEFORE - 12 :], weight) for counts, weight in zip(months, weights, strict=True)]
    return function("displacement.scatter:monthly_scatter")(series, np.arange(len(series[0][0])) >= 12)


def _wdd(data: MonthsData, _seed: int) -> Answer:
    scatter = _scatter(data, (1, -1, 1, -1))
    return call("displacement.wdd:wdd", *(_pair(data, k) for k in range(4)), phi=scatter.phi, df=scatter.df)


def _wdd_plain(data: MonthsData, _seed: int) -> Answer:
    return call("displacement.wdd:wdd", *(_pair(data, k) for k in range(4)), phi=1.0)


def _running(data: MonthsData, _seed: int) -> Answer:
    """An alarm at any of 12 monthly looks."""
    treated, control = data.treated.sum(axis=0), data.area(1)
    before = slice(BEFORE - 12, BEFORE)
    if not treated[before].sum() or not control[before].sum():
        return False
    scatter = _scatter(data, (1, -1))
    found = function("monitoring.running:running_in_bounds")(
        treated[before], treated[BEFORE:], control[before], control[BEFORE:], planned=_LOOKS,
        control_area=float(control[before].sum() / treated[before].sum()), phi=scatter.phi, df=scatter.df,
    )  # fmt: skip
    return bool(found.looks["crossed"].any()) if hasattr(found, "looks") else found


def _every_month(data: MonthsData, _seed: int) -> Answer:
    """The score test of two rates looked at after every month: what alpha spending is for."""
    treated = data.treated.sum(axis=0)
    before = int(treated[BEFORE - 12 : BEFORE].sum())
    two, alarm = function("before_after.counts:TwoCounts"), False
    for month in range(1, _LOOKS + 1):
        counts = two(before, int(treated[BEFORE : BEFORE + month].sum()), 12.0, float(month))
        found = call("before_after.rates:rate_ratio_tests", counts)
        alarm = alarm or (not isinstance(found, bool) and hasattr(found, "p") and (found.p or 1.0) <= 0.05)
    return alarm


def _series(path: str, **options: Any) -> Callable[[MonthsData, int], Answer]:
    return lambda data, _seed: call(path, data.series, TREATED, FIRST_MONTH, **options)


def _before_selection(data: MonthsData, _seed: int) -> Answer:
    last = data.labels[BEFORE - 13]
    return call("comparators.did:did", data.series, TREATED, FIRST_MONTH, last_before=last)


def _placebo_rank(data: MonthsData, _seed: int) -> Answer:
    found = function("comparators.placebo:placebo_places")(data.series, TREATED, FIRST_MONTH)
    return bool(found.p_two_sided <= 0.05) if hasattr(found, "p_two_sided") else found


def _any_of_multiverse(data: MonthsData, _seed: int) -> Answer:
    """Reporting whichever acceptable comparison leaves out 1: why the multiverse is shown whole."""
    found = function("comparators.multiverse:multiverse")(data.series, TREATED, FIRST_MONTH)
    return bool(((found["low"] > 1) | (found["high"] < 1)).any()) if hasattr(found, "columns") else found


def _xmr(data: MonthsData, _seed: int) -> Answer:
    """Any signal on the 12 months of the service, limits frozen on the 36 before."""
    chart = function("monitoring.xmr:xmr")(data.treated.sum(axis=0), baseline=BEFORE)
    return any(point.value != "common cause" for point in chart.signals[BEFORE:])


ADAPTERS: tuple[Adapter, ...] = (
    Adapter("before-after", _before_after, (*_OWN, *d.POWER_BEFORE_AFTER), d.MONTHS),
    Adapter("before-after:candidates", _given_candidates, (d.MONTHS, d.CHOSEN, d.NATIONAL_CHOSEN), d.CHOSEN),
    Adapter("exact-conditional", _counts_of("before_after.counts:exact_conditional"), _OWN, d.MONTHS),
    Adapter("e-test", _e_test, (d.MONTHS,), d.MONTHS),
    Adapter("rate-ratio-tests", _counts_of("before_after.rates:rate_ratio_tests"), (d.MONTHS,), d.MONTHS),
    Adapter("naive-change", _counts_of("before_after.rates:naive_change"), _OWN, d.MONTHS),
    Adapter("its", _its, _OWN, d.MONTHS),
    Adapter("every-month", _every_month, (d.MONTHS,), d.MONTHS),
    Adapter("did", _series("comparators.did:did"), (*_COMPARED, *d.POWER_MONTHS), d.NATIONAL),
    Adapter("did:before-selection", _before_selection, (d.NATIONAL, d.NATIONAL_CHOSEN), d.NATIONAL_CHOSEN),
    Adapter("sdid", _series("comparators.synthetic:sdid"), (*_COMPARED, *d.POWER_MONTHS), d.NATIONAL),
    Adapter("sdid-plain", _series("comparators.synthetic:sdid_plain"), _COMPARED, d.NATIONAL),
    Adapter("synthetic-control", _series("comparators.synthetic:synthetic_control"), _COMPARED, d.NATIONAL),
    Adapter("rirr", _series("comparators.rate_ratios:rirr"), _COMPARED, d.NATIONAL),
    Adapter("rirr-phi", _series("comparators.rate_ratios:rirr_phi"), _COMPARED, d.NATIONAL),
    Adapter("twfe", _series("comparators.twfe:twfe"), (d.NATIONAL, d.NATIONAL_8), d.NATIONAL),
    Adapter("placebo-places", _placebo_rank, (d.NATIONAL, d.NATIONAL_CHOSEN), d.NATIONAL),
    Adapter("multiverse", _any_of_multiverse, (d.NATIONAL,), d.NATIONAL, nothing),
    Adapter("wdd", _wdd, (d.MONTHS, d.CHOSEN, d.NATIONAL, *d.POWER_MONTHS), d.MONTHS, only_if_null),
    Adapter("wdd:poisson", _wdd_plain, (d.MONTHS,), d.MONTHS, only_if_null),
    Adapter("running-wdd", _running, (d.MONTHS, *d.POWER_MONTHS), d.MONTHS, only_if_null),
)

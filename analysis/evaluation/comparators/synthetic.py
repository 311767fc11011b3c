"""Synthetic difference in differences and synthetic control: comparators weighted to follow the treated place's past."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.building import difference_record, log_ratio_record
from analysis.evaluation.comparators.did import assumptions, limits, observed, rates, sizes
from analysis.evaluation.comparators.panel import Floats, Panel, make_panel
from analysis.evaluation.comparators.trend import log_rates
from analysis.evaluation.comparators.weights import frank_wolfe_weights, simplex_weights
from analysis.evaluation.record import Check, Refusal, ResultRecord

Indices = npt.NDArray[np.intp]
MIN_COMPARATORS = 8
MIN_PRE_MONTHS = 24
ESTIMAND = "Recorded crime, during / before, relative to a weighted mix of comparators"
LARGEST = "largest weight of one comparator"
FIT = "fit before the service (root mean square gap)"
NOISE = "SD added because the treated place's counts are smaller"


@dataclass(frozen=True)
class Fit:
    """One synthetic comparison: effect, weights of comparators (J,) and of months before (T0,), gap by month (T,)."""

    effect: float
    places: Floats
    months: Floats
    gap: Floats


def sdid(
    series: pd.DataFrame,
    treated: str,
    first_month: Any,
    *,
    min_comparators: int = MIN_COMPARATORS,
    min_pre_months: int = MIN_PRE_MONTHS,
    scale: str = "ratio",
    counts: bool = True,
    **options: Any,
) -> ResultRecord | Refusal:
    """Synthetic difference in differences with a variance that knows the treated place's own noise.

    With Y = log((crimes + 0.5) / exposure): comparator weights w minimise
    |w_0 + sum_i w_i Y_i,pre - Y_treated,pre|^2 + zeta^2 T_pre |w|^2 (w >= 0, sum 1, zeta = T_post^(1/4) x SD of the
    comparators' first differences before); month weights l make the comparators' weighted months before match their mean
    after. Effect = (mean after - l-weighted before) of the treated place - the w-weighted mean of the same.
    Placebo: each comparator in turn plays the treated place, which gives tau_1..tau_J.
    SE^2 = var(tau) + max(0, N_t - mean_j N_j), N = phi (1 / crimes after + sum l^2 / mean crimes a month before): a
    treated place with fewer crimes than the comparators is noisier than the placebos show. Reference: t(J - 1).

    Parameters
    ----------
    series, treated, first_month
        As in ``did``.
    min_comparators, min_pre_months : int
        Below either the estimate is refused: weights would follow noise, and so few placebos show no spread.
    scale : {"ratio", "difference"}
        "difference": Y is the rate itself.
    counts : bool
        False for an outcome that is not counted events: no Poisson noise.
    **options
        ``last_before``, ``last_month``, ``comparators``, ``unit``, as in ``did``.

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: months that any place lacks are dropped for all; with few crimes a month the weights chase
    chance, and a close fit before is no proof of what would have happened after.

    References
    ----------
    Arkhangelsky, D., Athey, S., Hirshberg, D. A., Imbens, G. W. & Wager, S. (2021). American Economic Review 111(12),
    4088-4118.

    Examples
    --------
    >>> from analysis.evaluation.comparators.example import example_series
    >>> record = sdid(example_series(9, ratio=0.7), "ours", "2023-01")
    >>> f"{record.estimate:.2f} ({record.ci_low:.2f} to {record.ci_high:.2f})"
    '0.59 (0.42 to 0.84)'
    """
    return _synthetic(
        series, treated, first_month, key="sdid", noise=counts, needs=(min_comparators, min_pre_months), scale=scale,
        **options,
    )  # fmt: skip


def sdid_plain(
    series: pd.DataFrame, treated: str, first_month: Any, *, scale: str = "ratio", **options: Any
) -> ResultRecord | Refusal:
    """Synthetic difference in differences with the plain placebo error, as published: for comparison with other studies.

    As :func:`sdid`, but SE^2 = var(tau) over the J placebos alone.

    Parameters
    ----------
    series, treated, first_month, scale, **options
        As in :func:`sdid`.

    Returns
    -------
    ResultRecord or Refusal
        Refusal below 3 comparators or 2 months before.

    Notes
    -----
    How it can mislead: hot spots have far fewer crimes than the cities they are compared with, so they vary more by
    chance than any placebo; a 5% test signals far more often than 5% when nothing happened.

    References
    ----------
    Arkhangelsky et al. (2021). American Economic Review 111(12), 4088-4118, algorithm 4.

    Examples
    --------
    >>> from analysis.evaluation.comparators.example import example_series
    >>> record = sdid_plain(example_series(9, ratio=0.7), "ours", "2023-01")
    >>> record.method_key
    'sdid-plain'
    """
    return _synthetic(series, treated, first_month, key="sdid-plain", noise=False, needs=(3, 2), scale=scale, **options)


def synthetic_control(
    series: pd.DataFrame,
    treated: str,
    first_month: Any,
    *,
    scale: str = "ratio",
    counts: bool = True,
    algorithm: str = "exact",
    **options: Any,
) -> ResultRecord | Refusal:
    """Synthetic control on outcomes alone: a weighted mix of comparators that matches the treated place's level before.

    Weights w (>= 0, sum 1) minimise |sum_i w_i Y_i,pre - Y_treated,pre|^2; effect = mean over months after of
    Y_treated - sum_i w_i Y_i. SE from placebos (each comparator in turn plays the treated place) plus the treated
    place's own noise, as in :func:`sdid`; t(J - 1).

    Parameters
    ----------
    series, treated, first_month, scale, counts, **options
        As in :func:`sdid`. Rates must be on one footing (a resident, say): levels are matched, not changes.
    algorithm : {"exact", "frank-wolfe"}
        "frank-wolfe" weighs as the R package synthdid does, whose steps stop short of the minimum where it is flat
        (California: -19.6 published, -19.5 at the minimum): to reproduce published figures. Placebos are exact.

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: a hot spot far below or above every comparator cannot be matched by any mix of them; the fit
    before the service is printed as a check, and a gap there is carried into the estimate.

    References
    ----------
    Abadie, A., Diamond, A. & Hainmueller, J. (2010). Journal of the American Statistical Association 105, 493-505.

    Examples
    --------
    >>> from analysis.evaluation.comparators.example import example_series
    >>> record = synthetic_control(example_series(9, ratio=0.7, treated_rate=110), "ours", "2023-01")
    >>> record.estimate < 1
    True
    """
    return _synthetic(
        series, treated, first_month, key="synthetic-control", noise=counts, needs=(3, 2), scale=scale,
        algorithm=algorithm, **options,
    )  # fmt: skip


def fit_synthetic(y: Floats, pre: Indices, during: Indices, key: str, algorithm: str = "exact") -> Fit:
    """Weights and effect of row 0 of ``y`` (P, T) against the other rows; ``pre`` and ``during`` are index arrays."""
    own, others = y[0], y[1:]
    sigma = float(np.std(np.diff(others[:, pre], axis=1), ddof=1)) if len(pre) > 1 else 0.0
    if key == "synthetic-control":
        if algorithm == "frank-wolfe":
            w = frank_wolfe_weights(others[:, pre].T, own[pre], ridge=(1e-6 * sigma) ** 2, tolerance=1e-5 * sigma)
        else:
            w = simplex_weights(others[:, pre].T, own[pre])
        gap = own - w @ others
        return Fit(float(gap[during].mean()), w, np.zeros(len(pre)), gap)
    ridge = math.sqrt(len(during)) * sigma**2 * len(pre)
    w = simplex_weights(others[:, pre].T, own[pre], ridge=ridge, intercept=True)
    after = others[:, during].mean(axis=1)
    months = simplex_weights(others[:, pre], after, ridge=1e-12 * sigma**2 * len(others), intercept=True)
    gap = own - w @ others
    return Fit(float(gap[during].mean() - months @ gap[pre]), w, months, gap)


def _synthetic(
    series: pd.DataFrame,
    treated: str,
    first_month: Any,
    *,
    key: str,
    noise: bool,
    needs: tuple[int, int],
    scale: str,
    unit: str = "crimes a month",
    algorithm: str = "exact",
    last_before: Any = None,
    last_month: Any = None,
    comparators: tuple[str, ...] | None = None,
) -> ResultRecord | Refusal:
    panel = make_panel(
        series, treated, first_month, baseline_months=None, last_before=last_before, last_month=last_month,
        comparators=comparators, estimand=ESTIMAND,
    )  # fmt: skip
    if isinstance(panel, Refusal):
        return panel
    panel = panel.complete()
    pre, during = np.flatnonzero(panel.pre), np.flatnonzero(panel.during)
    reason = _reason_to_refuse(panel.comparators, len(pre), len(during), needs)
    if reason:
        return Refusal(ESTIMAND, reason)
    ratio = scale == "ratio"
    y = log_rates(panel) if ratio else panel.counts / panel.exposure
    fit = fit_synthetic(y, pre, during, key, algorithm)
    placebos = _placebos(y, pre, during, key)
    spread = float(np.std(placebos, ddof=1))
    extra = _extra_noise(panel, pre, during, fit.months, ratio=ratio) if noise else 0.0
    given: dict[str, Any] = {
        "estimand": ESTIMAND, "se": math.sqrt(spread**2 + extra), "df": float(panel.comparators - 1),
        "method_key": key, "maryland_level": 3, "method": _METHOD[key], "assumptions": assumptions(),
        "limits": limits(panel), **sizes(panel),
        "checks": _checks(panel, fit, pre, spread, extra, noise=noise),
    }  # fmt: skip
    if ratio:
        return log_ratio_record(
            log_ratio=fit.effect,
            **given,
            **rates(panel, key),
            **(observed(panel) if noise or _whole_numbers(panel) else {}),
        )
    return difference_record(difference=fit.effect, unit=unit, **given)


def _whole_numbers(panel: Panel) -> bool:
    """Counts and no rates, so that a ratio can be said in crimes."""
    known = panel.counts[panel.known]
    return bool(np.all(known == np.round(known)))


_METHOD = {
    "sdid": "Synthetic difference in differences; placebo spread plus the treated place's own noise; t(J - 1)",
    "sdid-plain": "Synthetic difference in differences; placebo spread alone; t(J - 1)",
    "synthetic-control": "Synthetic control on outcomes before; placebo spread plus the treated place's own noise; t(J - 1)",
}


def _reason_to_refuse(comparators: int, pre: int, during: int, needs: tuple[int, int]) -> str:
    if during == 0:
        return "No month of the service is known for every place."
    if comparators < needs[0]:
        return f"A synthetic comparison needs {needs[0]} comparators or more; there are {comparators}."
    if pre < needs[1]:
        return f"A synthetic comparison needs {needs[1]} months before that every place has; there are {pre}."
    return ""


def _placebos(y: Floats, pre: Indices, during: Indices, key: str) -> Floats:
    """(J,) effects with each comparator in turn as the treated place, the others its comparators."""
    found = []
    for j in range(1, len(y)):
        order = [j, *(i for i in range(1, len(y)) if i != j)]
        found.append(fit_synthetic(y[order], pre, during, key).effect)
    return np.array(found)


def _extra_noise(panel: Panel, pre: Indices, during: Indices, months: Floats, *, ratio: bool) -> float:
    weights = months if months.any() else np.full(len(pre), 0.0)
    phi = panel.phi()
    before = np.maximum(panel.counts[:, pre].mean(axis=1), 0.5)
    after = np.maximum(panel.counts[:, during].mean(axis=1), 0.5)
    square = float((weights**2).sum())
    if ratio:
        noise = phi * (1 / (after * len(during)) + square / before)
    else:
        rate = panel.exposure[:, during].mean(axis=1) ** 2, panel.exposure[:, pre].mean(axis=1) ** 2
        noise = phi * (after / len(during) / rate[0] + square * before / rate[1])
    return max(0.0, float(noise[0] - noise[1:].mean()))


def _checks(panel: Panel, fit: Fit, pre: Indices, spread: float, extra: float, *, noise: bool) -> tuple[Check, ...]:
    gap = fit.gap[pre] - (fit.gap[pre].mean() if fit.months.any() else 0.0)
    top = int(np.argmax(fit.places))
    checks = [
        Check("comparators used", float(panel.comparators), None),
        Check("months before that every place has", float(len(pre)), None),
        Check(
            LARGEST, float(fit.places[top]), float(fit.places[top]) <= 0.5, needed="0.5 or less",
            meaning=f"It is {panel.places[top + 1]}. A mix that is mostly one place shares that place's luck.",
        ),
        Check(FIT, float(np.sqrt((gap**2).mean())), None, meaning="A poor fit before the service is a poor guide after it."),
        Check("SD of the placebo effects", spread, None, meaning="Each comparator in turn played the treated place."),
    ]  # fmt: skip
    if noise:
        checks.append(Check(NOISE, math.sqrt(extra), None, meaning="0 when it has as many crimes as the comparators."))
    return tuple(checks)

"""Two-way fixed effects with errors clustered by place: offered for comparison with other studies alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.building import difference_record, log_ratio_record
from analysis.evaluation.comparators.did import assumptions, limits, rates, sizes
from analysis.evaluation.comparators.panel import Flags, Floats, Panel, make_panel
from analysis.evaluation.models.clustered import clustered_covariance
from analysis.evaluation.models.poisson import DidNotConverge, fit_poisson
from analysis.evaluation.record import Check, Refusal, ResultRecord

Indices = npt.NDArray[np.intp]
ESTIMAND = "Recorded crime, during / before, relative to comparators (place and month effects)"


def twfe(
    series: pd.DataFrame,
    treated: str | tuple[str, ...],
    first_month: Any,
    *,
    model: str = "poisson",
    unit: str = "crimes a month",
    last_before: Any = None,
    last_month: Any = None,
    comparators: tuple[str, ...] | None = None,
) -> ResultRecord | Refusal:
    """Two-way fixed effects (place and month levels) with standard errors clustered by place.

    Poisson: log E[crimes] = place + month + b x (treated, from the first month on) + log exposure; ratio exp(b).
    Linear: rate = place + month + b x (...). CR1: covariance x G / (G - 1), G places; t(G - 1).

    Parameters
    ----------
    series, first_month, last_before, last_month, comparators
        As in :func:`analysis.evaluation.comparators.did.did`; all months before are used. Months between
        ``last_before`` and ``first_month`` are left out.
    treated : str or tuple of str
        One place or several that had the service from the same month.
    model : {"poisson", "linear"}

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: with one treated place its errors add up to 0 within the cluster, so the error of the estimate
    hardly counts its own luck: a 5% test signals in 68-83% of simulated cases in which nothing happened.

    References
    ----------
    Bertrand, M., Duflo, E. & Mullainathan, S. (2004). Quarterly Journal of Economics 119(1), 249-275.
    Conley, T. G. & Taber, C. R. (2011). Review of Economics and Statistics 93(1), 113-125 (few treated places).

    Examples
    --------
    >>> from analysis.evaluation.comparators.example import example_series
    >>> record = twfe(example_series(9, ratio=0.7), "ours", "2023-01")
    >>> f"{record.estimate:.2f}, SE {record.se:.3f}"
    '0.64, SE 0.026'
    """
    names = (treated,) if isinstance(treated, str) else tuple(treated)
    if comparators is not None:
        comparators = (*comparators, *names[1:])
    panel = make_panel(
        series, names[0], first_month, baseline_months=None, last_before=last_before, last_month=last_month,
        comparators=comparators, estimand=ESTIMAND,
    )  # fmt: skip
    if isinstance(panel, Refusal):
        return panel
    has_service = np.isin(np.array(panel.places), names)
    if has_service.all():
        return Refusal(ESTIMAND, "Every place had the service, so there is no comparator.")
    try:
        b, se, clusters = _fit(panel, has_service, model)
    except DidNotConverge as error:
        return Refusal(ESTIMAND, str(error))
    given: dict[str, Any] = {
        "estimand": ESTIMAND, "se": se, "df": float(clusters - 1), "method_key": "twfe", "maryland_level": 3,
        **sizes(panel), "n_clusters": clusters, "assumptions": assumptions(),
        "method": f"Two-way fixed effects ({model}), clustered by place (CR1); t(G - 1)",
        "limits": ("With few treated places this error is far too small.", *limits(panel)),
        "checks": (
            Check(
                "treated places", float(has_service.sum()), bool(has_service.sum() >= 10), needed="10 or more",
                meaning="Errors clustered by place need many treated places.",
            ),
        ),
    }  # fmt: skip
    if model == "poisson":
        seen = float(panel.counts[has_service][:, panel.during].sum())
        return log_ratio_record(log_ratio=b, **given, **rates(panel, "twfe"), observed=seen, unit="crimes")
    return difference_record(difference=b, unit=unit, **given)


def _fit(panel: Panel, has_service: Flags, model: str) -> tuple[float, float, int]:
    used = panel.known & (panel.pre | panel.during)[None, :]
    if model == "poisson":  # a place or month without crime fits perfectly at rate 0 and says nothing of b
        used &= np.nansum(np.where(used, panel.counts, 0), axis=1, keepdims=True) > 0
        used &= np.nansum(np.where(used, panel.counts, 0), axis=0, keepdims=True) > 0
    place, month = (index.astype(np.intp) for index in np.nonzero(used))
    y, exposure = panel.counts[used], panel.exposure[used]
    x = _design(place, month, (has_service[place] & panel.during[month]).astype(float))
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise DidNotConverge("The service cannot be told apart from the levels of places and months in these data.")
    if model == "poisson":
        fit = fit_poisson(x, y, np.log(exposure))
        coef, bread, scores = fit.coef, fit.cov, x * (y - fit.mu)[:, None]
    else:
        rate = y / exposure
        coef = np.linalg.lstsq(x, rate, rcond=None)[0].astype(np.float64)
        bread = np.linalg.inv(x.T @ x).astype(np.float64)
        scores = x * (rate - x @ coef)[:, None]
    found = clustered_covariance(scores, bread, [place])
    return float(coef[0]), math.sqrt(max(0.0, float(found.covariance[0, 0]))), found.groups[0]


def _design(place: Indices, month: Indices, service: Floats) -> Floats:
    places = (place[:, None] == np.unique(place)[None, :]).astype(float)
    months = (month[:, None] == np.unique(month)[None, 1:]).astype(float)
    found: Floats = np.hstack([service[:, None], places, months])
    return found

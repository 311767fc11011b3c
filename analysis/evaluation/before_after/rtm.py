"""Regression to the mean: how far places chosen for a bad spell would fall with nobody doing anything."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.distributions import log_normal_above, log_normal_density
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values
from domain.periods import Period, add_months, parse_month

Floats = npt.NDArray[np.float64]
KEY = "rtm"
ESTIMAND = "What choosing by past crime alone leads one to expect: expected / recorded crime of the chosen places"
MIN_CANDIDATES = 8
SHARE = "share of a place's departure from the average that lasts (reliability)"
SPELLS = "spells of the candidates: that period and the same months of earlier years"
CANDIDATES = "places that could have been chosen"


def expected_regression(
    mean: float, sd: float, cutoff: float, rho: float, *, baselines: int = 1, tail: Literal["above", "below"] = "above"
) -> float:
    """Mean fall of units picked because their baseline lay beyond a cut-off (Barnett's formula).

    RTM = (s_w^2 / m) / sqrt(s_w^2 / m + s_b^2) x phi(z) / (1 - Phi(z)), s_b^2 = rho sd^2 between units, s_w^2 = (1 - rho)
    sd^2 within, m baselines averaged, z = |cutoff - mean| / sqrt(s_w^2 / m + s_b^2) in the direction of the tail.

    Parameters
    ----------
    mean, sd : float
        Of one measurement over all units, normal; sd > 0.
    cutoff : float
        Units beyond it were chosen.
    rho : float
        Correlation of two measurements of a unit, 0 to 1.
    baselines : int
        How many measurements were averaged before choosing.
    tail : {"above", "below"}
        Which side was chosen.

    Returns
    -------
    float
        How far the average of the chosen moves back towards ``mean``, >= 0, in the unit of ``sd``.

    Notes
    -----
    How it can mislead: it takes measurements as normal and units as all alike; counts of places are skewed, so
    :func:`regression_to_mean` uses the candidates themselves where they are loaded.

    References
    ----------
    Barnett, A. G., van der Pols, J. C. & Dobson, A. J. (2005). Int J Epidemiology 34, 215-220, equation 1.

    Examples
    --------
    >>> round(expected_regression(60, 15, 40, 0.5, tail="below"), 3)
    13.486
    """
    between, within = rho * sd**2, (1 - rho) * sd**2 / baselines
    spread = math.sqrt(between + within)
    z = (cutoff - mean) / spread * (1 if tail == "above" else -1)
    # phi / (1 - Phi) by logs: far in the tail both are 0 in double precision.
    return within / spread * math.exp(float(log_normal_density(z) - log_normal_above(z)))


@dataclass(frozen=True)
class Candidates:
    """Counts (places, spells) of every place that could have been chosen; the last spell is the selection period."""

    places: tuple[str, ...]
    counts: Floats
    chosen: npt.NDArray[np.bool_]


def spells_of(candidates: pd.DataFrame, chosen: Sequence[str], selection: tuple[str, str]) -> Candidates | str:
    """Candidates by spells: the selection period and the same months of earlier years; or why that cannot be had."""
    wanted = Period(parse_month(selection[0]), parse_month(selection[1])).months()
    # By text: a month later than the selection period is never used, it may hold the service.
    held = candidates[candidates["month"] <= selection[1]]
    table = held.pivot_table(index="place", columns="month", values="crimes", aggfunc="sum")
    if not set(wanted) <= set(table.columns):
        return "The candidate places do not have every month of the selection period."
    table = table[table[wanted].notna().all(axis=1)]
    if table[wanted].to_numpy().sum() == 0:
        return "The candidate places have no crime in the selection period."
    complete = set(table.columns[table.notna().all(axis=0)])
    spells = [table[wanted].sum(axis=1)]
    # Whole years back, so that every spell holds the same months of the year.
    stride = 12 * math.ceil(len(wanted) / 12)
    first = add_months(parse_month(wanted[0]), -stride)
    while set(earlier := Period(first, add_months(first, len(wanted) - 1)).months()) <= complete:
        spells.append(table[earlier].sum(axis=1))
        first = add_months(first, -stride)
    counts = np.column_stack(spells[::-1]).astype(float)
    mask = table.index.isin(list(chosen))
    if mask.sum() < len(set(chosen)):
        return "Not every chosen place is among the candidates with a full selection period."
    if len(table) < MIN_CANDIDATES or mask.all():
        return (
            f"Fewer than {MIN_CANDIDATES} candidate places are loaded, or all of them were chosen, so how places return "
            "to the average cannot be seen."
        )
    return Candidates(tuple(map(str, table.index)), counts[:, counts.sum(axis=0) > 0], mask)


@dataclass(frozen=True)
class Regression:
    """``log_ratio`` = log(expected / recorded) over the chosen places and its ``se``; ``reliability`` of one place."""

    log_ratio: float
    se: float
    reliability: float
    expected: Floats


def regression_of(found: Candidates) -> Regression:
    """Best linear prediction of every place from all its spells, and a jackknife over places for its error."""
    log_ratio, reliability, expected = _credibility(found.counts, found.chosen)
    # At most 30 groups, so that a city of a thousand places costs no more than one of thirty.
    groups = np.arange(len(found.places)) % min(30, len(found.places))
    left_out = [
        _credibility(found.counts[groups != g], found.chosen[groups != g])[0]
        for g in np.unique(groups)
        if found.chosen[groups != g].any()
    ]
    spread = np.array(left_out) - np.mean(left_out)
    se = math.sqrt((len(left_out) - 1) / len(left_out) * float(spread @ spread))
    return Regression(log_ratio, se, reliability, expected)


def _credibility(counts: Floats, chosen: npt.NDArray[np.bool_]) -> tuple[float, float, Floats]:
    mean = counts.mean(axis=0)
    x = counts / mean
    covariance = np.atleast_2d(np.cov(x.T, ddof=1))
    chance, spells = 1 / mean, counts.shape[1]
    if spells > 1:
        lasting = max(0.0, float(covariance[np.triu_indices(spells, 1)].mean()))
        passing = max(0.0, float((np.diag(covariance) - chance).mean()) - lasting)
    else:
        lasting, passing = max(0.0, float(covariance[0, 0] - chance[0])), 0.0
    weight = 1 / (passing + chance)
    reliability = float(lasting * weight.sum() / (1 + lasting * weight.sum()))
    expected: Floats = mean[-1] * (1 + reliability * ((x * weight).sum(axis=1) / weight.sum() - 1))
    expected = np.maximum(expected, 1e-9)
    return math.log(expected[chosen].sum() / counts[chosen, -1].sum()), reliability, expected


def regression_to_mean(
    candidates: pd.DataFrame, chosen: Sequence[str], selection: tuple[str, str]
) -> ResultRecord | Refusal:
    """How far the chosen places would fall by themselves, from all places that could have been chosen.

    With n_it the crimes of candidate i in spell t (the last is the selection period), m_t their mean over candidates and
    x_it = n_it / m_t: Cov(x_is, x_it) = s_b^2 is what lasts between places, Var(x_it) = s_b^2 + s_w^2 + 1/m_t adds what
    passes and counting noise. The best linear prediction is E_i = m_T (1 + B (sum_t w_t x_it / sum_t w_t - 1)) with
    w_t = 1 / (s_w^2 + 1/m_t) and B = s_b^2 sum w / (1 + s_b^2 sum w) (empirical Bayes; Buhlmann-Straub credibility).
    The ratio is sum E_i / sum n_iT over the chosen; its error is a jackknife over places.

    Parameters
    ----------
    candidates : DataFrame
        ``place``, ``month`` (YYYY-MM), ``crimes``: every place that could have been chosen, the chosen ones included, by
        month. Months after the selection period are not used; the same months of earlier years are.
    chosen : sequence of str
        Names among ``place``.
    selection : (str, str)
        First and last month on whose counts the places were chosen.

    Returns
    -------
    ResultRecord or Refusal
        A ratio below 1: the fall to expect from the choosing alone. Refusal with fewer than 8 candidates, when all of
        them were chosen, or when their months are not loaded.

    Notes
    -----
    How it can mislead: with one spell only counting noise is taken to pass, so the fall to expect is understated; and a
    place whose level had really changed for good is expected to return although it will not.

    References
    ----------
    Barnett, A. G., van der Pols, J. C. & Dobson, A. J. (2005). Int J Epidemiology 34, 215-220.
    Hauer, E. (1997). Observational Before-After Studies in Road Safety, ch. 11 (empirical Bayes).
    Buhlmann, H. & Straub, E. (1970). Bulletin of the Swiss Association of Actuaries 70, 111-133.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = {"A": (20, 40), "B": (22, 21), "C": (19, 20), "D": (35, 30), "E": (10, 12), "F": (25, 20),
    ...           "G": (15, 18), "H": (30, 24)}
    >>> rows = [(p, m, n) for p, pair in counts.items() for m, n in zip(("2023-01", "2023-02"), pair)]
    >>> candidates = pd.DataFrame(rows, columns=["place", "month", "crimes"])
    >>> found = regression_to_mean(candidates, ["A"], ("2023-02", "2023-02"))
    >>> round(found.estimate, 2)
    0.87
    """
    spells = spells_of(candidates, chosen, selection)
    if isinstance(spells, str):
        return Refusal(ESTIMAND, spells)
    if spells.counts[spells.chosen, -1].sum() == 0:
        return Refusal(ESTIMAND, "The chosen places have no crime in the selection period.")
    found, number = regression_of(spells), spells.counts.shape[1]
    limits = ["Counts of neighbouring places are taken as independent of each other."]
    if number == 1:
        limits.append(
            "The candidates have no months before the selection period, so only counting noise is taken to pass and the "
            "fall to expect is understated."
        )
    return log_ratio_record(
        log_ratio=found.log_ratio, se=found.se, df=float(len(spells.places) - 1), method_key=KEY, estimand=ESTIMAND,
        n_events=int(spells.counts.sum()), n_units=len(spells.places), n_clusters=None, maryland_level=2,
        method=f"Empirical Bayes over {len(spells.places)} candidate places and {number} spells; jackknife over places",
        data_hash=hash_values(spells.places, spells.counts, spells.chosen),
        assumptions=("a place's ordinary level stays what it was in the months used",),
        limits=tuple(limits), checks=_checks(found, spells),
    )  # fmt: skip


def _checks(found: Regression, spells: Candidates) -> tuple[Check, ...]:
    places, number = len(spells.places), spells.counts.shape[1]
    return (
        Check(SHARE, found.reliability, None, meaning="1: places keep their level; 0: all of the departure passes."),
        Check(CANDIDATES, float(places), None, meaning=f"{int(spells.chosen.sum())} of them were chosen."),
        Check(
            SPELLS, float(number), number >= 2, needed="2 or more",
            meaning="A single spell cannot show what passes and what lasts, only what counting noise there is.",
        ),
    )  # fmt: skip

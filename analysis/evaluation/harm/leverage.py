"""How much of a harm result hangs on single crimes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.calibration.table import quote
from analysis.evaluation.harm.patrol import harm_ppml
from analysis.evaluation.harm.split import HarmSplit, harm_split
from analysis.evaluation.record import Refusal, ResultRecord

Floats = npt.NDArray[np.float64]
TOPS = (1, 3, 5)
CAP_DAYS = 365.0
_KEY = "harm-leverage"


@dataclass(frozen=True)
class Leverage:
    """Result without the ``dropped`` most harmful crimes, which held ``share`` of all harm (of both sides)."""

    dropped: int
    dropped_before: int
    dropped_during: int
    share: float
    result: ResultRecord | Refusal


def without_top(
    before: Sequence[float], during: Sequence[float], exposure_before: float, exposure_during: float, *,
    top: int, **options: Any,
) -> Leverage:  # fmt: skip
    """Harm during / before without the most harmful crimes of both windows together.

    The ``top`` largest weights of all are left out wherever they fell, and :func:`~.split.harm_split` is made of the rest;
    share = their harm / all harm. Crimes of the same weight as the last of them go too, since nothing tells them apart; ``dropped``
    says how many went.

    Parameters
    ----------
    before, during : sequence of float
        Harm days of every scored crime (days, >= 0).
    exposure_before, exposure_during : float
        Hot spot-days.
    top : int
        How many crimes to leave out, >= 0.
    **options
        ``phi``, ``count_df``, ``drift``, ``not_scored`` of ``harm_split``.

    Returns
    -------
    Leverage
        Its ``result`` is the ratio of total harm, or why there is none.

    Notes
    -----
    How it can mislead: leaving out the gravest crimes is a question about robustness, not a better estimate; the crimes
    left out were real and are what a harm index is for.

    References
    ----------
    Belsley, D. A., Kuh, E. & Welsch, R. E. (1980). Regression Diagnostics (case deletion).

    Examples
    --------
    >>> found = without_top([10, 10, 10, 900], [10, 10, 10, 10], 100, 100, top=1)
    >>> round(found.share, 2), found.dropped_before, round(found.result.estimate, 2)
    (0.93, 1, 1.33)
    """
    w0, w1 = np.asarray(before, float), np.asarray(during, float)
    both = np.concatenate([w0, w1])
    gone = _top(both, top)
    kept = np.ones(len(both), bool)
    kept[gone] = False
    first = kept[: len(w0)]
    share = float(both[gone].sum() / both.sum()) if both.sum() > 0 else 0.0
    made = harm_split(w0[first].tolist(), w1[kept[len(w0) :]].tolist(), exposure_before, exposure_during, **options)
    result = made.total if isinstance(made, HarmSplit) else made
    if isinstance(result, ResultRecord):
        result = _marked(result, f"Harm days, during / before, without the {_count(top, 'most harmful crime')}")
    in_before = int((gone < len(w0)).sum())
    return Leverage(len(gone), in_before, len(gone) - in_before, share, result)


def _top(harm: Floats, top: int) -> npt.NDArray[np.int64]:
    """Positions of the ``top`` largest and of all that equal the last of them."""
    if top <= 0 or not len(harm):
        return np.zeros(0, np.int64)
    last = np.sort(harm)[::-1][min(top, len(harm)) - 1]
    found: npt.NDArray[np.int64] = np.flatnonzero(harm >= last).astype(np.int64)
    return found


def days_without_top(panel: pd.DataFrame, *, top: int, outcome: str = "harm_days", **options: Any) -> Leverage:
    """Patrol days' harm ratio without the hot spot-days of most harm (one grave crime each, as a rule).

    Parameters
    ----------
    panel, outcome, **options
        As in :func:`~.patrol.harm_ppml`.
    top : int
        How many hot spot-days to leave out.

    Returns
    -------
    Leverage
        ``dropped_before`` are days without patrol, ``dropped_during`` days with.
    """
    harm = panel[outcome].fillna(0.0).to_numpy(float) if outcome in panel else np.zeros(len(panel))
    gone = _top(harm, top)
    gone = gone[harm[gone] > 0]
    share = float(harm[gone].sum() / harm.sum()) if harm.sum() > 0 else 0.0
    patrol = panel["patrol"].to_numpy(float)[gone] > 0 if len(gone) else np.zeros(0, bool)
    kept = np.ones(len(panel), bool)
    kept[gone] = False
    result = harm_ppml(panel[kept], outcome=outcome, **options)
    if isinstance(result, ResultRecord):
        words = f"Harm days, patrol days / other days, without the {_count(top, 'most harmful hot spot-day')}"
        result = _marked(result, words)
    return Leverage(len(gone), int((~patrol).sum()), int(patrol.sum()), share, result)


def capped(weights: Sequence[float], cap: float = CAP_DAYS) -> list[float]:
    """Each crime at most ``cap`` days: whether the gravest crimes alone make the result.

    h_i becomes min(h_i, cap); the default harm estimate is then made of these.

    Parameters
    ----------
    weights : sequence of float
        Harm weight of each crime, in days.
    cap : float
        Days; 365 counts a year and a life sentence alike.

    Returns
    -------
    list of float
        Days, one a crime.

    Notes
    -----
    How it can mislead: a cap treats a homicide and a serious assault alike, so it answers another question than harm:
    whether a finding rests on the tail of the weights.

    References
    ----------
    Sherman, L. W., Neyroud, P. W. & Neyroud, E. (2016). The Cambridge Crime Harm Index. Policing 10(3), 171-183.

    Examples
    --------
    >>> capped([10, 365, 5475])
    [10.0, 365.0, 365.0]
    """
    found: list[float] = np.minimum(np.asarray(weights, float), cap).tolist()
    return found


def _marked(record: ResultRecord, estimand: str) -> ResultRecord:
    # Its rates were measured on patrol days (level 3): windows are another design.
    type1, coverage = quote(_KEY) if record.maryland_level >= 3 else (None, None)
    return replace(
        record, estimand=estimand, method_key=_KEY, calibrated_type1=type1, calibrated_coverage=coverage,
        limits=(*record.limits, "The crimes left out were real: this shows how far the result hangs on them."),
    )  # fmt: skip


def _count(number: int, noun: str) -> str:
    return noun if number == 1 else f"{number} {noun}s"

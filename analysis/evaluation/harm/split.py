"""Total harm split into how many crimes and how serious each one was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.evaluation.before_after.drift import YearDrift, drift_interval
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values, mde80

Floats = npt.NDArray[np.float64]
TOP_SHARE = "share of harm from the 3 most harmful crimes (larger of the two windows)"
TOP_SHARE_LIMIT = 0.25
NOT_SCORED = "crimes without a harm weight, left out"


@dataclass(frozen=True)
class HarmSplit:
    """``total.estimate`` = ``count.estimate`` x ``severity.estimate``, all rates per hot spot-day or per crime."""

    total: ResultRecord
    count: ResultRecord
    severity: ResultRecord
    harm_before: float
    harm_during: float
    scored_before: int
    scored_during: int

    @property
    def severity_before(self) -> float:
        """Harm days per scored crime before."""
        return self.harm_before / self.scored_before

    @property
    def severity_during(self) -> float:
        """Harm days per scored crime during."""
        return self.harm_during / self.scored_during


def harm_split(
    before: Sequence[float],
    during: Sequence[float],
    exposure_before: float,
    exposure_during: float,
    *,
    phi: float = 1.0,
    count_df: float | None = None,
    drift: YearDrift | None = None,
    not_scored: int = 0,
    method_key: str = "harm-split",
) -> HarmSplit | Refusal:
    """Harm ratio = count ratio x mean severity ratio, each with a 95% interval.

    With N crimes of mean severity m and variance s^2 in a window, log harm = log N + log m, so
    Var(log count ratio) = phi (1/N0 + 1/N1) + drift between years,
    Var(log severity ratio) = s0^2/(N0 m0^2) + s1^2/(N1 m1^2) (delta method), and the total is their sum.

    Parameters
    ----------
    before, during : sequence of float
        Harm weight in days of every crime in the window, >= 0; NaN where a crime has none (left out and counted).
    exposure_before, exposure_during : float
        Hot spot-days, > 0.
    phi : float
        Overdispersion of counts, >= 1, from :func:`analysis.evaluation.before_after.ratio.before_after_ratio`.
    count_df : float, optional
        Degrees of freedom behind ``phi``.
    drift : YearDrift, optional
        Drift of counts between years. Drift in severity is not estimated.
    not_scored : int
        Crimes without a weight that are not in the lists; left out of all three ratios and said so.
    method_key : str
        The catalogue's key: "harm-capped" where the weights were capped.

    Returns
    -------
    HarmSplit or Refusal
        Refusal with fewer than two scored crimes or no harm in a window.

    Notes
    -----
    How it can mislead: a fall in total harm is read as less serious crime when it is only less crime; severity has a
    handful of grave crimes behind it, and its drift between years is not known.

    References
    ----------
    Oehlert, G. W. (1992). A note on the delta method. American Statistician 46, 27-29.

    Examples
    --------
    >>> found = harm_split([10, 20, 30, 40], [20, 40], 100, 100)
    >>> round(found.total.estimate, 3), round(found.count.estimate, 3), round(found.severity.estimate, 3)
    (0.6, 0.5, 1.2)
    """
    given = (np.asarray(before, float), np.asarray(during, float))
    w0, w1 = (w[~np.isnan(w)] for w in given)
    not_scored += sum(len(w) for w in given) - len(w0) - len(w1)
    if min(exposure_before, exposure_during) <= 0 or (np.concatenate([w0, w1]) < 0).any():
        return Refusal("Harm, during / before", "A window has no hot spot-days, or a harm weight is below 0.")
    for name, w in (("before", w0), ("during", w1)):
        if len(w) < 2 or w.sum() <= 0:
            return Refusal(
                "Harm, during / before",
                f"Fewer than two crimes with a harm weight in the “{name}” window, so harm cannot be split.",
            )
    count_noise = phi * (1 / len(w0) + 1 / len(w1))
    parts = [(count_noise, count_df or float(len(w0) + len(w1) - 2))]
    severity_parts = [_mean_noise(w0), _mean_noise(w1)]
    log_count = math.log(len(w1) / exposure_during) - math.log(len(w0) / exposure_before)
    log_severity = math.log(w1.mean()) - math.log(w0.mean())
    shared = _Shared(
        len(w0) + len(w1),
        hash_values(w0, w1, [exposure_before, exposure_during]),
        _notes(w0, w1, not_scored),
        method_key,
    )
    return HarmSplit(
        total=shared.record(
            "Harm days, during / before",
            log_count + log_severity,
            parts + severity_parts,
            drift,
            observed=float(w1.sum()),
            unit="harm days",
        ),
        count=shared.record(
            "Number of scored crimes, during / before", log_count, parts, drift, observed=float(len(w1)), unit="crimes"
        ),
        severity=shared.record("Harm per scored crime, during / before", log_severity, severity_parts, None),
        harm_before=float(w0.sum()),
        harm_during=float(w1.sum()),
        scored_before=len(w0),
        scored_during=len(w1),
    )


def satterthwaite(*parts: tuple[float, float]) -> float:
    """Degrees of freedom of a sum of variances ``(variance, df)``: (sum v)^2 / sum(v^2 / df).

    References
    ----------
    Satterthwaite, F. E. (1946). Biometrics Bulletin 2, 110-114.
    """
    total = sum(variance for variance, _ in parts)
    return total**2 / sum(variance**2 / df for variance, df in parts if variance > 0)


def _mean_noise(w: Floats) -> tuple[float, float]:
    """Variance of log(mean) by the delta method, and its degrees of freedom."""
    return float(w.var(ddof=1) / (len(w) * w.mean() ** 2)), float(len(w) - 1)


def _top_share(w: Floats) -> float:
    return float(np.sort(w)[-3:].sum() / w.sum())


Notes = tuple[tuple[str, ...], tuple[str, ...], tuple[Check, ...]]  # assumptions, limits, checks


def _notes(w0: Floats, w1: Floats, not_scored: int) -> Notes:
    top = max(_top_share(w0), _top_share(w1))
    assumptions = (
        "the severity of one crime does not depend on the severity of others",
        "one edition of the harm weights scores both windows",
    )
    limits = (
        "Drift in severity from year to year is not estimated, so the severity interval may be too narrow.",
        "There is no comparison area.",
    )
    return (
        assumptions,
        limits,
        (
            Check(
                NOT_SCORED,
                float(not_scored),
                not_scored == 0,
                needed="0",
                meaning="A crime left out of the harm could change it either way.",
            ),
            Check(
                TOP_SHARE,
                top,
                top < TOP_SHARE_LIMIT,
                needed=f"under {TOP_SHARE_LIMIT:g}",
                meaning="Where three crimes make much of the harm, one more or fewer would change the result.",
            ),
        ),
    )


@dataclass(frozen=True)
class _Shared:
    """What the three records of one split have in common."""

    events: int
    data_hash: str
    notes: Notes
    method_key: str

    def record(
        self, estimand: str, log_ratio: float, parts: list[tuple[float, float]], drift: YearDrift | None, **more: Any
    ) -> ResultRecord:
        sampling = sum(variance for variance, _ in parts)
        df = satterthwaite(*parts) if sampling > 0 else None
        low, high, p, se = drift_interval(log_ratio, sampling, df, drift)
        # The rates of this method were measured on patrol days, another design, so none may be quoted here.
        return ResultRecord(
            estimand=estimand,
            scale="ratio",
            estimate=math.exp(log_ratio),
            se=se,
            ci_low=low,
            ci_high=high,
            p=p,
            df=df,
            n_events=self.events,
            n_units=self.events,
            n_clusters=None,
            method="Log-scale delta method: counts with overdispersion and drift between years, severity from "
            "the spread of the weights",
            maryland_level=2,
            data_hash=self.data_hash,
            assumptions=self.notes[0],
            limits=self.notes[1],
            checks=self.notes[2],
            mde80=mde80(se, df=df),
            method_key=self.method_key,
            **more,
        )

"""Records from an estimate and its standard error: the interval, the p, the smallest detectable effect, the error rate.

Estimators call these, so that no two of them can read a t quantile or quote a calibration differently.
"""

from __future__ import annotations

import math
from typing import Any

from analysis.evaluation.calibration.table import quote
from analysis.evaluation.distributions import normal_above, normal_quantile, t_above, t_quantile
from analysis.evaluation.record import ResultRecord, mde80


def reach_of(se: float, df: float | None, level: float = 0.95) -> float:
    """Half the width of a two-sided interval: t(df) or, with df None, normal quantile x SE."""
    tail = (1 + level) / 2
    return float(normal_quantile(tail) if df is None else t_quantile(tail, df)) * se


def p_of(value: float, se: float, df: float | None) -> float:
    """Two-sided p of ``value`` / ``se`` against normal or t(df); 1 for 0 / 0, 0 for anything else / 0."""
    if se == 0:
        return 1.0 if value == 0 else 0.0
    z = abs(value) / se
    return min(1.0, float(2 * (normal_above(z) if df is None else t_above(z, df))))


def log_ratio_record(*, log_ratio: float, se: float, df: float | None, method_key: str, **given: Any) -> ResultRecord:
    """A record on the ratio scale from a log ratio and its SE.

    Parameters
    ----------
    log_ratio, se : float
        On the log scale; se >= 0.
    df : float or None
        Degrees of freedom of the t reference; None for normal.
    method_key : str
        Key in the catalogue; the calibration table is quoted by it.
    **given
        The other fields of :class:`ResultRecord` (estimand, n_events, method, data_hash, ...). ``ci_low``, ``ci_high``,
        ``p``, ``calibrated_type1`` and ``calibrated_coverage`` may be given where they are not the plain ones.
    """
    reach = reach_of(se, df)
    type1, coverage = quote(method_key)
    values = {
        "scale": "ratio", "estimate": math.exp(log_ratio), "se": se, "df": df,
        "ci_low": math.exp(log_ratio - reach), "ci_high": math.exp(min(700.0, log_ratio + reach)),
        "p": p_of(log_ratio, se, df), "mde80": mde80(se, df=df), "method_key": method_key,
        "calibrated_type1": type1, "calibrated_coverage": coverage,
    }  # fmt: skip
    return ResultRecord(**{**values, **given})


def difference_record(
    *, difference: float, se: float, df: float | None, method_key: str, unit: str, **given: Any
) -> ResultRecord:
    """A record on the difference scale (crimes or harm days; below 0 means fewer); parameters as above."""
    reach = reach_of(se, df)
    type1, coverage = quote(method_key)
    values = {
        "scale": "difference", "estimate": difference, "se": se, "df": df, "ci_low": difference - reach,
        "ci_high": difference + reach, "p": p_of(difference, se, df), "mde80": mde80(se, "difference", df),
        "method_key": method_key, "unit": unit, "calibrated_type1": type1, "calibrated_coverage": coverage,
    }  # fmt: skip
    return ResultRecord(**{**values, **given})

"""The one record every estimator returns, and the value it returns instead when it cannot answer.

The record feeds the chart, the table, the PDF, the download and the acceptance tests, so it holds
plain Python values only and writes itself as strict JSON (no NaN; infinities as words).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from analysis.evaluation.distributions import normal_quantile, t_quantile

CODE_VERSION = "evaluation-1.0.0"
# Normal quantiles for 97.5% and 80%: 1.960 + 0.842, as METHODS fixes it.
MDE_MULTIPLE = 2.80
POWER = 0.8
MANY_DF = 60  # from here on t and normal give the same to two digits


@dataclass(frozen=True)
class Check:
    """One thing looked at beside the estimate; ``passed`` is None where it informs but cannot fail.

    ``needed`` says what it takes to pass and ``meaning`` what the check is about, both in plain words.
    """

    name: str
    value: float | str | None
    passed: bool | None
    needed: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why no estimate is given: a value, so that a page can say it instead of showing a number."""

    estimand: str
    reason: str
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class ResultRecord:
    """One estimate with everything needed to read, check and reproduce it.

    Attributes
    ----------
    estimand : str
        What is estimated, in words.
    scale : str
        ``"ratio"``: ``estimate`` and interval are ratios (< 1 means fewer), ``se`` is on the log scale.
        ``"difference"``: both are in ``unit`` (< 0 means fewer), and so is ``se``.
    estimate, se, ci_low, ci_high, p, df : float or None
        ``df`` is None for a normal or exact reference; ``se`` is None for an exact interval; ``p`` two-sided.
    n_events, n_units, n_clusters : int or None
        Events analysed, units (cells or hot spot-days) analysed, clusters behind ``se``.
    mde80 : float or None
        Minimum detectable effect (80% power, two-sided 5%): exp(-2.80 x SE) of a ratio, -2.80 x SE of a difference;
        with few degrees of freedom more than 2.80 (:func:`mde80`).
    calibrated_type1, calibrated_coverage : float or None
        Measured by simulation; None means "not measured yet", never "fine".
    maryland_level : int
        1 to 5 on the Maryland scientific methods scale; fixes the words a claim may use.
    assumptions : tuple of str
        What has to hold and cannot be checked here; clauses that continue "This assumes, and cannot check, that".
    limits : tuple of str
        Whole sentences on what the estimate leaves out.
    method_key : str
        Which method of :mod:`analysis.evaluation.catalogue` made it; "" where it has no page of its own.
    unit : str
        "crimes" or "harm days": of a difference, or of the ``observed`` of a ratio; "" where neither is meant.
    observed : float or None
        Of a ratio: what was counted under the changed condition (during the service, on patrol days), so that it can be
        said in crimes too (:func:`three_ways`). None where the ratio is not of counts.
    """

    estimand: str
    scale: str
    estimate: float
    se: float | None
    ci_low: float
    ci_high: float
    p: float | None
    df: float | None
    n_events: int
    n_units: int
    n_clusters: int | None
    method: str
    maryland_level: int
    data_hash: str
    assumptions: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    mde80: float | None = None
    calibrated_type1: float | None = None
    calibrated_coverage: float | None = None
    code_version: str = field(default=CODE_VERSION)
    seed: int | None = None
    method_key: str = ""
    unit: str = ""
    observed: float | None = None

    @property
    def no_change(self) -> float:
        """The value that means no change on this record's scale."""
        return 1.0 if self.scale == "ratio" else 0.0

    def excludes_no_change(self) -> bool:
        """True when the 95% interval leaves out no change (a ratio of 1, a difference of 0)."""
        return self.ci_high < self.no_change or self.ci_low > self.no_change

    def check(self, name: str) -> Check | None:
        """The check of that name, or None."""
        return next((check for check in self.checks if check.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """Plain values; infinities become "Infinity" / "-Infinity" so that strict JSON can hold them."""
        found: dict[str, Any] = _plain(asdict(self))
        return found

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), allow_nan=False, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ResultRecord:
        """Inverse of :meth:`as_dict`."""
        kept = {f.name: _unplain(values[f.name]) for f in fields(cls)}
        for name in ("assumptions", "limits"):
            kept[name] = tuple(kept[name])
        kept["checks"] = tuple(Check(**{k: _unplain(v) for k, v in check.items()}) for check in kept["checks"])
        return cls(**kept)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, float) and math.isnan(value):
        raise ValueError("A result record cannot hold NaN: return a Refusal that says why there is no figure.")
    return value


def _unplain(value: Any) -> Any:
    return float(value) if value in ("Infinity", "-Infinity") else value


def mde80(
    se: float | None, scale: str = "ratio", df: float | None = None, *, critical: float | None = None
) -> float | None:
    """Smallest fall found 4 times in 5 by a two-sided 5% test: exp(-k x SE) as a ratio, -k x SE as a difference.

    k = 2.80 with a normal reference; with few degrees of freedom the interval is wider, so k is the sum of the 97.5% and
    80% quantiles of t(df). ``critical`` is used for the first of the two where the interval has bounds of its own.
    """
    if se is None or not math.isfinite(se):
        return None
    if critical is not None:
        multiple = critical + float(normal_quantile(POWER))
    elif df is None or df >= MANY_DF:
        multiple = MDE_MULTIPLE
    else:
        multiple = float(t_quantile(0.975, df) + t_quantile(POWER, df))
    return math.exp(-multiple * se) if scale == "ratio" else -multiple * se


def hash_values(*parts: Any) -> str:
    """SHA-256 of the numbers and labels analysed, in order; the same data always give the same hash."""
    digest = hashlib.sha256()
    for part in parts:
        array = np.asarray(part)
        text = array.astype(str) if array.dtype.kind in "OUSM" else array.astype(float)
        digest.update(json.dumps(text.tolist()).encode())
        digest.update(b"|")
    return digest.hexdigest()


@dataclass(frozen=True)
class ThreeWays:
    """One effect as METHODS has every effect shown: ratio, per cent, and events, each with its interval.

    ``events_fewer`` is (expected without the change) - (observed): positive means fewer; its upper end
    is infinite when the ratio's lower end is 0.
    """

    ratio: float
    ratio_low: float
    ratio_high: float
    change: float  # fraction: -0.39 is 39% lower
    change_low: float
    change_high: float
    events_fewer: float
    events_fewer_low: float
    events_fewer_high: float


def three_ways(record: ResultRecord, observed: float | None = None) -> ThreeWays:
    """Say a ratio three ways, given the events observed under the changed condition.

    Expected = observed / ratio, so fewer = observed x (1 / ratio - 1); its interval comes from the ratio's.

    Parameters
    ----------
    record : ResultRecord
        On the ratio scale.
    observed : float, optional
        Events (crimes or harm days) during the service or on patrol days, >= 0; the record's own unless given.
    """
    counted = record.observed if observed is None else observed
    if counted is None:
        raise ValueError("This ratio is not of counted events, so it cannot be said in crimes.")
    if record.scale != "ratio":
        raise ValueError(f"Only a ratio can be said three ways; this record is on the scale “{record.scale}”.")

    def fewer(ratio: float) -> float:
        return counted * (1 / ratio - 1) if ratio > 0 else math.inf

    low, mid, high = record.ci_low, record.estimate, record.ci_high
    return ThreeWays(mid, low, high, mid - 1, low - 1, high - 1, fewer(mid), fewer(high), fewer(low))

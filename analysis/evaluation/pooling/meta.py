"""Several forces (or hot spots) together: random-effects meta-analysis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from analysis.evaluation.building import difference_record, log_ratio_record, p_of, reach_of
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values

Floats = npt.NDArray[np.float64]
Between = Literal["dl", "reml", "fixed"]
NAMES = {"dl": "DerSimonian-Laird", "reml": "REML", "fixed": "common effect"}
FEW = 5


@dataclass(frozen=True)
class Pooled:
    """Pooled estimate and heterogeneity, on the scale of the inputs (log scale for ratios).

    ``prediction``: where a further site's own value would lie (95%); None with fewer than 3 sites. ``df`` is None where
    the reference is normal.
    """

    estimate: float
    se: float
    low: float
    high: float
    p: float
    df: float | None
    tau2: float
    q: float
    q_df: int
    q_p: float
    i2: float  # 0 to 1
    prediction: tuple[float, float] | None
    weights: tuple[float, ...]  # shares, adding up to 1
    method: str


def pool(
    estimates: Sequence[float] | Floats,
    variances: Sequence[float] | Floats,
    *,
    between: Between = "dl",
    hartung_knapp: bool = False,
    level: float = 0.95,
) -> Pooled:
    """Inverse-variance pooling with between-site variance tau^2.

    mu = sum w_i y_i / sum w_i, w_i = 1 / (v_i + tau^2), SE = (sum w_i)^(-1/2); Q = sum (y_i - mu_F)^2 / v_i at tau^2 = 0;
    I^2 = max(0, (Q - df) / Q). tau^2: DerSimonian-Laird max(0, (Q - df) / (S1 - S2 / S1)), S_r = sum v_i^-r, or the REML
    maximum. Hartung-Knapp: SE^2 = sum w_i (y_i - mu)^2 / ((k - 1) sum w_i), t(k - 1).

    Parameters
    ----------
    estimates : (k,) sequence
        One a site; logs of ratios.
    variances : (k,) sequence
        Squared standard errors, > 0.
    between : {"dl", "reml", "fixed"}
        How tau^2 is estimated; "fixed" sets it to 0.
    hartung_knapp : bool
        Error from the spread of the sites, t(k - 1); needs two sites or more.
    level : float
        Of the interval and the prediction interval.

    Returns
    -------
    Pooled

    Raises
    ------
    ValueError
        Without sites, or with a variance that is not above 0.

    Notes
    -----
    How it can mislead: with few sites tau^2 is hardly known and the plain interval is too narrow (Hartung-Knapp repairs
    most of it); sites that publish because they found something pull the pooled value; and the average of unlike
    services need not describe any of them. Read the prediction interval.

    References
    ----------
    DerSimonian, R. & Laird, N. (1986). Controlled Clinical Trials 7, 177-188.
    Viechtbauer, W. (2005). J Educational and Behavioral Statistics 30, 261-293 (REML).
    Knapp, G. & Hartung, J. (2003). Statistics in Medicine 22, 2693-2710.
    Higgins, J. P. T., Thompson, S. G. & Spiegelhalter, D. J. (2009). JRSS A 172, 137-159 (prediction interval).

    Examples
    --------
    >>> found = pool([-0.5, -0.1, -0.3], [0.04, 0.02, 0.05])
    >>> round(found.estimate, 3), round(found.tau2, 4), round(found.q, 2)
    (-0.265, 0.0127, 2.74)
    """
    y, v = np.asarray(estimates, float), np.asarray(variances, float)
    if not len(y) or len(y) != len(v) or not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all()):
        raise ValueError("Pooling needs one estimate and one variance above 0 for each site.")
    k = len(y)
    fixed = float((y / v).sum() / (1 / v).sum())
    q, df = float(((y - fixed) ** 2 / v).sum()), k - 1
    tau2 = {"dl": _dersimonian_laird, "reml": _reml, "fixed": lambda *_: 0.0}[between](y, v, q)
    w = 1 / (v + tau2)
    mu, se = float(w @ y / w.sum()), 1 / math.sqrt(float(w.sum()))
    reference: float | None = None
    if hartung_knapp and k > 1:
        se, reference = math.sqrt(float(w @ (y - mu) ** 2) / (df * float(w.sum()))), float(df)
    reach = reach_of(se, reference, level)
    prediction = None
    if k >= 3:
        wide = float(stats.t.ppf((1 + level) / 2, k - 2)) * math.sqrt(tau2 + se**2)
        prediction = (mu - wide, mu + wide)
    return Pooled(
        mu, se, mu - reach, mu + reach, p_of(mu, se, reference), reference, tau2, q, df,
        float(stats.chi2.sf(q, df)) if df else 1.0, max(0.0, (q - df) / q) if q > 0 else 0.0, prediction,
        tuple((w / w.sum()).tolist()), NAMES[between] + (", Hartung-Knapp" if reference is not None else ""),
    )  # fmt: skip


def _dersimonian_laird(y: Floats, v: Floats, q: float) -> float:
    s1, s2 = float((1 / v).sum()), float((1 / v**2).sum())
    spare = s1 - s2 / s1
    return max(0.0, (q - (len(y) - 1)) / spare) if len(y) > 1 and spare > 0 else 0.0


def _reml(y: Floats, v: Floats, q: float) -> float:
    """Maximum of the restricted likelihood over tau^2 >= 0, looked for on a grid first: it can have two humps."""
    if len(y) < 2:
        return 0.0

    def loss(tau2: float) -> float:
        w = 1 / (v + tau2)
        mu = float(w @ y / w.sum())
        return float(np.log(v + tau2).sum() + math.log(w.sum()) + w @ (y - mu) ** 2) / 2

    top = max(float(np.var(y, ddof=1)) * 10, float(v.max()), 1e-12)
    grid = np.concatenate([[0.0], np.geomspace(top * 1e-8, top, 200)])
    best = int(np.argmin([loss(t) for t in grid]))
    low, high = grid[max(0, best - 1)], grid[min(len(grid) - 1, best + 1)]
    found = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": top * 1e-10})
    return 0.0 if loss(0.0) <= float(found.fun) else float(found.x)


def pooled_record(
    records: Sequence[ResultRecord],
    *,
    between: Between = "reml",
    hartung_knapp: bool = True,
    estimand: str = "Change pooled over forces",
) -> ResultRecord | Refusal:
    """The records of several forces (or sites) as one, by :func:`pool`.

    Ratios are pooled as logs. A record without a standard error gets one from its interval.

    Parameters
    ----------
    records : sequence of ResultRecord
        All on one scale (and in one unit), of services that can be spoken of together.
    between, hartung_knapp
        As in :func:`pool`; REML with Hartung-Knapp unless asked otherwise.

    Returns
    -------
    ResultRecord or Refusal
        At the lowest Maryland level of its parts. Refusal with fewer than two records, or two scales.

    Notes
    -----
    How it can mislead: as :func:`pool`. Forces that share a method share its bias: pooling makes the interval narrower
    and the bias no smaller.

    References
    ----------
    DerSimonian & Laird (1986). Viechtbauer (2005). Knapp & Hartung (2003).

    Examples
    --------
    >>> from analysis.evaluation.before_after.counts import TwoCounts, exact_conditional
    >>> sites = [exact_conditional(TwoCounts(b, d, 1, 1)) for b, d in ((120, 90), (80, 70), (200, 150))]
    >>> round(pooled_record(sites).estimate, 2)
    0.77
    """
    if len({(r.scale, r.unit if r.scale == "difference" else "") for r in records}) > 1:
        return Refusal(estimand, "The results are not on one scale, so they cannot be pooled.")
    known = [(_value(record), _variance(record), record) for record in records]
    usable = [(y, v, r) for y, v, r in known if math.isfinite(y) and math.isfinite(v) and v > 0]
    if len(usable) < 2:
        return Refusal(estimand, "Fewer than two results with a finite interval are there to pool.")
    found = pool([y for y, _, _ in usable], [v for _, v, _ in usable], between=between, hartung_knapp=hartung_knapp)
    first = usable[0][2]
    shared: dict[str, Any] = {
        "se": found.se, "df": found.df, "method_key": "meta-reml" if between == "reml" else "meta-dl",
        "estimand": estimand, "n_events": sum(r.n_events for _, _, r in usable), "n_units": len(usable),
        "n_clusters": len(usable), "method": f"Random-effects meta-analysis of {len(usable)} results, {found.method}",
        "maryland_level": min(r.maryland_level for _, _, r in usable),
        "data_hash": hash_values([r.data_hash for _, _, r in usable]), "checks": _checks(found, first.scale),
        "assumptions": ("the results come from sites that are alike enough to be averaged",),
        "limits": ("Results that nobody reported are not in it.",),
    }  # fmt: skip
    if first.scale == "ratio":
        return log_ratio_record(log_ratio=found.estimate, **shared)
    return difference_record(difference=found.estimate, unit=first.unit, **shared)


def _value(record: ResultRecord) -> float:
    if record.scale != "ratio":
        return record.estimate
    return math.log(record.estimate) if 0 < record.estimate < math.inf else math.nan


def _variance(record: ResultRecord) -> float:
    if record.se is not None:
        return record.se**2
    if record.scale != "ratio":
        return float((record.ci_high - record.ci_low) / (2 * stats.norm.ppf(0.975))) ** 2
    if not 0 < record.ci_low <= record.ci_high < math.inf:
        return math.nan
    return (math.log(record.ci_high / record.ci_low) / (2 * float(stats.norm.ppf(0.975)))) ** 2


def _checks(found: Pooled, scale: str) -> tuple[Check, ...]:
    ends = found.prediction
    if ends is not None and scale == "ratio":
        ends = (math.exp(ends[0]), math.exp(ends[1]))
    written = f"{ends[0]:.3g} to {ends[1]:.3g}" if ends else "not given: fewer than 3 results"
    sites = found.q_df + 1
    return (
        Check("sites", float(sites), sites >= FEW, needed=f"{FEW} or more", meaning="Fewer say little about how sites differ."),
        Check("Q", found.q, None, meaning=f"Spread of the sites; chance alone gives about {found.q_df}."),
        Check("p of Q", found.q_p, None, meaning="Chance of such a spread if all sites had one effect."),
        Check("I2", found.i2, None, meaning="Share of the spread that chance does not explain."),
        Check("tau2", found.tau2, None, meaning="Variance between sites, on the log scale for ratios."),
        Check("95% prediction interval", written, None, meaning="Where a further site's own value would lie."),
    )  # fmt: skip

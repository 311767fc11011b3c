"""The patrol-day estimate with one thing changed at a time: what always stands beside it, and what only others use."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from analysis.evaluation.building import difference_record
from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.record import Refusal, ResultRecord, hash_values

Result = ResultRecord | Refusal
UNIT = "crimes a hot spot-day"


def patrol_days_week(panel: pd.DataFrame, **options: Any) -> Result:
    """The default with crimes of one week counted as going together, not only those of one day.

    As ``patrol_days``, with CR1 clusters of Monday-to-Sunday weeks and t(weeks - 1).

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``.
    **options
        Further arguments of ``patrol_days``.

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: it guards against shocks that last days, and with fewer than 30 weeks understates uncertainty.

    References
    ----------
    Cameron, A. C. & Miller, D. L. (2015). J Human Resources 50(2), 317-372.

    Examples
    --------
    >>> from analysis.evaluation.patrol_days.example import example_panel
    >>> patrol_days_week(example_panel()).n_clusters
    24
    """
    return patrol_days(panel, **{"cluster": "week", "method_key": "patrol-days-week", **options})


def patrol_days_spot_effects(panel: pd.DataFrame, **options: Any) -> Result:
    """Days compared over the whole period of a hot spot instead of inside four weeks.

    log E[y] = a_(hot spot) + b x patrol + weekday + covariates; clustered by day.

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``.
    **options
        Further arguments of ``patrol_days``.

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: seasons and slow change are not taken out, so that patrols which were more frequent in quiet
    months look good.

    References
    ----------
    Hausman, J., Hall, B. H. & Griliches, Z. (1984). Econometrica 52(4), 909-938.

    Examples
    --------
    >>> from analysis.evaluation.patrol_days.example import example_panel
    >>> round(patrol_days_spot_effects(example_panel()).estimate, 2)
    0.67
    """
    return patrol_days(panel, **{"strata": "none", "method_key": "patrol-days-spot-effects", **options})


def patrol_days_pooled(panel: pd.DataFrame, **options: Any) -> Result:
    """All hot spot-days in one pot: events a patrol day over events another day, with Poisson variance.

    log E[y] = a + b x patrol; exp(b) = (y1 / n1) / (y0 / n0), SE = sqrt(1 / y1 + 1 / y0).

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``.
    **options
        Further arguments of ``patrol_days``.

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: patrols go where and when crime is expected, so days with patrol are not like other days; false
    alarms 16 to 42% in simulation. For comparison with other studies only.

    References
    ----------
    Breslow, N. E. & Day, N. E. (1987). Statistical Methods in Cancer Research, vol. II, ch. 3.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.date_range("2023-02-06", periods=4)
    >>> panel = pd.DataFrame({"hot_spot": "A", "local_date": days, "patrol": [0, 1, 0, 1], "crimes": [4, 1, 4, 3]})
    >>> round(patrol_days_pooled(panel).estimate, 3)
    0.5
    """
    given: dict[str, Any] = {
        "strata": "pooled", "cluster": "none", "weekday": False, "covariates": (), "method_key": "patrol-days-pooled",
    }  # fmt: skip
    return patrol_days(panel, **{**given, **options})


def patrol_days_cluster_spot(panel: pd.DataFrame, **options: Any) -> Result:
    """The default with clusters of hot spots, as many studies have it.

    As ``patrol_days``, with CR1 clusters of hot spots and t(hot spots - 1).

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``; two hot spots at least.
    **options
        Further arguments of ``patrol_days``.

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: a handful of hot spots are too few clusters, and what they share on a day is not counted; false
    alarms 11 to 14% with seven. For comparison with other studies only.

    References
    ----------
    Cameron, A. C., Gelbach, J. B. & Miller, D. L. (2008). Review of Economics and Statistics 90(3), 414-427.

    Examples
    --------
    >>> from analysis.evaluation.patrol_days.example import example_panel
    >>> patrol_days_cluster_spot(example_panel()).df
    3.0
    """
    return patrol_days(panel, **{"cluster": "hot spot", "method_key": "patrol-days-cluster-spot", **options})


def patrol_days_t_test(panel: pd.DataFrame, *, outcome: str = "crimes", treatment: str = "patrol") -> Result:
    """Mean crimes a hot spot-day with patrol less the mean without, by Welch's t test.

    difference = mean1 - mean0; SE^2 = s1^2 / n1 + s0^2 / n0; df by Welch and Satterthwaite.

    Parameters
    ----------
    panel : DataFrame
        One row a hot spot and day; rows with a value missing are left out.
    outcome, treatment : str
        Columns; the treatment is 0/1.

    Returns
    -------
    ResultRecord or Refusal
        On the difference scale, in crimes a hot spot-day.

    Notes
    -----
    How it can mislead: counts are few, skewed and clustered, and days with patrol are not like other days; false
    alarms 12 to 37% in simulation. For comparison with other studies only.

    References
    ----------
    Welch, B. L. (1947). Biometrika 34(1-2), 28-35.

    Examples
    --------
    >>> import pandas as pd
    >>> panel = pd.DataFrame({"hot_spot": "A", "local_date": pd.date_range("2023-02-06", periods=6),
    ...                       "patrol": [0, 1, 0, 1, 0, 1], "crimes": [4, 1, 3, 3, 5, 2]})
    >>> patrol_days_t_test(panel).estimate
    -2.0
    """
    estimand = "Crimes a hot spot-day, patrol days less other days"
    known = panel[[outcome, treatment, "local_date"]].dropna(subset=[outcome, treatment])
    given = known[treatment].to_numpy(float) > 0
    parts = [known.loc[mask, outcome].to_numpy(float) for mask in (given, ~given)]
    if min(len(part) for part in parts) < 2:
        return Refusal(estimand, "There are not two hot spot-days with patrol and two without.")
    shares = [float(part.var(ddof=1)) / len(part) for part in parts]
    if sum(shares) == 0:
        return Refusal(estimand, "The days do not differ enough to estimate uncertainty.")
    df = sum(shares) ** 2 / sum(s**2 / (len(part) - 1) for s, part in zip(shares, parts, strict=True))
    return difference_record(
        difference=float(parts[0].mean() - parts[1].mean()), se=math.sqrt(sum(shares)), df=df,
        method_key="patrol-days-t-test", unit=UNIT, estimand=estimand, n_events=round(float(known[outcome].sum())),
        n_units=len(known), n_clusters=None, method="Welch's t test on counts a hot spot-day", maryland_level=2,
        data_hash=hash_values(*parts), assumptions=("patrol days would otherwise have been like other days",),
        limits=("Nothing is adjusted for: not the hot spot, not the season, not the weekday.",),
    )  # fmt: skip


def patrol_days_itt(panel: pd.DataFrame, *, planned: str = "planned_minutes", **options: Any) -> Result:
    """Days on which a patrol was planned against days on which none was, whatever was delivered (intention to treat).

    As ``patrol_days``, with planned_minutes > 0 in place of the delivered patrol.

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``, with the planned minutes of each hot spot-day (missing where no plan is loaded).
    planned : str
        Column of planned minutes.
    **options
        Further arguments of ``patrol_days``.

    Returns
    -------
    ResultRecord or Refusal
        Refusal where a patrol was planned on every day.

    Notes
    -----
    How it can mislead: it dilutes what delivered patrols go with when many plans were not kept; but plans, unlike
    deliveries, cannot follow from what happened on the day.

    References
    ----------
    Gupta, S. K. (2011). Perspectives in Clinical Research 2(3), 109-112.

    Examples
    --------
    >>> from analysis.evaluation.patrol_days.example import example_panel
    >>> patrol_days_itt(example_panel()).estimand
    'Crimes in the service window, days with a patrol planned / other days'
    """
    estimand = "Crimes in the service window, days with a patrol planned / other days"
    if planned not in panel or panel[planned].isna().all():
        return Refusal(estimand, "No plan of patrols is loaded for these days.")
    intended = (panel[planned] > 0).astype(float).where(panel[planned].notna())
    days = panel.assign(patrol_planned=intended)
    given = {"treatment": "patrol_planned", "estimand": estimand, "method_key": "patrol-days-itt"}
    found = patrol_days(days, **{**given, **options})
    if isinstance(found, Refusal) and "No hot spot has both days with patrol" in found.reason:
        return Refusal(
            estimand,
            "In no four weeks does a hot spot have both days with a patrol planned and days without.",
            found.checks,
        )
    return found

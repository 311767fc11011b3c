"""Whether crime moved to the hours after the service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.record import Refusal, ResultRecord

ESTIMAND = "Crimes from the end of the service hours to 02:00, patrol days / other days"
LIMIT = "A ratio above 1 is what crime that moved into the hours after the service would look like."


def later_crimes(panel: pd.DataFrame, *, outcome: str = "later_crimes", **options: Any) -> ResultRecord | Refusal:
    """Crimes after the service hours, from their end to 02:00, on patrol days against other days.

    The patrol-day model of :func:`~analysis.evaluation.patrol_days.model.patrol_days` with the later hours as outcome:
    log E[later_hd] = a_(h, four weeks) + b x patrol_hd + weekday + covariates; CR1 clustered by day.

    Parameters
    ----------
    panel : DataFrame, one row a hot spot and local day
        As ``patrol_days`` takes it, with ``outcome`` (crimes from the end of the service window, >= 0).
    outcome : str
        Column of the later hours.
    **options
        Of ``patrol_days``.

    Returns
    -------
    ResultRecord or Refusal
        Scale "ratio": above 1 means more crime after the service on patrol days.

    Notes
    -----
    How it can mislead: a patrol whose good outlasts it lowers later crime while other crime moves there, and only the
    sum of both is seen. Crime that moved to the next day or to another place is not in it.

    References
    ----------
    Guerette, R. T. & Bowers, K. J. (2009). Assessing the extent of crime displacement and diffusion of benefits.
    Criminology 47, 1331-1368 (temporal displacement).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2023-02-06", periods=56)
    >>> panel = pd.DataFrame({"hot_spot": "A", "local_date": days, "patrol": np.arange(56) % 2})
    >>> round(later_crimes(panel.assign(later_crimes=1 + panel["patrol"]), weekday=False).estimate, 6)
    2.0
    """
    if outcome not in panel:
        return Refusal(ESTIMAND, "Crimes after the service hours are not known.")
    found = patrol_days(panel, outcome=outcome, estimand=ESTIMAND, method_key="temporal-displacement", **options)
    return found if isinstance(found, Refusal) else replace(found, limits=(*found.limits, LIMIT))

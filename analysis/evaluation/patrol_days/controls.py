"""Comparisons that tell whether days can be compared at all: earlier patrols, and what patrols cannot have moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.evaluation.patrol_days.model import ASSUMPTIONS, patrol_days
from analysis.evaluation.patrol_days.panel import usable_conditions
from analysis.evaluation.record import Check, Refusal, ResultRecord

Result = ResultRecord | Refusal


def patrol_days_lags(
    panel: pd.DataFrame, *, lags: Sequence[str] = ("patrol_1_day_ago", "patrol_2_days_ago"), **options: Any
) -> dict[str, Result]:
    """Crime today by patrol today, yesterday and the day before, each held against the others.

    log E[y] = a + b0 x patrol + b1 x patrol a day ago + b2 x patrol two days ago + weekday + covariates.

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``, with a column 0/1 for each lag (missing where trackers do not cover that day).
    lags : sequence of str
        Columns of earlier patrols.
    **options
        Further arguments of ``patrol_days``.

    Returns
    -------
    dict of str to ResultRecord or Refusal
        By column: "patrol" and each lag. All on the same rows, those on which every lag is known.

    Notes
    -----
    How it can mislead: crimes of the last 7 days hold yesterday's crimes, through which yesterday's patrol may have
    gone; and patrols follow a rota, so that lags are near copies of each other.

    References
    ----------
    Sherman, L. W. (1990). Police crackdowns: initial and residual deterrence. Crime and Justice 12, 1-48.

    Examples
    --------
    >>> from analysis.evaluation.patrol_days.example import example_panel
    >>> list(patrol_days_lags(example_panel()))
    ['patrol', 'patrol_1_day_ago', 'patrol_2_days_ago']
    """
    held = [name for name in lags if name in panel]
    options.setdefault("method_key", "patrol-days-lags")
    base = tuple(options.pop("covariates", None) or usable_conditions(panel))
    found: dict[str, Result] = {}
    for name in ("patrol", *held):
        others = tuple(other for other in ("patrol", *held) if other != name)
        when = "patrol on the day" if name == "patrol" else name.replace("_", " ")
        found[name] = patrol_days(
            panel, treatment=name, covariates=(*base, *others),
            estimand=f"Crimes in the service window by {when}, the other days' patrols held", **options,
        )  # fmt: skip
    return found


def negative_controls(panel: pd.DataFrame, **options: Any) -> dict[str, Result]:
    """Two comparisons in which patrols cannot have moved anything, so that a difference shows what else differs.

    "earlier": crimes of the same day before the service began, by patrol on the day. "tomorrow": crimes in today's
    service window by patrol tomorrow, today's patrol held. Both with the model of ``patrol_days``.

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``, with ``earlier_crimes`` and ``patrol_tomorrow``; a missing column gives a refusal.
    **options
        Further arguments of ``patrol_days``.

    Returns
    -------
    dict of str to ResultRecord or Refusal

    Notes
    -----
    How it can mislead: an interval that holds no difference does not prove that the days are alike; look at its width.
    Patrols that follow crime make "tomorrow" differ although nothing is wrong with today.

    References
    ----------
    Lipsitch, M., Tchetgen Tchetgen, E. & Cohen, T. (2010). Negative controls. Epidemiology 21(3), 383-388.

    Examples
    --------
    >>> from analysis.evaluation.patrol_days.example import example_panel
    >>> found = negative_controls(example_panel())
    >>> [record.ci_low < 1 < record.ci_high for record in found.values()]
    [True, True]
    """
    given = {name: options[name] for name in ("method_key",) if name in options}
    options = {"method_key": "negative-controls", **options}
    base = tuple(options.pop("covariates", None) or usable_conditions(panel))
    asked: dict[str, dict[str, Any]] = {
        "earlier": {
            "outcome": "earlier_crimes", "covariates": base,
            "estimand": "Crimes before the service began that day, patrol days / other days",
        },
        "tomorrow": {
            "treatment": "patrol_tomorrow", "covariates": (*base, "patrol"),
            "method_key": "negative-controls:tomorrow",
            "estimand": "Crimes in today's service window by patrol tomorrow",
        },
    }  # fmt: skip
    found: dict[str, Result] = {}
    for name, settings in asked.items():
        column = settings.get("outcome", settings.get("treatment"))
        if column not in panel or panel[column].isna().all():
            found[name] = Refusal(settings["estimand"], f"The days hold no “{str(column).replace('_', ' ')}”.")
            continue
        found[name] = _as_control(patrol_days(panel, **{**options, **settings, **given}))
    return found


def _as_control(result: Result) -> Result:
    """The record with the check that a control is judged by: its interval should hold no difference."""
    if isinstance(result, Refusal):
        return result
    passed = not result.excludes_no_change()
    judged = Check(
        "no difference where patrols cannot have made one", result.estimate, passed,
        needed="an interval that holds 1", meaning="A difference here shows that patrol days are unlike other days.",
    )  # fmt: skip
    return replace(result, checks=(judged, *result.checks), assumptions=ASSUMPTIONS[:1])

"""Two phases of a service whose planned dose changed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.patrol_days.panel import with_days
from analysis.evaluation.record import Refusal, ResultRecord

Result = ResultRecord | Refusal


def planned_change(panel: pd.DataFrame, planned: str = "planned_minutes") -> tuple[pd.Timestamp, float, float] | None:
    """(first Monday of the new plan, planned minutes a patrol before, after), or None where the plan never changed.

    The medians of planned days are compared at every Monday with four weeks on both sides; a change is a difference of a
    fifth or more, and the Monday is the one that leaves the least scatter around the two medians.
    """
    if planned not in panel:
        return None
    days = with_days(panel[panel[planned] > 0])
    if days.empty:
        return None
    date, value = days["local_date"], days[planned].to_numpy(float)
    first, best = date.min() + pd.Timedelta(days=28), None
    first += pd.Timedelta(days=(7 - first.day_of_week) % 7)
    for monday in pd.date_range(first, date.max() - pd.Timedelta(days=27), freq="7D"):
        later = (date >= monday).to_numpy()
        if later.all() or not later.any():
            continue
        middles = float(np.median(value[~later])), float(np.median(value[later]))
        scatter = np.abs(value[~later] - middles[0]).sum() + np.abs(value[later] - middles[1]).sum()
        if abs(middles[1] - middles[0]) >= 0.2 * middles[0] and (best is None or scatter < best[0]):
            best = (scatter, monday, *middles)
    return None if best is None else (best[1], best[2], best[3])


def dosage_phases(
    panel: pd.DataFrame, *, change: object = None, planned: str = "planned_minutes", **options: Any
) -> dict[str, Result]:
    """Patrol days against other days before and after the planned dose changed, and the ratio of the two.

    "first", "second": ``patrol_days`` on the days of each phase. "second / first": the ratio of the two ratios, SE =
    sqrt(SE1^2 + SE2^2), since the phases share no day.

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``, with planned minutes.
    change : date, optional
        First day of the new plan; None: found from the planned minutes (``planned_change``).
    planned : str
        Column of planned minutes.
    **options
        As in ``patrol_days``.

    Returns
    -------
    dict of str to ResultRecord or Refusal

    Notes
    -----
    How it can mislead: the phases also differ in season and in everything else that changed in between. For comparison
    only.

    References
    ----------
    Altman, D. G. & Bland, J. M. (2003). Interaction revisited. BMJ 326, 219.

    Examples
    --------
    >>> from analysis.evaluation.patrol_days.example import example_panel
    >>> found = dosage_phases(example_panel())
    >>> found["first"].reason
    'On these days the planned minutes of a patrol never changed by a fifth or more, or no plan is loaded.'
    """
    names = {"first": "Patrol days / other days, first plan", "second": "Patrol days / other days, second plan",
             "second / first": "Ratio of the second plan's ratio to the first's"}  # fmt: skip
    found = planned_change(panel, planned) if change is None else (pd.Timestamp(str(change)), math.nan, math.nan)
    if found is None:
        why = "On these days the planned minutes of a patrol never changed by a fifth or more, or no plan is loaded."
        return {key: Refusal(text, why) for key, text in names.items()}
    days = with_days(panel)
    later = (days["local_date"] >= found[0]).to_numpy()
    options = {"method_key": "dosage-phases", **options}
    parts = [
        patrol_days(days[mask], estimand=names[key], **options) for key, mask in (("first", ~later), ("second", later))
    ]
    results: dict[str, Result] = {"first": parts[0], "second": parts[1]}
    first, second = parts
    if isinstance(first, Refusal) or isinstance(second, Refusal):
        results["second / first"] = Refusal(names["second / first"], "Both phases need an estimate.")
        return results
    df = min(first.df or math.inf, second.df or math.inf)
    results["second / first"] = log_ratio_record(
        log_ratio=math.log(second.estimate / first.estimate), se=math.hypot(first.se or 0.0, second.se or 0.0),
        df=None if math.isinf(df) else df, method_key="dosage-phases", estimand=names["second / first"],
        n_events=first.n_events + second.n_events, n_units=first.n_units + second.n_units, n_clusters=None,
        method=f"Ratio of two patrol-day ratios, the plan changing on {found[0]:%d/%m/%Y}", maryland_level=2,
        data_hash=first.data_hash, assumptions=("nothing but the plan changed between the phases",),
        limits=("The phases lie in different seasons.",),
    )  # fmt: skip
    return results

"""Difference in differences where many places had the service: two groups of places, before and after."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.evaluation.building import difference_record
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values

ESTIMAND = "Change in the treated group less change in the other group"


@dataclass(frozen=True)
class Cell:
    """Mean over places of one group in one period; ``se`` = SD / sqrt(n), None for a single place."""

    mean: float
    se: float | None
    n: int


@dataclass(frozen=True)
class GroupsDid:
    """``cells`` by (treated, after); ``unbalanced`` = difference of the four means; ``balanced`` from places seen twice."""

    cells: dict[tuple[bool, bool], Cell]
    unbalanced: float
    balanced: ResultRecord | Refusal


def did_groups(
    rows: pd.DataFrame, *, place: str = "place", treated: str = "treated", after: str = "after", outcome: str = "outcome",
    unit: str = "crimes",
) -> GroupsDid | Refusal:  # fmt: skip
    """Difference in differences of two groups of places, from means and from each place's own change.

    unbalanced = (mean after - mean before) of the treated group - the same of the other, all rows that have a value.
    balanced = mean change of the treated places - mean change of the others, places with both periods alone;
    SE^2 = s1^2 / n1 + s0^2 / n0 from the changes (unequal variances), t with Welch's degrees of freedom.

    Parameters
    ----------
    rows : DataFrame
        One row a place and period; NaN outcomes are left out.
    place, treated, after, outcome : str
        Columns: place id, 0/1 treated group, 0/1 second period, value.
    unit : str
        Of the outcome.

    Returns
    -------
    GroupsDid or Refusal
        Refusal when a group has no value in a period.

    Notes
    -----
    How it can mislead: places near each other share shocks; if the whole treated group is one city, its places are not
    as many independent witnesses as n says, and the interval is too narrow.

    References
    ----------
    Card, D. & Krueger, A. B. (1994). American Economic Review 84(4), 772-793, table 3.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"place": [1, 1, 2, 2, 3, 3, 4, 4], "treated": [1, 1, 1, 1, 0, 0, 0, 0],
    ...                      "after": [0, 1] * 4, "outcome": [10, 8, 12, 9, 10, 10, 12, 13]})
    >>> did_groups(rows).balanced.estimate
    -3.0
    """
    used = rows[rows[outcome].notna()]
    cells = {}
    for group in (True, False):
        for period in (True, False):
            values = used.loc[
                (used[treated].astype(bool) == group) & (used[after].astype(bool) == period), outcome
            ].to_numpy(float)
            if not len(values):
                which = f"{'treated' if group else 'other'} group {'after' if period else 'before'}"
                return Refusal(ESTIMAND, f"There is no value in the {which}, so there is no change to compare.")
            se = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else None
            cells[group, period] = Cell(float(values.mean()), se, len(values))
    change = {g: cells[g, True].mean - cells[g, False].mean for g in (True, False)}
    return GroupsDid(cells, change[True] - change[False], _balanced(used, place, treated, after, outcome, unit))


def _balanced(
    used: pd.DataFrame, place: str, treated: str, after: str, outcome: str, unit: str
) -> ResultRecord | Refusal:
    wide = used.pivot_table(index=[place, treated], columns=after, values=outcome, aggfunc="mean").dropna()
    group = wide.index.get_level_values(treated).to_numpy().astype(bool)
    change = (wide.iloc[:, 1] - wide.iloc[:, 0]).to_numpy(float)
    ours, others = change[group], change[~group]
    if min(len(ours), len(others)) < 2:
        return Refusal(ESTIMAND, "Fewer than two places of a group have both periods, so their spread cannot be seen.")
    parts = [float(np.var(values, ddof=1)) / len(values) for values in (ours, others)]
    se = math.sqrt(sum(parts))
    bottom = sum(part**2 / (len(values) - 1) for part, values in zip(parts, (ours, others), strict=True))
    return difference_record(
        difference=float(ours.mean() - others.mean()),
        se=se,
        df=sum(parts) ** 2 / bottom if bottom > 0 else float(len(change) - 2),
        method_key="did-groups",
        unit=unit,
        estimand=ESTIMAND,
        n_events=round(float(used[outcome].sum())),
        n_units=2 * len(change),
        n_clusters=len(change),
        method="Difference of mean changes of places seen in both periods; unequal variances",
        maryland_level=3,
        data_hash=hash_values(group, change),
        assumptions=("without the service both groups would have changed alike",),
        limits=("Places that share a city share its shocks, and then the interval is too narrow.",),
        checks=(
            Check("places in the treated group", float(len(ours)), None),
            Check("other places", float(len(others)), None),
        ),
    )

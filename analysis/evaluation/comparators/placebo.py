"""Every place in turn as if it had the service: where the treated place ranks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.comparators.changes import changes_of
from analysis.evaluation.comparators.panel import BASELINE_MONTHS, Panel, make_panel
from analysis.evaluation.record import Refusal

ESTIMAND = "Rank of the treated place's change among all places"


@dataclass(frozen=True)
class PlaceboRank:
    """Rank test over J + 1 places.

    Attributes
    ----------
    table : DataFrame
        ``place``, ``ratio`` (change against the mean of all other places), ``score`` (log ratio / its SE), ``treated``;
        smallest ratio first.
    rank_low : int
        1 when the treated place's score is the lowest (fell most).
    p_two_sided, p_lower : float
        Share of places with a score as far from 0 (as low) as the treated place's, itself included.
    floor : float
        1 / (J + 1): the smallest p that this number of places can give.
    """

    table: pd.DataFrame
    rank_low: int
    p_two_sided: float
    p_lower: float
    floor: float


def placebo_places(
    series: pd.DataFrame,
    treated: str,
    first_month: Any,
    *,
    baseline_months: int | None = BASELINE_MONTHS,
    last_before: Any = None,
    last_month: Any = None,
    comparators: tuple[str, ...] | None = None,
) -> PlaceboRank | Refusal:
    """Rank the treated place's change among the comparators' own, each against all the others.

    For place i: d_i = r_i - mean of r over the other places (r: log ratio during / before). Places with few crimes differ
    more by chance, so places are ranked by d_i / SE_i with SE_i^2 = max(0, s^2 - mean_j n_j) + n_i, n = phi x
    (1 / before + 1 / during), s the SD of r between comparators.
    p = places whose |score| is at least the treated place's, itself included, / (J + 1): never below 1 / (J + 1).

    Parameters
    ----------
    series, treated, first_month, baseline_months, last_before, last_month, comparators
        As in :func:`analysis.evaluation.comparators.did.did`; months that every place has.

    Returns
    -------
    PlaceboRank or Refusal
        Refusal below 3 comparators.

    Notes
    -----
    How it can mislead: with J comparators p cannot fall below 1 / (J + 1), so with fewer than 19 a rank alone can never
    reach 5%. It takes places as exchangeable, which whole cities and hot spots chosen for high crime are not.

    References
    ----------
    Abadie, A., Diamond, A. & Hainmueller, J. (2010). Journal of the American Statistical Association 105, 493-505.

    Examples
    --------
    >>> from analysis.evaluation.comparators.example import example_series
    >>> found = placebo_places(example_series(9, ratio=0.6), "ours", "2023-01")
    >>> found.rank_low, found.p_two_sided, found.floor
    (1, 0.1, 0.1)
    """
    panel = make_panel(
        series, treated, first_month, baseline_months=baseline_months, last_before=last_before, last_month=last_month,
        comparators=comparators, estimand=ESTIMAND,
    )  # fmt: skip
    if isinstance(panel, Refusal):
        return panel
    panel = panel.complete()
    if panel.comparators < 3:
        return Refusal(
            ESTIMAND, f"A rank among {panel.comparators + 1} places says next to nothing; 3 comparators are needed."
        )
    if not panel.before.any() or not panel.during.any():
        return Refusal(ESTIMAND, "A window holds no month that every place has.")
    return _rank(panel)


def _rank(panel: Panel) -> PlaceboRank:
    phi, count = panel.phi(), len(panel.places)
    found = changes_of(panel, phi=phi)
    change = np.r_[found.own[0], found.other]
    noise = np.r_[found.noise_own[0], found.noise_other]
    gap = (change - change.mean()) * count / (count - 1)  # against the mean of the others
    drift = max(0.0, float(np.var(change[1:], ddof=1) - noise[1:].mean()))
    score = gap / np.sqrt(np.maximum(drift + noise, 1e-300))
    as_far = np.abs(score) >= abs(score[0]) - 1e-12
    as_low = score <= score[0] + 1e-12
    table = pd.DataFrame(
        {
            "place": panel.places,
            "ratio": [math.exp(g) for g in gap],
            "score": score,
            "treated": [True] + [False] * (count - 1),
        }
    ).sort_values(["ratio", "place"], ignore_index=True)
    return PlaceboRank(table, int((score < score[0]).sum()) + 1, float(as_far.mean()), float(as_low.mean()), 1 / count)

"""Each comparator's own change, side by side: context, not an effect estimate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from analysis.evaluation.record import Refusal


@dataclass(frozen=True)
class PlaceChange:
    place: str
    before: int
    during: int
    ratio: float  # monthly rate during / before; infinite when nothing was recorded before
    rank: int  # 1 = fell most


@dataclass(frozen=True)
class ComparatorsChange:
    """Places in order of change, the treated one among them; ``spread_sd`` is of the comparators' log ratios."""

    places: tuple[PlaceChange, ...]
    treated: str
    spread_sd: float | None
    placebo_floor: float  # 1 / (J + 1): the smallest p a rank among J comparators could give

    @property
    def treated_change(self) -> PlaceChange:
        return next(place for place in self.places if place.place == self.treated)


def comparators_change(counts: pd.DataFrame, treated: str) -> ComparatorsChange | Refusal:
    """Rank every place by its own during/before ratio of monthly rates.

    Parameters
    ----------
    counts : DataFrame
        One row a place: ``place``, ``before``, ``during`` (events), ``months_before``, ``months_during``.
    treated : str
        The programme's own name among ``place``.

    Returns
    -------
    ComparatorsChange or Refusal
        Refusal without any comparator that has counts in both windows.
    """
    usable = counts[(counts["months_before"] > 0) & (counts["months_during"] > 0)]
    others = usable[usable["place"] != treated]
    if others.empty or (usable["place"] == treated).sum() != 1:
        return Refusal("Change in comparison places", "No comparison place has months in both windows.")
    before, during = usable["before"].to_numpy(int).tolist(), usable["during"].to_numpy(int).tolist()
    rate_before = (usable["before"] / usable["months_before"]).to_numpy(float)
    rate_during = (usable["during"] / usable["months_during"]).to_numpy(float)
    ratios = [_ratio(float(b), float(d)) for b, d in zip(rate_before, rate_during, strict=True)]
    rows = list(zip(usable["place"].astype(str), before, during, ratios, strict=True))
    rows.sort(key=lambda row: (row[3], row[0]))
    places = tuple(PlaceChange(*row, rank=1 + sum(other[3] < row[3] for other in rows)) for row in rows)
    logs = [math.log(p.ratio) for p in places if p.place != treated and 0 < p.ratio < math.inf]
    spread = float(pd.Series(logs).std(ddof=1)) if len(logs) >= 2 else None
    return ComparatorsChange(places, treated, spread, 1 / (len(others) + 1))


def _ratio(before: float, during: float) -> float:
    return during / before if before > 0 else math.inf

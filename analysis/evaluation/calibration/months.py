"""Months of hot spots, of the city around them and of other cities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.before_after.drift import YearCount
from analysis.evaluation.calibration.world import DAYS_PER_MONTH, Floats, World, ar1, harm_of

BEFORE, DURING = 36, 12
MONTHS = BEFORE + DURING
CANDIDATES = 30
TREATED = "Treated"
_LABELS = [f"{2020 + t // 12}-{t % 12 + 1:02d}" for t in range(MONTHS)]
FIRST_MONTH = _LABELS[BEFORE]


@dataclass(frozen=True)
class MonthsDesign:
    """What the service does and what else happens when it starts."""

    effect: float = 0.0  # log ratio in the hot spots from the first month of service
    national: float = 0.0  # log change of all crime everywhere from that month
    chosen: bool = False  # the hot spots are those with most crime in the last 12 months before
    comparators: int = 20


@dataclass(frozen=True)
class MonthsData:
    """One draw: ``city`` (30, 48) counts of candidate places, hot spots first; ``others`` (J, 48) comparator cities."""

    city: npt.NDArray[np.int64]
    others: npt.NDArray[np.int64]
    harm: Floats
    hot_spots: int

    @cached_property
    def treated(self) -> npt.NDArray[np.int64]:
        return self.city[: self.hot_spots]

    @cached_property
    def labels(self) -> list[str]:
        return _LABELS

    @cached_property
    def cells(self) -> pd.DataFrame:
        """12 + 12 months of the hot spots, as ``before_after_ratio`` takes them."""
        return self._long(BEFORE - 12)

    @cached_property
    def months(self) -> pd.DataFrame:
        """All months of the hot spots: hot_spot, month, crimes, harm_days, exposure_days."""
        return self._long(0)

    def _long(self, first: int) -> pd.DataFrame:
        length = MONTHS - first
        window = ["before" if t < BEFORE else "during" for t in range(first, MONTHS)]
        return pd.DataFrame(
            {
                "hot_spot": np.repeat([f"H{p + 1}" for p in range(self.hot_spots)], length),
                "month": _LABELS[first:] * self.hot_spots,
                "window": window * self.hot_spots,
                "crimes": self.treated[:, first:].ravel(),
                "harm_days": self.harm[:, first:].ravel(),
                "exposure_days": DAYS_PER_MONTH,
            }
        )

    @cached_property
    def earlier_years(self) -> list[YearCount]:
        days = self.hot_spots * 365.25
        return [YearCount(int(self.treated[:, t : t + 12].sum()), days) for t in range(0, BEFORE, 12)]

    @cached_property
    def candidates(self) -> pd.DataFrame:
        """All 30 places that could have been chosen, every month: place, month, crimes (the hot spots are H1...)."""
        names = [f"H{p + 1}" if p < self.hot_spots else f"C{p + 1}" for p in range(len(self.city))]
        return pd.DataFrame(
            {"place": np.repeat(names, MONTHS), "month": _LABELS * len(names), "crimes": self.city.ravel()}
        )

    @cached_property
    def series(self) -> pd.DataFrame:
        """The hot spots together and each comparator city: place, month, crimes, exposure (places counted)."""
        rows = np.vstack([self.treated.sum(axis=0)[None, :], self.others])
        names = [TREATED] + [f"City {j + 1:02d}" for j in range(len(self.others))]
        places = np.array([self.hot_spots] + [len(self.city)] * len(self.others), float)
        return pd.DataFrame(
            {
                "place": np.repeat(names, MONTHS),
                "month": _LABELS * len(names),
                "crimes": rows.ravel(),
                "exposure": np.repeat(places, MONTHS),
            }
        )

    def area(self, which: int) -> npt.NDArray[np.int64]:
        """(48,) counts of a set of as many other places of the same city: 1, 2 or 3 (control, ring, ring's control)."""
        found: npt.NDArray[np.int64] = self.city[which * self.hot_spots : (which + 1) * self.hot_spots].sum(axis=0)
        return found


def months_data(rng: np.random.Generator, design: MonthsDesign | None = None, world: World | None = None) -> MonthsData:
    """48 months of 30 places here and in each comparator city.

    log rate = place level + place AR(1) + city AR(1) + season + national change + effect in the hot spots.
    """
    design, world = design or MonthsDesign(), world or World()
    candidates = max(CANDIDATES, 4 * world.hot_spots)
    after = np.arange(MONTHS) >= BEFORE
    cities = 1 + design.comparators
    common = ar1(rng, MONTHS, world.city_month_sd, world.city_month_rho, cities)
    common += 0.15 * np.sin(2 * np.pi * np.arange(MONTHS) / 12) + design.national * after
    level = rng.normal(0, world.level_sd, (cities, candidates, 1))
    drift = ar1(rng, MONTHS, world.place_month_sd, world.place_month_rho, cities * candidates)
    log_rate = common[:, None, :] + level + drift.reshape(cities, candidates, MONTHS)
    rate = world.crimes_per_day * DAYS_PER_MONTH * np.exp(log_rate)
    others = rng.poisson(rate[1:].sum(axis=1))
    untreated = rng.poisson(rate[0, :, :BEFORE])
    # The first places stand for those chosen for reasons that have nothing to do with last year's crime.
    order = (
        np.argsort(-untreated[:, BEFORE - 12 :].sum(axis=1), kind="stable") if design.chosen else np.arange(candidates)
    )
    here = rate[0][order]
    here[: world.hot_spots, BEFORE:] *= np.exp(design.effect)
    city = np.hstack([untreated[order], rng.poisson(here[:, BEFORE:])]).astype(np.int64)
    return MonthsData(city, others.astype(np.int64), harm_of(rng, city[: world.hot_spots]), world.hot_spots)

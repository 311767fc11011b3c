"""How crime moves when nothing is done: the strengths that the simulations draw from."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
DAYS_PER_MONTH = 365.25 / 12
# Days of harm and their share of crimes: a violent-crime mix in the shape of the Cambridge Crime Harm Index, most
# crimes a few days and one in forty several years, which is what makes sums of harm so unsteady.
HARM_DAYS = np.array([1.0, 3.0, 10.0, 20.0, 91.0, 182.0, 365.0, 547.0, 1460.0, 1825.0])
HARM_SHARE = np.array([0.24, 0.18, 0.14, 0.17, 0.05, 0.07, 0.09, 0.03, 0.022, 0.008])


@dataclass(frozen=True)
class World:
    """Levels and drift; standard deviations are of log rates, correlations from one period to the next.

    The defaults are those of the shipped table; :mod:`analysis.evaluation.calibration.own` estimates them from a
    programme's own data.
    """

    crimes_per_day: float = 0.109  # in the service window, a hot spot-day
    level_sd: float = 0.45  # between hot spots
    city_week_sd: float = 0.20
    city_week_rho: float = 0.7
    place_week_sd: float = 0.35
    place_week_rho: float = 0.5
    day_sd: float = 0.30  # shared by all hot spots on one day
    nb_alpha: float = 0.5  # negative binomial: variance = mean + alpha mean^2
    city_month_sd: float = 0.08
    city_month_rho: float = 0.75
    place_month_sd: float = 0.35
    place_month_rho: float = 0.6
    hot_spots: int = 7

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def ar1(rng: np.random.Generator, length: int, sd: float, rho: float, series: int = 1) -> Floats:
    """Stationary first-order autoregressions: (series, length), standard deviation ``sd``, lag-1 correlation ``rho``."""
    found = np.empty((series, length))
    found[:, 0] = rng.normal(size=series) * sd
    shocks = rng.normal(size=(series, length)) * sd * np.sqrt(1 - rho**2)
    for i in range(1, length):
        found[:, i] = rho * found[:, i - 1] + shocks[:, i]
    return found


def harm_of(rng: np.random.Generator, crimes: npt.NDArray[np.int64], cap: float = np.inf) -> Floats:
    """Days of harm of each cell: the sum of one draw from the mix for every crime in it."""
    flat = crimes.ravel()
    drawn = np.minimum(rng.choice(HARM_DAYS, size=int(flat.sum()), p=HARM_SHARE), cap)
    cells = np.repeat(np.arange(len(flat)), flat)
    summed: Floats = np.bincount(cells, weights=drawn, minlength=len(flat)).astype(np.float64).reshape(crimes.shape)
    return summed

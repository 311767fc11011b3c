"""The situations that every estimator meets, by name: what is at work in them and what the truth is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.evaluation.calibration.days import DaysDesign, days_panel
from analysis.evaluation.calibration.months import MonthsDesign, months_data
from analysis.evaluation.calibration.world import World

Data = object  # a panel of days or MonthsData
FALL = math.log(0.92)


@dataclass(frozen=True)
class Situation:
    """``confounders_measured`` is False where something moves crime that no method here is given."""

    key: str
    words: str
    made: DaysDesign | MonthsDesign
    confounders_measured: bool = True

    @property
    def days(self) -> bool:
        return isinstance(self.made, DaysDesign)

    @property
    def effect(self) -> float:
        """Log ratio that is true in the hot spots (of a patrol, of the service); 0: nothing happened."""
        return self.made.effect

    @property
    def effect_per_10_minutes(self) -> float:
        return self.made.effect_per_10_minutes if isinstance(self.made, DaysDesign) else 0.0

    @property
    def null(self) -> bool:
        return self.effect == 0 and self.effect_per_10_minutes == 0

    def draw(self, rng: np.random.Generator, world: World) -> Data:
        if isinstance(self.made, DaysDesign):
            return days_panel(rng, self.made, world)
        return months_data(rng, self.made, world)


DAYS, DAY_SHOCK = "days", "days-unmeasured-shock"
MONTHS, CHOSEN, NATIONAL = "months", "months-chosen", "months-national"
NATIONAL_8, NATIONAL_CHOSEN = "months-national-8", "months-national-chosen"
POWER_DAYS, POWER_MONTHS = ("days-0.8", "days-0.6"), ("months-0.8", "months-0.6")
POWER_DOSE = "dose-0.9"
POWER_BEFORE_AFTER = ("months-alone-0.8", "months-alone-0.6")

_ALL = (
    Situation(DAYS, "patrols follow weekday, level and last week's crime", DaysDesign()),
    Situation(DAY_SHOCK, "an event that nobody recorded moves patrols and crime on the same day", DaysDesign(shock=True), False),
    Situation(POWER_DAYS[0], "crime is 20% lower on patrol days", DaysDesign(effect=math.log(0.8))),
    Situation(POWER_DAYS[1], "crime is 40% lower on patrol days", DaysDesign(effect=math.log(0.6))),
    Situation(POWER_DOSE, "crime is 10% lower for every 10 minutes of patrol", DaysDesign(effect_per_10_minutes=math.log(0.9))),
    Situation(MONTHS, "nothing but ordinary drift", MonthsDesign()),
    Situation(CHOSEN, "the places were chosen for a bad year", MonthsDesign(chosen=True)),
    Situation(NATIONAL, "crime falls 8% everywhere; 20 comparators", MonthsDesign(national=FALL)),
    Situation(NATIONAL_8, "crime falls 8% everywhere; 8 comparators", MonthsDesign(national=FALL, comparators=8)),
    Situation(NATIONAL_CHOSEN, "crime falls 8% everywhere and the places were chosen for a bad year", MonthsDesign(national=FALL, chosen=True)),
    Situation(POWER_MONTHS[0], "the service lowers crime by 20%; crime falls 8% everywhere", MonthsDesign(math.log(0.8), FALL)),
    Situation(POWER_MONTHS[1], "the service lowers crime by 40%; crime falls 8% everywhere", MonthsDesign(math.log(0.6), FALL)),
    Situation(POWER_BEFORE_AFTER[0], "the service lowers crime by 20%; nothing else happens", MonthsDesign(math.log(0.8))),
    Situation(POWER_BEFORE_AFTER[1], "the service lowers crime by 40%; nothing else happens", MonthsDesign(math.log(0.6))),
)  # fmt: skip
SITUATIONS: dict[str, Situation] = {situation.key: situation for situation in _ALL}
_ORDER = list(SITUATIONS)


def generator(situation: str, run: int, seed: int) -> np.random.Generator:
    """The generator of one run: the same whatever runs beside it, so any number of workers gives the same numbers."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_ORDER.index(situation), run)))

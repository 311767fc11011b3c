"""Dates of the demonstration programme, and one random stream a subject."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from domain.periods import Period

CRIMES_FROM = date(2019, 10, 1)
SERVICE_FROM = date(2022, 10, 1)
LONGER_DOSE_FROM = date(2023, 2, 13)
DATA_TO = date(2024, 1, 31)

# 47 weeks each. The "before" window ends the day before the evaluation starts, so that it overlaps
# the first four live months: the portal is expected to warn about it.
BEFORE = Period(date(2022, 3, 21), date(2023, 2, 12))
DURING = Period(date(2023, 2, 13), date(2024, 1, 7))

CRIME_DAYS = tuple(Period(CRIMES_FROM, DATA_TO).each_day())
SERVICE_DAYS = tuple(Period(SERVICE_FROM, DATA_TO).each_day())

# The three years on whose crimes the places were chosen.
SELECTION = Period(CRIMES_FROM, date(2022, 9, 30))


def day_index(day: date) -> int:
    """Position of ``day`` in CRIME_DAYS."""
    return (day - CRIMES_FROM).days


def day_at(index: int) -> date:
    return CRIMES_FROM + timedelta(days=index)


def stream(seed: int, subject: str) -> np.random.Generator:
    """A generator of its own for each subject, so that changing one leaves the others as they were."""
    return np.random.default_rng([seed, *subject.encode()])

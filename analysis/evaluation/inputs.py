"""Everything that the evaluation of one programme rests on: frames of codes, dates and numbers, no free text.

``data_access.evaluation.inputs`` fills it from the database; the reproducibility bundle writes it to files and reads
it back. Everything the evaluation pages show is a function of this and the choices in ``Choices``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from analysis.evaluation.record import hash_values
from domain.periods import Period

# Distances from the nearest hot spot boundary, in metres; "inside" is the hot spots, "beyond" all else that has a place.
BANDS = ("inside", "0-100", "100-200", "200-300", "300-500", "beyond")
WINDOWS = ("before", "during")

MONTHS = ("hot_spot", "month", "crimes", "harm_days", "exposure_days")
CELLS = ("hot_spot", "month", "window", "crimes", "exposure_days")
DAYS = (
    "hot_spot", "local_date",
    "crimes",  # in the service window; aoristic weights, so not always whole
    "crimes_by_start",  # the same by start time alone
    "later_crimes",  # from the end of the service window (20:00) to 02:00 next day, aoristic
    "earlier_crimes",  # same day, 02:00 to the start of the service window: no patrol of that day can have moved them
    "whole_day",  # 00:00-24:00 by start
    "previous_7_days",  # whole-day crimes in the 7 days before
    "harm_days", "harm_capped_days",  # service window, aoristic; capped: each crime at 365 days
    "patrol",  # any GPS-verified visit begun before the window closed
    "patrol_minutes",  # of such visits, inside the service window
    "planned_minutes",  # planned for the day, all providers; NaN where no plan is loaded
    "patrol_1_day_ago", "patrol_2_days_ago", "patrol_tomorrow",  # 0/1, NaN where trackers do not cover that day
    "holiday",  # 0/1, public holiday in England
    # conditions loaded by day, as they are: "event" 0/1, "rain_mm", "temperature_c"; absent columns were not loaded
)  # fmt: skip
SCORED = ("window", "hot_spot", "week", "harm_days")
PLACES = ("place", "role", "month", "crimes")
BAND_COUNTS = ("band", "month", "window", "crimes", "harm_days", "exposure_days")
SPEND = ("provider", "kind", "spend_gbp", "patrol_minutes")
YEARS = ("first_day", "last_day", "crimes", "exposure_days")


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True)
class Inputs:
    """What one programme gives to the evaluation.

    Attributes
    ----------
    resolution : str
        "day" or "month". Month-only data never yields a day-level figure: ``days`` is then empty.
    before, during : Period or None
        The programme's own windows.
    live_from : date or None
        First day of service; a "before" window that reaches past it overlaps.
    selection : Period or None
        The period on whose counts the places were chosen; None where it was not stated.
    service_window : (int, int) or None
        Minutes after local midnight, e.g. (840, 1200).
    provisional_from : date or None
        Crimes from this day on may still change.
    months : DataFrame
        ``MONTHS``: hot spot x whole calendar month, everything loaded; zeros are true zeros, absent months are not loaded.
    cells : DataFrame
        ``CELLS``: hot spot x month x window ("before", "during"), exposure = days of the month inside the window.
    days : DataFrame
        ``DAYS`` and any conditions: hot spot x day of the "during" window on which trackers were loaded.
    scored : DataFrame
        ``SCORED``: one row a crime with a harm weight inside the hot spots and windows; week = its Monday (date or None).
    not_scored : dict
        Crimes without a weight by window.
    places : DataFrame
        ``PLACES``: other places by month; role "comparator" or "candidate" (a place that could have been chosen). Where
        candidates are loaded, the chosen hot spots are among them, ``place`` being their code.
    bands : DataFrame
        ``BAND_COUNTS``: crimes by distance band, month and window; empty where places are no points or cover the area.
    spend : DataFrame
        ``SPEND``: pounds spent and patrol-minutes in the "during" window by provider; ``kind`` as in the settings.
    years : DataFrame
        ``YEARS``: the "before" window and the same days of earlier years as far back as all are loaded, oldest first.
    weight_edition : str or None
    rebases : tuple of (str, str, str)
        Months from which monitoring charts have new limits, set by hand: month (YYYY-MM), reason, day of the decision (ISO).
    """

    programme_code: str
    area_name: str
    area_word: str
    resolution: str
    before: Period | None = None
    during: Period | None = None
    live_from: date | None = None
    selection: Period | None = None
    service_window: tuple[int, int] | None = None
    provisional_from: date | None = None
    months: pd.DataFrame = field(default_factory=lambda: _empty(MONTHS))
    cells: pd.DataFrame = field(default_factory=lambda: _empty(CELLS))
    days: pd.DataFrame = field(default_factory=lambda: _empty(DAYS))
    days_without_trackers: int = 0
    scored: pd.DataFrame = field(default_factory=lambda: _empty(SCORED))
    not_scored: dict[str, int] = field(default_factory=dict)
    places: pd.DataFrame = field(default_factory=lambda: _empty(PLACES))
    bands: pd.DataFrame = field(default_factory=lambda: _empty(BAND_COUNTS))
    spend: pd.DataFrame = field(default_factory=lambda: _empty(SPEND))
    years: pd.DataFrame = field(default_factory=lambda: _empty(YEARS))
    weight_edition: str | None = None
    rebases: tuple[tuple[str, str, str], ...] = ()
    reasons: dict[str, str] = field(default_factory=dict)  # frame name -> why it is empty, in a sentence for readers

    def why_empty(self, frame: str, otherwise: str) -> str:
        """The reason that the loader gave for an empty frame, else ``otherwise``."""
        return self.reasons.get(frame, otherwise)

    def area_months(self) -> pd.DataFrame:
        """``month, crimes, exposure_days`` of the hot spots together, oldest first: months that every hot spot has."""
        known = self.months.dropna(subset=["crimes"])
        spots = known.groupby("month")["hot_spot"].nunique()
        complete = known["month"].isin(spots[spots == known["hot_spot"].nunique()].index)
        found: pd.DataFrame = known[complete].groupby("month", as_index=False)[["crimes", "exposure_days"]].sum()
        return found.sort_values("month", ignore_index=True)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Every frame by name, in a fixed order."""
        names = ("months", "cells", "days", "scored", "places", "bands", "spend", "years")
        return {name: getattr(self, name) for name in names}

    def data_hash(self) -> str:
        """SHA-256 over every frame and setting: the data version that comments and records name."""
        settings = [
            self.programme_code, self.resolution, str(self.before), str(self.during), str(self.live_from),
            str(self.selection), str(self.service_window), str(self.weight_edition), str(sorted(self.not_scored.items())),
            str(self.rebases),
        ]  # fmt: skip
        parts: list[object] = [settings]
        for name, frame in self.frames().items():
            parts.append([name, *map(str, frame.columns)])
            parts += [frame[column].astype(str) for column in frame]
        return hash_values(*parts)

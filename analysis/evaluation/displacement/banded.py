"""Band counts by month as the areas that the displacement methods compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.displacement.areas import TwoPeriods, scaled_to
from analysis.evaluation.displacement.bands import RINGS
from analysis.evaluation.displacement.rings import RingTest, ring_test
from analysis.evaluation.displacement.scatter import Scatter, monthly_scatter
from analysis.evaluation.displacement.wdd import WddParts, wdd_parts
from analysis.evaluation.record import Refusal

Floats = npt.NDArray[np.float64]
INSIDE, RING = "inside", "ring"
NO_CONTROL = "No crime was recorded in the control band in one of the windows, so it cannot show what would have happened anyway."


@dataclass(frozen=True)
class Banded:
    """Counts (n months) by area with the window of each month; ``ring`` is the sum of the rings."""

    counts: Mapping[str, Floats]
    during: npt.NDArray[np.bool_]
    exposure: Floats
    months: tuple[str, ...]

    @classmethod
    def of(cls, bands: pd.DataFrame, outcome: str = "crimes") -> Banded:
        """From ``BAND_COUNTS``; months in order of time, one that both windows share twice."""
        used = bands[bands["exposure_days"] > 0].assign(during=lambda f: f["window"] == "during")
        wide = used.pivot_table(index=["during", "month"], columns="band", values=outcome, aggfunc="sum", fill_value=0)
        days = used.groupby(["during", "month"])["exposure_days"].first().reindex(wide.index)
        counts = {str(band): wide[band].to_numpy(float) for band in wide.columns}
        counts[RING] = np.sum([counts.get(name, np.zeros(len(wide))) for name in RINGS], axis=0)
        return cls(
            counts,
            wide.index.get_level_values("during").to_numpy(bool),
            days.to_numpy(float),
            tuple(wide.index.get_level_values("month")),
        )

    def area(self, name: str) -> TwoPeriods:
        """Totals of the windows, "before" weighted to the length of "during"."""
        y = self.counts.get(name, np.zeros(len(self.months)))
        days = [float(self.exposure[~self.during].sum()), float(self.exposure[self.during].sum())]
        if not (days[0] and days[1]):
            return TwoPeriods(float(y[~self.during].sum()), float(y[self.during].sum()))
        return TwoPeriods(float(y[~self.during].sum()), float(y[self.during].sum()), time_before=days[0] / days[1])

    def scatter(self, names: Sequence[str], control: str, sizes: Sequence[float]) -> Scatter:
        """Of the sum of the areas less the control scaled to each."""
        series = [(self.counts[name], 1.0) for name in names]
        series.append((self.counts[control], -sum(1 / size for size in sizes)))
        return monthly_scatter(series, self.during, self.exposure)

    def compared(
        self, names: Sequence[str], control: str, *, scatter: Scatter | None = None, **how: str
    ) -> WddParts | Refusal:
        """WDD of one or two areas (hot spots, ring) against one control scaled to each by its level before.

        ``scatter`` in place of the one found from the months.
        """
        areas = [self.area(name) for name in names]
        scaled = [scaled_to(self.area(control), area) for area in areas]
        sizes = [found.area for found in scaled if found]
        if len(sizes) < len(areas):
            return Refusal("Crimes, change less the control's", self._why_not(names, control))
        noise = scatter or self.scatter(names, control, sizes)
        given = [areas[0], scaled[0]] + ([areas[1], scaled[1]] if len(areas) == 2 else [])
        shared = len(areas) == 2
        return wdd_parts(*given, phi=noise.phi, df=noise.df, shared_control=shared, **how)  # type: ignore[arg-type]

    def rings(self, control: str) -> RingTest | Refusal:
        """All rings at once, against the control scaled to each."""
        areas = {name: self.area(name) for name in RINGS if name in self.counts}
        scaled = {name: scaled_to(self.area(control), area) for name, area in areas.items()}
        usable = {name: found for name, found in scaled.items() if found}
        if not usable:
            return Refusal("Crimes in all rings", self._why_not(list(RINGS), control))
        noise = self.scatter(list(usable), control, [found.area for found in usable.values()])
        return ring_test({name: areas[name] for name in usable}, usable, phi=noise.phi, df=noise.df)

    def _why_not(self, names: Sequence[str], control: str) -> str:
        if not self.during.any() or self.during.all():
            return "Crimes around the hot spots are loaded for one of the windows only."
        if not self.area(control).before:
            return NO_CONTROL
        empty = [name for name in names if not self.area(name).before]
        where = "in the hot spots" if INSIDE in empty else "around the hot spots"
        return f"No crime was recorded {where} in the “before” window, so the control cannot be brought to its level."

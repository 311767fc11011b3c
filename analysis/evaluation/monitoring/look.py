"""The running WDD of a programme: whole months of the hot spots and of a control, and bounds for every planned look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.displacement.bands import CONTROL_BANDS
from analysis.evaluation.displacement.scatter import monthly_scatter
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.monitoring.running import ESTIMAND, RunningWdd, running_in_bounds
from analysis.evaluation.record import Refusal
from analysis.evaluation.section import Result
from domain.periods import month_period

Floats = npt.NDArray[np.float64]
COMPARATORS = "comparators"
CONTROLS = {**CONTROL_BANDS, COMPARATORS: "the comparison places together"}
LOOKS = ("month", "look", "estimate", "se", "z", "time", "bound", "low", "high", "crossed")
NO_CONTROL = (
    "There is no control: crimes are not counted by distance, and no comparison places are loaded for these months."
)


@dataclass(frozen=True)
class Look:
    """``table`` has a row a month seen (LOOKS)."""

    record: Result
    table: pd.DataFrame
    facts: dict[str, Any]


def running_look(inputs: Inputs, control: str = "") -> Look:
    """Running WDD over the whole months of the windows, against ``control`` or the first that is there."""
    wanted = control if control in CONTROLS else next((name for name in CONTROLS if _has(inputs, name)), "beyond")
    facts: dict[str, Any] = {"control": wanted, "control_words": CONTROLS[wanted]}
    if not (inputs.before and inputs.during):
        return _refused("The programme has no “before” and “during” windows in its settings.", facts)
    if not _has(inputs, wanted):
        why = inputs.why_empty("places" if wanted == COMPARATORS else "bands", NO_CONTROL)
        return _refused(why, facts)
    planned = inputs.during.inner_months()
    treated, other = _counts(inputs, wanted)
    before = [m for m in inputs.before.inner_months() if m in treated.index and m in other.index]
    seen = _until_gap(planned, treated, other)
    facts |= {"planned": len(planned), "seen": len(seen), "before_months": len(before)}
    if not before or not seen:
        return _refused("No whole month before and since the start is loaded for both hot spots and control.", facts)
    t0, t1, c0, c1 = ([float(v) for v in part[months]] for part in (treated, other) for months in (before, seen))
    if not sum(t0) or not sum(c0):
        return _refused(
            "No crime was recorded before in the hot spots or the control, so the two cannot be scaled.", facts
        )
    size = sum(c0) / sum(t0)
    split = np.arange(len(before) + len(seen)) >= len(before)
    scatter = monthly_scatter([(t0 + t1, 1.0), (c0 + c1, -1 / size)], split)
    found = running_in_bounds(t0, t1, c0, c1, planned=len(planned), control_area=size, phi=scatter.phi, df=scatter.df)
    if isinstance(found, Refusal):
        return Look(found, _no_looks(), facts)
    return Look(_limited(found, inputs, wanted), found.looks.assign(month=seen)[list(LOOKS)], facts)


def _refused(reason: str, facts: dict[str, Any]) -> Look:
    return Look(Refusal(ESTIMAND, reason), _no_looks(), facts)


def _no_looks() -> pd.DataFrame:
    return pd.DataFrame(columns=list(LOOKS))


def _has(inputs: Inputs, control: str) -> bool:
    if control == COMPARATORS:
        return bool((inputs.places["role"] == "comparator").any()) if not inputs.places.empty else False
    return not inputs.bands.empty and bool((inputs.bands["band"] == control).any())


def _counts(inputs: Inputs, control: str) -> tuple[pd.Series, pd.Series]:
    """Crimes by whole month in the hot spots and in the control; months that either lacks are absent."""
    if control == COMPARATORS:
        treated = inputs.area_months().set_index("month")["crimes"]
        places = inputs.places[inputs.places["role"] == "comparator"]
        wide = places.pivot_table(index="month", columns="place", values="crimes", aggfunc="sum", observed=True)
        windows = [m for w in (inputs.before, inputs.during) if w for m in w.inner_months() if m in wide.index]
        # A place that lacks a month would make the control fall in that month.
        complete = wide.loc[windows].notna().all()
        return treated, wide.loc[windows, complete[complete].index].sum(axis=1, min_count=1).dropna()
    bands = inputs.bands
    days = bands["month"].map(lambda month: float(month_period(month).days))
    whole = bands[bands["exposure_days"] >= days]
    wide = whole.pivot_table(index="month", columns="band", values="crimes", aggfunc="sum", observed=True)
    return wide["inside"].dropna() if "inside" in wide else pd.Series(dtype=float), wide[control].dropna()


def _until_gap(planned: list[str], treated: pd.Series, other: pd.Series) -> list[str]:
    """Months seen from the start up to the first that is missing: a running total cannot reach over it."""
    found = []
    for month in planned:
        if month not in treated.index or month not in other.index:
            break
        found.append(month)
    return found


def _limited(found: RunningWdd, inputs: Inputs, control: str) -> Result:
    more = []
    if control != COMPARATORS:
        more.append(
            "The control is other places of the same area, not chosen for high crime: a return to normal looks the same."
        )
    if inputs.live_from and inputs.before and inputs.live_from <= inputs.before.end:
        more.append("The “before” window holds days of service.")
    return replace(found.latest, limits=(*found.latest.limits, *more))

"""The monthly series that the charts draw: whole months, gaps kept as gaps, and the baseline they are measured by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.periods import Period, add_months, month_of, parse_month

Floats = npt.NDArray[np.float64]
BASELINE_MONTHS = 24
MINIMUM_BASELINE = 12
ALL, HARM = "all", "harm"


@dataclass(frozen=True)
class Monthly:
    """One series by calendar month; NaN where a month, or one of its places, is not loaded."""

    key: str
    name: str
    unit: str
    months: tuple[str, ...]
    values: Floats
    exposure: Floats
    baseline: npt.NDArray[np.bool_]

    @property
    def monitored(self) -> npt.NDArray[np.bool_]:
        """Months after the last one of the baseline."""
        last = np.flatnonzero(self.baseline)
        return np.arange(len(self.months)) > (last[-1] if len(last) else -1)

    @property
    def usable(self) -> bool:
        """Enough baseline to say what ordinary variation is."""
        return int((self.baseline & np.isfinite(self.values)).sum()) >= MINIMUM_BASELINE


def baseline_of(loaded: list[str], live_from: date | None) -> list[str]:
    """Months that fix the limits: up to 24 before the service went live, or the first 24 where there is none."""
    if live_from is None:
        return loaded[:BASELINE_MONTHS]
    last = month_of(add_months(live_from.replace(day=1), -1))
    return [month for month in loaded if month <= last][-BASELINE_MONTHS:]


def monthly_series(months: pd.DataFrame, live_from: date | None, *, harm: bool = True) -> list[Monthly]:
    """All hot spots together, their harm, then each hot spot, from the first baseline month to the last loaded.

    Parameters
    ----------
    months : DataFrame
        ``MONTHS`` of the inputs.
    live_from : date or None
        First day of service.
    harm : bool
        Whether crimes have harm weights.
    """
    if months.empty:
        return []
    loaded = sorted(months["month"].unique())
    base = baseline_of(loaded, live_from)
    span = Period(parse_month(base[0] if base else loaded[0]), parse_month(loaded[-1])).months()
    in_base = np.isin(span, base)
    wide = {
        name: months.pivot_table(index="month", columns="hot_spot", values=name, aggfunc="sum", observed=True).reindex(
            span
        )
        for name in ("crimes", "harm_days", "exposure_days")
    }

    def of(key: str, name: str, unit: str, measure: str, spots: list[str]) -> Monthly:
        # A month without one of the hot spots would read as a fall, so it is a gap.
        part = wide[measure][spots].sum(axis=1, min_count=len(spots)).to_numpy(float)
        days = wide["exposure_days"][spots].sum(axis=1, min_count=len(spots)).to_numpy(float)
        return Monthly(key, name, unit, tuple(span), part, days, in_base)

    spots = sorted(str(spot) for spot in wide["crimes"].columns)
    found = [of(ALL, "All hot spots", "recorded crimes", "crimes", spots)]
    if harm:
        found.append(of(HARM, "Harm, all hot spots", "harm days", "harm_days", spots))
    if len(spots) > 1:
        found += [of(f"spot:{spot}", spot, "recorded crimes", "crimes", [spot]) for spot in spots]
    return found

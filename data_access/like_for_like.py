"""Minutes by which providers are compared: by the rules while every tracker is dense, else estimates beside them.

A radio that reports every five minutes misses a tenth of the presence that a ten-second tracker records, so a bare
comparison of the two would be one of trackers.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy import func, select

from analysis.dosage.bridge import SPARSE_FROM_S, Z95
from data_access import schema
from data_access.reading import Opened, whole_months
from domain import formats
from domain.periods import Period, month_of

COLUMNS = ["month", "provider", "like_for_like_minutes", "variance", "bias_minutes", "estimated"]

_dose = schema.dose_day.c
_tracker = schema.tracker_day.c


def monthly_minutes(o: Opened, period: Period) -> pd.DataFrame | None:
    """COLUMNS by month and provider, all time inside hot spots; None while no tracker of the period is sparse.

    What decides is whether a sparse tracker was out, not whether its minutes could be estimated: on days on which the
    team had a dense tracker too, the rules count, and a window of such days must not be compared in another way.
    """
    calibration = schema.bridge_calibration.c
    estimate = _dose.estimated_patrol_minutes
    rows = o.frame(
        select(
            _dose.local_date, _dose.provider, _dose.rule_patrol_minutes.label("rules"), estimate.label("estimate"),
            func.coalesce(_dose.estimated_variance, 0.0).label("variance"),
            func.abs(func.coalesce(calibration.bias_share, 0.0)).label("bias_share"),
        )
        .join_from(schema.dose_day, schema.bridge_calibration, calibration.id == _dose.calibration_id, isouter=True)
        .where(_dose.programme_id == o.programme_id, _dose.local_date.between(period.start, period.end))
    )  # fmt: skip
    has = rows["estimate"].notna()
    if rows.empty or not (has.any() or len(sparse_days(o, period))):
        return None
    rows["month"] = [month_of(day) for day in rows["local_date"]]
    rows["like_for_like_minutes"] = rows["estimate"].astype(float).where(has, rows["rules"].astype(float))
    rows["bias_minutes"] = rows["bias_share"] * rows["like_for_like_minutes"].where(has, 0.0)
    rows["estimated"] = has
    sums = rows.groupby(["month", "provider"], as_index=False)[COLUMNS[2:5]].sum()
    return sums.merge(rows.groupby(["month", "provider"], as_index=False)["estimated"].any())


def half_range(variance: pd.Series, bias_minutes: pd.Series) -> pd.Series:
    """Half of a 95% range of summed minutes: 1.96 sqrt(sum of variances) + the calibration's own bias."""
    return Z95 * np.sqrt(variance.astype(float).fillna(0.0)) + bias_minutes.astype(float).fillna(0.0)


def sparse_days(o: Opened, period: Period) -> pd.DataFrame:
    """[provider, days, sparse_days]: local days with a tracker out, and with a sparse one; providers with any only.

    Sparse is judged as the estimates judge it: by a device's median over the whole month, of whatever part is shown.
    """
    where = (_tracker.programme_id == o.programme_id, _tracker.median_interval_s.is_not(None))
    wide = whole_months(period)
    any_slow = o.frame(
        select(_tracker.provider)
        .where(*where, _tracker.local_date.between(wide.start, wide.end), _tracker.median_interval_s > SPARSE_FROM_S)
        .distinct()
    )
    rows = o.frame(
        select(_tracker.provider, _tracker.device, _tracker.local_date, _tracker.median_interval_s).where(
            *where,
            _tracker.local_date.between(wide.start, wide.end),
            _tracker.provider.in_(list(any_slow["provider"])),
        )
    )
    if rows.empty:
        return pd.DataFrame(columns=["provider", "days", "sparse_days"])
    rows["median_interval_s"] = rows["median_interval_s"].astype(float)
    rows["month"] = [month_of(day) for day in rows["local_date"]]
    middle = rows.groupby(["provider", "device", "month"])["median_interval_s"].transform("median")
    rows["sparse"] = middle > SPARSE_FROM_S
    rows = rows[[period.start <= day <= period.end for day in rows["local_date"]]]
    by_day = rows.groupby(["provider", "local_date"], as_index=False)["sparse"].any()
    found = by_day.groupby("provider", as_index=False).agg(days=("sparse", "size"), sparse_days=("sparse", "sum"))
    return found[found["sparse_days"] > 0].reset_index(drop=True)


def sparse_note(o: Opened, period: Period) -> str:
    """Whose trackers were too seldom heard of in the period, and what that means for a comparison; "" of none."""
    found = sparse_days(o, period)
    if found.empty:
        return ""
    parts = [
        f"{o.programme.provider_name(row.provider)} on {formats.number(row.sparse_days)} of {formats.number(row.days)} days with trackers out"
        for row in found.itertuples()
    ]
    return (
        f"Some trackers of this period gave positions more than {SPARSE_FROM_S:g} seconds apart, too seldom for the rules: "
        f"{formats.joined(parts)}. On Costs providers are therefore compared by all their time inside hot spots: an "
        "estimate with its range on days with only such trackers, the rules on all others."
    )

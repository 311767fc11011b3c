"""Minutes by which providers are compared: by the rules while every tracker is dense, else estimates beside them.

A radio that reports every five minutes misses a tenth of the presence that a ten-second tracker records, so a bare
comparison of the two would be one of trackers.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy import func, select

from data_access import schema
from data_access.reading import Opened
from domain.periods import Period, month_of

Z95 = 1.959964
COLUMNS = ["month", "provider", "like_for_like_minutes", "variance", "bias_minutes", "estimated"]

_dose = schema.dose_day.c


def monthly_minutes(o: Opened, period: Period) -> pd.DataFrame | None:
    """COLUMNS by month and provider, all time inside hot spots; None while no tracker of the period is sparse."""
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
    if not has.any():
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

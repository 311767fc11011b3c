"""The same estimate at dates on which nothing started: how unusual the real one is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.evaluation.before_after.ratio import before_after_ratio
from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values
from domain.periods import add_months, month_of, month_period, parse_month

KEY = "placebo-dates"
ESTIMAND = "Recorded crime, during / before, against the same comparison at dates without a new service"
MIN_DATES = 3
MIN_SPELLS = 3
NO_INTERVAL = "So few spells without overlap cannot show a spread, so no interval is given; the rank p can be read."
DATES = "dates without a new service that the months loaded allow"
RANK = "rank p: share of dates with at least as large a change, the real one counted in"
FLOOR = "smallest rank p that so many dates can give"
SPELLS = "spells without overlap among those dates"
COLUMNS = ("first_month", "ratio", "change", "real")


@dataclass(frozen=True)
class PlaceboDates:
    """``record`` the real ratio with the spread of the placebos; ``dates`` one row a date (``COLUMNS``), the real one last."""

    record: ResultRecord | Refusal
    dates: pd.DataFrame


def placebo_dates(
    months: pd.DataFrame, first_month: str, *, before: int = 12, during: int = 12, last_free_month: str | None = None
) -> PlaceboDates:
    """The before/after ratio at every earlier date at which both windows fit before the service.

    For each month d with ``before`` months before it and ``during`` months from it on, all of them before the service,
    the ratio of :func:`analysis.evaluation.before_after.ratio.before_after_ratio`; the real ratio is held against them.
    Rank p = (1 + number with |log ratio| >= the real one) / (1 + K), never below 1 / (1 + K). SE = root mean square of the
    placebo log ratios about 0; t with as many degrees of freedom as spells fit without overlap, and no interval (0 to
    infinity) with fewer than 3 such spells.

    Parameters
    ----------
    months : DataFrame
        ``hot_spot``, ``month`` (YYYY-MM), ``crimes``, optional ``exposure_days``: whole months.
    first_month : str
        First whole month of the real "during" window.
    before, during : int
        Lengths of the windows in months.
    last_free_month : str, optional
        Last month without service, for placebos; default the month before ``first_month``.

    Returns
    -------
    PlaceboDates
        A Refusal inside with fewer than 3 dates or when the real windows are not loaded whole.

    Notes
    -----
    How it can mislead: windows at neighbouring dates share most months, so a hundred dates may hold three independent
    spells; and with few dates even a great change cannot have a small rank p.

    References
    ----------
    Abadie, A., Diamond, A. & Hainmueller, J. (2015). American J Political Science 59(2), 495-510 (placebos in time).

    Examples
    --------
    >>> import pandas as pd
    >>> months = [f"{y}-{m:02d}" for y in range(2018, 2024) for m in range(1, 13)]
    >>> crimes = [20 + (7 * i) % 11 for i in range(60)] + [12 + (7 * i) % 5 for i in range(12)]
    >>> frame = pd.DataFrame({"hot_spot": "A", "month": months, "crimes": crimes})
    >>> found = placebo_dates(frame, "2023-01")
    >>> len(found.dates) - 1, round(found.record.estimate, 2), round(found.record.p, 3)
    (37, 0.55, 0.026)
    """
    held = _complete(months)
    every = sorted(held["month"].unique())
    real = _ratio(held, first_month, before, during)
    if isinstance(real, Refusal):
        return PlaceboDates(Refusal(ESTIMAND, real.reason), pd.DataFrame(columns=list(COLUMNS)))
    last = last_free_month or month_of(add_months(parse_month(first_month), -1))
    rows = []
    for month in every:
        if month_of(add_months(parse_month(month), during - 1)) > last:
            break
        found = _ratio(held, month, before, during)
        if isinstance(found, ResultRecord):
            rows.append((month, found.estimate, found.estimate - 1, False))
    table = pd.DataFrame([*rows, (first_month, real.estimate, real.estimate - 1, True)], columns=list(COLUMNS))
    if len(rows) < MIN_DATES:
        why = (
            f"The months loaded before the service allow {len(rows)} earlier {'date' if len(rows) == 1 else 'dates'} with "
            f"{before} months before and {during} after; {MIN_DATES} are needed."
        )
        return PlaceboDates(Refusal(ESTIMAND, why), table)
    return PlaceboDates(_record(real, np.log([row[1] for row in rows]), before + during), table)


def _record(real: ResultRecord, logs: np.ndarray, length: int) -> ResultRecord:
    spells = max(1, (len(logs) + length - 1) // length)
    log_ratio, count = math.log(real.estimate), len(logs)
    too_few = spells < MIN_SPELLS
    rank = (1 + int((np.abs(logs) >= abs(log_ratio) - 1e-12).sum())) / (1 + count)
    return log_ratio_record(
        log_ratio=log_ratio, se=float(np.sqrt((logs**2).mean())), df=float(spells), p=rank, method_key=KEY,
        estimand=ESTIMAND, n_events=real.n_events, n_units=count + 1, n_clusters=spells, maryland_level=2,
        method=f"The same comparison at {count} earlier dates; rank p, interval from their spread",
        **({"ci_low": 0.0, "ci_high": math.inf, "mde80": None} if too_few else {}),
        data_hash=hash_values(logs, [log_ratio]), observed=real.observed, unit=real.unit,
        assumptions=("the years before the service are like the year of the service in all but the service",),
        limits=(*((NO_INTERVAL,) if too_few else ()), "Dates next to each other share most of their months, so they are far fewer than they look.",),
        checks=(
            Check(DATES, float(count), None, meaning="Each is a date at which both windows lie before the service."),
            Check(RANK, rank, None, meaning="Small when few dates without a service saw so large a change."),
            Check(FLOOR, 1 / (1 + count), None, meaning="With few dates even a great change cannot look rare."),
            Check(SPELLS, float(spells), not too_few, needed=f"{MIN_SPELLS} or more", meaning="Fewer say little about ordinary change."),
        ),
    )  # fmt: skip


def _complete(months: pd.DataFrame) -> pd.DataFrame:
    """Hot spots x months without gaps: a month that any hot spot lacks is left out for all."""
    used = months.dropna(subset=["crimes"])
    spots = used["hot_spot"].nunique()
    full = used.groupby("month")["hot_spot"].nunique()
    used = used[used["month"].isin(full[full == spots].index)]
    if "exposure_days" in used:
        return used
    days = {month: float(month_period(month).days) for month in used["month"].unique()}
    return used.assign(exposure_days=used["month"].map(days))


def _ratio(held: pd.DataFrame, month: str, before: int, during: int) -> ResultRecord | Refusal:
    first = parse_month(month)
    wanted = [month_of(add_months(first, k)) for k in range(-before, during)]
    part = held[held["month"].isin(wanted)]
    if part["month"].nunique() < len(wanted):
        return Refusal(ESTIMAND, "Not every month of the two windows is loaded for every hot spot.")
    window = np.where(part["month"] < month, "before", "during")
    return before_after_ratio(part.assign(window=window))

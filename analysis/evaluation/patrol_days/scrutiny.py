"""What a reviewer takes apart: each part left out in turn, whether the days are alike, where every place-day went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.building import reach_of
from analysis.evaluation.models.poisson import Floats
from analysis.evaluation.patrol_days.model import fit_days
from analysis.evaluation.patrol_days.panel import (
    CONDITIONS,
    Prepared,
    Variation,
    prepare,
    usable_conditions,
    with_days,
)

# A standardised difference beyond this is commonly read as imbalance.
NOTABLE = 0.1
SEASONS = {12: "winter", 1: "winter", 2: "winter", 3: "spring", 4: "spring", 5: "spring",
           6: "summer", 7: "summer", 8: "summer", 9: "autumn", 10: "autumn", 11: "autumn"}  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WORDS = {
    "previous_7_days": "crimes in the 7 days before", "holiday": "public holiday", "event": "event",
    "rain_mm": "rain, mm", "temperature_c": "temperature, °C",
}  # fmt: skip


def leave_one_out(
    panel: pd.DataFrame,
    by: str,
    *,
    outcome: str = "crimes",
    covariates: Sequence[str] | None = None,
    strata: str = "4 weeks",
    treatment: str = "patrol",
    cluster: str = "day",
) -> pd.DataFrame:
    """The default estimate again and again, each time without one hot spot or one month.

    The strata stay those of the whole panel, and each fit begins where the whole one ended.

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``.
    by : {"hot_spot", "month"}
        What is left out in turn.
    outcome, covariates, strata, treatment, cluster
        As in ``patrol_days``.

    Returns
    -------
    DataFrame
        ``left_out``, ``ratio``, ``low``, ``high``, ``events``, ``reason`` (where there is no estimate), a row each.
    """
    extra = usable_conditions(panel) if covariates is None else tuple(covariates)
    whole = prepare(panel, outcome, [treatment], extra, strata)
    kept = list(dict.fromkeys(["hot_spot", "local_date", outcome, treatment, *extra]))
    # Rows of strata without a crime say nothing, and would be cut out again each time.
    used = replace(
        whole, complete=whole.complete.loc[whole.alive, kept], codes=whole.codes[whole.alive],
        settled=whole.settled[whole.alive],
    )  # fmt: skip
    first = fit_days(used, (treatment,), extra, cluster=cluster, asked="Patrol days")
    start = None if isinstance(first, str) else first.fit.coef
    days = with_days(panel)
    names = days["hot_spot"] if by == "hot_spot" else days["local_date"].dt.strftime("%Y-%m")
    labels = used.complete["hot_spot"] if by == "hot_spot" else used.complete["local_date"].dt.strftime("%Y-%m")
    rows = []
    for label in sorted(names.unique()):
        inside = (labels != label).to_numpy()
        part = replace(used, complete=used.complete[inside], codes=used.codes[inside], settled=used.settled[inside])
        rows.append((label, *_without(part, treatment, extra, cluster, start)))
    return pd.DataFrame(rows, columns=["left_out", "ratio", "low", "high", "events", "reason"])


def _without(
    part: Prepared, treatment: str, extra: Sequence[str], cluster: str, start: Floats | None
) -> tuple[float, float, float, float, str]:
    """Ratio, interval, events; or NaN and the reason."""
    nothing = (math.nan,) * 4
    found = Variation.of(part, treatment).reason_to_refuse() or fit_days(
        part, (treatment,), extra, cluster=cluster, start=start, asked="Patrol days"
    )
    if isinstance(found, str):
        return (*nothing, found)
    value, se = found.value(treatment), found.se(treatment)
    if se == 0:
        return (*nothing, "The days do not differ enough to estimate uncertainty.")
    reach = reach_of(se, found.df)
    return math.exp(value), math.exp(value - reach), math.exp(value + reach), float(round(float(part.y.sum()))), ""


def balance(panel: pd.DataFrame, treatment: str = "patrol") -> pd.DataFrame:
    """How far hot spot-days with patrol are like those without: weekday, season, crime just before, weather.

    standardised difference = (mean1 - mean0) / sqrt((s1^2 + s0^2) / 2); for a share p, s^2 = p (1 - p). "Within": the same
    after taking the mean of each hot spot's four weeks from every day, which is what the default compares.

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``; conditions that were not loaded are left out.
    treatment : str
        Column 0/1.

    Returns
    -------
    DataFrame
        ``group``, ``what``, ``with_patrol``, ``without``, ``difference`` and ``within`` (standardised; NaN where there
        is no spread), ``notable`` (beyond 0.1).
    """
    days = with_days(panel).dropna(subset=[treatment])
    given = days[treatment].to_numpy(float) > 0
    date, rows = days["local_date"], []
    block = (date - date.min()).dt.days // 28 if len(days) else date
    cell = pd.factorize(pd.MultiIndex.from_arrays([days["hot_spot"].astype(str), block]))[0]
    for group, what, values in _features(days):
        known = ~np.isnan(values)
        one, other = values[known & given], values[known & ~given]
        inside = values - pd.Series(values).groupby(cell).transform("mean").to_numpy()
        plain = _standardised(one, other)
        rows.append(
            (
                group, what, one.mean() if len(one) else math.nan, other.mean() if len(other) else math.nan, plain,
                _standardised(inside[known & given], inside[known & ~given]), abs(plain) > NOTABLE,
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["group", "what", "with_patrol", "without", "difference", "within", "notable"])


def _features(days: pd.DataFrame) -> list[tuple[str, str, Any]]:
    date = days["local_date"]
    weekday, season = date.dt.day_of_week.to_numpy(), date.dt.month.map(SEASONS).to_numpy()
    found = [("weekday", name, (weekday == n).astype(float)) for n, name in enumerate(WEEKDAYS)]
    found += [("season", name, (season == name).astype(float)) for name in ("winter", "spring", "summer", "autumn")]
    held = [name for name in (*CONDITIONS, "earlier_crimes") if name in days and days[name].notna().any()]
    words = {**_WORDS, "earlier_crimes": "crimes earlier that day"}
    groups = {"previous_7_days": "prior crime", "earlier_crimes": "prior crime"}
    return found + [(groups.get(name, "conditions"), words[name], days[name].to_numpy(float)) for name in held]


def _standardised(one: Any, other: Any) -> float:
    if not len(one) or not len(other):
        return math.nan
    spread = math.sqrt((float(np.var(one)) + float(np.var(other))) / 2)
    return float((one.mean() - other.mean()) / spread) if spread > 1e-12 else math.nan


def flow(panel: pd.DataFrame, *, days_without_trackers: int = 0, analysed: int = 0, no_events: int = 0, missing: int = 0,
         settled: int = 0) -> pd.DataFrame:  # fmt: skip
    """Where every hot spot-day went, from eligible to analysed, as a trial accounts for its patients (CONSORT).

    Parameters
    ----------
    panel : DataFrame
        Hot spot-days on which trackers were loaded, with ``patrol`` and, where a plan is loaded, ``planned_minutes``.
    days_without_trackers : int
        Days of the period on which patrols are not known.
    analysed, no_events, missing, settled : int
        Hot spot-days in the default estimate and those left out of it, by reason.

    Returns
    -------
    DataFrame
        ``step``, ``hot_spot_days``, ``why``. eligible = trackers not loaded + known; known = analysed + left out;
        planned and delivered are parts of known.

    Raises
    ------
    ValueError
        When the parts do not add up to the whole: no figure is better than a wrong flow.
    """
    spots, known = panel["hot_spot"].nunique(), len(panel)
    unknown = days_without_trackers * spots
    if analysed + no_events + missing + settled != known:
        raise ValueError(
            f"{known} hot spot-days are known, but {analysed} analysed and {no_events + missing + settled} left out."
        )
    rows = [
        ("Eligible: every hot spot on every day of the period", known + unknown, ""),
        ("Left out: no tracker data that day", unknown, "whether there was a patrol is not known"),
        ("Known", known, ""),
        *_planned_rows(panel),
        ("Delivered: a verified visit before the service window closed", int((panel["patrol"] > 0).sum()), ""),
        ("Left out: a value is missing", missing, "the crimes or a condition of the day are not known"),
        ("Left out: four weeks of a hot spot without any crime", no_events, "they say nothing either way"),
        ("Left out: a condition under which no crime ever fell", settled, "they say nothing about patrol"),
        ("Analysed", analysed, "in the default estimate"),
    ]
    return pd.DataFrame(rows, columns=["step", "hot_spot_days", "why"])


def _planned_rows(panel: pd.DataFrame) -> list[tuple[str, int, str]]:
    if "planned_minutes" not in panel or panel["planned_minutes"].isna().all():
        return []
    planned = panel["planned_minutes"] > 0
    return [
        ("Assigned: a patrol was planned", int(planned.sum()), ""),
        ("Assigned and delivered", int((planned & (panel["patrol"] > 0)).sum()), ""),
        ("Delivered without a plan", int((~planned & (panel["patrol"] > 0)).sum()), ""),
    ]

"""Does the answer depend on how it was worked out? Specification curves, many tests at once, power, hot spots pooled."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from analysis.evaluation.before_after.headline import headline
from analysis.evaluation.before_after.ratio import BETWEEN_YEARS, PHI
from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.comparators.headline import headline as compared
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.pooling.claim import curve_words, robustness_claim
from analysis.evaluation.pooling.curves import (
    BEFORE_AFTER,
    COMPARED,
    before_after_curve,
    comparators_curve,
)
from analysis.evaluation.pooling.meta import pooled_record
from analysis.evaluation.pooling.multiplicity import benjamini_hochberg, bonferroni, holm
from analysis.evaluation.pooling.power import months_needed, power_rate_ratio
from analysis.evaluation.pooling.specification import PATROL, patrol_curve, summary_of
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values
from analysis.evaluation.section import Choices, Result, Section

SUPPOSED = (0.95, 0.9, 0.8, 0.7, 0.6)
HEADLINES = {
    "before-after": "Recorded crime, before and during",
    "comparators": "Recorded crime, against comparators",
    "patrol-days": "Crimes, patrol days and others",
    "harm": "Harm, patrol days and others",
}
PER_SPOT = "Recorded crime, during / before, pooled over hot spots"


def section(inputs: Inputs, choices: Choices) -> Section:
    """Curves, adjusted p-values, power and the hot spots pooled; see :mod:`analysis.evaluation.section`.

    There is nothing to choose: every choice is made.
    """
    records = _headlines(inputs)
    curves = {
        "curve-patrol-days": patrol_curve(inputs.days, inputs.provisional_from),
        "curve-before-after": before_after_curve(inputs),
        "curve-comparators": comparators_curve(inputs),
    }
    spots, pooled = _spots(inputs)
    records["pooled-hot-spots"] = pooled
    names = dict(zip(curves, (PATROL, BEFORE_AFTER, COMPARED), strict=True))
    summaries = {names[key]: summary_of(curve) for key, curve in curves.items()}
    level = max((r.maryland_level for r in records.values() if isinstance(r, ResultRecord)), default=1)
    facts: dict[str, Any] = {"claim": robustness_claim(summaries, min(level, 3)).sentence}
    facts |= {key: curve_words(names[key], summaries[names[key]]) for key in curves}
    facts |= {f"why-{key}": _why(inputs, key) for key in curves}
    power, noise = _power(inputs, records["before-after"])
    tables = {**curves, "tests": _tests(records), "power": power, "spots": spots}
    made = sum(len(curve) for curve in curves.values())
    return Section("robustness", records, tables, {**facts, **noise, "made": made}, tried=made + len(records))


def _why(inputs: Inputs, key: str) -> str:
    frame = {"curve-patrol-days": "days", "curve-before-after": "cells", "curve-comparators": "places"}[key]
    return inputs.why_empty(frame, "The data that this needs are not loaded.")


def _headlines(inputs: Inputs) -> dict[str, Result]:
    """The registered estimate of each question, the one of the plan first."""
    found: dict[str, Result] = {}
    found["before-after"] = headline(inputs)
    found["comparators"] = compared(inputs)
    for key, outcome in (("patrol-days", "crimes"), ("harm", "harm_days")):
        if inputs.days.empty:
            found[key] = Refusal(HEADLINES[key], inputs.why_empty("days", "Patrol days are not known."))
        elif key == "harm" and inputs.scored.empty:
            found[key] = Refusal(HEADLINES[key], inputs.why_empty("scored", "No crime has a harm weight."))
        else:
            method = "harm-ppml" if key == "harm" else "patrol-days"
            found[key] = patrol_days(inputs.days, outcome=outcome, estimand=HEADLINES[key], method_key=method)
    return found


def _tests(records: dict[str, Result]) -> pd.DataFrame:
    """[test, ratio, low, high, p, bonferroni, holm, bh]: the headline tests as one family."""
    rows = [
        (HEADLINES[key], r.estimate, r.ci_low, r.ci_high, math.nan if r.p is None else r.p)
        for key in HEADLINES
        if isinstance(r := records[key], ResultRecord)
    ]
    frame = pd.DataFrame(rows, columns=["test", "ratio", "low", "high", "p"])
    p = frame["p"].to_numpy(float)
    return frame.assign(bonferroni=bonferroni(p), holm=holm(p), bh=benjamini_hochberg(p))


def _power(inputs: Inputs, record: Result) -> tuple[pd.DataFrame, dict[str, Any]]:
    """[ratio, now, chance_only, months, months_no_drift]: power of the before/after comparison; and the noise it takes."""
    if isinstance(record, Refusal):
        return pd.DataFrame(), {}
    sums = inputs.cells.groupby("window")[["crimes", "exposure_days"]].sum()
    events, days = float(sums["crimes"]["before"]), sums["exposure_days"]
    phi, drift = _number(record.check(PHI), 1.0), _number(record.check(BETWEEN_YEARS), 0.0)
    months = inputs.cells.loc[inputs.cells["window"] == "before", "month"].nunique()
    rows = []
    for ratio in SUPPOSED:
        share = float(days["during"] / days["before"])
        needed = [months_needed(events / months, ratio, float(months), phi=phi, drift=d) for d in (drift, 0.0)]
        rows.append({
            "ratio": ratio, "now": power_rate_ratio(events, ratio, share, phi=phi, drift=drift),
            "chance_only": power_rate_ratio(events, ratio, share), "months": math.nan if needed[0] is None else needed[0],
            "months_no_drift": math.nan if needed[1] is None else needed[1],
        })  # fmt: skip
    return pd.DataFrame(rows), {"phi": phi, "drift": drift, "events_before": events, "months_before": int(months)}


def _number(check: Check | None, otherwise: float) -> float:
    return float(check.value) if check and isinstance(check.value, float | int) else otherwise


def _by_chance(spot: str, before: float, during: float, days_before: float, days_during: float) -> Result:
    """Ratio of two counts with Poisson noise alone, on the log scale."""
    if min(days_before, days_during) <= 0:
        return Refusal(spot, "A window holds no month of this hot spot.")
    if min(before, during) <= 0:
        return Refusal(spot, "No crime was recorded in one of the windows, so there is no ratio to estimate.")
    return log_ratio_record(
        log_ratio=math.log(during / days_during) - math.log(before / days_before), se=math.sqrt(1 / before + 1 / during),
        df=None, method_key="", estimand=spot, n_events=round(before + during), n_units=2, n_clusters=None,
        method="Log ratio of two counts, Poisson noise alone", maryland_level=2,
        data_hash=hash_values([before, during, days_before, days_during]),
    )  # fmt: skip


def _spots(inputs: Inputs) -> tuple[pd.DataFrame, Result]:
    """[hot_spot, before, during, ratio, low, high, why]: each hot spot by chance alone; and all of them pooled."""
    if inputs.cells.empty:
        return pd.DataFrame(), Refusal(PER_SPOT, inputs.why_empty("cells", "There are no windows."))
    rows, records = [], []
    for spot, part in inputs.cells.groupby("hot_spot", sort=True):
        sums = part.groupby("window")[["crimes", "exposure_days"]].sum().reindex(["before", "during"]).fillna(0.0)
        (b, t0), (d, t1) = sums.to_numpy(float)
        found = _by_chance(str(spot), b, d, t0, t1)
        row: dict[str, Any] = {"hot_spot": str(spot), "before": b, "during": d}
        if isinstance(found, Refusal):
            rows.append(row | dict.fromkeys(("ratio", "low", "high"), math.nan) | {"why": found.reason})
            continue
        records.append(found)
        rows.append(row | {"ratio": found.estimate, "low": found.ci_low, "high": found.ci_high, "why": ""})
    return pd.DataFrame(rows), pooled_record(records, estimand=PER_SPOT)

"""The evaluation summary as tables: what the page draws, its CSVs hold and the return prints.

Every function takes the frozen summary, so that all readers show the same figures; a refusal gives an empty frame.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.evaluation.claims import WAYS, other_ways
from analysis.evaluation.record import Refusal, ResultRecord
from data_access.evaluation.summary import EvaluationSummary
from domain import formats

LABELS = {
    "before_after": "Crimes: before and during",
    "exact": "The same, chance alone",
    "against_comparators": "Crimes: against comparators",
    "patrol_days": "Crimes: patrol days and others",
    "harm_total": "Harm: before and during",
    "harm_count": "of which: number of crimes",
    "harm_severity": "of which: harm per crime",
}
NOT_MEASURED = "not measured yet"
OUTCOMES = {True: "passed", False: "not passed", None: "for information"}


def estimates_table(found: EvaluationSummary) -> pd.DataFrame:
    """[key, estimate_name, ratio, low, high, per_cent, fewer, p, mde80, events, level, false_alarms, how]; a refusal's ``how`` is its reason."""
    return pd.DataFrame([_estimate(key, record) for key, record in found.records().items()])


def _estimate(key: str, record: ResultRecord | Refusal) -> dict[str, Any]:
    row: dict[str, Any] = {"key": key, "estimate_name": LABELS[key]}
    if isinstance(record, Refusal):
        row |= dict.fromkeys(("ratio", "low", "high", "p", "mde80", "events", "level"), float("nan"))
        return (
            row
            | dict.fromkeys(WAYS, formats.NOT_APPLICABLE)
            | {"false_alarms": formats.UNAVAILABLE, "how": record.reason}
        )
    measured = record.calibrated_type1
    return row | {
        "ratio": record.estimate,
        "low": record.ci_low,
        "high": record.ci_high,
        **other_ways(record),
        "p": float("nan") if record.p is None else record.p,
        "mde80": float("nan") if record.mde80 is None else record.mde80,
        "events": float(record.n_events),
        "level": float(record.maryland_level),
        "false_alarms": NOT_MEASURED if measured is None else formats.percent(measured),
        "how": record.method,
    }


def years_table(found: EvaluationSummary) -> pd.DataFrame:
    """[window, part ("earlier year", "before", "during"), crimes, exposure_days, per_100], oldest first."""
    compared = found.before_after
    if isinstance(compared, Refusal):
        return pd.DataFrame()
    spots = compared.before.exposure_days / compared.before.period.days
    rows = [(period, crimes, "earlier year") for period, crimes in compared.earlier_years[:-1]]
    rows += [(w.period, w.crimes, part) for w, part in ((compared.before, "before"), (compared.during, "during"))]
    frame = pd.DataFrame(
        [(formats.period(period), part, crimes, period.days * spots) for period, crimes, part in rows],
        columns=["window", "part", "crimes", "exposure_days"],
    )
    return frame.assign(per_100=100 * frame["crimes"] / frame["exposure_days"])


def harm_split_table(found: EvaluationSummary) -> pd.DataFrame:
    """[key, estimate_name, before, during, ratio, low, high]: total, count, severity."""
    split = found.harm
    if isinstance(split, Refusal):
        return pd.DataFrame()
    rows = (
        ("harm_total", "Total harm (days)", split.harm_before, split.harm_during, split.total),
        ("harm_count", "Scored crimes", split.scored_before, split.scored_during, split.count),
        ("harm_severity", "Harm per scored crime (days)", split.severity_before, split.severity_during, split.severity),
    )
    return pd.DataFrame(
        [(k, name, float(b), float(d), r.estimate, r.ci_low, r.ci_high) for k, name, b, d, r in rows],
        columns=["key", "estimate_name", "before", "during", "ratio", "low", "high"],
    )


def patrol_days_table(found: EvaluationSummary) -> pd.DataFrame:
    """[days_kind, spot_days, crimes, per_100, suppressed], unadjusted."""
    days = found.patrol_days
    if isinstance(days.record, Refusal):
        return pd.DataFrame()
    c = days.counts
    rows = [("Days with patrol", c and c.patrol_days, c and c.patrol_events)]
    rows.append(("Other days", c and c.other_days, c and c.other_events))
    frame = pd.DataFrame(rows, columns=["days_kind", "spot_days", "crimes"])
    frame = frame.astype({"spot_days": float, "crimes": float})
    return frame.assign(per_100=100 * frame["crimes"] / frame["spot_days"], suppressed=c is None)


def places_table(found: EvaluationSummary) -> pd.DataFrame:
    """[rank, place, before, during, ratio, own], largest fall first."""
    places = found.comparators
    if isinstance(places, Refusal):
        return pd.DataFrame()
    rows = [(p.rank, p.place, p.before, p.during, p.ratio, p.place == places.treated) for p in places.places]
    return pd.DataFrame(rows, columns=["rank", "place", "before", "during", "ratio", "own"])


def checks_table(found: EvaluationSummary) -> pd.DataFrame:
    """[estimate_name, check, value (written), needed, outcome, meaning]; the three harm records share theirs."""
    checks = [
        (LABELS[key], check)
        for key, record in found.records().items()
        if key not in ("harm_count", "harm_severity")
        for check in record.checks
    ]
    if checks and found.overlap_check:
        checks.insert(0, (LABELS["before_after"], found.overlap_check))
    rows = [
        (name, c.name, check_value(c.value), c.needed or formats.NOT_APPLICABLE, OUTCOMES[c.passed], c.meaning)
        for name, c in checks
    ]
    return pd.DataFrame(rows, columns=["estimate_name", "check", "value", "needed", "outcome", "meaning"])


def check_value(value: float | str | None) -> str:
    """A check's value as a reader sees it."""
    if value is None:
        return formats.UNAVAILABLE
    if isinstance(value, str):
        return value
    if 0 < value < 0.001:
        return "under 0.001"
    return formats.number(value) if float(value).is_integer() else f"{value:.3g}"

"""What did a crime fewer cost? Spend over change, with intervals that may have no upper end."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from analysis.evaluation.before_after.headline import headline
from analysis.evaluation.before_after.overlap import baseline_overlap
from analysis.evaluation.comparators.headline import headline as compared
from analysis.evaluation.harm.headline import harm_headline
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.pooling.claim import cost_claim
from analysis.evaluation.pooling.economics import cost_interval_words, cost_per_fewer, fewer_than_expected
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.section import Choices, Result, Section

PARTNER = "partner"
LABELS = {
    "crime-before-after": ("crime", "before and during"),
    "crime-comparators": ("crime", "against comparators"),
    "harm-before-after": ("harm day", "before and during"),
}


def section(inputs: Inputs, choices: Choices) -> Section:
    """Cost per crime and per harm day fewer, by before/after and by comparators.

    ``choices["spend"]``: "" every provider's spend, "partner" that of partners alone.
    """
    kinds = choices.get("spend", "")
    counted = inputs.spend[inputs.spend["kind"] == PARTNER] if kinds == PARTNER else inputs.spend
    spend = float(counted["spend_gbp"].sum()) if len(counted) else 0.0
    records: dict[str, Result] = {}
    rows: list[dict[str, Any]] = []
    for key, (change, observed) in _changes(inputs).items():
        unit, how = LABELS[key]
        record = _cost(inputs, change, observed, spend, unit, f"Spend per {unit} fewer, {how}")
        records[key] = record
        rows.append(_row(key, change, observed, record))
    facts: dict[str, Any] = {"spend": spend, "kinds": kinds, "providers": sorted(counted["provider"].astype(str))}
    overlap = baseline_overlap(inputs.before, inputs.live_from) if inputs.before else None
    facts["overlap"] = f"{overlap.sentence()} What was spent on those days is not counted here." if overlap else ""
    facts["claim"] = cost_claim(records["crime-before-after"], "crime").sentence
    facts["harm_claim"] = cost_claim(records["harm-before-after"], "harm day").sentence
    tables = {"costs": pd.DataFrame(rows), "spend": inputs.spend.reset_index(drop=True)}
    return Section("cost-effectiveness", records, tables, facts, tried=len(records))


def _changes(inputs: Inputs) -> dict[str, tuple[Result, float]]:
    """Each change with what was observed during the service."""
    during = inputs.cells[inputs.cells["window"] == "during"]
    crimes = float(during["crimes"].sum()) if len(during) else 0.0
    harm, weight = _harm(inputs)
    return {
        "crime-before-after": (headline(inputs), crimes),
        "crime-comparators": (compared(inputs), crimes),
        "harm-before-after": (harm, weight),
    }


def _harm(inputs: Inputs) -> tuple[Result, float]:
    split = harm_headline(inputs)
    return (split, 0.0) if isinstance(split, Refusal) else (split.total, split.harm_during)


def _cost(inputs: Inputs, change: Result, observed: float, spend: float, unit: str, words: str) -> Result:
    if isinstance(change, Refusal):
        return Refusal(words, change.reason)
    if spend <= 0:
        return Refusal(words, inputs.why_empty("spend", "No spend is loaded for the service's window."))
    return cost_per_fewer(spend, fewer_than_expected(change, observed, unit), estimand=words)


def _row(key: str, change: Result, observed: float, record: Result) -> dict[str, Any]:
    unit, how = LABELS[key]
    row: dict[str, Any] = {"key": key, "unit": f"{unit} fewer", "how": how, "level": math.nan}
    row |= dict.fromkeys(("fewer", "fewer_low", "fewer_high", "cost", "low", "high"), math.nan) | {
        "interval": "",
        "why": "",
    }
    if isinstance(change, ResultRecord):
        fewer = fewer_than_expected(change, observed, unit)
        row |= {"fewer": fewer.estimate, "fewer_low": fewer.low, "fewer_high": fewer.high}
        row["level"] = float(change.maryland_level)
    if isinstance(record, Refusal):
        return row | {"why": record.reason}
    return row | {
        "cost": record.estimate, "low": record.ci_low, "high": record.ci_high, "interval": cost_interval_words(record),
    }  # fmt: skip

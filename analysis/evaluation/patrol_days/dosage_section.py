"""Dosage response: crime by patrol minutes, as a line, in categories, as a curve, as planned, and in two phases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.inputs import Inputs
from analysis.evaluation.patrol_days.dosage import (
    EDGES,
    LINEAR,
    MINUTES,
    category_labels,
    dosage_categories,
    dosage_itt,
    dosage_linear,
    dosage_spline,
)
from analysis.evaluation.patrol_days.dosage_phases import dosage_phases, planned_change
from analysis.evaluation.patrol_days.panel import with_days
from analysis.evaluation.patrol_days.section import NO_DAYS
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.section import Choices, Section

NAME = "dosage-response"
RUG_STEP = 5


def section(inputs: Inputs, choices: Choices) -> Section:
    """Every estimate of crime by patrol minutes; a refusal with its reason where there are no days."""
    if inputs.days.empty:
        return Section(NAME, {"linear": Refusal(LINEAR, inputs.why_empty("days", NO_DAYS))})
    panel = with_days(inputs.days).assign(patrol=lambda d: d["patrol"].astype(float))
    spline, curve = dosage_spline(panel)
    categories, phases = dosage_categories(panel), dosage_phases(panel)
    records = {
        "linear": dosage_linear(panel),
        **{f"category {label}": found for label, found in categories.items() if label != "trend"},
        "trend": categories["trend"],
        "spline": spline,
        "itt": dosage_itt(panel),
        "first": phases["first"], "second": phases["second"], "second / first": phases["second / first"],
    }  # fmt: skip
    tables = {"curve": curve, "rug": rug(panel), "categories": categories_table(panel, categories)}
    return Section(NAME, records, tables, _facts(panel), len(records))


def rug(panel: pd.DataFrame) -> pd.DataFrame:
    """Hot spot-days and their crimes by patrol minutes in steps of 5: what the curve is drawn from."""
    if MINUTES not in panel:
        return pd.DataFrame(columns=["minutes_from", "minutes_to", "hot_spot_days", "crimes"])
    known = panel.dropna(subset=[MINUTES])
    # Days without patrol are a bar of their own, not the first five minutes.
    step = np.ceil(known[MINUTES].to_numpy(float) / RUG_STEP).astype(int)
    found = known.assign(step=step).groupby("step").agg(hot_spot_days=("crimes", "size"), crimes=("crimes", "sum"))
    found = found.reset_index()
    low, high = np.maximum(0, found["step"] - 1) * RUG_STEP, found["step"] * RUG_STEP
    return found.assign(minutes_from=low, minutes_to=high)[["minutes_from", "minutes_to", "hot_spot_days", "crimes"]]


def categories_table(panel: pd.DataFrame, found: dict[str, ResultRecord | Refusal]) -> pd.DataFrame:
    """Days and crimes of each category with its ratio against days without patrol."""
    labels = ("0", *category_labels(EDGES))
    columns = ["minutes", "hot_spot_days", "crimes", "ratio", "low", "high", "reason"]
    if MINUTES not in panel or panel[MINUTES].isna().all():
        return pd.DataFrame(columns=columns)
    known = panel.dropna(subset=[MINUTES])
    level = np.digitize(known[MINUTES].to_numpy(float), EDGES)
    rows = []
    for k, label in enumerate(labels):
        mask, record = level == k, found.get(label)
        counts = (label, int(mask.sum()), float(known.loc[mask, "crimes"].sum()))
        if label == "0":
            rows.append((*counts, 1.0, 1.0, 1.0, "what the others are compared with"))
        elif isinstance(record, ResultRecord):
            rows.append((*counts, record.estimate, record.ci_low, record.ci_high, ""))
        else:
            rows.append((*counts, np.nan, np.nan, np.nan, record.reason if record else ""))
    return pd.DataFrame(rows, columns=columns)


def _facts(panel: pd.DataFrame) -> dict[str, Any]:
    minutes = panel[MINUTES].dropna().to_numpy(float) if MINUTES in panel else np.zeros(0)
    given = minutes[minutes > 0]
    change = planned_change(panel)
    return {
        "hot_spot_days": len(minutes), "days_with_minutes": len(given),
        "median_minutes": float(np.median(given)) if len(given) else None,
        "plan_changed_on": change[0].date().isoformat() if change else None,
        "planned_before": change[1] if change else None, "planned_after": change[2] if change else None,
    }  # fmt: skip

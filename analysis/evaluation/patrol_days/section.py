"""Patrol days: the default estimate, everything that always stands beside it, and what only others use."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.inputs import Inputs
from analysis.evaluation.patrol_days import controls, scrutiny, variants
from analysis.evaluation.patrol_days.model import ESTIMAND, day_counts, patrol_days
from analysis.evaluation.patrol_days.panel import prepare, usable_conditions, with_days
from analysis.evaluation.patrol_days.randomisation import DRAWS, SEED, Randomisation, randomise_days, randomised_record
from analysis.evaluation.record import Refusal
from analysis.evaluation.section import Choices, Result, Section

NAME = "patrol-days"
NO_DAYS = "No hot spot-days are loaded, so days with and without patrol cannot be compared."
OUTCOMES = {
    "": "crimes", "by-start": "crimes_by_start", "whole-day": "whole_day", "later": "later_crimes",
}  # fmt: skip
STRATA = {"": "4 weeks", "week": "week", "none": "none"}
BINS = 41


def section(inputs: Inputs, choices: Choices) -> Section:
    """Every estimate on days with patrol against days without; a refusal with its reason where there are no days.

    Choices: ``outcome`` (by-start, whole-day, later) and ``strata`` (week, none); any other value is the registered one.
    """
    if inputs.days.empty:
        return Section(NAME, {"default": Refusal(ESTIMAND, inputs.why_empty("days", NO_DAYS))})
    outcome = OUTCOMES.get(choices.get("outcome", ""), "crimes")
    strata = STRATA.get(choices.get("strata", ""), "4 weeks")
    panel = with_days(inputs.days).assign(patrol=lambda d: d["patrol"].astype(float))
    if outcome not in panel or panel[outcome].isna().all():
        why = f"The days hold no “{outcome.replace('_', ' ')}”."
        return Section(NAME, {"default": Refusal(ESTIMAND, why)}, {"balance": scrutiny.balance(panel)})
    options: dict[str, Any] = {"outcome": outcome, "strata": strata}
    registered = outcome == "crimes" and strata == "4 weeks"
    key = "patrol-days" if registered else ""  # another outcome or stratum has no error rate of its own
    default = patrol_days(panel, **options, method_key=key)
    shuffled = randomise_days(panel, **options)
    records = {"default": default, **_records(panel, default, shuffled, options, inputs)}
    tables = {
        "flow": _flow(inputs, panel, options),
        "balance": scrutiny.balance(panel),
        "randomisation": randomisation_table(shuffled),
        "without_one_hot_spot": scrutiny.leave_one_out(panel, "hot_spot", **options),
        "without_one_month": scrutiny.leave_one_out(panel, "month", **options),
    }
    tried = len(records) + len(tables["without_one_hot_spot"]) + len(tables["without_one_month"])
    return Section(NAME, records, tables, _facts(inputs, panel, outcome, shuffled), tried)


def _records(
    panel: pd.DataFrame, default: Result, shuffled: Randomisation | str, options: dict[str, Any], inputs: Inputs
) -> dict[str, Result]:
    lags = controls.patrol_days_lags(panel, **options)
    unnamed = {**options, "method_key": ""}
    if isinstance(default, Refusal):
        ri: Result = default
    elif isinstance(shuffled, str):
        ri = Refusal(ESTIMAND, shuffled)
    else:
        ri = randomised_record(default, shuffled, SEED)
    spillover = "Crimes from the end of the service window to 02:00, patrol days / no-patrol days"
    return {
        "ri": ri,
        "week": variants.patrol_days_week(panel, **options),
        "spot_effects": variants.patrol_days_spot_effects(panel, outcome=options["outcome"]),
        "itt": variants.patrol_days_itt(panel, **options),
        "lags_held": _named_lags(lags.get("patrol")),
        **{name: lags[name] for name in lags if name != "patrol"},
        **controls.negative_controls(panel, strata=options["strata"]),
        "later": _other_outcome(panel, "later_crimes", spillover, unnamed),
        "by_start": _other_outcome(
            panel, "crimes_by_start", "Crimes by their start time alone, patrol days / others", unnamed
        ),
        "whole_day": _other_outcome(
            panel, "whole_day", "Crimes of the whole day, patrol days / no-patrol days", unnamed
        ),
        "pooled": variants.patrol_days_pooled(panel, outcome=options["outcome"]),
        "cluster_spot": variants.patrol_days_cluster_spot(panel, **options),
        "t_test": variants.patrol_days_t_test(panel, outcome=options["outcome"]),
    }


def _named_lags(result: Result | None) -> Result:
    """The default with the patrols of the two days before held; of another model, so without its error rate."""
    if result is None or isinstance(result, Refusal):
        return result or Refusal(ESTIMAND, "Patrols of the days before are not known.")
    return replace(result, method_key="", calibrated_type1=None, calibrated_coverage=None)


def _other_outcome(panel: pd.DataFrame, outcome: str, estimand: str, options: dict[str, Any]) -> Result:
    if outcome not in panel or panel[outcome].isna().all():
        return Refusal(estimand, f"The days hold no “{outcome.replace('_', ' ')}”.")
    return patrol_days(panel, **{**options, "outcome": outcome, "estimand": estimand})


def _flow(inputs: Inputs, panel: pd.DataFrame, options: dict[str, Any]) -> pd.DataFrame:
    """Counted from the rows that the default estimate takes, so that the figure cannot say anything else."""
    prepared = prepare(panel, options["outcome"], ["patrol"], usable_conditions(panel), options["strata"])
    settled = int(prepared.settled.sum())
    analysed = len(prepared.y)
    return scrutiny.flow(
        panel, days_without_trackers=inputs.days_without_trackers, analysed=analysed, missing=prepared.missing,
        settled=settled, no_events=len(prepared.complete) - analysed - settled,
    )  # fmt: skip


def randomisation_table(found: Randomisation | str) -> pd.DataFrame:
    """Arrangements by the ratio that each would have given, in even steps of the log ratio: low, high, arrangements."""
    columns = ["low", "high", "arrangements", "holds_observed"]
    if isinstance(found, str):
        return pd.DataFrame(columns=columns)
    reach = max(0.05, float(np.abs(found.log_ratios).max()) * 1.001)
    edges = np.linspace(-reach, reach, BINS + 1)
    counts, _ = np.histogram(found.log_ratios, edges)
    observed = min(BINS - 1, int((found.log_ratios[0] + reach) / (2 * reach) * BINS))
    return pd.DataFrame(
        {"low": np.exp(edges[:-1]), "high": np.exp(edges[1:]), "arrangements": counts, "holds_observed": np.arange(BINS) == observed}
    )  # fmt: skip


def _facts(inputs: Inputs, panel: pd.DataFrame, outcome: str, shuffled: Randomisation | str) -> dict[str, Any]:
    counts = day_counts(panel, outcome)
    facts: dict[str, Any] = {
        "patrol_days": counts.patrol_days, "other_days": counts.other_days, "patrol_events": counts.patrol_events,
        "other_events": counts.other_events, "crude_ratio": counts.crude_ratio, "days": int(panel["local_date"].nunique()),
        "hot_spots": int(panel["hot_spot"].nunique()), "days_without_trackers": inputs.days_without_trackers,
        "conditions": list(usable_conditions(panel)), "service_window": list(inputs.service_window or ()),
    }  # fmt: skip
    if isinstance(shuffled, Randomisation):
        facts |= {
            "arrangements": len(shuffled.log_ratios), "exact": shuffled.exact, "movable_days": shuffled.movable_days,
            "one_step_ratio": math.exp(float(shuffled.log_ratios[0])), "seed": SEED, "drawn": DRAWS,
        }  # fmt: skip
    return facts

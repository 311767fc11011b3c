"""Adapters of the methods that compare days."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.evaluation.calibration import designs as d
from analysis.evaluation.calibration.adapters import Adapter, Answer, call, function, nothing, per_10_minutes
from analysis.evaluation.record import Refusal

_NULL = (d.DAYS,)
_PATROL = (d.DAYS, d.DAY_SHOCK)
_PERMUTATIONS = 999  # of 4,999 on the pages: enough for the share of runs with p under 5%
_DRAWS = 499


def _panel(path: str, **options: Any) -> Callable[[pd.DataFrame, int], Answer]:
    return lambda panel, _seed: call(path, panel, **options)


def _seeded(path: str, **options: Any) -> Callable[[pd.DataFrame, int], Answer]:
    return lambda panel, seed: call(path, panel, seed=seed, **options)


def _one_of(path: str, which: int, **options: Any) -> Callable[[pd.DataFrame, int], Answer]:
    """One record of a function that returns several by name."""

    def estimate(panel: pd.DataFrame, _seed: int) -> Answer:
        found: dict[str, Answer] = function(path)(panel, **options)
        return list(found.values())[which]

    return estimate


def _spline(panel: pd.DataFrame, _seed: int) -> Answer:
    found: Answer = function("patrol_days.dosage:dosage_spline")(panel)[0]
    return found


def _harm_part(name: str) -> Callable[[pd.DataFrame, int], Answer]:
    def estimate(panel: pd.DataFrame, _seed: int) -> Answer:
        found = function("harm.patrol:harm_days_split")(panel)
        part: Answer = found if isinstance(found, Refusal) else getattr(found, name)
        return part

    return estimate


def _harm_as_counts(panel: pd.DataFrame, _seed: int) -> Answer:
    patrol = panel["patrol"].to_numpy(bool)
    harm = panel["harm_days"]
    days = float((~patrol).sum()), float(patrol.sum())
    return call("harm.as_counts:harm_as_counts", float(harm[~patrol].sum()), float(harm[patrol].sum()), *days)


def _without_top(panel: pd.DataFrame, _seed: int) -> Answer:
    found = function("harm.leverage:days_without_top")(panel, top=3)
    record: Answer = found.result
    return record


_V, _D, _H = "patrol_days.variants:", "patrol_days.dosage:", "harm.patrol:"
ADAPTERS: tuple[Adapter, ...] = (
    Adapter("patrol-days", _panel("patrol_days.model:patrol_days"), (*_PATROL, *d.POWER_DAYS), d.DAYS),
    Adapter(
        "patrol-days-ri",
        _seeded("patrol_days.randomisation:patrol_days_ri", permutations=_PERMUTATIONS),
        (*_PATROL, *d.POWER_DAYS),
        d.DAYS,
    ),
    Adapter("patrol-days-week", _panel(_V + "patrol_days_week"), _PATROL, d.DAYS),
    Adapter("patrol-days-spot-effects", _panel(_V + "patrol_days_spot_effects"), _PATROL, d.DAYS),
    Adapter("patrol-days-itt", _panel(_V + "patrol_days_itt"), _NULL, d.DAYS),
    Adapter(
        "patrol-days-lags",
        _one_of("patrol_days.controls:patrol_days_lags", 1),
        (*_NULL, *d.POWER_DAYS),
        d.DAYS,
        nothing,
    ),
    Adapter(
        "negative-controls",
        _one_of("patrol_days.controls:negative_controls", 0),
        (*_PATROL, *d.POWER_DAYS),
        d.DAYS,
        nothing,
    ),
    Adapter(
        "negative-controls:tomorrow",
        _one_of("patrol_days.controls:negative_controls", 1),
        (*_PATROL, *d.POWER_DAYS),
        d.DAYS,
        nothing,
    ),
    Adapter("patrol-days-pooled", _panel(_V + "patrol_days_pooled"), _PATROL, d.DAYS),
    Adapter("patrol-days-cluster-spot", _panel(_V + "patrol_days_cluster_spot"), _PATROL, d.DAYS),
    Adapter(
        "patrol-days-t-test", _panel(_V + "patrol_days_t_test"), _PATROL, d.DAYS, lambda at: 0.0 if at.null else None
    ),
    Adapter("dosage-linear", _panel(_D + "dosage_linear"), (*_PATROL, d.POWER_DOSE), d.DAYS, per_10_minutes),
    Adapter("dosage-categories", _one_of(_D + "dosage_categories", 1), _NULL, d.DAYS),
    Adapter("dosage-spline", _spline, _NULL, d.DAYS),
    Adapter("dosage-itt", _panel(_D + "dosage_itt"), _NULL, d.DAYS),
    Adapter("harm-ppml", _panel(_H + "harm_ppml"), (*_PATROL, *d.POWER_DAYS), d.DAYS),
    Adapter("harm-ri", _seeded(_H + "harm_ri", permutations=_PERMUTATIONS), (*_PATROL, *d.POWER_DAYS), d.DAYS),
    Adapter("harm-capped", _panel(_H + "harm_ppml", outcome="harm_capped_days"), _PATROL, d.DAYS),
    Adapter("harm-leverage", _without_top, _NULL, d.DAYS),
    Adapter("harm-split", _harm_part("total"), _NULL, d.DAYS),
    Adapter("harm-split:count", _harm_part("count"), _NULL, d.DAYS),
    Adapter("harm-split:severity", _harm_part("severity"), (*_NULL, *d.POWER_DAYS), d.DAYS, nothing),
    Adapter("harm-bootstrap", _seeded("harm.bootstrap:days_bootstrap", draws=_DRAWS), _NULL, d.DAYS),
    Adapter("harm-as-counts", _harm_as_counts, _PATROL, d.DAYS),
)

"""Comparators: the treated area against other places by month; headline, what stands beside it, what only others use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.comparators.changes import changes_of
from analysis.evaluation.comparators.did import ESTIMAND, did
from analysis.evaluation.comparators.differences import wdd_comparators
from analysis.evaluation.comparators.multiverse import leave_one_out, multiverse
from analysis.evaluation.comparators.panel import BASELINE_MONTHS, Panel, make_panel
from analysis.evaluation.comparators.placebo import PlaceboRank, placebo_places
from analysis.evaluation.comparators.rate_ratios import rirr, rirr_phi
from analysis.evaluation.comparators.synthetic import sdid, sdid_plain
from analysis.evaluation.comparators.trend import EventStudy, event_study, pre_trend
from analysis.evaluation.comparators.twfe import twfe
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.record import Refusal
from analysis.evaluation.section import Choices, Result, Section
from domain import formats
from domain.periods import month_of, parse_month

NAME = "comparators"
MANY = "|"  # between chosen places
BASELINES = {"": BASELINE_MONTHS, "12": 12, "36": 36}
NO_PLACES = "No comparison places are loaded (kind comparators), so there is nothing to compare with."
NO_MONTHS = "No crimes by month are loaded for the places with the service."
NO_DURING = (
    "This programme has no “during” window in its settings, so there is no change to compare. Add one under [evaluation] "
    "in the programme file and load it again."
)
NO_WHOLE_MONTH = "A window holds no whole month, and comparison places come by month."
NOT_STATED = (
    "The settings do not say on whose counts the places were chosen (selection), so a baseline from before that cannot be "
    "set apart."
)


def section(inputs: Inputs, choices: Choices) -> Section:
    """Every estimate against other places; a refusal with its reason where there is nothing to compare with.

    Choices: ``comparators`` (names joined by "|"; default all) and ``baseline`` (12 or 36 months; default 24).
    """
    found = setting(inputs, choices)
    if isinstance(found, str):
        return Section(NAME, {"did": Refusal(ESTIMAND, found)})
    series, options = found
    treated, first = inputs.area_name, options.pop("first_month")
    panel = make_panel(series, treated, first, **options, estimand=ESTIMAND)
    if isinstance(panel, Refusal):
        return Section(NAME, {"did": panel}, {"months": series})
    records = _records(inputs, series, first, options)
    study = event_study(series, treated, first, **_without_baseline(options))
    rank = placebo_places(series, treated, first, **options)
    sets = multiverse(series, treated, first, **options)
    without = leave_one_out(series, treated, first, **options)
    tables = {
        "places": _places(panel),
        "months": indexed(panel),
        "multiverse": _table(sets),
        "leave_one_out": _table(without),
        "placebo": rank.table if isinstance(rank, PlaceboRank) else pd.DataFrame(),
        "event_study": study.table if isinstance(study, EventStudy) else pd.DataFrame(),
        "left_out": pd.DataFrame(list(panel.left_out), columns=["place", "why"]),
    }
    facts = {
        **_facts(panel, inputs), **_trend_facts(panel), **_rank_facts(rank), **_study_facts(study),
        "why_no_multiverse": _why(sets), "why_no_leave_one_out": _why(without),
    }  # fmt: skip
    tried = len(records) + len(tables["multiverse"]) + len(tables["leave_one_out"]) + 2
    return Section(NAME, records, tables, facts, tried)


def offered(inputs: Inputs) -> list[str]:
    """Comparison places that a reader may choose among."""
    places = inputs.places
    return sorted(places.loc[places["role"] == "comparator", "place"].astype(str).unique()) if len(places) else []


def setting(inputs: Inputs, choices: Choices) -> tuple[pd.DataFrame, dict[str, Any]] | str:
    """Series of all places and the options of the estimators; or why there are none."""
    names = offered(inputs)
    if inputs.months.empty:
        return inputs.why_empty("months", NO_MONTHS)
    if not names:
        return inputs.why_empty("places", NO_PLACES)
    if inputs.during is None:
        return NO_DURING
    during = inputs.during.inner_months()
    if not during:
        return NO_WHOLE_MONTH
    ends = [inputs.during.start - timedelta(days=1)]
    ends += [inputs.live_from - timedelta(days=1)] if inputs.live_from else []
    ends += [inputs.before.end] if inputs.before else []
    wanted = set(choices.get("comparators", "").split(MANY)) & set(names)
    baseline = BASELINES.get(choices.get("baseline", ""), BASELINE_MONTHS)
    return _series(inputs), {
        "first_month": during[0], "last_month": during[-1], "last_before": _last_whole(min(ends)),
        "baseline_months": baseline, "comparators": tuple(n for n in names if not wanted or n in wanted),
    }  # fmt: skip


def _series(inputs: Inputs) -> pd.DataFrame:
    """The treated area (months that every one of its places has) and the comparators: place, month, crimes."""
    own = inputs.area_months()
    others = inputs.places[inputs.places["role"] == "comparator"]
    others = others[others["place"] != inputs.area_name]
    found = pd.concat([own.assign(place=inputs.area_name), others], ignore_index=True)
    kept: pd.DataFrame = found[["place", "month", "crimes"]]
    return kept


def _last_whole(day: date) -> str:
    """The last month that is over by the end of ``day``."""
    following = day + timedelta(days=1)
    first = parse_month(month_of(following))
    return month_of(first - timedelta(days=1))


def _without_baseline(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "baseline_months"}


def _records(inputs: Inputs, series: pd.DataFrame, first: str, options: dict[str, Any]) -> dict[str, Result]:
    treated, plain = inputs.area_name, _without_baseline(options)
    registered = options["baseline_months"] == BASELINE_MONTHS
    return {
        # Another baseline than the registered one has no error rate of its own.
        "did": did(series, treated, first, **options, method_key="did" if registered else ""),
        "before_selection": _before_selection(inputs, series, first, options),
        "sdid": sdid(series, treated, first, **plain),
        "wdd": wdd_comparators(series, treated, first, **options),
        "sdid_plain": sdid_plain(series, treated, first, **plain),
        "rirr": rirr(series, treated, first, **options),
        "rirr_phi": rirr_phi(series, treated, first, **options),
        "twfe": twfe(series, treated, first, **plain),
    }


def _before_selection(inputs: Inputs, series: pd.DataFrame, first: str, options: dict[str, Any]) -> Result:
    """The default with a baseline that ends before the months on whose counts the places were chosen."""
    if inputs.selection is None:
        return Refusal(ESTIMAND, NOT_STATED)
    last = min(_last_whole(inputs.selection.start - timedelta(days=1)), options["last_before"])
    if not (series.loc[series["place"] == inputs.area_name, "month"] <= last).any():
        return Refusal(
            ESTIMAND, f"No crimes are loaded from before the selection ({formats.period(inputs.selection)})."
        )
    return did(series, inputs.area_name, first, **{**options, "last_before": last}, method_key="")


# --- tables and facts --------------------------------------------------------------------------------------------------


def _table(found: pd.DataFrame | Refusal) -> pd.DataFrame:
    return pd.DataFrame() if isinstance(found, Refusal) else found


def _why(found: Any) -> str:
    return found.reason if isinstance(found, Refusal) else ""


def _places(panel: Panel) -> pd.DataFrame:
    """Each place's own change: place, treated, before and during (crimes, months), ratio of monthly rates."""
    rows = []
    for i, place in enumerate(panel.places):
        totals = [panel.counts[i, w & panel.known[i]].sum() for w in (panel.before, panel.during)]
        times = [panel.exposure[i, w].sum() for w in (panel.before, panel.during)]
        ratio = (totals[1] / times[1]) / (totals[0] / times[0]) if totals[0] > 0 else float("inf")
        rows.append((place, i == 0, int(totals[0]), int(times[0]), int(totals[1]), int(times[1]), float(ratio)))
    columns = ["place", "treated", "before", "months_before", "during", "months_during", "ratio"]
    return pd.DataFrame(rows, columns=columns).sort_values(["ratio", "place"], ignore_index=True)


def indexed(panel: Panel) -> pd.DataFrame:
    """Each month as a per cent of the place's own baseline: ``month``, ``window``, ``ours``, ``mean``, ``lowest``, ``highest``."""
    rates = np.where(panel.known, panel.counts / np.where(panel.known, panel.exposure, 1.0), np.nan)
    baseline = np.array([rates[i, panel.before & panel.known[i]].mean() for i in range(len(panel.places))])
    with np.errstate(divide="ignore", invalid="ignore"):
        index = np.where(baseline[:, None] > 0, 100 * rates / baseline[:, None], np.nan)
    others = pd.DataFrame(index[1:])
    window = np.select([panel.before, panel.during, panel.pre], ["baseline", "during", "earlier"], "in neither")
    return pd.DataFrame(
        {
            "month": panel.months, "window": window, "ours": index[0], "mean": others.mean(), "lowest": others.min(),
            "highest": others.max(), "crimes": panel.counts[0],
        }
    )  # fmt: skip


def _facts(panel: Panel, inputs: Inputs) -> dict[str, Any]:
    found = changes_of(panel)
    windows = {name: np.flatnonzero(w) for name, w in (("before", panel.before), ("during", panel.during))}
    return {
        "treated": panel.treated,
        "comparators": panel.comparators,
        "own_ratio": float(np.exp(found.own.mean())),
        "comparators_ratio": float(np.exp(found.other.mean())),
        "point": float(np.exp(found.gaps.mean())),
        "live_from": inputs.live_from.isoformat() if inputs.live_from else "",
        **{f"first_{name}": str(panel.months[at[0]]) for name, at in windows.items()},
        **{f"last_{name}": str(panel.months[at[-1]]) for name, at in windows.items()},
        **{f"months_{name}": len(at) for name, at in windows.items()},
    }


def _trend_facts(panel: Panel) -> dict[str, Any]:
    found = pre_trend(panel)
    if found is None:
        return {"trend": None}
    return {"trend": found.gap, "trend_low": found.low, "trend_high": found.high, "trend_p": found.p}


def _rank_facts(rank: PlaceboRank | Refusal) -> dict[str, Any]:
    if isinstance(rank, Refusal):
        return {"placebo_p": None, "why_no_placebo": rank.reason}
    return {
        "placebo_p": rank.p_two_sided,
        "placebo_rank": rank.rank_low,
        "placebo_floor": rank.floor,
        "why_no_placebo": "",
    }


def _study_facts(study: EventStudy | Refusal) -> dict[str, Any]:
    if isinstance(study, Refusal):
        return {"leads_p": None, "why_no_leads": study.reason}
    return {"leads_p": study.joint_p, "leads_df": list(study.joint_df or ()), "why_no_leads": study.why_not}

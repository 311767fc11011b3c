"""Every reasonable way to analyse the same data, side by side: the specification curve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.building import p_of, reach_of
from analysis.evaluation.models.clustered import clustered_covariance
from analysis.evaluation.patrol_days.model import fit_days
from analysis.evaluation.patrol_days.panel import Variation, cluster_codes, prepare, usable_conditions, with_days
from analysis.evaluation.record import Refusal, ResultRecord

CHANCE = "chance alone"
SETTINGS = ("outcome", "adjusted", "compared", "days", "error")
COLUMNS = ("question", *SETTINGS, "ratio", "low", "high", "p", "events", "registered", "why")


@dataclass(frozen=True)
class Summary:
    """What a curve says as a whole; shares of the estimates made."""

    made: int
    refused: int
    median: float
    lowest: float
    highest: float
    below_1: float
    leaves_out_1: float  # interval wholly below 1 or wholly above
    registered_rank: int | None  # 1 = lowest ratio


def specification_curve(
    choices: Mapping[str, Sequence[str]],
    estimate: Callable[[Mapping[str, str]], ResultRecord | Refusal],
    registered: Mapping[str, str],
) -> pd.DataFrame:
    """Every combination of the choices, estimated, lowest ratio first, the registered one marked.

    With choices of m_1, m_2, ... values there are m_1 x m_2 x ... analyses; each is made as it would be alone. The summary
    counts those made and refused, the median ratio, and the shares below 1 and with an interval that leaves out 1.

    Parameters
    ----------
    choices : mapping of str to sequence of str
        What may be chosen, and the values each may take; all combinations are made.
    estimate : callable
        Takes one combination; a Refusal is kept as a row without numbers, so that nothing drops out silently.
    registered : mapping of str to str
        The combination of the analysis plan.

    Returns
    -------
    DataFrame
        A column a choice, then ``ratio``, ``low``, ``high``, ``p``, ``events``, ``registered``, ``why``.

    Notes
    -----
    How it can mislead: combinations share their data, so that fifty alike are one finding, not fifty; a curve full of
    bad choices drowns a good one; and all of them may share one bias that no choice here removes. The share that
    "leaves out 1" is no test.

    References
    ----------
    Simonsohn, U., Simmons, J. P. & Nelson, L. D. (2020). Specification curve analysis. Nature Human Behaviour 4.
    Steegen, S., Tuerlinckx, F., Gelman, A. & Vanpaemel, W. (2016). Increasing transparency through a multiverse analysis.

    Examples
    --------
    >>> from analysis.evaluation.before_after.counts import TwoCounts, exact_conditional
    >>> counts = {"2022": 120, "2021": 100}
    >>> curve = specification_curve(
    ...     {"before": ["2022", "2021"]}, lambda c: exact_conditional(TwoCounts(counts[c["before"]], 90, 1, 1)), {"before": "2022"}
    ... )
    >>> curve[["before", "registered"]].values.tolist()
    [['2022', True], ['2021', False]]
    """
    rows = []
    for values in product(*choices.values()):
        chosen = dict(zip(choices, values, strict=True))
        rows.append({**chosen, **_numbers(estimate(chosen)), "registered": chosen == dict(registered)})
    return pd.DataFrame(rows).sort_values("ratio", na_position="last", kind="stable", ignore_index=True)


def _numbers(found: ResultRecord | Refusal) -> dict[str, Any]:
    if isinstance(found, Refusal):
        return {**dict.fromkeys(("ratio", "low", "high", "p", "events"), float("nan")), "why": found.reason}
    p = float("nan") if found.p is None else found.p
    return {
        "ratio": found.estimate, "low": found.ci_low, "high": found.ci_high, "p": p, "events": float(found.n_events),
        "why": "",
    }  # fmt: skip


def summary_of(curve: pd.DataFrame) -> Summary | None:
    """The curve in numbers; None without one estimate. Rows of chance alone are yardsticks and not counted."""
    curve = curve[curve["error"] != CHANCE] if "error" in curve else curve
    made = curve.dropna(subset=["ratio"]).sort_values("ratio", kind="stable", ignore_index=True)
    if made.empty:
        return None
    marked = np.flatnonzero(made["registered"].to_numpy(bool))
    out = (made["high"] < 1) | (made["low"] > 1)
    return Summary(
        len(made), len(curve) - len(made), float(made["ratio"].median()), float(made["ratio"].min()),
        float(made["ratio"].max()), float((made["ratio"] < 1).mean()), float(out.mean()),
        int(marked[0]) + 1 if len(marked) else None,
    )  # fmt: skip


PATROL = "patrol days"
OUTCOMES = {
    "crimes": "service hours",
    "crimes_by_start": "service hours, by start",
    "whole_day": "whole day, by start",
}
STRATA = {"4 weeks": "same four weeks", "week": "same week", "none": "same hot spot only"}
CLUSTERS = ("day", "week", "hot spot")
EVERY_DAY = "every day"


def patrol_curve(days: pd.DataFrame, provisional_from: Any = None) -> pd.DataFrame:
    """The curve of patrol days: outcome x adjustment x strata x days x clustering; one fit serves all clusterings.

    Parameters
    ----------
    days : DataFrame
        ``DAYS`` of the inputs.
    provisional_from : date, optional
        Days from it on are left out in half of the combinations.
    """
    rows: list[dict[str, Any]] = []
    if days.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    days = _lean(days)
    for (outcome, adjusted, covariates, strata, words), part in _patrol_choices(days, provisional_from):
        base = {"question": PATROL, "outcome": OUTCOMES[outcome], "adjusted": adjusted, "compared": STRATA[strata]}
        default = (outcome, strata, words) == ("crimes", "4 weeks", EVERY_DAY) and adjusted == _adjustments(days)[0][0]
        for cluster, numbers in _fits(part, outcome, covariates, strata).items():
            rows.append(
                {**base, "days": words, "error": f"by {cluster}", **numbers, "registered": default and cluster == "day"}
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _lean(days: pd.DataFrame) -> pd.DataFrame:
    """Dates converted once and no column that no combination takes: each of them copies the panel."""
    wanted = ("hot_spot", "local_date", "patrol", *OUTCOMES, *usable_conditions(days))
    return with_days(days[[name for name in wanted if name in days]])


def _adjustments(days: pd.DataFrame) -> list[tuple[str, tuple[str, ...]]]:
    """Adjustments in words with their columns, the registered one first; weekday is in all of them."""
    usable, previous = usable_conditions(days), ("previous_7_days",)
    found = [("all conditions", usable)] if set(usable) - set(previous) else []
    if "previous_7_days" in usable:
        found.append(("crimes of 7 days before", previous))
    return [*found, ("weekday only", ())]


Patrol = tuple[str, str, tuple[str, ...], str, str]


def _patrol_choices(days: pd.DataFrame, provisional_from: Any) -> Iterator[tuple[Patrol, pd.DataFrame]]:
    parts = {EVERY_DAY: days}
    if provisional_from is not None:
        settled = days[days["local_date"] < pd.Timestamp(provisional_from)]
        if 0 < len(settled) < len(days):
            parts["without provisional days"] = settled
    for (adjusted, covariates), outcome, strata, (words, part) in product(
        _adjustments(days), [o for o in OUTCOMES if o in days], STRATA, parts.items()
    ):
        yield (outcome, adjusted, covariates, strata, words), part


def _fits(panel: pd.DataFrame, outcome: str, covariates: tuple[str, ...], strata: str) -> dict[str, dict[str, Any]]:
    """The numbers of one fit by clustering."""
    prepared = prepare(panel, outcome, ["patrol"], covariates, strata)
    reason = Variation.of(prepared, "patrol").reason_to_refuse()
    found = reason or fit_days(prepared, ("patrol",), covariates, cluster="none", asked="Patrol days")
    if isinstance(found, str):
        return {cluster: _numbers(Refusal("", found)) for cluster in CLUSTERS}
    made, at = {}, found.names.index("patrol")
    for cluster in CLUSTERS:
        codes = cluster_codes(prepared.rows, cluster)
        if codes.max() < 1:
            made[cluster] = _numbers(Refusal("", f"All events fall in one {cluster}."))
            continue
        clustered = clustered_covariance(found.fit.scores, found.fit.cov_model, [codes])
        se, df = float(np.sqrt(max(0.0, clustered.covariance[at, at]))), float(min(clustered.groups) - 1)
        b, reach = found.value("patrol"), reach_of(se, df)
        made[cluster] = {
            "ratio": float(np.exp(b)), "low": float(np.exp(b - reach)), "high": float(np.exp(min(700.0, b + reach))),
            "p": p_of(b, se, df), "events": float(round(prepared.y.sum())), "why": "",
        }  # fmt: skip
    return made

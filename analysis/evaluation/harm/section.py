"""Did harm change, or only the number of crimes? Patrol days, before and during, and how far single crimes decide it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.evaluation.claims import harm_claim
from analysis.evaluation.harm.as_counts import harm_as_counts
from analysis.evaluation.harm.bootstrap import NO_WEEKS, days_bootstrap, week_bootstrap, weeks_of
from analysis.evaluation.harm.claim import days_claim
from analysis.evaluation.harm.headline import harm_windows
from analysis.evaluation.harm.leverage import CAP_DAYS, TOPS, Leverage, capped, days_without_top, without_top
from analysis.evaluation.harm.patrol import COUNT, ESTIMAND, SEVERITY, HarmDays, harm_days_split, harm_ppml, harm_ri
from analysis.evaluation.harm.split import HarmSplit
from analysis.evaluation.inputs import WINDOWS, Inputs
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.section import Choices, Result, Section

CAPPED = "harm_capped_days"
NO_DAYS = "Patrol days are not known, so harm on them cannot be compared."
BETWEEN = "Harm days, during / before"


def section(inputs: Inputs, choices: Choices) -> Section:
    """Harm; see :mod:`analysis.evaluation.section`. ``choices["cap"]``: "365" caps each crime everywhere ("" is no cap)."""
    cap = choices.get("cap", "") == f"{CAP_DAYS:g}"
    days, levers = _days(inputs, CAPPED if cap else "harm_days")
    between, more, tables = _windows(inputs, cap)
    # The headline first: patrol days, then what describes the change between the windows.
    records: dict[str, Result] = {**days, **between}
    tables["leverage"] = pd.DataFrame([*(_lever("patrol days", one) for one in levers), *more])
    facts: dict[str, Any] = {"cap": cap, "days_claim": days_claim(days["ppml"], days["days_severity"]).sentence}
    parts = [records[key] for key in ("total", "count", "severity")]
    facts["claim"] = _between_claim(parts)
    return Section("harm", records, tables, facts, tried=len(records))


def _between_claim(parts: list[Result]) -> str:
    known = [part for part in parts if isinstance(part, ResultRecord)]
    if len(known) == len(parts):
        return harm_claim(*known).sentence
    reason = next(part.reason for part in parts if isinstance(part, Refusal))
    return f"Harm before and during the service cannot be compared. {reason}"


# --- patrol days --------------------------------------------------------------------------------------------


_DAYS = {
    "ppml": ESTIMAND,
    "ri": ESTIMAND,
    "days_count": COUNT,
    "days_severity": SEVERITY,
    "days_capped": "Harm days on patrol days / other days, each crime at most 365",
    "days_bootstrap": ESTIMAND,
    **{f"days_without_{top}": f"Harm days without the top {top}, patrol days / other days" for top in TOPS},
    "days_as_counts": "Harm days read as counts, patrol days / other days",
}


def _days(inputs: Inputs, outcome: str) -> tuple[dict[str, Result], list[Leverage]]:
    panel = inputs.days
    if panel.empty:
        return {key: Refusal(words, inputs.why_empty("days", NO_DAYS)) for key, words in _DAYS.items()}, []
    if not (panel[outcome] > 0).any():
        reason = inputs.why_empty("scored", "No crime in the service window has a harm weight.")
        return {key: Refusal(words, reason) for key, words in _DAYS.items()}, []
    split = harm_days_split(panel, outcome=outcome)
    levers = [days_without_top(panel, top=top, outcome=outcome) for top in TOPS]
    found: dict[str, Result] = {
        "ppml": harm_ppml(panel, outcome=outcome),
        "ri": harm_ri(panel, outcome=outcome),
        "days_count": split.count if isinstance(split, HarmDays) else split,
        "days_severity": split.severity if isinstance(split, HarmDays) else split,
        "days_capped": harm_ppml(panel, outcome=CAPPED, estimand=_DAYS["days_capped"], method_key="harm-capped"),
        "days_bootstrap": days_bootstrap(panel, outcome=outcome),
        **{f"days_without_{top}": lever.result for top, lever in zip(TOPS, levers, strict=True)},
        "days_as_counts": harm_ppml(
            panel, outcome=outcome, cluster="none", estimand=_DAYS["days_as_counts"], method_key="harm-as-counts"
        ),
    }
    return found, levers


# --- before and during --------------------------------------------------------------------------------------


_BETWEEN = {
    "total": BETWEEN,
    "count": "Number of scored crimes, during / before",
    "severity": "Harm per scored crime, during / before",
    "capped": f"{BETWEEN}, each crime at most 365",
    "capped_severity": "Harm per scored crime, each at most 365, during / before",
    "bootstrap_total": BETWEEN,
    "bootstrap_severity": "Harm per scored crime, during / before",
    **{f"without_{top}": f"{BETWEEN}, without the top {top}" for top in TOPS},
    "as_counts": f"{BETWEEN}, read as counts",
}


def _windows(inputs: Inputs, cap: bool) -> tuple[dict[str, Result], list[dict[str, Any]], dict[str, pd.DataFrame]]:
    held = harm_windows(inputs)
    if isinstance(held, Refusal):
        return {key: Refusal(words, held.reason) for key, words in _BETWEEN.items()}, [], {}
    scored = inputs.scored
    if cap:
        held = replace(held, weights={w: capped(held.weights[w]) for w in WINDOWS})
        scored = scored.assign(harm_days=capped(scored["harm_days"].tolist()))
    split, limited = held.split(), held.split(cap=True, method_key="harm-capped")
    found: dict[str, Result] = {key: _part(split, key) for key in ("total", "count", "severity")}
    found |= {"capped": _part(limited, "total"), "capped_severity": _part(limited, "severity")}
    found |= _bootstrapped(inputs, scored)
    levers = [without_top(held.weights["before"], held.weights["during"], *held.exposure.values(), top=top, **held.options)
              for top in TOPS]  # fmt: skip
    found |= {f"without_{top}": lever.result for top, lever in zip(TOPS, levers, strict=True)}
    found["as_counts"] = harm_as_counts(*(sum(held.weights[w]) for w in WINDOWS), *held.exposure.values())
    tables = {"gravest": _gravest(held.weights), "split": _split_table(split)}
    return found, [_lever("before and during", one) for one in levers], tables


def _part(split: HarmSplit | Refusal, name: str) -> Result:
    if isinstance(split, Refusal):
        return split
    found: ResultRecord = getattr(split, name)
    return found


def _bootstrapped(inputs: Inputs, scored: pd.DataFrame) -> dict[str, Result]:
    keys = ("bootstrap_total", "bootstrap_severity")
    if not (inputs.before and inputs.during):
        return {key: Refusal(_BETWEEN[key], "The windows have no dates.") for key in keys}
    spans = (("before", inputs.before), ("during", inputs.during))
    weeks = [weeks_of(scored, name, span.start, span.end) for name, span in spans]
    if weeks[0] is None or weeks[1] is None:
        return {key: Refusal(_BETWEEN[key], NO_WEEKS) for key in keys}
    found = week_bootstrap(weeks[0], weeks[1])
    if isinstance(found, Refusal):
        return dict.fromkeys(keys, found)
    return dict(zip(keys, (found.total, found.severity), strict=True))


def _lever(what: str, one: Leverage) -> dict[str, Any]:
    result = one.result
    known = isinstance(result, ResultRecord)
    return {
        "compared": what, "dropped": one.dropped, "dropped_first": one.dropped_before, "dropped_second": one.dropped_during,
        "share": one.share,
        "ratio": result.estimate if isinstance(result, ResultRecord) else float("nan"),
        "low": result.ci_low if isinstance(result, ResultRecord) else float("nan"),
        "high": result.ci_high if isinstance(result, ResultRecord) else float("nan"),
        "why": "" if known else getattr(result, "reason", ""),
    }  # fmt: skip


def _gravest(weights: Mapping[str, list[float]], most: int = 20) -> pd.DataFrame:
    """[window, rank, harm_days, share, cumulative]: the gravest crimes of each window, by their weight alone."""
    parts = []
    for window in WINDOWS:
        ordered = pd.Series(sorted(weights[window], reverse=True), dtype=float)
        total = float(ordered.sum())
        if not total:
            continue
        top = ordered.head(most)
        parts.append(pd.DataFrame({
            "window": window, "rank": range(1, len(top) + 1), "harm_days": top, "share": top / total,
            "cumulative": top.cumsum() / total,
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _split_table(split: HarmSplit | Refusal) -> pd.DataFrame:
    """[part, before, during, ratio, low, high]: total, number, harm per crime."""
    if isinstance(split, Refusal):
        return pd.DataFrame()
    rows = (
        ("Total harm (days)", split.harm_before, split.harm_during, split.total),
        ("Scored crimes", split.scored_before, split.scored_during, split.count),
        ("Harm per scored crime (days)", split.severity_before, split.severity_during, split.severity),
    )
    return pd.DataFrame(
        [(name, float(b), float(d), r.estimate, r.ci_low, r.ci_high) for name, b, d, r in rows],
        columns=["part", "before", "during", "ratio", "low", "high"],
    )

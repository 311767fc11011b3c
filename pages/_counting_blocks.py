"""Blocks of "How minutes are counted": three ways side by side, the rules, each device, calibration, history."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analysis.dosage.bridge import SPARSE_FROM_S
from analysis.dosage.bridge_calibration import OWN_TRACKERS
from analysis.dosage.rules import Rules
from components import figures, palette
from components.block import Block, register_block
from components.columns import Column, count, decimal, share, text
from components.view import View
from data_access import counted, rule_changes
from domain import formats
from domain.roles import Permission
from pages._counting_words import RULES, SHIFT_WHY, differences, said, shifts_text

WAYS = (
    ("plain", "plain_patrol_minutes", None, None),
    ("by the rules", "rule_patrol_minutes", None, None),
    ("estimate", "estimated_patrol_minutes", "estimated_low", "estimated_high"),
)


def _more(rules: float, plain: float) -> str:
    if not plain:
        return "nothing to compare with"
    share = rules / plain - 1
    return "less than 0.1% apart" if abs(share) < 0.0005 else formats.signed_percent(share, 1)


def _methods_sentence(frame: pd.DataFrame, view: View) -> str:
    parts = []
    for row in frame.itertuples():
        part = (
            f"{row.provider_name}: {formats.number(row.plain_patrol_minutes)} patrol-minutes counted plainly, "
            f"{formats.number(row.rule_patrol_minutes)} by the rules ({_more(row.rule_patrol_minutes, row.plain_patrol_minutes)})"
        )
        if row.estimated_patrol_minutes == row.estimated_patrol_minutes:
            part += (
                f", {formats.number(row.estimated_patrol_minutes)} with estimates where trackers are sparse "
                f"(95% range {formats.number(row.estimated_low)} to {formats.number(row.estimated_high)})"
            )
        parts.append(part)
    said = (
        "By the rules is visits, as shown on Patrols, and passing through: "
        + "; ".join(
            f"{row.provider_name} {formats.number(row.visit_minutes)} and {formats.number(row.passed_through_minutes)}"
            for row in frame.itertuples()
        )
        + "."
    )
    return " ".join(["; ".join(parts) + ".", said, *_gap_warnings(frame)])


def _gap_warnings(frame: pd.DataFrame) -> list[str]:
    """Where the gap rule is too short for a provider's trackers, most of its presence is not counted."""
    return [
        f"Warning: the sparse trackers of {row.provider_name} need a “silence that ends presence” of at least "
        f"{formats.number(math.ceil(row.needed_gap_s / 60))} minutes ({counted.INTERVALS_A_GAP_NEEDS} of their own intervals); "
        "the rule in force is shorter, so plain minutes and minutes by the rules miss much of what those did."
        for row in frame.dropna(subset=["needed_gap_s"]).itertuples()
    ]


def _methods_figure(frame: pd.DataFrame, view: View) -> go.Figure:
    drawn = [
        (f"{row['provider_name']}, {way}", row[value], row[low] if low else None, row[high] if high else None, row["provider"])
        for row in frame.to_dict("records")
        for way, value, low, high in WAYS
        if row[value] == row[value]
    ]  # fmt: skip
    styles = [palette.provider_style(view.programme, d[4]) for d in drawn]
    return figures.dots_with_intervals(
        labels=[d[0] for d in drawn], values=[d[1] for d in drawn], lows=[d[2] for d in drawn],
        highs=[d[3] for d in drawn], unit="patrol-minutes inside hot spots", colours=[s[0] for s in styles],
        symbols=[s[1] for s in styles], texts=[formats.number(d[1]) for d in drawn],
    )  # fmt: skip


METHODS = register_block(
    Block(
        id="minutes-by-method",
        title="The same presence, counted in different ways",
        permission=Permission.VIEW_PATROLS,
        frame=lambda view: counted.minutes_by_method(view.scope, view.filters),
        sentence=_methods_sentence,
        caption=lambda view: (
            "Plain: exact crossings of the boundary and the gap rule, nothing else. By the rules: GPS wander bridged and short silences credited; "
            "the portal's figures use these, visits without passing through. Estimate: only for trackers with more than "
            f"{SPARSE_FROM_S:g} seconds between positions in a month, minutes by the rules standing for the others; the range adds the variances of days and places and the calibration's own bias. "
            "All of them include passing through."
        ),
        columns=lambda view: [
            text("provider_name", "Provider"),
            decimal("median_interval_s", "Median interval (s)", 0),
            decimal("plain_patrol_minutes", "Plain (patrol-minutes)", 0),
            decimal("rule_patrol_minutes", "By the rules (patrol-minutes)", 0),
            decimal("visit_minutes", "Of it visits, as on Patrols", 0),
            decimal("passed_through_minutes", "Of it passing through", 0),
            decimal("bridged_minutes", "Of it bridged", 0),
            decimal("silent_minutes", "Of it silences credited", 0),
            decimal("estimated_patrol_minutes", "Estimate (patrol-minutes)", 0),
            decimal("estimated_low", "Estimate from", 0),
            decimal("estimated_high", "Estimate to", 0),
            text("basis", "Compared with others by"),
        ],
        figure=_methods_figure,
        table_open=True,
    )
)  # fmt: skip


def _rules_frame(view: View) -> pd.DataFrame:
    held = rule_changes.current_rules(view.scope, view.programme.code)
    rows: list[dict[str, Any]] = [
        {"rule": r.label, **{code: said(rules, r) for code, rules in held.items()}, "default": said(Rules(), r), "why": r.why}
        for r in RULES
    ]  # fmt: skip
    shifts = {code: shifts_text(rules) or "all hours" for code, rules in held.items()}
    rows.append({"rule": "Shifts", **shifts, "default": "all hours", "why": SHIFT_WHY})
    doses = {
        p.code: formats.joined([f"{d.minutes:g} minutes from {formats.day(d.start)}" for d in p.planned_dose]) or "none set"
        for p in view.programme.providers
    }  # fmt: skip
    why = "A visit at or over it on its day counts as compliant; no minute depends on it."
    rows.append({"rule": "Planned dose of a visit", **doses, "default": formats.NOT_APPLICABLE, "why": why})
    return pd.DataFrame(rows)


def _rules_sentence(frame: pd.DataFrame, view: View) -> str:
    held = rule_changes.current_rules(view.scope, view.programme.code)
    changed = [view.programme.provider_name(code) for code, rules in held.items() if rules != Rules()]
    if not changed:
        return "Every provider's minutes are counted by the default rules."
    return f"Minutes of {formats.joined(changed)} are counted by rules of their own; the others' by the defaults."


def _rules_columns(view: View) -> list[Column]:
    providers = [text(p.code, p.name) for p in view.programme.providers]
    return [text("rule", "Rule"), *providers, text("default", "Default"), text("why", "Why")]


RULES_BLOCK = register_block(
    Block(
        id="counting-rules",
        title="The rules in force",
        permission=Permission.VIEW_PATROLS,
        frame=_rules_frame,
        sentence=_rules_sentence,
        caption=lambda view: (
            "Set for each provider by a manager; every change is kept with its reason and what it moved."
        ),
        columns=_rules_columns,
        table_open=True,
        covers=lambda view: f"{view.programme.name}, all dates",
    )
)


def _devices_sentence(frame: pd.DataFrame, view: View) -> str:
    fastest, slowest = float(frame["interval_s"].min()), float(frame["interval_s"].max())
    sparse = int((frame["sparse_months"] > 0).sum())
    said_sparse = (
        f"{sparse} of {len(frame)} were sparse (over {SPARSE_FROM_S:g} seconds) in one month or more"
        if sparse
        else "None was sparse in any month"
    )
    return (
        f"{len(frame)} trackers reported every {formats.number(fastest)} to {formats.number(slowest)} seconds (median of each device's days). "
        f"{said_sparse}."
    )  # fmt: skip


DEVICES = register_block(
    Block(
        id="tracker-devices",
        title="What each tracker can support",
        permission=Permission.SEE_DAYS,
        frame=lambda view: counted.devices(view.scope, view.filters),
        sentence=_devices_sentence,
        caption=lambda view: (
            "Intervals are read from the data, device by device. Uptime: tracked time over tracked time and lost signal. Dropped: positions that the "
            "device's own interval of the day would have given and that are not there. Trackers are not tied to a hot spot: that filter is ignored."
        ),
        columns=lambda view: [
            text("device", "Tracker"),
            text("provider_name", "Provider"),
            count("days", "Days with positions"),
            count("pings", "Positions"),
            decimal("interval_s", "Median interval (s)", 0),
            count("sparse_months", "Sparse months"),
            share("uptime", "Uptime, %", 1),
            share("dropped_share", "Dropped positions, %", 1),
        ],
    )
)


def _calibration_sentence(frame: pd.DataFrame, view: View) -> str:
    """Against what, which differs: a force's own tracks are compared with counted minutes, the simulation with truth."""
    own = frame["basis"].str.startswith(OWN_TRACKERS)
    against = [
        words
        for words, some in (
            ("minutes that the rules gave for this force's own dense trackers", own.any()),
            ("the exact truth of simulated patrols", (~own).any()),
        )
        if some
    ]
    return (
        "The range of each estimate was calibrated: dense tracks were thinned to the sparse rate, estimated, and compared with "
        f"{formats.joined(against)}."
    )


CALIBRATION = register_block(
    Block(
        id="estimate-calibration",
        title="What the estimate for sparse trackers rests on",
        permission=Permission.VIEW_PATROLS,
        frame=lambda view: counted.calibrations(view.scope, view.filters),
        sentence=_calibration_sentence,
        caption=lambda view: (
            "Coverage: share of 95% ranges of a team, hot spot and day that held the minutes compared with, on the half of the teams' days that did not set the "
            "range (drawn at random). Bias of the shipped calibration is that of the way of patrolling with the largest. Trackers of people on foot say little about cars."
        ),
        columns=lambda view: [
            text("provider", "Provider", view.programme.provider_name),
            decimal("interval_s", "Thinned to (s)", 0),
            text("basis", "From"),
            count("cells", "Places x days"),
            share("bias_share", "Bias, %", 1),
            share("coverage", "Coverage, %", 0),
        ],
        table_open=True,
        if_empty=lambda view: (
            f"No tracker of this period has more than {SPARSE_FROM_S:g} seconds between positions, so no estimate is needed.",
            "Providers are compared by the minutes that the rules give.",
        ),
    )
)  # fmt: skip


def _history_frame(view: View) -> pd.DataFrame:
    changes = rule_changes.rule_history(view.scope, view.programme.code)
    rows, later = [], list(changes)
    for number, change in enumerate(later):
        before = next((c.rules for c in later[number + 1 :] if c.provider == change.provider), Rules())
        minutes = change.moved.get("total", {}).get("patrol_minutes", [None, None])
        reached = change.moved.get("total", {}).get("visits_at_dose", [None, None])
        rows.append({
            "changed_at": change.changed_at, "provider_name": change.provider_name, "changed_by": change.changed_by,
            "what": _what(change, before), "reason": change.reason,
            "minutes_before": minutes[0], "minutes_after": minutes[1], "reached_before": reached[0], "reached_after": reached[1],
        })  # fmt: skip
    names = ["changed_at", "provider_name", "what", "reason", "minutes_before", "minutes_after", "reached_before",
             "reached_after", "changed_by"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def _what(change: rule_changes.Change, before: Rules) -> str:
    dose = change.moved.get("planned_dose")
    if not dose:
        return "; ".join(differences(before, change.rules))
    was = f"{dose['before']:g} to " if dose["before"] is not None else ""
    return f"planned dose {was}{dose['minutes']:g} minutes from {formats.day(date.fromisoformat(dose['from']))}"


HISTORY = register_block(
    Block(
        id="counting-history",
        title="What was changed, when and by whom",
        permission=Permission.SEE_DAYS,
        frame=_history_frame,
        sentence=lambda frame, view: (
            f"{len(frame)} change{'' if len(frame) == 1 else 's'} so far; the newest on {formats.day(frame['changed_at'].iloc[0])}."
        ),
        caption=lambda view: "Minutes and visits are over everything held when the change was made.",
        columns=lambda view: [
            text("changed_at", "When", formats.local_time),
            text("provider_name", "Provider"),
            text("what", "What"),
            text("reason", "Why"),
            decimal("minutes_before", "Patrol-minutes before", 0),
            decimal("minutes_after", "Patrol-minutes after", 0),
            decimal("reached_before", "Visits at dose before", 0),
            decimal("reached_after", "Visits at dose after", 0),
            text("changed_by", "Who"),
        ],
        table_open=True,
        covers=lambda view: f"{view.programme.name}, all dates",
        if_empty=lambda view: ("The rules have never been changed.", "Minutes are counted by the defaults."),
    )
)  # fmt: skip

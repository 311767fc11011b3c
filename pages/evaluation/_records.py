"""Every estimate of a section as one block: forest, table and CSV; and its checks as another.

    FOREST = estimates_block(
        id="harm-estimates", section="harm", title="Every estimate of harm side by side",
        labels={"ppml": "Default", "capped": "Each crime at most 365 days"},   # by record key, in this order
        sentence=lambda frame, view: ..., why="...", misleads="...",
    )
    CHECKS = checks_block(id="harm-checks", section="harm", labels=LABELS)

Ratios and differences are different axes, so a block holds one scale (``scale="difference"`` for the other).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analysis.evaluation.calibration.gate import MOST_ALARMS
from analysis.evaluation.catalogue import Use, methods
from analysis.evaluation.claims import WAYS, other_ways
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.section import Section
from components import figures, palette
from components.block import Block
from components.columns import Column, count, text
from components.view import View
from data_access.evaluation.tables import NOT_MEASURED, OUTCOMES, check_value
from domain import formats
from domain.roles import Permission
from pages.evaluation._page import section_of

# The axis of ratios ends here; an interval that runs on is drawn to the end and given in full in the table.
AXIS = (0.1, 10.0)
TICKS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 10.0)
STYLE = {
    Use.DEFAULT: (palette.DARK_BLUE, "circle"),
    Use.SENSITIVITY: (palette.TURQUOISE, "diamond"),
    Use.COMPARISON: (palette.QUIET, "x-thin-open"),
    Use.SUPPORT: (palette.QUIET, "circle-open"),
}
READING = (
    "Lines are 95% intervals; filled circle: the headline method; diamond: beside it; cross: only for comparison with other "
    "studies. False alarm rate: how often the method signals when nothing happened, measured by simulation. Fewer than at a "
    "ratio of 1: counted x (1 / ratio - 1), counted being what was recorded during the service or on patrol days; below 0 means more."
)
_NUMBERS = ("estimate", "low", "high", "p", "mde80", "events", "level")


def use_of(record: ResultRecord | Refusal) -> Use:
    """The role of the record's method; a record without a method page supports the others."""
    method = methods().get(record.method_key) if isinstance(record, ResultRecord) else None
    return method.use if method else Use.SUPPORT


def records_frame(
    records: Mapping[str, ResultRecord | Refusal], labels: Mapping[str, str] | None = None, scale: str = "ratio"
) -> pd.DataFrame:
    """One row a record of the scale, or a refusal's reason, in the order of ``labels`` (the section's own without)."""
    order: Iterable[str] = labels if labels is not None else records
    rows = [
        _row(key, (labels or {}).get(key, ""), records[key])
        for key in order
        if key in records and (isinstance(records[key], Refusal) or records[key].scale == scale)  # type: ignore[union-attr]
    ]
    return pd.DataFrame(
        rows, columns=["key", "name", "use", "unit", *_NUMBERS, *WAYS, "false_alarms", "type1", "coverage", "how"]
    )


def _row(key: str, label: str, record: ResultRecord | Refusal) -> dict[str, Any]:
    if isinstance(record, Refusal):
        blank = dict.fromkeys(_NUMBERS, float("nan"))
        return {
            "key": key, "name": label or record.estimand, "use": formats.NOT_APPLICABLE, "unit": "", **blank,
            **dict.fromkeys(WAYS, formats.NOT_APPLICABLE),
            "false_alarms": formats.NOT_APPLICABLE, "type1": math.nan, "coverage": formats.NOT_APPLICABLE, "how": record.reason,
        }  # fmt: skip
    return {
        "key": key, "name": label or record.estimand, "use": use_of(record).value, "unit": record.unit,
        "estimate": record.estimate, "low": record.ci_low, "high": record.ci_high, "p": _nan(record.p), **other_ways(record),
        "mde80": _nan(record.mde80), "events": float(record.n_events), "level": float(record.maryland_level),
        "false_alarms": measured(record.calibrated_type1), "type1": _nan(record.calibrated_type1), "coverage": measured(record.calibrated_coverage),
        "how": record.method,
    }  # fmt: skip


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value


def measured(rate: float | None) -> str:
    return NOT_MEASURED if rate is None else formats.percent(rate, 1)


def p_words(value: float) -> str:
    return "under 0.001" if value < 0.001 else f"{value:.3f}"


def ways_columns() -> list[Column]:
    """A ratio said in two more ways; see :func:`analysis.evaluation.claims.other_ways`."""
    return [text("per_cent", "As per cent"), text("fewer", "Fewer than at a ratio of 1")]


def record_columns(scale: str = "ratio") -> list[Column]:
    """Columns of :func:`records_frame`."""
    places = 2 if scale == "ratio" else 1
    noun = "Ratio" if scale == "ratio" else "Difference"

    def number(name: str, head: str) -> Column:
        return Column(name, head, lambda v: formats.number(v, places), numeric=True, csv_decimals=4)

    return [
        text("name", "Estimate"),
        number("estimate", noun),
        number("low", "95% interval from"),
        number("high", "to"),
        *(ways_columns() if scale == "ratio" else []),
        Column("p", "p", p_words, numeric=True),
        number("mde80", f"Smallest detectable {noun.lower()}"),
        count("events", "Events"),
        count("level", "Maryland level (of 5)"),
        text("use", "Role"),
        text("false_alarms", "False alarm rate"),
        text("coverage", "Intervals that hold the truth"),
        text("how", "Method, or why there is no estimate"),
    ]


def forest(frame: pd.DataFrame, scale: str = "ratio") -> go.Figure:
    """Rows of :func:`records_frame` as dots with intervals and the rule of no change."""
    known = frame.dropna(subset=["estimate"])
    ratio = scale == "ratio"
    if ratio:
        known = known[[math.isfinite(v) and v > 0 for v in known["estimate"]]]
    floor, ceiling = AXIS if ratio else _reach(known)
    unit = next((u for u in known["unit"] if u), "crimes")
    figure = figures.dots_with_intervals(
        labels=list(known["name"]),
        values=[min(max(v, floor), ceiling) for v in known["estimate"]],
        lows=[max(v, floor) for v in known["low"]],
        highs=[min(v, ceiling) for v in known["high"]],
        unit="ratio, log scale: below 1 means fewer or less" if ratio else f"{unit}: below 0 means fewer",
        colours=[_style(use)[0] for use in known["use"]],
        symbols=[_style(use)[1] for use in known["use"]],
        reference=1.0 if ratio else 0.0,
        log=ratio,
        texts=[formats.number(v, 2 if ratio else 1) for v in known["estimate"]],
    )
    if ratio:
        low, high = min([0.5, *known["low"].clip(*AXIS)]), max([1.5, *known["high"].clip(*AXIS)])
        span = [math.log10(low * 0.9), math.log10(high * 1.1)]
        figure.update_xaxes(tickvals=list(TICKS), ticktext=[f"{v:g}" for v in TICKS], range=span)
    else:
        figure.update_xaxes(rangemode="normal")
    return figure


def _style(use: str) -> tuple[str, str]:
    return STYLE.get(Use(use), STYLE[Use.SUPPORT])


def _reach(known: pd.DataFrame) -> tuple[float, float]:
    """Finite ends of an axis of differences: an interval without end is drawn to them."""
    ends = [v for name in ("estimate", "low", "high") for v in known[name] if math.isfinite(v)] or [0.0]
    margin = 0.1 * (max(ends) - min(ends) or 1.0)
    return min(ends) - margin, max(ends) + margin


def agreement_sentence(frame: pd.DataFrame, scale: str = "ratio") -> str:
    """How many estimates leave out no change, and which way; those only for comparison are not counted."""
    counted = frame[frame["use"] != Use.COMPARISON.value]
    crying = counted["type1"].fillna(0.0) > MOST_ALARMS if "type1" in counted else pd.Series(False, index=counted.index)
    counted, cry = counted[~crying], int(crying.sum())
    known, zero = counted.dropna(subset=["estimate"]), 1.0 if scale == "ratio" else 0.0
    if known.empty:
        return "No estimate can be given; the table says why for each."
    below, above = int((known["high"] < zero).sum()), int((known["low"] > zero).sum())
    verb, whose = ("lies", "its") if below == 1 else ("lie", "their")
    noun = "estimate" if len(known) == 1 else "estimates"
    said = (
        f"Of {len(known)} {noun}, {below} {verb} below no change with {whose} whole 95% interval and {above} above it"
    )
    rest = len(known) - below - above
    said += f"; {rest} {'includes' if rest == 1 else 'include'} it." if rest else "."
    refused = len(counted) - len(known)
    if cry:
        said += f" {cry} that signal too often when nothing happened {'is' if cry == 1 else 'are'} not counted."
    return f"{said} {refused} could not be made; the table says why." if refused else said


def estimates_block(
    *, id: str, section: str, title: str, labels: Mapping[str, str] | None = None, scale: str = "ratio",
    sentence: Callable[[pd.DataFrame, View], str] | None = None, caption: str = "", why: str = "", misleads: str = "",
    methods: tuple[str, ...] = (),
) -> Block:  # fmt: skip
    """A forest of the section's records of one scale, its table and CSV."""
    return Block(
        id=id,
        title=title,
        permission=Permission.INSPECT_EVALUATION,
        frame=lambda view: _made(records_frame(section_of(view, section).records, labels, scale)),
        sentence=sentence or (lambda frame, view: agreement_sentence(frame, scale)),
        caption=lambda view: f"{caption} {READING}".strip(),
        columns=lambda view: record_columns(scale),
        figure=lambda frame, view: forest(frame, scale),
        if_empty=why_none(section),
        why=why,
        misleads=misleads,
        methods=methods,
    )


def _made(frame: pd.DataFrame) -> pd.DataFrame:
    """Nothing at all where every estimate was refused: the reasons are then said instead of drawn."""
    return frame if len(frame) and frame["estimate"].notna().any() else frame.iloc[:0]


def why_none(name: str) -> Callable[[View], tuple[str, str]]:
    """For ``Block.if_empty``: every reason that the section's refused estimates give."""
    return lambda view: no_estimate(section_of(view, name))


def no_estimate(section: Section) -> tuple[str, str]:
    reasons = [r.reason for r in section.records.values() if isinstance(r, Refusal)]
    return " ".join(dict.fromkeys(reasons)) or "There is no estimate to show.", "The reason says what would be needed."


def checks_block(*, id: str, section: str, labels: Mapping[str, str] | None = None, title: str = "Checks") -> Block:
    """Every check of the section's records; the same check on several records is listed for each."""
    return Block(
        id=id,
        title=title,
        permission=Permission.INSPECT_EVALUATION,
        frame=lambda view: _checks_frame(section_of(view, section).records, labels or {}),
        sentence=lambda frame, view: checks_sentence(frame),
        caption=lambda view: "What was looked at beside each estimate, with what it takes to pass.",
        columns=lambda view: [
            text("name", "Estimate"), text("check", "Check"), text("value", "Value"), text("needed", "Needed to pass"),
            text("outcome", "Outcome"), text("meaning", "What it is about"),
        ],
        if_empty=why_none(section),
    )  # fmt: skip


def _checks_frame(records: Mapping[str, ResultRecord | Refusal], labels: Mapping[str, str]) -> pd.DataFrame:
    rows = [
        (labels.get(key, record.estimand), c.name, check_value(c.value), c.needed or formats.NOT_APPLICABLE, OUTCOMES[c.passed], c.meaning)
        for key, record in records.items()
        for c in record.checks
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "check", "value", "needed", "outcome", "meaning"])


def checks_sentence(frame: pd.DataFrame) -> str:
    """How many of the checks that can fail did, by name."""
    judged = frame[frame["outcome"] != OUTCOMES[None]]
    failed = judged[judged["outcome"] == OUTCOMES[False]]
    if judged.empty:
        return "These inform and cannot fail."
    if failed.empty:
        return f"All {len(judged)} checks that can fail were passed."
    names = formats.joined(list(dict.fromkeys(failed["check"])))
    return f"{len(failed)} of {len(judged)} checks that can fail {'was' if len(failed) == 1 else 'were'} not passed: {names}."

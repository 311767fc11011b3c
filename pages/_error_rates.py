"""The calibration table in words: how often each method signals when nothing happened, and what its interval holds."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd
from dash import html

from analysis.evaluation.calibration.designs import SITUATIONS
from analysis.evaluation.calibration.table import Row, provenance, rows
from analysis.evaluation.catalogue import title_of
from components.columns import count, text
from components.table import data_table
from domain import formats


def is_null(row: Row) -> bool:
    """Whether nothing happened in the row's situation, so that every alarm is a false one."""
    return row.situation in SITUATIONS and SITUATIONS[row.situation].null


def situation_words(row: Row) -> str:
    found = SITUATIONS.get(row.situation)
    if found is None:
        return row.situation
    return found.words if found.confounders_measured else f"{found.words} (not measured, so no method can allow for it)"


def rates_table(caption: str, wanted: Callable[[Row], bool], *, method_column: bool = True) -> html.Div | None:
    """Rows of the shipped table that are ``wanted``; None where there is none."""
    chosen = [row for row in rows() if wanted(row)]
    if not chosen:
        return None
    frame = pd.DataFrame([_cells(row) for row in chosen])
    columns = [
        text("situation", "Situation"), text("alarms", "Signals"), text("kind", "Which are"),
        text("coverage", "Intervals that hold the truth"), text("bias", "Bias of the ratio"), count("runs", "Runs"), count("refused", "No answer"),
    ]  # fmt: skip
    return data_table(frame, [text("method", "Method"), *columns] if method_column else columns, caption)


def _cells(row: Row) -> dict[str, object]:
    return {
        "method": title_of(row.method),
        "situation": situation_words(row),
        "alarms": _with_error(row.alarms, row.alarms_mcse),
        "kind": "false alarms" if is_null(row) else "found changes",
        "coverage": formats.NOT_APPLICABLE
        if row.coverage is None
        else _with_error(row.coverage, row.coverage_mcse or 0),
        "bias": formats.UNAVAILABLE if row.bias is None else formats.signed_percent(math.expm1(row.bias), 1),
        "runs": float(row.runs),
        "refused": float(row.refused),
    }


def _with_error(rate: float, mcse: float) -> str:
    return f"{formats.percent(rate, 1)} (± {formats.percent(2 * mcse, 1)})"


def provenance_sentence() -> str:
    """Runs, date, seed and code version behind the rates; says so where nothing is measured."""
    found = provenance()
    if not rows():
        return "No error rate has been measured yet with this version, so none is quoted."
    measured_on = f" on {found['measured_on']}" if found["measured_on"] else ""
    return (
        f"Measured by simulation{measured_on}, {found['runs']:,} or more runs a row, seed {found['seed']}, code version {found['code_version']}. "
        "± is twice the Monte Carlo standard error of the rate."
    )

"""Everything that the evaluation says, as texts by path: records, tables and figures of every section."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.bundle.figures import forest, months_figure
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.record import Refusal, ResultRecord
from analysis.evaluation.section import Section
from analysis.evaluation.suite import SECTIONS, run_section

# Sums differ in their last digits between processors and libraries of linear algebra; ten digits are the same on all.
DIGITS = 10


def outputs(inputs: Inputs) -> Iterator[tuple[str, dict[str, str]]]:
    """Section after section: its name and its files by path. The planned analysis: nothing chosen by a reader."""
    for name in SECTIONS:
        yield name, files_of(run_section(name, inputs))
    yield "months", {"figures/months.svg": months_figure(inputs)}


def files_of(section: Section) -> dict[str, str]:
    """Records as JSON, each table as CSV, a forest of the ratios."""
    records = {key: _record(found) for key, found in section.records.items()}
    document = {"section": section.name, "tried": section.tried, "facts": _rounded(section.facts), "records": records}
    found = {f"records/{section.name}.json": as_json(document)}
    for name, table in section.tables.items():
        found[f"tables/{section.name}/{name}.csv"] = csv_of(table)
    figure = forest(section)
    return found | ({f"figures/{section.name}.svg": figure} if figure else {})


def _record(found: ResultRecord | Refusal) -> dict[str, Any]:
    if isinstance(found, Refusal):
        return {"refused": _rounded(asdict(found))}
    plain: dict[str, Any] = _rounded(found.as_dict())
    return plain


def as_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False, default=str) + "\n"


def csv_of(table: pd.DataFrame) -> str:
    return table.map(_rounded).to_csv(index=False, lineterminator="\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_rounded(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
        found = float(f"{value:.{DIGITS}g}")
        return found if found else 0.0
    return value

"""``Inputs`` as texts and back without loss: aggregates as CSV, settings as JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import pandas as pd

from analysis.evaluation.inputs import Inputs
from domain.periods import Period

SETTINGS = "settings.json"
CRIMES = "crimes"  # of the harm frame: how many crimes a row stands for
_SCORED = ("window", "hot_spot", "week", "harm_days")


def to_files(inputs: Inputs) -> dict[str, str]:
    """Text by file name; the same inputs give the same bytes."""
    frames = _aggregated(inputs)
    kinds = {name: {str(c): _kind(frame[c]) for c in frame.columns} for name, frame in frames.items()}
    settings = {
        f.name: _plain(getattr(inputs, f.name))
        for f in fields(inputs)
        if not isinstance(getattr(inputs, f.name), pd.DataFrame)
    }
    document = {"columns": kinds, "settings": settings}
    found = {f"{name}.csv": _csv(frame) for name, frame in frames.items()}
    return found | {SETTINGS: json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"}


def from_files(files: Mapping[str, str]) -> Inputs:
    """Inverse of :func:`to_files`."""
    document = json.loads(files[SETTINGS])
    given = {name: _unplain(value) for name, value in document["settings"].items()}
    for name, kinds in document["columns"].items():
        given[name] = _frame(files[f"{name}.csv"], kinds)
    scored = given["scored"]
    if CRIMES in scored:
        given["scored"] = scored.loc[scored.index.repeat(scored[CRIMES])].drop(columns=CRIMES).reset_index(drop=True)
    return Inputs(**given)


def _aggregated(inputs: Inputs) -> dict[str, pd.DataFrame]:
    """Every frame; crimes with a harm weight as numbers of crimes by week, place and weight, not row by row."""
    frames = {name: frame.reset_index(drop=True) for name, frame in inputs.frames().items()}
    scored = frames["scored"]
    if not scored.empty:
        keys = scored[list(_SCORED)].assign(week=[_text(week) for week in scored["week"]])
        counted = keys.groupby(list(_SCORED), sort=True).size().reset_index(name=CRIMES)
        weeks = [date.fromisoformat(week) if week else None for week in counted["week"]]
        frames["scored"] = counted.assign(week=pd.Series(weeks, dtype=object))
    return frames


def _kind(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "bool"
    if pd.api.types.is_integer_dtype(column):
        return "int"
    if pd.api.types.is_float_dtype(column):
        return "float"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "time"
    known = column.dropna()
    if len(known) and all(isinstance(value, date) for value in known):
        return "date"
    if len(known) and all(isinstance(value, int | float) for value in known):
        return "float"
    return "text"


def _text(value: Any) -> str:
    return "" if pd.isna(value) else value.isoformat() if isinstance(value, date) else str(value)


def _csv(frame: pd.DataFrame) -> str:
    text = frame.copy()
    for column in text.columns:
        if _kind(frame[column]) in ("date", "text"):
            text[column] = [_text(value) for value in frame[column]]
    return text.to_csv(index=False, lineterminator="\n")


def _frame(text: str, kinds: Mapping[str, str]) -> pd.DataFrame:
    if not kinds:
        return pd.DataFrame()
    read = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    columns = {
        name: _column(read[name] if name in read else pd.Series(dtype=str), kind) for name, kind in kinds.items()
    }
    return pd.DataFrame(columns, columns=list(kinds))


def _column(values: pd.Series, kind: str) -> pd.Series:
    if kind == "int":
        return values.astype("int64")
    if kind == "float":
        return pd.Series([float(v) if v else float("nan") for v in values], index=values.index, dtype="float64")
    if kind == "bool":
        return values == "True"
    if kind == "time":
        return pd.to_datetime(values)
    if kind == "date":
        return pd.Series([date.fromisoformat(v) if v else None for v in values], index=values.index, dtype=object)
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, Period):
        return {"period": [value.start.isoformat(), value.end.isoformat()]}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, tuple):
        return {"tuple": [_plain(item) for item in value]}
    if isinstance(value, dict):
        return {"map": {str(key): _plain(item) for key, item in value.items()}}
    return value


def _unplain(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    (kind, inner), *_ = value.items()
    if kind == "period":
        return Period(date.fromisoformat(inner[0]), date.fromisoformat(inner[1]))
    if kind == "date":
        return date.fromisoformat(inner)
    if kind == "tuple":
        return tuple(_unplain(item) for item in inner)
    return {key: _unplain(item) for key, item in inner.items()}

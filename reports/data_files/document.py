"""A return as a JSON-ready document and back: how a checked return is frozen, and how its numbers are published."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import plotly.graph_objects as go

from reports.data_files.about import HOW_TO_READ
from reports.data_files.printed import read_printed, words_only
from reports.data_files.reading import PAIRS, PRINTED, NotAReturn, Reader, travelling, wrong
from reports.data_files.schema import KIND, SCHEMA_NAME, SCHEMA_VERSION
from reports.model import DataTable, ReturnContents

__all__ = ["NotAReturn", "as_document", "canonical_bytes", "figures_of", "restore"]

_ENVELOPE = ("$schema", "kind", "schema_version", "how_to_read")


def as_document(contents: ReturnContents) -> dict[str, Any]:
    """Everything of the return in reading order but the drawings: each chart's table holds its numbers."""
    return {
        "$schema": SCHEMA_NAME,
        "kind": KIND,
        "schema_version": SCHEMA_VERSION,
        "how_to_read": list(HOW_TO_READ),
        **_written(contents),
    }


def figures_of(contents: ReturnContents) -> dict[str, Any]:
    """Chart key -> the figure as plotly writes it in JSON."""
    return {chart.key: json.loads(chart.figure.to_json()) for chart in contents.charts()}


def restore(document: Mapping[str, Any], figures: Mapping[str, Any]) -> ReturnContents:
    """The contents that the document and figures were made from; NotAReturn says what is wrong with them."""
    if not isinstance(document, Mapping) or document.get("kind") != KIND:
        raise wrong("", f"does not say that it is a “{KIND}”")
    version = document.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise NotAReturn(
            f"This return is of schema version {version}, and this portal reads version {SCHEMA_VERSION}. "
            "Open it with the version of the portal that wrote it."
        )
    drawn = {key: _figure(key, figure) for key, figure in figures.items()}
    given = {key: value for key, value in document.items() if key not in _ENVELOPE}
    contents: ReturnContents = Reader(drawn).read(ReturnContents, given, "")
    strange = sorted(set(drawn) - {chart.key for chart in contents.charts()})
    if strange:
        raise wrong("", f"has no chart “{strange[0]}”, for which a figure was handed over")
    return contents


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """The one way of writing a document whose SHA-256 names its contents: sorted keys, UTF-8, no spaces, no NaN."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")


def _written(value: Any) -> Any:
    if is_dataclass(value):
        if isinstance(value, DataTable):
            return {f.name: _of_table(value, f.name) for f in travelling(value)}
        return {f.name: _of_field(type(value).__name__, f.name, getattr(value, f.name)) for f in travelling(value)}
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    if isinstance(value, datetime) and value.tzinfo is None:
        return f"{value.isoformat()}Z"  # the contents hold UTC without saying so; who reads the file must be told
    return value.isoformat() if isinstance(value, date) else value


def _of_field(kind: str, name: str, value: Any) -> Any:
    if (kind, name) in PRINTED:
        return read_printed(value).as_json()
    if name in PAIRS:
        return [dict(zip(PAIRS[name], pair, strict=True)) for pair in value]
    return _written(value)


def _of_table(table: DataTable, name: str) -> Any:
    if name != "rows":
        return _written(getattr(table, name))
    words = [table.column_class(at) == "text" for at in range(max(map(len, table.rows), default=0))]
    return [
        [(words_only if is_words else read_printed)(cell).as_json() for cell, is_words in zip(row, words, strict=False)]
        for row in table.rows
    ]


def _figure(key: str, given: Any) -> go.Figure:
    if not isinstance(given, Mapping):
        raise wrong(f"the figure “{key}”", "must be an object")
    try:
        return go.Figure(_with_arrays(given))
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error) as problem:
        raise wrong(f"the figure “{key}”", f"cannot be drawn ({str(problem).strip().splitlines()[0][:120]})") from None


def _with_arrays(value: Any) -> Any:
    """Packed arrays as arrays again: plotly 7 leaves them packed in a figure, and packs those of two ranks anew otherwise."""
    if isinstance(value, Mapping):
        if set(value) in ({"dtype", "bdata"}, {"dtype", "bdata", "shape"}):
            found = np.frombuffer(base64.b64decode(value["bdata"], validate=True), dtype=np.dtype(value["dtype"]))
            shape = [int(n) for n in str(value["shape"]).split(",")] if "shape" in value else [-1]
            return found.reshape(shape)
        return {key: _with_arrays(inner) for key, inner in value.items()}
    return [_with_arrays(inner) for inner in value] if isinstance(value, list) else value

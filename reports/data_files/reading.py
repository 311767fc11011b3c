"""A return read back from its document: every key and type checked, the place named where one is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import plotly.graph_objects as go

from reports.model import Chart

# Pairs of texts in the model, by field name: what the two are called in the document.
PAIRS = {
    "texts": ("heading", "text"),
    "definitions": ("field", "definition"),
    "symbols": ("symbol", "meaning"),
}
# Texts that stand as an object with the number in them, by class and field name.
PRINTED = {("Fact", "value"), ("Headline", "value"), ("DataTable", "rows")}
_VALUE_KEYS = {"text", "number", "unit", "symbol"}
_PLAIN = {str: "a text", bool: "true or false", int: "a whole number"}


class NotAReturn(ValueError):
    """The document cannot be read as a return; the message says where, why and what to do."""


def wrong(where: str, needed: str) -> NotAReturn:
    return NotAReturn(
        f"This document is not a return that the portal can read: {where or 'the document'} {needed}. "
        "Use the document as the portal wrote it."
    )


class Reader:
    """Makes values of the model's classes; figures come beside the document and go into their charts."""

    def __init__(self, figures: Mapping[str, go.Figure]) -> None:
        self._figures = figures

    def read(self, kind: type, given: object, where: str) -> Any:
        if not isinstance(given, Mapping):
            raise wrong(where, "must be an object")
        known = {f.name: f for f in travelling(kind)}
        strange = sorted(map(str, set(given) - set(known)))
        if strange:
            raise wrong(where, f"has the unknown key “{strange[0]}”")
        values = {}
        for name, field in known.items():
            if name in given:
                values[name] = self._value(_hints(kind)[name], given[name], _path(where, name), kind.__name__, name)
            elif not _has_default(field):
                # A return frozen before the model grew lacks the newer keys, and is read with their defaults.
                raise wrong(where, f"lacks the key “{name}”")
        if kind is Chart:
            values["figure"] = self._figure(values["key"], where)
        return kind(**values)

    def _figure(self, key: str, where: str) -> go.Figure:
        if key not in self._figures:
            raise wrong(where, f"is the chart “{key}”, for which no figure was handed over")
        return self._figures[key]

    def _value(self, hint: Any, given: object, where: str, kind: str, name: str) -> Any:
        if (kind, name) in PRINTED and hint is str:
            return _text_of_value(given, where)
        if get_origin(hint) is tuple:
            return self._tuple(get_args(hint), given, where, kind, name)
        if get_origin(hint) is UnionType:
            inner = next(h for h in get_args(hint) if h is not type(None))
            return None if given is None else self._value(inner, given, where, kind, name)
        if is_dataclass(hint):
            return self.read(hint, given, where)  # type: ignore[arg-type]
        if hint in (date, datetime):
            return _moment(hint, given, where)
        if type(given) is not hint:
            raise wrong(where, f"must be {_PLAIN[hint]}")
        return given

    def _tuple(self, hints: tuple[Any, ...], given: object, where: str, kind: str, name: str) -> tuple[Any, ...]:
        if hints[-1] is not Ellipsis:
            return _pair(PAIRS[name], given, where)
        if not isinstance(given, list | tuple):
            raise wrong(where, "must be a list")
        return tuple(self._value(hints[0], item, f"{where}[{at}]", kind, name) for at, item in enumerate(given))


def travelling(kind: Any) -> list[Field[Any]]:
    """The fields that a document holds: all but a chart's figure, which no comparison counts either."""
    return [f for f in fields(kind) if f.compare]


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _path(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _text_of_value(given: object, where: str) -> str:
    if not isinstance(given, Mapping) or not isinstance(given.get("text"), str):
        raise wrong(where, "must be an object with a text")
    strange = sorted(map(str, set(given) - _VALUE_KEYS))
    if strange:
        raise wrong(where, f"has the unknown key “{strange[0]}”")
    text: str = given["text"]
    return text


def _pair(names: tuple[str, str], given: object, where: str) -> tuple[str, str]:
    if not isinstance(given, Mapping) or set(given) != set(names):
        raise wrong(where, f"must be an object of “{names[0]}” and “{names[1]}”")
    first, second = (given[name] for name in names)
    if not isinstance(first, str) or not isinstance(second, str):
        raise wrong(where, "must hold two texts")
    return first, second


def _moment(kind: type[date] | type[datetime], given: object, where: str) -> date | datetime:
    try:
        if kind is datetime and isinstance(given, str) and given.endswith("Z"):
            return datetime.fromisoformat(given[:-1])
        return kind.fromisoformat(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise wrong(where, "must be a date as in 2024-01-15, with a time where it is a moment") from None

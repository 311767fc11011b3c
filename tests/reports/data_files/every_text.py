"""Every text of a return that its sheets and tables must hold."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from domain.return_template import ReturnField
from reports.model import Chart, ReturnContents

# What is of the page or for machines, and is in the JSON only.
_NOT_IN_SHEETS = {
    (ReturnContents, "accent_colour"),
    (Chart, "key"),
    *((ReturnField, f.name) for f in fields(ReturnField) if f.name != "label"),
}


def texts_of(value: Any) -> list[str]:
    """Every text of the contents, wherever it stands."""
    if is_dataclass(value):
        held = [f.name for f in fields(value) if f.compare and (type(value), f.name) not in _NOT_IN_SHEETS]
        return [t for name in held for t in texts_of(getattr(value, name))]
    if isinstance(value, tuple):
        return [t for item in value for t in texts_of(item)]
    return [value] if isinstance(value, str) else []

"""Published examples (inputs, outputs, tolerances, sources) kept beside the repository, for every family's tests."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "published_cases"


@cache
def _all() -> dict[str, dict[str, Any]]:
    return {found["id"]: found for found in json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))}


def _skip_where_absent() -> None:
    if not (FOLDER / "cases.json").exists():
        pytest.skip(f"the published cases are not beside the repository ({FOLDER.name} not found)")


def case(name: str) -> dict[str, Any]:
    """The case with that id (KeyError when there is none); skips the test where the folder is absent."""
    _skip_where_absent()
    return _all()[name]


def csv(name: str) -> pd.DataFrame:
    """A data file of the cases; skips the test where the folder is absent."""
    _skip_where_absent()
    return pd.read_csv(FOLDER / name)


def tolerance(of: dict[str, Any], name: str) -> float:
    """What a found value may differ by: one tolerance for all, or one a value."""
    given = of["tolerance"]
    return float(given[name] if isinstance(given, dict) else given)


def check(of: dict[str, Any], found: dict[str, Any]) -> None:
    """Every found value (or list of values) against the published one of that name."""
    assert found, "nothing was compared"
    for name, value in found.items():
        assert value == pytest.approx(of["expected"][name], abs=tolerance(of, name)), name

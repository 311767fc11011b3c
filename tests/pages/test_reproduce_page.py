"""Reproduce: every measured error rate stands there once, and the bad ones are named in the sentence."""

from __future__ import annotations

import importlib
from typing import Any

import dash
import pytest

from analysis.evaluation.calibration.gate import judge
from analysis.evaluation.calibration.table import rows
from components.block import block_csv
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)
from tests.pages.test_evaluation_blocks import view_of


@pytest.fixture
def reproduce(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(dash, "register_page", lambda *args, **kwargs: None)
    return importlib.import_module("pages.evaluation.reproduce")


@pytest.mark.usefixtures("configured")
def test_every_row_of_the_table_is_on_the_page_once_and_the_failing_ones_are_counted(reproduce: Any) -> None:
    view = view_of("TEST")
    blocks = (reproduce.DEFAULT_RATES, reproduce.SHOCK, reproduce.OTHERS)
    frames = [block.frame(view) for block in blocks]
    null = [row for row in rows() if reproduce.is_null(row)]
    assert sum(len(frame) for frame in frames) == len(null)
    failing = [row for row in null if reproduce._unmeasured(row) and judge(row).problems]
    assert failing
    assert f"{len(failing)} of {len(frames[1])} methods fail" in reproduce.SHOCK.sentence(frames[1], view)
    said = reproduce.DEFAULT_RATES.sentence(frames[0], view)
    worst = max(row.alarms for row in null if row.method in reproduce.DEFAULTS and reproduce._others(row))
    assert f"In other situations they do worse: before and after on hot spot-months signals in {worst:.1%}" in said


@pytest.mark.usefixtures("configured")
def test_a_default_outside_the_limits_is_named_first(reproduce: Any) -> None:
    view = view_of("TEST")
    frame = reproduce.DEFAULT_RATES.frame(view)
    frame.loc[0, "verdict"] = "Signals in 12.0% of 1,000 runs"
    said = reproduce.DEFAULT_RATES.sentence(frame, view)
    assert f"1 of {len(frame)} do not keep to the limits: {frame['method'].iloc[0]}." in said


@pytest.mark.usefixtures("configured")
def test_the_csv_says_per_cent_as_the_page_does_and_that_these_are_simulations(reproduce: Any) -> None:
    text = block_csv(reproduce.DEFAULT_RATES, view_of("TEST"))
    assert "simulated data in which the truth is known" in text
    assert "Measured by simulation on " in text

"""The counting page says how far its minutes are from the truth, both ways, from the measured table."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from analysis.dosage import shipped_bias
from components.block import Block, block_csv
from components.columns import decimal
from domain.roles import Permission
from pages import _counting_form as form
from pages._counting_words import measured_bias


def test_too_little_and_too_much_are_both_said_with_the_measured_figures() -> None:
    said = measured_bias()
    most = max(b.rules for b in shipped_bias.MEASURED if b.interval_s == 10)
    least = min(b.rules for b in shipped_bias.MEASURED if b.interval_s == 300)
    assert f"{most:.1%}" in said
    assert f"{-least:.1%}" in said
    assert "too much" in said
    assert "too little" in said


def test_other_measurements_are_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [shipped_bias.Bias("foot", 10, -0.02, -0.5), shipped_bias.Bias("car", 10, 0.11, -0.25)]
    monkeypatch.setattr(shipped_bias, "MEASURED", tuple(rows))
    said = measured_bias()
    assert "between 2.0% too little (on foot) and 11.0% too much (by car) at 10 s" in said
    assert "the plain count between 25.0% (by car) and 50.0% (on foot) too little" in said


def test_a_change_is_the_difference_of_the_numbers_beside_it() -> None:
    total = dict.fromkeys(form._MEASURES, (9001.6, 9015.4))
    moved = SimpleNamespace(total=total, by_hot_spot={}, by_year={})
    shown = str(form.moved_table(moved, {}))
    assert "9,002" in shown
    assert "9,015" in shown
    assert "'13'" in shown
    assert "'14'" not in shown


def test_minutes_in_a_file_have_at_most_four_decimals() -> None:
    frame = pd.DataFrame([{"m": math.pi * 1000}])
    view = SimpleNamespace(
        programme=SimpleNamespace(demonstration=False, source="a test", force="", name=""),
        data_as_at=lambda: "today",
        scope=None,
    )
    block = Block(
        id="t", title="T", permission=Permission.VIEW_PATROLS, frame=lambda v: frame, sentence=lambda f, v: "",
        caption=lambda v: "c", columns=lambda v: [decimal("m", "Minutes", 0)], covers=lambda v: "all",
    )  # fmt: skip
    view.as_at = None
    assert block_csv(block, view).splitlines()[-1] == "3141.5927"

"""Monitoring page: icons with words, one figure in sentence and CSV, gaps and refusals in plain words."""

import csv
import io
from dataclasses import replace

import pytest

from components.block import block_csv
from pages.evaluation import _monitoring_blocks as blocks
from pages.evaluation._monitoring_icons import ASSURANCE, VARIATION
from tests.analysis.evaluation.pooling.made_programme import cells_of, made_inputs
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)
from tests.pages.review_sections import give_inputs, rendered
from tests.pages.test_evaluation_blocks import view_of


@pytest.fixture(scope="module")
def made():
    return made_inputs(ratio=0.6)


def test_icons_carry_words_not_colour_alone(made, monkeypatch):
    give_inputs(monkeypatch, made)
    said = rendered(blocks.ICONS, view_of("TEST"))
    assert said.count("data:image/svg+xml") == 2 * 6
    assert any(words in said for _, _, words in VARIATION.values())
    assert ASSURANCE["no target set"][2] in said


def test_the_csv_holds_the_chart_that_was_chosen(made, monkeypatch):
    give_inputs(monkeypatch, made)
    view = replace(view_of("TEST"), query={"chart": "spot:HS2"})
    rows = list(csv.reader(io.StringIO(block_csv(blocks.XMR, view))))
    head = next(n for n, row in enumerate(rows) if row[:1] == ["Month"])
    months = made.months[made.months["hot_spot"] == "HS2"].set_index("month")["crimes"]
    drawn = blocks.XMR.frame(view)
    assert [row[1] for row in rows[head + 1 :]] == [str(months[month]) for month in drawn["month"]]
    assert blocks.XMR.sentence(drawn, view).startswith("HS2:")


def test_a_month_that_is_not_loaded_is_called_a_gap(made, monkeypatch):
    months = made.months[made.months["month"] != "2023-05"]
    give_inputs(monkeypatch, replace(made, months=months, cells=cells_of(months)))
    view = view_of("TEST")
    assert "1 months are not loaded; they are gaps, not zeros." in blocks.XMR.sentence(blocks.XMR.frame(view), view)


def test_intervals_are_drawn_as_wide_as_the_bounds(made, monkeypatch):
    give_inputs(monkeypatch, made)
    view = view_of("TEST")
    frame = blocks.RUNNING.frame(view)
    drawn = blocks.RUNNING.figure(frame, view).data[-1]
    assert list(drawn.error_y.array) == pytest.approx((frame["bound"] * frame["se"]).tolist())

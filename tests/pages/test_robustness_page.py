"""Robustness page: the curve marks the registered analysis, yardsticks are not counted, refusals are listed."""

import pytest

from pages.evaluation import _robustness_blocks as blocks
from pages.evaluation._robustness_figure import curve_figure
from tests.analysis.evaluation.pooling.made_programme import made_inputs
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)
from tests.pages.review_sections import give_inputs
from tests.pages.test_evaluation_blocks import view_of


@pytest.fixture(scope="module")
def made():
    return made_inputs()


def test_the_curve_draws_every_estimate_and_marks_one(made, monkeypatch):
    give_inputs(monkeypatch, made)
    frame = blocks.DAYS.frame(view_of("TEST"))
    figure = curve_figure(frame, list(blocks.SETTINGS))
    others, registered = figure.data[:2]
    assert (len(others.x), len(registered.x)) == (len(frame.dropna(subset=["ratio"])) - 1, 1)
    assert registered.name == "registered"
    # Each estimate has one tick a setting that varies.
    varying = [name for name in blocks.SETTINGS if frame[name].nunique() > 1]
    assert sum(len(trace.x) for trace in figure.data[2:]) == len(varying) * len(frame.dropna(subset=["ratio"]))


def test_the_sentence_counts_what_was_made(made, monkeypatch):
    give_inputs(monkeypatch, made)
    view = view_of("TEST")
    frame = blocks.WINDOWS.frame(view)
    assert len(frame) == 9
    assert blocks.WINDOWS.sentence(frame, view).startswith("6 ways to analyse before and after")

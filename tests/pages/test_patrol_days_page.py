"""The patrol-day and dosage pages: every block reads, draws and explains itself, and says why where there are no days."""

from __future__ import annotations

import importlib
from dataclasses import replace
from types import SimpleNamespace

import dash
import pytest

from analysis.evaluation.claims import causal_words
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.suite import run_section
from pages.evaluation import _page, _records
from tests.analysis.evaluation.patrol_days.day_panels import panel_of

WHY = "The crime data of this programme name only the month."
INPUTS = Inputs("TEST", "Test city", "hot spots", "day", service_window=(840, 1200))
VIEW = SimpleNamespace(defaults=SimpleNamespace(hot_spot_names={"H0": "Clock Tower"}))


@pytest.fixture(params=["patrol_days", "dosage_response"])
def page(request, monkeypatch):
    """The page's module and a switch for the inputs that its section is made of."""
    monkeypatch.setattr(dash, "register_page", lambda *args, **kwargs: None)
    module = importlib.import_module(f"pages.evaluation.{request.param}")

    def on(inputs):
        made = {}

        def section(_view, name):
            return made.setdefault(name, run_section(name, inputs))

        for user in (module, _records, _page):
            monkeypatch.setattr(user, "section_of", section)
        return section(VIEW, module.NAME)

    return module, on


def test_every_block_reads_and_draws(page):
    module, on = page
    section = on(replace(INPUTS, days=panel_of(1, spots=5)))
    assert module._lead(VIEW, section)
    for block in module.PAGE.blocks:
        frame = block.frame(VIEW)
        assert len(frame), block.id
        said = block.sentence(frame, VIEW)
        assert causal_words(said) == [], said
        assert block.caption(VIEW)
        assert {column.name for column in block.columns(VIEW)} <= set(frame.columns), block.id
        if block.figure:
            assert block.figure(frame, VIEW).data, block.id


def test_months_only_give_the_reason_and_no_figure(page):
    module, on = page
    section = on(replace(INPUTS, resolution="month", reasons={"days": WHY}))
    assert WHY in str(module._lead(VIEW, section))
    for block in module.PAGE.blocks:
        frame = block.frame(VIEW)
        numbers = [c.name for c in block.columns(VIEW) if c.numeric]
        assert frame.empty or frame[numbers].isna().all(axis=None), block.id
        assert block.if_empty(VIEW)[0] == WHY


def test_every_figure_says_why_it_matters_how_it_misleads_and_how_it_is_worked_out(page):
    module, _ = page
    for block in module.PAGE.blocks:
        if block.figure:
            assert block.why, block.id
            assert block.misleads, block.id
            assert block.methods, block.id

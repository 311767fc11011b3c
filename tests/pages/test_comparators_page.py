"""The comparators page: every block reads, draws and explains itself; few or no comparators are said, not hidden."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import dash
import pytest

from analysis.evaluation.claims import causal_words
from analysis.evaluation.comparators.example import example_series
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.suite import run_section
from domain.periods import Period
from pages.evaluation import _comparators_blocks as blocks
from pages.evaluation import _records

VIEW = SimpleNamespace(query={})
DRAWN_WITH_ONE = {"comparators-months", "comparators-places", "comparators-event-study"}


def inputs_with(comparators: int) -> Inputs:
    series = example_series(comparators)
    own, others = series[series["place"] == "ours"], series[series["place"] != "ours"]
    return Inputs(
        "TEST", "ours", "hot spots", "month",
        months=own.assign(hot_spot="H1", exposure_days=30.0)[["hot_spot", "month", "crimes", "exposure_days"]],
        places=others.assign(role="comparator"),
        before=Period(date(2022, 1, 1), date(2022, 12, 31)), during=Period(date(2023, 1, 1), date(2023, 12, 31)),
        live_from=date(2023, 1, 1),
    )  # fmt: skip


@pytest.fixture
def page(monkeypatch):
    """The page's module and a switch for the inputs behind its section."""
    monkeypatch.setattr(dash, "register_page", lambda *args, **kwargs: None)
    module = importlib.import_module("pages.evaluation.comparators")

    def on(inputs, **choices):
        made = {}

        def section(_view, name):
            return made.setdefault(name, run_section(name, inputs, choices if name == blocks.NAME else {}))

        for holder in (blocks, _records):
            monkeypatch.setattr(holder, "section_of", section)
        for holder in (blocks, module):
            monkeypatch.setattr(holder, "planned_section", section)
        return section(VIEW, blocks.NAME)

    return module, on


def lead_text(module, section) -> str:
    return " ".join(str(part.children) for part in module._lead(VIEW, section))


def test_every_block_reads_and_draws(page):
    module, on = page
    section = on(inputs_with(9))
    assert causal_words(lead_text(module, section)) == []
    assert "9 comparators" in lead_text(module, section)
    assert "In crimes:" in lead_text(module, section)
    for block in blocks.BLOCKS:
        frame = block.frame(VIEW)
        assert {column.name for column in block.columns(VIEW)} <= set(frame.columns), block.id
        if block.id == "comparators-left-out":
            assert frame.empty
            assert block.if_empty(VIEW)[0] == "No place was left out."
            continue
        assert len(frame), block.id
        assert causal_words(block.sentence(frame, VIEW)) == []
        if block.figure:
            assert block.figure(frame, VIEW).data, block.id
            assert all((block.why, block.misleads, block.methods)), block.id


def test_the_rank_says_its_own_floor(page):
    _, on = page
    on(inputs_with(9))
    said = blocks.PLACEBO.sentence(blocks.PLACEBO.frame(VIEW), VIEW)
    assert "p cannot be below 0.100" in said
    assert "this rank alone can never reach 5%" in said
    on(inputs_with(20))
    assert "never reach" not in blocks.PLACEBO.sentence(blocks.PLACEBO.frame(VIEW), VIEW)


def test_the_registered_set_is_marked_in_the_multiverse(page):
    _, on = page
    section = on(inputs_with(9))
    figure = blocks.MULTIVERSE.figure(blocks.MULTIVERSE.frame(VIEW), VIEW)
    marked = next(trace for trace in figure.data if trace.name == "registered")
    assert list(marked.y) == [pytest.approx(section.headline.estimate)]


def test_one_comparator_is_described_side_by_side(page):
    module, on = page
    section = on(inputs_with(1))
    said = lead_text(module, section)
    assert said.startswith("No estimate against comparators can be given.")
    assert "in the comparator." in said
    for block in blocks.BLOCKS:
        frame = block.frame(VIEW)
        if block.id in DRAWN_WITH_ONE:
            assert block.sentence(frame, VIEW)
            assert block.figure(frame, VIEW).data
        elif frame.empty:
            assert block.if_empty(VIEW)[0], block.id
        else:
            assert block.sentence(frame, VIEW), block.id


@pytest.mark.parametrize("cut", [{"places": Inputs("", "", "", "").places}, {"during": None}])
def test_nothing_to_compare_gives_the_reason_everywhere(page, cut):
    module, on = page
    section = on(replace(inputs_with(3), **cut))
    reason = section.headline.reason
    assert reason in lead_text(module, section)
    for block in blocks.BLOCKS:
        frame = block.frame(VIEW)
        numbers = [c.name for c in block.columns(VIEW) if c.numeric]
        assert frame.empty or frame[numbers].isna().all(axis=None), block.id
        assert block.if_empty(VIEW)[0] == reason, block.id


def test_a_place_that_cannot_be_used_is_named_with_its_reason(page):
    module, on = page
    inputs = inputs_with(4)
    short = inputs.places[(inputs.places["place"] != "city 02") | (inputs.places["month"] < "2020-06")]
    on(replace(inputs, places=short))
    frame = blocks.LEFT_OUT.frame(VIEW)
    assert list(frame["place"]) == ["city 02"]
    assert "months of a window" in frame["why"].iloc[0]
    assert ("city 02", "city 02") in module._names(VIEW)


def test_no_usable_place_draws_no_months(page):
    _, on = page
    inputs = inputs_with(1)
    on(replace(inputs, places=inputs.places[inputs.places["month"] < "2020-06"]))
    assert blocks.MONTHS.frame(VIEW).empty
    assert "No comparator can be used" in blocks.MONTHS.if_empty(VIEW)[0]


def test_a_short_baseline_is_said_beside_the_answer(page):
    module, on = page
    inputs = inputs_with(6)
    assert "are registered" not in lead_text(module, on(inputs))
    short = on(replace(inputs, months=inputs.months[inputs.months["month"] >= "2022-01"]))
    assert "The baseline holds 12 months; 24 are registered." in lead_text(module, short)

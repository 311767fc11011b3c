"""Before and after: counts beside the change, bad news beside the headline, a chart only where there is something to draw."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from analysis.evaluation.before_after import claim
from analysis.evaluation.claims import causal_words
from analysis.evaluation.suite import run_section
from pages.evaluation import _before_after_blocks as blocks
from tests.analysis.evaluation.pooling.made_programme import BEFORE, DURING, cells_of, made_inputs
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)
from tests.pages.review_sections import give_inputs
from tests.pages.test_evaluation_blocks import view_of


@pytest.fixture(scope="module")
def made():
    years = pd.DataFrame(
        [
            (BEFORE.start.replace(year=y), BEFORE.end.replace(year=y), 400 + 7 * (y % 3), 4 * 365.0)
            for y in range(2019, 2023)
        ],
        columns=["first_day", "last_day", "crimes", "exposure_days"],
    )
    return made_inputs(ratio=0.6, years=years, live_from=DURING.start)


def notes(inputs):
    return claim.notes(run_section("before-after", inputs))


def test_the_claim_names_both_counts(made):
    section = run_section("before-after", made)
    sums = made.cells.groupby("window")["crimes"].sum()
    said = claim.claim(section).sentence
    assert f"{sums['during']:,} crimes against {sums['before']:,}" in said
    assert causal_words(said) == []


def test_lockdowns_among_the_years_of_ordinary_drift_are_said(made):
    said = [note for note in notes(made) if "how much years differ" in note]
    assert said
    assert "The lockdowns of 2020 and 2021 fall into the years it is estimated from." in said[0]
    later = made.years.assign(first_day=date(2030, 1, 1), last_day=date(2030, 12, 31))
    assert not any("lockdowns" in note for note in notes(replace(made, years=later)))


def test_choosing_that_is_not_adjusted_for_is_said_beside_the_headline(made):
    assert any(note.startswith("Regression to the mean is not adjusted for.") for note in notes(made))


def test_season_is_drawn_by_window_and_counted_in_the_sentence(made, monkeypatch):
    give_inputs(monkeypatch, made)
    view = view_of("TEST")
    frame = blocks.SEASON.frame(view)
    wide = frame.pivot_table(index="calendar_month", columns="window", values="rate")
    fewer = int((wide["during"] < wide["before"]).sum())
    assert f"In {fewer} of the 12 months" in blocks.SEASON.sentence(frame, view)
    assert [len(trace.x) for trace in blocks.SEASON.figure(frame, view).data] == [12, 12]


def test_windows_without_a_common_month_are_said_and_both_still_drawn(made, monkeypatch):
    months = made.months[made.months["month"].between("2022-01", "2023-12")]
    half = months[(months["month"] <= "2022-06") | (months["month"] >= "2023-07")]
    give_inputs(monkeypatch, replace(made, months=half, cells=cells_of(half)))
    view = view_of("TEST")
    frame = blocks.SEASON.frame(view)
    if len(frame):
        assert "share no month of the year" in blocks.SEASON.sentence(frame, view)


def test_the_windows_are_drawn_where_the_programme_has_them(made, monkeypatch):
    give_inputs(monkeypatch, made)
    view = view_of("TEST")
    figure = blocks.MONTHS.figure(blocks.MONTHS.frame(view), view)
    said = [note.text for note in figure.layout.annotations]
    assert [word for word in said if word in ("before", "during")] == ["before", "during"]

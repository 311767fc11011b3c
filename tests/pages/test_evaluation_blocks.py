"""What the Evaluation page says: one figure in sentence, table, chart and CSV; nulls and gaps in plain words."""

import csv
import io
import json

import pytest

from analysis.evaluation.claims import causal_words
from components.block import block_csv, render_block
from components.view import View
from data_access import programmes
from data_access.evaluation import tables
from data_access.evaluation.summary import evaluation_summary
from domain.filters import Filters
from domain.roles import Role
from domain.scope import scope_for
from pages.evaluation import _summary_blocks as blocks
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)

ALL = (blocks.FOREST, blocks.BEFORE_AFTER, blocks.HARM, blocks.PATROL_DAYS, blocks.PLACES, blocks.CHECKS)


def view_of(code, role=Role.MANAGER, query=None):
    scope = scope_for("someone@example.org", role, frozenset({code}))
    defaults = programmes.filter_defaults(scope, code)
    programme, as_at = programmes.get_programme(scope, code), programmes.data_as_at(scope, code)
    return View(scope, programme, Filters.parse(query or {}, defaults), defaults, as_at)


def said(block, view):
    return json.dumps(
        render_block(block, view).to_plotly_json(), default=lambda c: c.to_plotly_json(), ensure_ascii=False
    )


@pytest.mark.parametrize("block", ALL, ids=lambda block: block.id)
def test_no_block_uses_a_causal_word_in_its_reading(block):
    view = view_of("TEST")
    sentence = block.sentence(block.frame(view), view)
    assert sentence
    assert causal_words(sentence) == []


@pytest.mark.parametrize("block", ALL, ids=lambda block: block.id)
def test_every_table_and_csv_states_the_windows_it_covers(block):
    view = view_of("TEST")
    head = block_csv(block, view).splitlines()[:4]
    assert "before Feb 2022 to Dec 2022, during Feb 2023 to Dec 2023" in head[1]
    assert "before Feb 2022 to Dec 2022, during Feb 2023 to Dec 2023" in said(block, view)


def test_the_csv_holds_the_recorded_crimes_of_the_summary():
    view = view_of("TEST")
    rows = list(csv.reader(io.StringIO(block_csv(blocks.BEFORE_AFTER, view))))
    found = evaluation_summary(view.scope, "TEST").before_after
    during = next(row for row in rows if "during" in row[1:2])
    assert during[2] == str(found.during.crimes)
    assert f"{found.during.crimes:,} in Feb 2023 to Dec 2023" in said(blocks.BEFORE_AFTER, view)


def test_the_forest_draws_every_estimate_that_could_be_made_once():
    view = view_of("TEST")
    frame = blocks.FOREST.frame(view)
    drawn = blocks.FOREST.figure(frame, view).data[0]
    assert list(drawn.y) == list(frame.dropna(subset=["ratio"])["estimate_name"])
    assert len(drawn.y) >= 6
    assert list(drawn.x) == pytest.approx(list(frame["ratio"].dropna()))
    made = frame.dropna(subset=["ratio"])
    assert list(drawn.error_x.array) == pytest.approx(list(made["high"] - made["ratio"]))


def test_chance_alone_is_never_counted_as_a_finding():
    view = view_of("TEST")
    frame = blocks.FOREST.frame(view)
    assert len(frame) == 7
    assert "of 5 estimates" in blocks.FOREST.sentence(frame, view)
    shut = frame.assign(low=0.5, high=1.5)
    shut.loc[shut["key"] == "exact", "high"] = 0.9
    said = blocks.FOREST.sentence(shut, view)
    assert said.startswith("None of the 5 estimates shows a change beyond what chance and ordinary variation can give")
    assert "apart from “chance alone”, which is shown as a yardstick" in said
    assert "apart from" not in blocks.FOREST.sentence(frame.assign(low=0.5, high=1.5), view)


def test_captions_say_what_is_assumed_and_cannot_be_checked():
    view = view_of("TEST")
    for block in (blocks.BEFORE_AFTER, blocks.HARM, blocks.PATROL_DAYS):
        assert "This assumes, and cannot check, that: " in block.caption(view), block.id
    assert "recorded in the same way" in blocks.BEFORE_AFTER.caption(view).split("cannot check, that: ")[1]


def test_every_check_that_can_fail_shows_what_it_needed_and_what_it_is_about():
    frame = blocks.CHECKS.frame(view_of("TEST"))
    judged = frame[frame["outcome"] != "for information"]
    assert len(judged) > 5
    assert not judged["needed"].isin(["", "[z]"]).any()
    assert frame["meaning"].str.endswith(".").all()
    overlap = frame[frame["check"].str.contains("already had service")].iloc[0]
    assert overlap["outcome"] == "not passed"
    assert overlap["value"].startswith("92 of 334")


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        (1, "1 of 4 checks that can fail was not passed"),
        (2, "2 of 4 checks that can fail were not passed"),
        (0, "All 4 checks"),
    ],
)
def test_the_number_of_failed_checks_is_said_in_grammar(failed, said):
    view = view_of("TEST")
    frame = blocks.CHECKS.frame(view).head(4).assign(outcome=["not passed"] * failed + ["passed"] * (4 - failed))
    assert blocks.CHECKS.sentence(frame, view).startswith(said)


def test_choosing_other_months_does_not_change_an_estimate():
    usual, shopped = view_of("TEST"), view_of("TEST", query={"from": "2023-06", "to": "2023-08", "spots": "HS1"})
    assert blocks.FOREST.frame(usual).equals(blocks.FOREST.frame(shopped))
    assert "Jun 2023" not in block_csv(blocks.FOREST, shopped)


def test_month_only_data_say_why_in_the_table_of_estimates():
    frame = tables.estimates_table(evaluation_summary(view_of("MONTHS").scope, "MONTHS")).set_index("key")
    assert "name only the month" in frame.loc["patrol_days", "how"]
    assert frame.loc["before_after", "ratio"] > 0
    assert "could not be made" in blocks.FOREST.sentence(frame.reset_index(), view_of("MONTHS"))


def test_a_funder_reads_the_same_estimates_as_a_manager():
    assert blocks.FOREST.frame(view_of("TEST", Role.FUNDER)).equals(blocks.FOREST.frame(view_of("TEST")))


def test_unmeasured_error_rates_are_said_not_left_blank():
    frame = blocks.FOREST.frame(view_of("TEST")).set_index("key")
    assert frame.loc["harm_total", "false_alarms"] == tables.NOT_MEASURED
    assert frame.loc["before_after", "false_alarms"].endswith("%")


def test_no_check_is_written_in_powers_of_ten():
    assert tables.check_value(1.83e-10) == "under 0.001"
    assert not blocks.CHECKS.frame(view_of("TEST"))["value"].str.contains(r"\de-\d").any()

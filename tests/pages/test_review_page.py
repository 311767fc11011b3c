"""The reviewers' frame: choices come from the address and go back into it, and nothing else does."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from analysis.evaluation.building import difference_record, log_ratio_record
from analysis.evaluation.record import Refusal
from components.block import csv_address
from components.view import View
from pages.evaluation import _records
from pages.evaluation._page import Choice, ReviewPage, choice_form
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)
from tests.pages.test_evaluation_blocks import view_of
from tests.portal import text_of

CAP = Choice("cap", "Each crime counts at most", lambda view: [("", "no cap"), ("365", "365 days")])
PLACES = Choice("places", "Compared with", lambda view: [("North, town", "North"), ("South", "South")], many=True)
PAGE = ReviewPage(
    slug="test", path="/evaluation/test", name="Test", question="Q?", section="", lead=lambda v, s: "", blocks=(), choices=(CAP, PLACES),
)  # fmt: skip
GIVEN = {
    "estimand": "crime", "n_events": 10, "n_units": 2, "n_clusters": None, "method": "m", "maryland_level": 2, "data_hash": "d", "df": None,
}  # fmt: skip


def asking(**query: str) -> View:
    return replace(view_of("TEST"), query=query)


def test_no_choice_is_the_registered_analysis() -> None:
    assert PAGE.chosen(asking()) == {}
    assert PAGE.chosen(asking(cap="")) == {}


def test_a_value_that_is_not_offered_is_not_passed_on() -> None:
    assert PAGE.chosen(asking(cap="1'; drop", places="West|East")) == {}


def test_tick_boxes_and_their_short_form_mean_the_same() -> None:
    assert PAGE.chosen(asking(cap="365", **{"places.South": "on"})) == {"cap": "365", "places": "South"}
    assert PAGE.chosen(asking(places="South|North, town")) == {"places": "North, town|South"}


def test_the_page_says_what_was_chosen_and_leads_back() -> None:
    assert len(choice_form(PAGE, asking())) == 1
    said = text_of(json.loads(json.dumps(choice_form(PAGE, asking(cap="365")), default=lambda c: c.to_plotly_json())))
    assert "Other settings than the registered ones: each crime counts at most: 365 days." in said
    assert "Back to the registered analysis" in said


def test_the_form_needs_no_script_and_keeps_the_programme() -> None:
    form = choice_form(PAGE, asking())[0]
    assert (form.method, form.action) == ("get", "/evaluation/test")
    assert form.children[0].name == "programme"
    assert form.children[0].value == "TEST"


def test_a_csv_holds_what_was_chosen() -> None:
    block = _records.estimates_block(id="test-estimates", section="harm", title="T")
    address = csv_address(replace(block, asks=("cap",)), asking(cap="365"))
    assert address.endswith("&cap=365")


def test_a_forest_holds_one_scale_and_says_why_a_row_has_none() -> None:
    records = {
        "a": log_ratio_record(log_ratio=-0.5, se=0.1, method_key="", **GIVEN),
        "b": difference_record(difference=-3, se=1, unit="crimes", method_key="", **GIVEN),
        "c": Refusal("nothing", "Nothing is loaded."),
    }
    ratios, differences = _records.records_frame(records), _records.records_frame(records, scale="difference")
    assert list(ratios["key"]) == ["a", "c"]
    assert list(differences["key"]) == ["b", "c"]
    assert ratios["how"].iloc[1] == "Nothing is loaded."
    assert list(_records.forest(ratios).data[0].y) == ["crime"]
    assert _records.agreement_sentence(ratios) == (
        "Of 1 estimate, 1 lies below no change with its whole 95% interval and 0 above it. 1 could not be made; the table says why."
    )
    assert "1 below" not in _records.agreement_sentence(ratios.assign(high=1.2))


def test_an_interval_without_end_is_drawn_to_the_end_of_the_axis() -> None:
    record = log_ratio_record(log_ratio=0.0, se=0.1, method_key="", ci_high=float("inf"), ci_low=0.0, **GIVEN)
    drawn = _records.forest(_records.records_frame({"a": record})).data[0]
    assert drawn.error_x.array[0] == pytest.approx(_records.AXIS[1] - 1)
    assert drawn.error_x.arrayminus[0] == pytest.approx(1 - _records.AXIS[0])


@pytest.mark.parametrize(("failed", "said"), [(0, "All 2 checks"), (1, "1 of 2 checks that can fail was not passed")])
def test_failed_checks_are_said(failed: int, said: str) -> None:
    outcomes = ["not passed"] * failed + ["passed"] * (2 - failed) + ["for information"]
    frame = pd.DataFrame({"check": ["x", "y", "z"], "outcome": outcomes})
    assert _records.checks_sentence(frame).startswith(said)

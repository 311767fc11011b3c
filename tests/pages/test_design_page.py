"""Design and claim: what was set is shown, what was not is said, and the ladder holds each headline on its rung."""

from __future__ import annotations

import pytest

from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.claims import MARYLAND, causal_words
from analysis.evaluation.record import Refusal
from analysis.evaluation.suite import SECTIONS
from pages.evaluation import _design_blocks as blocks
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)
from tests.pages.test_evaluation_blocks import view_of


def test_what_nobody_stated_is_said_to_be_not_stated() -> None:
    frame = blocks.FACTS.frame(view_of("BARE")).set_index("what")["said"]
    assert frame["How the places were chosen"] == blocks.NOT_STATED
    assert frame["Window: before"] == blocks.NOT_STATED
    assert "not stated" in blocks.FACTS.sentence(blocks.FACTS.frame(view_of("BARE")), view_of("BARE"))


def test_service_days_in_the_baseline_are_counted() -> None:
    frame = blocks.FACTS.frame(view_of("TEST")).set_index("what")["said"]
    assert frame["Service days in the “before” window"] == "92"


def test_every_page_of_estimates_has_a_name_and_every_level_its_words() -> None:
    assert list(blocks.LABELS) == list(SECTIONS)
    assert set(blocks.ALLOWED) == set(MARYLAND)


@pytest.mark.parametrize(("level", "cautious"), [(3, True), (5, False)])
def test_the_ladder_says_whether_any_result_may_speak_of_cause(
    level: int, cautious: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = log_ratio_record(
        log_ratio=-0.1, se=0.1, df=None, method_key="", estimand="e", n_events=1, n_units=1, n_clusters=None,
        method="m", maryland_level=level, data_hash="",
    )  # fmt: skip
    monkeypatch.setattr(blocks, "headlines", lambda view: {"harm": record, "displacement": Refusal("x", "y")})
    view = view_of("TEST")
    frame = blocks.LADDER.frame(view).set_index("level")
    assert frame.loc[str(level), "here"].endswith("Harm")
    assert "The claim of the summary page" in frame.loc["2", "here"]
    sentence = blocks.LADDER.sentence(blocks.LADDER.frame(view), view)
    assert ("none may say why" in sentence) == cautious
    assert causal_words(sentence) == []


def test_without_a_plan_the_page_says_what_that_means() -> None:
    view = view_of("TEST")
    for block in (blocks.PLAN, blocks.DEVIATIONS):
        assert block.frame(view).empty
        assert "No analysis plan is registered" in block.if_empty(view)[0]


def test_what_is_tried_is_listed_by_question() -> None:
    view = view_of("TEST")
    blocks.headlines(view)
    frame = blocks.TRIED.frame(view).set_index("section")
    assert frame.loc["before-after", "analyses"] > 0
    assert f"{frame['analyses'].sum():,} different analyses" in blocks.TRIED.sentence(frame, view)

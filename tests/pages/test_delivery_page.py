"""Delivery and data quality: what was delivered and how complete the records are, each as counts and as shares."""

from __future__ import annotations

import pandas as pd
import pytest

from components.block import block_csv
from pages.evaluation import _delivery_blocks as blocks
from tests.data_access.evaluation.conftest import configured, database  # noqa: F401 (fixtures)
from tests.pages.test_evaluation_blocks import said, view_of


def test_a_month_without_patrols_is_not_hidden_in_the_share_of_days() -> None:
    view = view_of("TEST")
    frame = blocks.COVERAGE.frame(view)
    assert (frame["covered_days"] <= frame["known_days"]).all()
    days, known = int(frame["covered_days"].sum()), int(frame["known_days"].sum())
    assert known == 3 * 334
    assert f"{days:,} of {known:,} ({round(100 * days / known)}%)" in blocks.COVERAGE.sentence(frame, view)


def test_records_without_a_place_are_a_share_of_the_window_and_not_a_mean_of_months() -> None:
    frame = pd.DataFrame(
        {
            "window": ["before", "before", "during"], "records": [90, 10, 50], "located_share": [1.0, 0.0, 0.5],
            "timed_share": [1.0, 1.0, 1.0], "crimes": [0, 0, 0], "not_scored_share": [None, None, None],
        }
    )  # fmt: skip
    sentence = blocks.RECORDS.sentence(frame, view_of("TEST"))
    assert "90.0% and 50.0% of records have coordinates" in sentence
    assert "harm weight" not in sentence


def test_one_file_of_crimes_cannot_show_a_delay_and_the_page_says_so() -> None:
    assert "late records cannot be counted" in said(blocks.REVISIONS, view_of("TEST"))


def test_the_largest_revision_is_named_with_its_sign() -> None:
    frame = pd.DataFrame(
        {
            "month": ["2023-01", "2023-02"],
            "rows_before": [100, 100],
            "rows_after": [100, 80],
            "change": [0.0, -0.2],
            "age_days": [40, 12],
        }
    )
    assert "1 of them changed, the most Feb 2023: −20.0%" in blocks.REVISIONS.sentence(frame, view_of("TEST"))


@pytest.mark.parametrize("code", ["MONTHS", "BARE"])
@pytest.mark.parametrize("block", blocks.ALL, ids=lambda block: block.id)
def test_a_programme_without_windows_or_trackers_gets_reasons_and_no_error(block: object, code: str) -> None:
    assert said(block, view_of(code))
    assert block_csv(block, view_of(code))

"""How a job is shown in each of its states: what a person reads, and what a screen reader is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

import pytest

from components.job_status import file_size, job_poll, job_status
from domain.jobs import Job, JobState

JOB = Job(
    id=7, token="t", kind="return pdf", programme_code="TEST", arguments={}, owner="mary@x.example", by_server=False,
    state=JobState.RUNNING, progress=0.42, said="Gathering the figures of Oct 2023.", error="", reference="",
    created_at=datetime(2024, 5, 1), started_at=None, ended_at=None, attempts=1, cancel_requested=False,
    file_name="test.pdf", mime="application/pdf", size=181_849, sha256="0", expires_at=datetime(2024, 5, 8),
    has_file=False,
)  # fmt: skip


def shown(**changes: object) -> str:
    return json.dumps(
        job_status(replace(JOB, **changes), "Return", file_address="/jobs/t", cancel_id="x-cancel").to_plotly_json(),
        default=lambda one: one.to_plotly_json(), ensure_ascii=False,
    )  # fmt: skip


def test_running_has_a_bar_with_a_name_words_that_are_announced_and_a_button() -> None:
    found = shown()
    assert '"value": "0.42"' in found
    assert '"max": "1"' in found
    assert '"aria-label": "Progress: Return"' in found
    assert "Gathering the figures of Oct 2023. 42%" in found
    assert '"aria-live": "polite"' in found
    assert "x-cancel" in found


def test_being_cancelled_offers_no_second_button() -> None:
    found = shown(cancel_requested=True, said="Being cancelled.")
    assert "Being cancelled." in found
    assert "x-cancel" not in found


def test_done_links_to_the_file_and_says_what_it_is_and_how_long() -> None:
    found = shown(state=JobState.DONE, has_file=True)
    assert '"href": "/jobs/t"' in found
    assert "Download test.pdf (182 kB)" in found
    assert "kept until 8 May 2024" in found
    assert "Progress" not in found


def test_a_file_that_is_gone_is_not_linked_to() -> None:
    found = shown(state=JobState.DONE)
    assert "no longer kept" in found
    assert "href" not in found


def test_failed_says_why_and_gives_the_reference_if_there_is_one() -> None:
    assert "ab12cd34" in shown(state=JobState.FAILED, error="A fault.", reference="ab12cd34")
    found = shown(state=JobState.FAILED, error="No data are held.")
    assert "No data are held." in found
    assert "Reference" not in found


@pytest.mark.parametrize("state", JobState)
def test_the_page_asks_again_only_while_it_is_not_over(state: JobState) -> None:
    over = state not in (JobState.WAITING, JobState.RUNNING)
    assert job_poll("p", replace(JOB, state=state)).disabled is over
    assert job_poll("p", None).disabled is True


def test_sizes_are_written_for_people() -> None:
    assert [file_size(n) for n in (10, 181_849, 1_400_000)] == ["1 kB", "182 kB", "1.4 MB"]

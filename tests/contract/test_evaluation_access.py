"""Who is given the evaluation: funders get the summary and nothing behind it, reviewers get every page."""

from __future__ import annotations

import json

import dash

from components.block import BLOCKS
from domain.roles import Permission, Role
from pages.evaluation._page import NAVIGATION
from tests.portal import Portal, heading


def reviewers_pages() -> list[str]:
    return [entry["path"] for entry in dash.page_registry.values() if entry["path"].startswith("/evaluation/")]


def test_the_links_of_the_evaluation_are_its_pages(portal: Portal) -> None:
    assert reviewers_pages()
    assert set(reviewers_pages()) <= {path for path, _ in NAVIGATION}


def test_a_funder_is_refused_where_a_reviewer_reads_a_question(portal: Portal) -> None:
    funder, reviewer = portal.signed_in(Role.FUNDER), portal.signed_in(Role.REVIEWER)
    for path in reviewers_pages():
        assert heading(funder.page(path)) == "You do not have access", path
        assert heading(reviewer.page(path)).endswith("?"), path


def test_no_block_of_a_reviewers_page_is_open_to_a_funder(portal: Portal) -> None:
    funder = portal.signed_in(Role.FUNDER)
    inspected = [block.id for block in BLOCKS.values() if block.permission is Permission.INSPECT_EVALUATION]
    assert len(inspected) > 5
    for block in inspected:
        assert funder.get(f"/download/{block}.csv?programme=TEST").status_code == 403, block


def test_the_page_one_is_on_is_marked_and_a_funder_sees_no_links(portal: Portal) -> None:
    shown = json.dumps(portal.signed_in(Role.REVIEWER).page("/evaluation/delivery-and-data-quality").get_json())
    assert shown.count('"aria-current": "page"') == 1
    assert "/evaluation/delivery-and-data-quality" not in json.dumps(
        portal.signed_in(Role.FUNDER).page("/evaluation").get_json()
    )

"""A reviewer says something about a figure with the keyboard alone, on a copy of the demonstration."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Browser, expect

from domain.roles import Role
from tests.browser.conftest import Person, served

FIGURE = "evaluation-missing-gps"


def test_a_comment_is_written_by_keyboard_and_read_under_its_figure(
    chromium: Browser, demonstration: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(demonstration, copy)
    server = served(copy)
    try:
        reviewer = Person(chromium, next(server), 1280)
        reviewer.sign_in(Role.REVIEWER)
        reviewer.open("/evaluation/delivery-and-data-quality")
        page = reviewer.page
        page.locator(f"#{FIGURE}-comments > summary").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.locator(f"#{FIGURE}-say")).to_be_focused()
        page.keyboard.type("Which shifts were these?")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(f"#{FIGURE}-comments .thread")).to_contain_text("Which shifts were these?")
        expect(page.locator("main .notice")).to_contain_text("Your comment is kept")
        assert reviewer.troubles == []
    finally:
        server.close()

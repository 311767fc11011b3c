"""The shell in a real browser against gunicorn: what a person, a keyboard and a screen reader meet."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from domain.roles import Role
from settings import ROOT
from tests.portal import PASSWORD, Portal, email_of

CHROMIUM = next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (make test installs it).")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A portal served exactly as make run serves it; the test ends with the server."""
    folder = tmp_path_factory.mktemp("served")
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    with pytest.MonkeyPatch.context() as monkeypatch:
        Portal(folder, monkeypatch, HOST="127.0.0.1", PORT=str(port), WORKERS="1")
        from data_access import accounts
        from domain.scope import server_scope

        accounts.set_programmes(server_scope(), email_of(Role.REVIEWER), ["TEST", "OTHER"])
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--config",
            "gunicorn.conf.py",
            "--no-control-socket",
            "app:server",
        ]
        served = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True)
        try:
            for line in served.stdout:
                if "The portal is ready" in line:
                    break
            assert served.poll() is None, "gunicorn stopped before it was ready"
            yield f"http://127.0.0.1:{port}"
        finally:
            served.terminate()
            served.wait(30)


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def sign_in(page: Page, role: Role, target: str = "/") -> None:
    page.goto(target)
    page.get_by_label("E-mail address").fill(email_of(role))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#main-content h1")).to_be_visible()
    page.wait_for_load_state("networkidle")  # what is drawn anew takes the focus away


def test_moving_between_pages(page: Page) -> None:
    sign_in(page, Role.FUNDER, "/trends?from=2023-03&programme=TEST")
    expect(page.locator("#main-content h1")).to_contain_text("crime and harm")
    expect(page).to_have_title(re.compile("^Trends – Hot spots reporting portal$"))
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Costs").click()
    heading = page.locator("#main-content h1")
    expect(heading).to_contain_text("cost")
    expect(heading).to_be_focused()
    expect(page).to_have_title("Costs – Hot spots reporting portal")
    expect(page.locator("#shell-nav [aria-current=page]")).to_have_text(["Costs"])
    assert "from=2023-03" in page.url, "the filters go along"
    page.go_back()
    expect(page.locator("#shell-nav [aria-current=page]")).to_have_text(["Trends"])


def test_skip_link_is_first_and_works(page: Page) -> None:
    sign_in(page, Role.FUNDER, "/accessibility")
    page.reload()
    expect(page.locator("#main-content h1")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main-content")).to_be_focused()


def test_changing_the_programme_keeps_the_page(page: Page) -> None:
    sign_in(page, Role.REVIEWER, "/trends?programme=OTHER&spots=S1&from=2023-03")
    expect(page.get_by_text("Demonstration data", exact=False).first).to_be_hidden()
    page.get_by_label("Programme", exact=True).select_option("TEST")
    page.get_by_role("button", name="Change programme").click()
    expect(page.locator("#shell-banner")).to_contain_text("Demonstration data")
    assert page.url.endswith("/trends?programme=TEST&from=2023-03")


def test_a_session_that_ended_leads_back_to_where_it_was(page: Page) -> None:
    sign_in(page, Role.FUNDER, "/trends")
    page.context.clear_cookies()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Costs").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("your session ended")).to_be_visible()
    sign_in(page, Role.FUNDER, page.url)
    assert "/costs" in page.url


def test_person_menu_by_keyboard_and_sign_out(page: Page) -> None:
    sign_in(page, Role.FUNDER, "/accessibility")
    name = page.locator("summary", has_text="Person funder")
    name.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(name).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You have signed out.")).to_be_visible()
    page.goto("/trends")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_briefing_belongs_to_patrols_and_raises_the_marking(page: Page) -> None:
    sign_in(page, Role.MANAGER, "/briefing?programme=TEST")
    expect(page.locator("#shell-nav [aria-current=page]")).to_have_text(["Patrols"])
    footer = page.locator("#shell-footer")
    expect(footer).to_contain_text("OFFICIAL-SENSITIVE")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Trends").click()
    expect(page.locator("#shell-nav [aria-current=page]")).to_have_text(["Trends"])
    expect(footer).not_to_contain_text("SENSITIVE")
    page.go_back()
    expect(footer).to_contain_text("OFFICIAL-SENSITIVE")


@pytest.mark.parametrize("path", ["/accounts", "/account", "/accessibility", "/nowhere"])
def test_nothing_spills_at_320_pixels(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    sign_in(page, Role.ADMINISTRATOR, path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

"""A month's return from empty page to sealed file, by the five people whose work it is, in real browsers; then corrected."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from access.demo_accounts import PASSPHRASE
from domain.roles import Role
from tests.browser.conftest import EMAILS, Person, served, violations
from tests.conftest import ROOT, portal_environment, run_command

MONTH = "2023-11"
PAGE = f"/returns?programme=DEMO&month={MONTH}"
SECOND = "second-manager@demo.example"
BUILT = 90_000  # milliseconds: a PDF is made and sealed, on a machine that runs other tests beside


@pytest.fixture(scope="module")
def folder(demonstration: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copied = tmp_path_factory.mktemp("returns") / "data"
    shutil.copytree(demonstration, copied)
    return copied


@pytest.fixture(scope="module")
def own_address(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "flask", "--app", "app", "worker"]
    with subprocess.Popen(
        command, cwd=ROOT, env=portal_environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as worker:
        try:
            yield from served(folder)
        finally:
            worker.terminate()


def _at(chromium: Browser, address: str, role: Role, email: str = "", width: int = 1280) -> Person:
    someone = Person(chromium, address, width)
    someone.sign_in(role, email)
    someone.open(PAGE)
    return someone


def _sign(someone: Person, action: str, said: str) -> None:
    someone.page.locator(f"#returns-sure-{action}").check()
    someone.page.locator("#returns-sign").click()
    expect(someone.page.locator(".notice")).to_contain_text(said, timeout=BUILT)


def test_from_an_empty_page_to_a_sealed_file(chromium: Browser, own_address: str, folder: Path, tmp_path: Path) -> None:
    manager = _at(chromium, own_address, Role.MANAGER)
    page = manager.page
    expect(page.locator("#returns-checks-sentence")).to_contain_text("must be mended")
    assert violations(manager) == []
    for box in page.locator("[id^=returns-text-]").all():
        box.fill("None this month.")
    page.locator("#returns-text-highlights").fill("Briefings were held each Monday.")
    page.locator("#returns-save").click()
    expect(page.locator("#returns-said")).to_contain_text("Saved as revision 1", timeout=BUILT)
    for box in page.locator("textarea[id*=returns-reason]").all():
        box.fill("Looked at with the provider and the force.")
    page.locator("#returns-save").click()
    expect(page.locator("#returns-checks-sentence")).to_contain_text(
        "All 10 checks are passed or explained", timeout=BUILT
    )
    expect(page.locator("#returns-not-yours")).to_contain_text("nobody judges their own work")

    page.locator("#returns-job .job-make").click()
    expect(page.locator("#returns-job a")).to_contain_text("demo-return-2023-11-v1-draft-2.pdf", timeout=BUILT)

    second = _at(chromium, own_address, Role.MANAGER, SECOND)
    second.page.locator("#returns-sign").click()
    expect(second.page.locator(".error-summary")).to_contain_text("Tick the box")
    _sign(second, "check", "Checked by an analyst")
    approver = _at(chromium, own_address, Role.APPROVER)
    _sign(approver, "approve", "Its file is sealed")
    finance = _at(chromium, own_address, Role.FINANCE, width=320)
    assert not finance.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert violations(finance) == []
    _sign(finance, "certify", "Certified")
    manager.open(PAGE)
    _sign(manager, "submit", "Submitted")
    assert page.locator("#returns-save").count() == 0
    assert violations(manager) == []

    with page.expect_download() as download:
        page.locator("#returns-pdf").click()
    sealed = tmp_path / "sealed.pdf"
    download.value.save_as(sealed)
    done = run_command(folder, "return", "verify", str(sealed))
    assert "byte for byte, what the portal sealed" in done.stdout
    assert "In the register: DEMO, 2023-11, version 1, submitted: the file of the step “submit”" in done.stdout
    sealed.write_bytes(sealed.read_bytes().replace(b"/Type", b"/TypE", 1))
    assert run_command(folder, "return", "verify", str(sealed), check=False).returncode == 1

    for someone in (manager, second, approver, finance):
        assert someone.troubles == []
        someone.context.close()


def _sign_in_again(page: Page) -> None:
    """In the tab that the page's own link opens."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in (opens in a new tab)").click()
    tab = opened.value
    tab.locator("input[name=email]").fill(EMAILS[Role.MANAGER])
    tab.locator("input[type=password]").fill(PASSPHRASE)
    tab.locator("main button[type=submit]").click()
    expect(tab.locator("main h1")).to_have_text("You are signed in")
    tab.close()


def test_words_outlive_the_session_a_slow_save_and_a_reload_and_end_at_sign_out(
    chromium: Browser, own_address: str, tmp_path: Path
) -> None:
    manager = Person(chromium, own_address, 1280)
    manager.sign_in(Role.MANAGER)
    manager.open("/returns?programme=DEMO&month=2023-06")
    page, kept = manager.page, manager.page.locator("#returns-kept")
    page.locator("#returns-text-highlights").fill("Typed before the session ended.")
    manager.context.clear_cookies()
    page.locator("#returns-save").click()
    expect(kept).to_contain_text("signed out, so nothing was saved")
    assert page.locator("#returns-text-highlights").input_value() == "Typed before the session ended."
    _sign_in_again(page)

    page.locator("#returns-save").click()
    expect(kept).to_contain_text("Saving…")
    reason = page.locator("textarea[id*=returns-reason]").last
    reason.press_sequentially("Typed while it was being saved.")
    expect(page.locator("#returns-said")).to_contain_text("Saved as revision 1", timeout=BUILT)
    expect(kept).to_contain_text("What you typed since is not saved yet.")
    expect(reason).to_have_value("Typed while it was being saved.")
    expect(reason).to_be_focused()
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    paper = " ".join(sheet.extract_text() for sheet in PdfReader(tmp_path / "page.pdf").pages)
    assert "Typed before the session ended." in paper
    assert "Nobody has signed this return" in paper
    assert not [word for word in ("Save narrative", "All months", "Jul 2023 Not started", "Checks") if word in paper]

    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#returns-offer")).to_contain_text("were not saved: 1 reason.")
    expect(page.locator("#returns-text-highlights")).to_have_value("Typed before the session ended.")
    assert violations(manager) == []
    reason.fill("Typed after the reload.")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#returns-offer")).to_contain_text("were not saved: 1 reason.")
    page.locator("#returns-text-learning").fill("Typed before they were put back.")
    reason.fill("Typed last.")
    page.get_by_role("button", name="Put them back").click()
    expect(reason).to_have_value("Typed last.\n\nTyped after the reload.\n\nTyped while it was being saved.")
    expect(page.locator("#returns-offer")).to_contain_text("they stand after it: 1 reason.")
    page.locator(".shell-person summary").click()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Sign out").click(no_wait_after=True)
    assert page.evaluate("sessionStorage.length") == 1, "whoever thinks better of signing out loses nothing"

    other = manager.context.new_page()
    other.goto(f"{own_address}/account")
    other.wait_for_selector("main h1")
    other.wait_for_load_state("networkidle")  # a page that is still being drawn closes the menu again
    other.locator(".shell-person summary").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.locator("main h1")).to_have_text("Sign in")
    expect(kept).to_contain_text("signed out in another tab")
    reason.press_sequentially(" And more.")
    expect(page.locator("#returns-text-learning")).to_have_value("Typed before they were put back.")
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    assert [trouble for trouble in manager.troubles if "401 (UNAUTHORIZED)" not in trouble] == []
    manager.context.close()


def test_a_submitted_return_is_corrected_by_a_new_version_that_says_what_changed(
    chromium: Browser, own_address: str
) -> None:
    manager = _at(chromium, own_address, Role.MANAGER)
    page = manager.page
    page.get_by_text("Correct this return").click()
    page.locator("#returns-reason-correct").fill("The highlights named the wrong day.")
    page.get_by_role("button", name="Open a correction").click()
    expect(page.locator(".notice")).to_contain_text("Version 2 is open as a draft")
    page.locator("#returns-text-highlights").fill("Briefings were held each Tuesday.")
    page.locator("#returns-save").click()
    expect(page.locator("#returns-said")).to_contain_text(re.compile("Saved as revision"), timeout=BUILT)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.locator("#returns-text-learning").press_sequentially("Not saved")
    page.get_by_text("What changed since version 1").click()
    expect(page.locator("main h1")).to_contain_text("What changed between two versions?")
    assert asked == ["beforeunload"], "words that are not saved are not lost without a question"
    expect(page.locator("#compare-table")).to_contain_text("each Monday")
    expect(page.locator("#compare-table")).to_contain_text("each Tuesday")
    assert violations(manager) == []

    manager.open(PAGE)
    page.get_by_text("Drop this correction").first.click()
    page.locator("#returns-reason-drop").fill("It was Monday after all.")
    page.locator("#returns-sure-drop").check()
    page.get_by_role("button", name="Drop this correction").click()
    expect(page.locator(".notice")).to_contain_text("Version 2 was dropped. Version 1 stands")
    expect(page.locator("#returns-offer")).to_contain_text("no box for what follows")
    expect(page.locator("#returns-offer .kept-words")).to_contain_text("Not saved")
    expect(page.locator("#returns-state")).to_contain_text("Submitted")
    expect(page.locator("#returns-versions")).to_contain_text("correction dropped")
    expect(page.locator("#returns-versions")).to_contain_text("It was Monday after all.")
    manager.open(f"{PAGE}&version=2")
    expect(page.locator("#returns-standing")).to_contain_text("It does not count and cannot be changed")
    expect(page.locator("#returns-preview")).to_contain_text("each Tuesday")
    assert page.locator("#returns-save").count() == 0
    assert page.get_by_text("What you can do").count() == 0
    assert manager.troubles == []
    manager.context.close()

"""A manager changes things: loads a file, confirms a month, changes a rule and takes it back. On a copy of the data."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from domain.roles import Role
from tests.browser.conftest import Person, served, violations

WORKED_OUT = 60_000  # milliseconds: everything held is counted anew
COLUMNS = {"time": "Sendezeit", "device": "Geraet Nr", "latitude": "Breite", "longitude": "Laenge", "team": "Trupp"}


@pytest.fixture(scope="module")
def own_address(demonstration: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("own") / "data"
    shutil.copytree(demonstration, folder)
    yield from served(folder)


@pytest.fixture(scope="module")
def manager(chromium: Browser, own_address: str) -> Iterator[Person]:
    someone = Person(chromium, own_address, 1280)
    someone.sign_in(Role.MANAGER)
    yield someone
    someone.context.close()


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    """An hour in the Clock Tower as a German tracker exports it, and two rows that cannot be."""
    rows = [f"05/02/2024 15:{m:02d}:00;WT-9;52,635{m:02d};-1,133{m:02d};Nachtgruppe" for m in range(60)]
    rows += [
        "05/02/2024 25:99:00;WT-9;52,6355;-1,1330;Nachtgruppe",
        "05/02/2024 18:00:00;WT-9;95,6;-1,1330;Nachtgruppe",
    ]
    path = tmp_path / "odd columns.csv"
    path.write_text("\r\n".join([";".join(COLUMNS.values()), *rows]) + "\r\n")
    return path


def send(manager: Person, path: Path, kind: str = "pings") -> Page:
    manager.open("/data")
    manager.page.get_by_role("link", name="Load a file").click()
    manager.page.get_by_label("What the file holds").select_option(kind)
    manager.page.locator("#upload-file").set_input_files(path)
    manager.page.get_by_role("button", name="Send and look at it").click()
    return manager.page


def look_again(page: Page) -> None:
    page.get_by_role("button", name="Look again").click()
    page.wait_for_load_state()


def test_a_file_with_odd_columns_is_looked_at_and_loaded(manager: Person, tracks: Path) -> None:
    page = send(manager, tracks)
    problem = page.locator(".error-summary")
    expect(problem).to_contain_text("Choose the columns under “Read it another way”")
    expect(problem).to_contain_text("Nothing was stored.")
    for name, head in COLUMNS.items():
        page.locator(f"#upload-col-{name}").select_option(head)
    look_again(page)
    expect(problem).to_contain_text("Provider of every row")
    page.get_by_label("Provider of every row").select_option("outreach")
    look_again(page)
    expect(page.locator("main .lead")).to_contain_text("62 rows read = 60 loaded + 0 duplicate + 2 rejected")
    expect(page.get_by_role("region", name="Rejected rows")).to_contain_text("25:99:00")
    assert violations(manager) == []
    page.get_by_role("button", name="Load it as shown here").click()
    expect(page.locator(".notice")).to_contain_text("odd columns.csv. It is loaded: 62 rows read = 60 loaded")
    row = page.locator("#data-loads tbody tr", has_text="odd columns.csv")
    assert row.locator("td").nth(3).text_content() == "60"
    page.get_by_text("Show the months").click()
    expect(page.locator("#data-months tbody tr").first).to_contain_text("Feb 2024")
    assert manager.troubles == []


def test_a_file_of_another_kind_says_why_and_leaves_nothing(manager: Person, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8)
    page = send(manager, path, "crimes")
    expect(page.locator(".error-summary")).to_contain_text("photo.jpg is a picture")
    assert page.get_by_role("button", name="Load it as shown here").count() == 0
    assert violations(manager) == []
    address = page.url
    page.get_by_role("button", name="Discard it").click()
    expect(page.locator(".notice")).to_contain_text("nothing of it was stored")
    page.goto(address)
    expect(page.locator(".error-summary")).to_contain_text("no longer waiting")
    assert all("404" in trouble for trouble in manager.troubles)
    manager.troubles.clear()


def test_a_month_is_confirmed_and_withdrawn(manager: Person) -> None:
    manager.open("/data")
    page = manager.page
    page.get_by_text("Show the months").click()
    page.get_by_role("button", name="Confirm Nov 2023").click()
    expect(page.locator(".notice")).to_have_text("Nov 2023 is confirmed.")
    row = page.locator("#data-months tbody tr", has_text="Nov 2023")
    expect(row).to_contain_text("confirmed by manager@demo.example")
    expect(row).to_contain_text("positions due to go on")
    row.locator("summary").click()
    row.get_by_label("Why").fill("A tracker file is still missing")
    assert violations(manager) == []
    row.get_by_role("button", name="Withdraw").click()
    expect(page.locator(".notice")).to_have_text("Nov 2023 is no longer confirmed.")
    expect(row).to_contain_text("not confirmed")
    assert manager.troubles == []


def open_form(manager: Person) -> Page:
    manager.open("/patrols/counting")
    manager.page.get_by_text("Show the form").click()
    manager.page.get_by_label("Provider").select_option("police-overtime")
    return manager.page


def look(page: Page) -> None:
    page.get_by_role("button", name="Show what would move").click()


def change(page: Page, why: str) -> None:
    page.locator("#counting-reason").fill(why)
    page.get_by_role("button", name="Make this change").click()
    expect(page.locator("#counting-done")).to_contain_text("Changed, Police overtime", timeout=WORKED_OUT)


def test_a_rule_is_looked_at_changed_and_changed_back(manager: Person) -> None:
    page = open_form(manager)
    dwell, proposal = page.locator("#counting-min-dwell-s"), page.locator("#counting-proposal")
    dwell.fill("-4")
    look(page)
    expect(page.locator("#counting-done")).to_contain_text("Shortest visit: write a number from 0 to 1,440")
    page.locator("#counting-shifts").fill("25:00-26:00")
    dwell.fill("5")
    look(page)
    expect(page.locator("#counting-done")).to_contain_text("there is no clock time 25:00")
    page.locator("#counting-shifts").fill("")
    look(page)
    expect(proposal.locator("h3")).to_have_text(
        "Police overtime: shortest visit 3 minutes to 5 minutes", timeout=WORKED_OUT
    )
    visits = proposal.locator("tr", has_text="Patrol-minutes of visits").locator("td")
    now, then = visits.nth(0).inner_text(), visits.nth(1).inner_text()
    assert now != then
    assert violations(manager) == []
    page.locator("#counting-reason").fill("          ")
    page.get_by_role("button", name="Make this change").click()
    expect(page.locator("#counting-done")).to_contain_text("Nothing was changed. Say why")
    expect(page.locator("main")).to_contain_text("The rules have never been changed")

    change(page, "Four minutes are an errand")
    expect(page.locator("#counting-done")).to_contain_text(f"went from {now} to {then}")
    history = page.locator("#counting-history-table tbody tr")  # at once, without a reload
    expect(history).to_have_count(1)
    expect(history).to_contain_text("shortest visit 3 minutes to 5 minutes")
    expect(history).to_contain_text("Four minutes are an errand")
    expect(page.locator("#counting-rules-table tr", has_text="Shortest visit")).to_contain_text("5 minutes")

    dwell.fill("3")
    look(page)
    expect(proposal.locator("h3")).to_contain_text("shortest visit 5 minutes to 3 minutes", timeout=WORKED_OUT)
    change(page, "The errands were patrols after all")
    expect(page.locator("#counting-done")).to_contain_text(f"went from {then} to {now}")
    expect(history).to_have_count(2)
    assert manager.troubles == []


def test_two_forms_of_one_provider_do_not_undo_each_other(manager: Person, chromium: Browser) -> None:
    first = open_form(manager)
    other = Person(chromium, manager.address, 1280)
    other.sign_in(Role.MANAGER)
    second = open_form(other)
    expect(first.locator("#counting-min-dwell-s")).to_have_value("3")
    for page, dose in ((first, "25"), (second, "35")):
        page.locator("#counting-dose-from").fill("2023-06-01")
        page.locator("#counting-dose-minutes").fill(dose)
        look(page)
        expect(page.locator("#counting-proposal")).to_contain_text(f"planned dose to {dose} minutes from 1 Jun 2023")
    change(first, "Shorter visits from June on")
    second.locator("#counting-reason").fill("Longer visits from June on")
    second.get_by_role("button", name="Make this change").click()
    expect(second.locator("#counting-done")).to_contain_text(
        "has been changed by manager@demo.example", timeout=WORKED_OUT
    )
    expect(second.locator("#counting-done")).to_contain_text("Reload the page")
    other.context.close()

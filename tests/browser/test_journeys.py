"""What each person comes for, done once with a real browser."""

from __future__ import annotations

import csv
import io
import re

from playwright.sync_api import expect

from domain.roles import Role
from tests.browser.conftest import Person


def test_funder_reads_the_answer_and_follows_it(person: Person) -> None:
    person.sign_in(Role.FUNDER)
    lead = person.page.locator("#overview-lead")
    expect(lead).to_contain_text("of planned minutes")
    person.page.locator("#measure-crimes a").click()
    expect(person.page.locator("main h1")).to_contain_text("Are crime and harm changing")
    assert "from=" in person.page.url  # the filters came along


def test_filters_are_in_the_address_and_the_link_can_be_shared(person: Person) -> None:
    person.sign_in(Role.MANAGER)
    person.open("/costs")
    before = person.page.locator("#cost-by-provider-table").inner_text()
    person.page.locator("#costs-period").select_option(label="last 12 months (Feb 2023 to Jan 2024)")
    expect(person.page.locator("#cost-by-provider-table caption")).to_contain_text("Feb 2023 to Jan 2024")
    person.page.wait_for_function("location.search.includes('from=2023-02')")
    after = person.page.locator("#cost-by-provider-table").inner_text()
    assert after != before
    person.open(person.page.url.removeprefix(person.address))
    assert person.page.locator("#cost-by-provider-table").inner_text() == after


def test_map_and_table_drive_the_same_selection(person: Person) -> None:
    person.sign_in(Role.MANAGER)
    person.open("/hot-spots")
    chosen = person.page.locator("#hot-spots-chosen h2")
    button = person.page.locator("#hot-spots-pick button").nth(2)
    name = button.inner_text()
    button.focus()
    person.page.keyboard.press("Enter")
    expect(chosen).to_have_text(name)
    expect(person.page.locator("tr.chosen")).to_contain_text(name)
    shape = person.page.locator("#hot-spots-map path.leaflet-interactive").first
    shape.click(force=True)
    expect(chosen).not_to_have_text(name)
    assert person.troubles == []


def test_wrong_filters_in_a_link_are_said_not_thrown(person: Person) -> None:
    person.sign_in(Role.MANAGER)
    person.open("/trends?from=nonsense&spots=NOWHERE&compare=luck")
    main = person.page.locator("main")
    expect(main).to_contain_text("is not a month or a date")
    expect(main).to_contain_text("No hot spot has the code NOWHERE")
    assert person.troubles == []


def test_funder_gets_no_day_level_figures(person: Person) -> None:
    person.sign_in(Role.FUNDER)
    person.open("/patrols")
    text = person.page.locator("main").inner_text()
    assert "Each day and hot spot" not in text
    assert "Days since the last patrol" not in text
    answer = person.context.request.get(f"{person.address}/download/delivery-by-day-and-hot-spot.csv")
    assert answer.status == 403


def test_funder_reads_how_minutes_are_counted_without_devices_and_history(person: Person) -> None:
    person.sign_in(Role.FUNDER)
    person.open("/patrols")
    person.page.get_by_role("link", name="How minutes are counted").click()
    expect(person.page.locator("main h1")).to_contain_text("How are minutes counted")
    text = person.page.locator("main").inner_text()
    assert "by the rules" in text
    for kept in ("What each tracker can support", "What was changed, when and by whom", "Change the rules"):
        assert kept not in text
    for block in ("tracker-devices", "counting-history"):
        assert person.context.request.get(f"{person.address}/download/{block}.csv").status == 403
    link = person.page.locator("#minutes-by-method .downloads a").get_attribute("href")
    in_csv = list(csv.reader(io.StringIO(person.context.request.get(f"{person.address}{link}").text())))
    head = next(i for i, row in enumerate(in_csv) if row[:1] == ["Provider"])
    for line in in_csv[head + 1 :]:
        cells = (
            person.page.locator("#minutes-by-method-table tbody tr", has_text=line[0]).locator("td").all_inner_texts()
        )
        assert [(a, b) for a, b in zip(cells, line[1:], strict=True) if not alike(a, b)] == [], line[0]


def alike(shown: str, written: str) -> bool:
    """A cell of the table and the same one of its CSV, which has every decimal and no commas."""
    try:
        number = float(written)
    except ValueError:
        return shown == written
    return abs(number) < 0.5 if shown == "[low]" else shown.replace(",", "") == f"{number:.0f}"


def test_focus_goes_to_the_heading_after_navigation(person: Person) -> None:
    person.sign_in(Role.MANAGER)
    person.page.get_by_role("navigation", name="Main").get_by_role("link", name="Trends").click()
    expect(person.page.locator("main h1")).to_contain_text("Are crime and harm")
    person.page.wait_for_function("document.activeElement && document.activeElement.tagName === 'H1'")
    expect(person.page).to_have_title(re.compile("Trends"))


def test_two_approvals_release_nothing_by_one_person(person: Person) -> None:
    person.sign_in(Role.INFORMATION_GOVERNANCE)
    person.open("/case-studies")
    expect(person.page.locator("main h1")).to_have_text("Who was helped?")
    assert person.page.locator("article.card").count() == 3

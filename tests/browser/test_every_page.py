"""Each role opens every page at desktop and phone width: no error, nothing off the host, no WCAG violation."""

from __future__ import annotations

import pytest

from access.layout import NAVIGATION
from domain.roles import PERMISSIONS, Permission, Role
from tests.browser.conftest import Person, violations

EVERYWHERE = ["/methods", "/accessibility", "/account"]
ALL_PAGES = [path for path, _, _ in NAVIGATION] + ["/hot-spots/HS1", "/briefing", "/accounts", *EVERYWHERE]
PAGE_PERMISSION = {path: permission for path, _, permission in NAVIGATION} | {
    "/hot-spots/HS1": Permission.VIEW_HOT_SPOTS,
    "/briefing": Permission.SEE_DAYS,
    "/accounts": Permission.MANAGE_ACCOUNTS,
}


@pytest.mark.parametrize("person", [1280, 320], indirect=True, ids=["1280px", "320px"])
@pytest.mark.parametrize("role", list(Role), ids=[r.value.replace(" ", "-") for r in Role])
def test_every_page_is_clean_for(person: Person, role: Role) -> None:
    person.sign_in(role)
    problems: list[str] = []
    for path in ALL_PAGES:
        person.open(path)
        heading = person.page.locator("main h1").inner_text()
        if path == "/" and role is Role.ADMINISTRATOR:
            path = "/accounts"  # where an administrator's first page is
        allowed = PAGE_PERMISSION.get(path, Permission.OWN_ACCOUNT) in PERMISSIONS[role]
        if allowed == ("do not have access" in heading):
            problems.append(f"{path}: {'refused' if allowed else 'shown'} to {role.value}: {heading}")
        if person.page.locator(".error-summary").count():
            problems.append(f"{path}: {person.page.locator('.error-summary').first.inner_text()[:200]}")
        if person.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            problems.append(f"{path}: the page scrolls sideways")
        problems += [f"{path}: {v}" for v in violations(person)]
    assert problems + person.troubles == []


@pytest.mark.parametrize("person", [1280, 320], indirect=True, ids=["1280px", "320px"])
def test_the_page_that_takes_a_file_and_the_open_form_of_the_rules_are_clean(person: Person) -> None:
    person.sign_in(Role.MANAGER)
    problems: list[str] = []
    for path in ("/data/upload", "/patrols/counting"):
        person.open(path)
        person.page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
        if person.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            problems.append(f"{path}: the page scrolls sideways")
        problems += [f"{path}: {v}" for v in violations(person)]
    assert problems + person.troubles == []


def test_sign_in_page_is_clean(person: Person) -> None:
    person.open("/sign-in")
    assert violations(person) + person.troubles == []


def test_demonstration_is_said_on_every_page(person: Person) -> None:
    person.sign_in(Role.MANAGER)
    for path in ALL_PAGES:
        person.open(path)
        assert "Demonstration data" in person.page.locator("body").inner_text(), path

"""Every page at desktop and phone width: no error, nothing off the host, no WCAG violation."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from access.layout import NAVIGATION
from domain.roles import PERMISSIONS, Permission, Role
from tests.browser.conftest import Person, too_wide_for_a_phone, violations

EVERYWHERE = ["/methods", "/accessibility", "/account"]
ALL_PAGES = [path for path, _, _ in NAVIGATION] + [
    "/hot-spots/HS1",
    "/briefing",
    "/accounts",
    "/documents",
    *EVERYWHERE,
]
PAGE_PERMISSION = {path: permission for path, _, permission in NAVIGATION} | {
    "/hot-spots/HS1": Permission.VIEW_HOT_SPOTS,
    "/briefing": Permission.SEE_DAYS,
    "/documents": Permission.VIEW_OVERVIEW,
    "/accounts": Permission.MANAGE_ACCOUNTS,
}
# What others see is what one of these two sees, so the slow check is made for them; and for pages that neither may open.
LOOKED_AT = (Role.MANAGER, Role.FUNDER)
OTHERS = [role for role in Role if role not in LOOKED_AT]
# Of those, the ones whose home differs from the two: a partner, a reviewer and a finance officer see what they see.
HOMES = (Role.APPROVER, Role.INFORMATION_GOVERNANCE, Role.ADMINISTRATOR)
WIDTHS = pytest.mark.parametrize("person", [1280, 320], indirect=True, ids=["1280px", "320px"])


def of(roles: Iterable[Role]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("role", roles, ids=[role.value.replace(" ", "-") for role in roles])


def open_to(role: Role) -> list[str]:
    return [p for p in dict.fromkeys(ALL_PAGES) if PAGE_PERMISSION.get(p, Permission.OWN_ACCOUNT) in PERMISSIONS[role]]


def problems_on(person: Person, path: str) -> list[str]:
    """Refused, something went wrong, or it scrolls sideways."""
    person.open(path)
    found, heading = [], person.page.locator("main h1").inner_text()
    if "do not have access" in heading:
        found.append(f"{path}: refused: {heading}")
    if person.page.locator(".error-summary").count():
        found.append(f"{path}: {person.page.locator('.error-summary').first.inner_text()[:200]}")
    if person.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(f"{path}: the page scrolls sideways")
    if "Demonstration data" not in person.page.locator("body").inner_text():
        found.append(f"{path}: does not say that these are demonstration data")
    return found


@of(LOOKED_AT)
def test_every_page_is_clean_for(person: Person, role: Role) -> None:
    """A funder's pages differ from a manager's in numbers alone, but for these three."""
    person.sign_in(role)
    problems: list[str] = []
    for path in open_to(role):
        problems += problems_on(person, path)
        if role is Role.MANAGER or path in ("/", "/costs", "/evaluation"):
            problems += [f"{path}: {v}" for v in violations(person)]
            problems += too_wide_for_a_phone(person, path)
    assert problems + person.troubles == []


@of(HOMES)
def test_home_and_a_refusal_are_clean_for(person: Person, role: Role) -> None:
    """That every page opens for its roles and says no to the others is tested without a browser (tests/contract)."""
    person.sign_in(role)
    problems = problems_on(person, open_to(role)[0])
    # The last: an administrator's home is the list of accounts.
    person.open([path for path in ALL_PAGES if path not in open_to(role)][-1])
    assert "do not have access" in person.page.locator("main h1").inner_text()
    problems += violations(person)
    assert problems + person.troubles == []


@WIDTHS
def test_pages_of_administrators_alone_are_clean(person: Person) -> None:
    alone = set(open_to(Role.ADMINISTRATOR)) - set(open_to(Role.MANAGER))
    assert alone
    assert not [role for role in OTHERS if set(open_to(role)) - set(open_to(Role.MANAGER)) - alone], "look at these too"
    person.sign_in(Role.ADMINISTRATOR)
    problems: list[str] = []
    for path in sorted(alone):
        problems += problems_on(person, path)
        problems += [f"{path}: {v}" for v in violations(person)]
    assert problems + person.troubles == []


@WIDTHS
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

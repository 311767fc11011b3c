"""The reviewers' pages with every fold open: no WCAG violation, no error, nothing that scrolls sideways on a phone."""

from __future__ import annotations

from domain.roles import Role
from pages.evaluation._page import NAVIGATION as EVALUATION
from tests.browser.conftest import NO_WIDER, Person, too_wide_for_a_phone, violations


def _paths(person: Person) -> list[str]:
    """Those linked from the summary, and one method page."""
    person.open("/evaluation")
    linked = person.page.locator(".sub-navigation a").evaluate_all("links => links.map(link => link.pathname)")
    paths = [path for path in linked if path != "/evaluation"]
    assert set(paths) == {path for path, _ in EVALUATION}
    person.open("/methods")
    return [*paths, person.page.locator('a[href^="/methods/"]').first.get_attribute("href") or ""]


def test_every_page_behind_the_evaluation_is_clean(person: Person) -> None:
    person.sign_in(Role.MANAGER)
    problems: list[str] = []
    for path in _paths(person):
        person.open(path)
        person.page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
        if person.page.locator(".error-summary").count():
            problems.append(f"{path}: {person.page.locator('.error-summary').first.inner_text()[:200]}")
        if not person.page.evaluate(NO_WIDER):
            problems.append(f"{path}: the page scrolls sideways")
        problems += [f"{path}: {v}" for v in violations(person)]
        problems += too_wide_for_a_phone(person, path)
    assert problems + person.troubles == []

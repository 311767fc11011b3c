"""The reviewers' pages with every fold open: no WCAG violation, no error, nothing that scrolls sideways on a phone."""

from __future__ import annotations

import pytest

from domain.roles import Role
from pages.evaluation._page import NAVIGATION as EVALUATION
from tests.browser.conftest import Person, violations


def _paths(person: Person) -> list[str]:
    """Those linked from the summary, and one method page."""
    person.open("/evaluation")
    linked = person.page.locator(".sub-navigation a").evaluate_all("links => links.map(link => link.pathname)")
    paths = [path for path in linked if path != "/evaluation"]
    assert set(paths) == {path for path, _ in EVALUATION}
    person.open("/methods")
    return [*paths, person.page.locator('a[href^="/methods/"]').first.get_attribute("href") or ""]


@pytest.mark.parametrize("person", [1280, 320], indirect=True, ids=["1280px", "320px"])
def test_every_page_behind_the_evaluation_is_clean(person: Person) -> None:
    """Checked for WCAG at full width: these pages are long, and their parts are the same at every width."""
    person.sign_in(Role.MANAGER)
    problems: list[str] = []
    for path in _paths(person):
        person.open(path)
        person.page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
        if person.page.locator(".error-summary").count():
            problems.append(f"{path}: {person.page.locator('.error-summary').first.inner_text()[:200]}")
        if person.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            problems.append(f"{path}: the page scrolls sideways")
        if person.page.viewport_size["width"] > 320:
            problems += [f"{path}: {v}" for v in violations(person)]
    assert problems + person.troubles == []

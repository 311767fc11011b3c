"""Paper and a phone: every word of a chart on the page and legible, the map printed, the numbers printed with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from domain.roles import Role
from tests.browser.conftest import Person

PAGES = ["/trends", "/hot-spots", "/patrols", "/costs", "/evaluation", "/hot-spots/HS1"]

# Words cut at an edge, and axis labels that lie on one another.
CHART_FAULTS = """() => {
  const found = [];
  document.querySelectorAll(".js-plotly-plot").forEach(chart => {
    const edge = chart.getBoundingClientRect(), id = chart.parentElement.id;
    chart.querySelectorAll(".main-svg text").forEach(text => {
      const box = text.getBoundingClientRect();
      if (!box.width) return;
      if (box.left < edge.left - 2 || box.right > edge.right + 2) found.push(`${id}: cut: ${text.textContent}`);
    });
    for (const kind of [".xtick text", ".x2tick text", ".ytick text", ".annotation-text"]) {
      const boxes = [...chart.querySelectorAll(kind)].map(t => [t.textContent, t.getBoundingClientRect()]).filter(b => b[1].width);
      boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([two, b]) => {
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 2 && high > 4) found.push(`${id}: over one another: ${one} / ${two}`);
      }));
    }
  });
  return found;
}"""

PAPER_STATE = """() => window.addEventListener("beforeprint", () => { window.onPaper = {
  widths: [...document.querySelectorAll(".js-plotly-plot .main-svg")].map(s => s.getBoundingClientRect().width),
  closed: [...document.querySelectorAll("main details:not([open])")].filter(d => !d.dataset.notPrinted).length,
  leftOut: [...document.querySelectorAll("main details[data-not-printed]")].map(d => d.querySelectorAll("tbody tr").length),
  maps: [...document.querySelectorAll(".map")].map(m => [getComputedStyle(m).display, m.offsetWidth,
    m.querySelectorAll("path.leaflet-interactive").length]),
}; })"""
WIDTHS = """() => new Promise(done => setTimeout(() => done(
  [...document.querySelectorAll(".js-plotly-plot .main-svg")].map(s => s.getBoundingClientRect().width)), 400))"""
# A4 less the margins of portal.css, in CSS pixels.
PAPER_WIDTH = (210 - 24) / 25.4 * 96


def _wait_for_charts(person: Person) -> None:
    # Locators: a string to wait for would be evaluated, which the content security policy forbids.
    person.page.locator(".js-plotly-plot .main-svg").first.wait_for(state="attached")
    expect(person.page.locator(".dash-graph--pending")).to_have_count(0)


@pytest.mark.parametrize("person", [320], indirect=True, ids=["320px"])
def test_charts_map_and_tables_can_be_read_on_a_phone(person: Person) -> None:
    person.sign_in(Role.MANAGER)
    problems: list[str] = []
    for path in PAGES:
        person.open(path)
        _wait_for_charts(person)
        problems += [f"{path}: {fault}" for fault in person.page.evaluate(CHART_FAULTS)]
        captions = person.page.evaluate(
            """() => [...document.querySelectorAll(".table-scroll caption")].filter(c => c.offsetWidth)
            .map(c => [c.textContent, c.getBoundingClientRect().right - c.closest(".table-scroll").getBoundingClientRect().right])
            .filter(c => c[1] > 1)"""
        )
        problems += [f"{path}: the caption is cut: {text}" for text, _ in captions]
    assert problems + person.troubles == []


@pytest.mark.parametrize("person", [320], indirect=True, ids=["320px"])
def test_the_zoom_buttons_cover_no_place_and_the_menu_fits(person: Person) -> None:
    person.sign_in(Role.MANAGER)
    person.open("/hot-spots")
    person.page.wait_for_selector("path.leaflet-interactive")
    covered = person.page.evaluate(
        """() => { const z = document.querySelector(".leaflet-control-zoom").getBoundingClientRect();
        return [...document.querySelectorAll("path.leaflet-interactive")].map(p => p.getBoundingClientRect())
        .filter(b => b.right > z.left && b.left < z.right && b.bottom > z.top && b.top < z.bottom).length }"""
    )
    assert covered == 0
    person.page.locator(".shell-person summary").click()
    box = person.page.locator(".shell-person-menu").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320


@pytest.mark.parametrize("person", [1280, 320], indirect=True, ids=["1280px", "320px"])
def test_charts_map_and_numbers_are_printed(person: Person) -> None:
    person.sign_in(Role.MANAGER)
    for path in ("/trends", "/hot-spots", "/patrols"):
        person.open(path)
        _wait_for_charts(person)
        person.page.evaluate(PAPER_STATE)
        before = person.page.evaluate(WIDTHS)
        person.page.pdf(format="A4")
        paper = person.page.evaluate("window.onPaper")
        assert paper["widths"]
        assert all(600 < width <= PAPER_WIDTH for width in paper["widths"]), path
        assert paper["closed"] == 0, f"{path}: numbers stay hidden"
        assert all(rows > 60 for rows in paper["leftOut"]), f"{path}: a short table is left out"
        assert all(shown != "none" and width <= PAPER_WIDTH and places for shown, width, places in paper["maps"]), path
        assert len(paper["maps"]) == (path == "/hot-spots")
        assert person.page.locator("main details[open]").count() == 0, "closed again after printing"
        after = person.page.evaluate(WIDTHS)
        assert after == pytest.approx(before, abs=2), "as it was before printing"
    assert person.troubles == []

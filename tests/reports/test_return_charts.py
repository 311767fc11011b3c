"""Charts for paper: the same figure as the screen, drawn the same each time, and as a browser draws it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import plotly.graph_objects as go
import plotly.offline
import pytest
from playwright.sync_api import Browser

from components import figures
from reports.charts import FONT_FAMILY, figure_svg

MONTHS = [f"2023-{m:02d}" for m in range(1, 13)]
VALUES = [30.0, 28, 41, 33, 25, 22, 28, 31, 19, 22, 25, 24]


def _figures() -> dict[str, go.Figure]:
    limits = {"centre": 27.3, "lower": 9.8, "upper": 44.9}
    return {
        "line": figures.monthly_line(
            months=MONTHS, values=VALUES, measure="Recorded crimes", unit="crimes", limits=limits
        ),
        "dots": figures.paired_dots(
            labels=["A", "B", "C"], now=[1, 4, 2], then=[3, 2, 2], now_name="now", then_name="then", unit="crimes"
        ),
        "bars": figures.ranked_bars(
            labels=["Outreach", "Overtime"], values=[2.28, 3.38], unit="£", texts=["£2.28", "£3.38"]
        ),
    }


def _whole_pixels(text: str) -> str:
    return re.sub(r"-?\d+\.?\d*", lambda n: str(round(float(n.group()))), text)


def _marks(svg: str) -> list[str]:
    """Bars, lines and points of the traces: shape and place, to the pixel."""
    found = []
    for group in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}g"):
        if "trace" in group.get("class", "").split():
            paths = group.iter("{http://www.w3.org/2000/svg}path")
            found += [_whole_pixels(f"{p.get('d')} {p.get('transform') or ''}") for p in paths]
    return found


@pytest.mark.parametrize("name", ["line", "dots", "bars"])
def test_svg_is_well_formed_scaled_and_in_the_reports_font(name: str) -> None:
    svg = figure_svg(_figures()[name], 760, 340)
    root = ElementTree.fromstring(svg)
    assert (root.get("width"), root.get("height")) == ("760", "340")
    assert "script" not in svg
    assert set(re.findall(r"font-family: ([^;]+);", svg)) <= {FONT_FAMILY, f"'{FONT_FAMILY}'"}


def test_the_same_figure_is_the_same_text_in_any_order() -> None:
    found = _figures()
    first = {k: figure_svg(f, 760, 340) for k, f in found.items()}
    again = {k: figure_svg(f, 760, 340) for k, f in reversed(found.items())}
    assert first == again
    assert figure_svg(found["line"], 760, 341) != first["line"]


def test_the_screens_figure_is_not_changed() -> None:
    figure = _figures()["line"]
    before = figure.to_json()
    figure_svg(figure, 760, 340)
    assert figure.to_json() == before


def test_every_value_is_drawn_at_its_place() -> None:
    svg = figure_svg(_figures()["line"], 760, 340)
    paths = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}path")
    places = [p.get("transform", "") for p in paths if "point" in p.get("class", "").split()]
    points = [tuple(float(n) for n in re.findall(r"-?[\d.]+", place)[:2]) for place in places]
    assert len(points) == len(VALUES)
    low, high = min(VALUES), max(VALUES)
    bottom, top = points[VALUES.index(low)][1], points[VALUES.index(high)][1]
    for (_, y), value in zip(points, VALUES, strict=True):
        assert y == pytest.approx(bottom + (value - low) / (high - low) * (top - bottom), abs=0.1)


def test_vertical_titles_do_not_lie_on_tick_labels() -> None:
    svg = figure_svg(_figures()["line"], 760, 340)
    title = re.search(r'class="ytitle"[^>]* x="([\d.]+)"', svg)
    ticks = [float(x) for x in re.findall(r'class="ytick"><text text-anchor="end" x="([\d.]+)"', svg)]
    assert title
    assert ticks
    assert '<g class="g-ytitle">' in svg, "no shift beside the title's own place"
    assert float(title.group(1)) + 10 < min(ticks) - 14


@pytest.mark.parametrize("name", ["line", "dots", "bars"])
def test_marks_are_those_a_browser_draws(name: str, tmp_path: Path, chromium: Browser) -> None:
    """Golden test: the official plotly.js in Chromium draws the same shapes from the same figure."""
    figure = go.Figure(_figures()[name])
    # Fixed margins: the two measure text with different engines; the marks must agree all the same.
    margin = {"l": 110, "r": 90, "t": 60, "b": 60, "autoexpand": False}
    figure.update_layout(margin=margin, width=760, height=340, font_family=FONT_FAMILY)
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False)
    page_file = tmp_path / "chart.html"
    page_file.write_text(f"<div id=c></div><script>{plotly.offline.get_plotlyjs()}</script>", encoding="utf-8")
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    theirs = page.evaluate(
        "async s => { await Plotly.newPlot('c', s.data, s.layout, {staticPlot: true});"
        " return [...document.querySelectorAll('.trace path')]"
        ".map(e => e.getAttribute('d') + ' ' + (e.getAttribute('transform') || '')) }",
        json.loads(figure.to_json()),
    )
    page.close()
    ours = _marks(figure_svg(figure, 760, 340))
    assert len(ours) >= 2
    assert ours == [_whole_pixels(mark) for mark in theirs]

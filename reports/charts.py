"""The screen's ``go.Figure`` as SVG for the PDF: plotly.js in QuickJS (plotly-mirage), no browser.

Same figure, same library version (plotly.js 4.1.1 in both); tests/reports/test_return_charts.py compares the
drawing with Chromium's. What mirage 0.2.0 leaves to its caller is mended here: random ids, text width, colour bars.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from xml.etree import ElementTree

import plotly.graph_objects as go
from mirage.engine import MirageEngine, get_engine
from PIL import ImageFont

FONT_FAMILY = "Liberation Sans"
_FONT_FILES = {False: "LiberationSans-Regular.ttf", True: "LiberationSans-Bold.ttf"}
# Pillow measures whole pixels at small sizes; measuring large and scaling down keeps fractions.
_MEASURE_SIZE = 200
_SEEDED_RANDOM = """(function () {
  var state = %d;
  Math.random = function () { state = (state * 16807) %% 2147483647; return state / 2147483647; };
})();"""

# Boxes of turned text are measured as if it lay flat, so plotly.js pushes vertical titles into the plot.
_SCOOTED_TITLE = re.compile(r'(<g class="g-y\d*title") transform="translate\([^)]*\)"')


class ChartError(RuntimeError):
    """A chart could not be drawn; the message says which and what to do."""


@lru_cache(maxsize=2)
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(_FONT_FILES[bold], _MEASURE_SIZE)
    except OSError as problem:
        raise ChartError(
            f"The font {FONT_FAMILY} is not installed, so charts cannot be drawn. "
            "On Debian: apt-get install fonts-liberation2."
        ) from problem


@lru_cache(maxsize=4096)
def _measure(text: str, _family: str, size: str, weight: str = "") -> str:
    """Width, height, ascent and descent in pixels of one line in the report's own font."""
    pixels = float(size or 12)
    scale = pixels / _MEASURE_SIZE
    font = _font(weight in ("bold", "600", "700", "800", "900"))
    ascent, descent = (value * scale for value in font.getmetrics())
    return f"{font.getlength(text) * scale:.3f},{ascent + descent:.3f},{ascent:.3f},{descent:.3f}"


def _prepared(figure: go.Figure, width: int, height: int) -> go.Figure:
    """A copy in the report's font; what only a pointer can use is left out."""
    copy = go.Figure(figure)
    copy.update_layout(width=width, height=height, autosize=False, font_family=FONT_FAMILY)
    # mirage 0.2.0 does not count tick labels among what an axis title must clear.
    copy.update_yaxes(ticklabelstandoff=12, title_standoff=36)
    copy.update_traces(cliponaxis=False, selector={"type": "scatter"})  # a mark at zero is drawn whole
    return copy


def _engine_seeded_for(text: str) -> MirageEngine:
    # Ids come from Math.random: seeding with the figure's own content makes the SVG the same in any order.
    engine = get_engine()
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % 2147483646 + 1
    engine.context.add_callable("_measureTextRaw", _measure)
    engine.context.eval(_SEEDED_RANDOM % seed)
    return engine


def figure_svg(figure: go.Figure, width: int, height: int) -> str:
    """``figure`` as a standalone SVG document ``width`` by ``height`` CSS pixels; same figure, same text."""
    text = _prepared(figure, width, height).to_json()
    spec = json.loads(text)
    svg = _engine_seeded_for(text).render_svg(spec["data"], spec["layout"], width=width, height=height)
    svg = _SCOOTED_TITLE.sub(r"\1", svg)
    try:
        ElementTree.fromstring(svg)  # noqa: S314  our own output: only checked for being well formed
    except ElementTree.ParseError as problem:
        raise ChartError("The drawing engine gave an SVG that is not well formed.") from problem
    return svg

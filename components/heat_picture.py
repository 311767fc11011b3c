"""Where minutes fell inside a hot spot, as a small picture: squares in shades, the boundary, nobody's path.

The same drawing stands on the page and in the PDF. Shades are classes over all hot spots shown, so that they compare.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from dash import html

from components import palette
from domain import formats

SIDE, PAD = 220, 6
Rings = Sequence[Sequence[tuple[float, float]]]


@dataclass(frozen=True)
class HeatPicture:
    """One hot spot: ``cells`` row by row from the south, ``rings`` in cells from the south-west corner."""

    key: str
    title: str
    cells: Sequence[Sequence[float]]
    rings: Rings
    alt: str


def breaks_of(pictures: Sequence[HeatPicture]) -> tuple[float, ...]:
    """Bounds of four shades over every cell of every picture that holds time."""
    return palette.class_breaks([v for p in pictures for row in p.cells for v in row if v > 0], classes=4)


def _shade(value: float, breaks: Sequence[float]) -> str:
    # The darkest step would hide the boundary drawn over it.
    steps = palette.SEQUENTIAL[1:5]
    if len(breaks) < 2:
        return steps[1]
    classes = len(breaks) - 1
    place = sum(value > edge for edge in breaks[1:-1])
    return steps[round(place * (len(steps) - 1) / max(1, classes - 1))]


def svg(picture: HeatPicture, breaks: Sequence[float]) -> str:
    """The picture as an SVG document, north up."""
    rows, columns = len(picture.cells), len(picture.cells[0]) if picture.cells else 0
    unit = (SIDE - 2 * PAD) / max(rows, columns, 1)
    left, bottom = (SIDE - columns * unit) / 2, (SIDE + rows * unit) / 2
    squares = "".join(
        f'<rect x="{left + j * unit:.1f}" y="{bottom - (i + 1) * unit:.1f}" width="{unit:.1f}" height="{unit:.1f}" '
        f'fill="{_shade(value, breaks)}"/>'
        for i, row in enumerate(picture.cells)
        for j, value in enumerate(row)
        if value > 0
    )
    outline = " ".join(
        "M" + " L".join(f"{left + x * unit:.1f},{bottom - y * unit:.1f}" for x, y in ring) + "Z"
        for ring in picture.rings
    )
    # Time in a cell that the boundary cuts lies inside; the rest of the square is cut away.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}" viewBox="0 0 {SIDE} {SIDE}">'
        f"<title>{escape(picture.title)}</title>"
        f'<clipPath id="inside-{escape(picture.key)}"><path d="{outline}" clip-rule="evenodd"/></clipPath>'
        f'<g clip-path="url(#inside-{escape(picture.key)})">{squares}</g>'
        f'<path d="{outline}" fill="none" stroke="{palette.INK}" stroke-width="2" stroke-linejoin="round"/></svg>'
    )


def classes(breaks: Sequence[float]) -> list[tuple[str, str]]:
    """(colour, words) of each shade, from light to dark."""
    if len(breaks) < 2:
        return [(_shade(v, breaks), f"{formats.number(v, 1)} minutes") for v in breaks[:1]]
    found = []
    for low, high in pairwise(breaks):
        words = (
            f"to {formats.number(high, 1)}"
            if low == breaks[0]
            else f"over {formats.number(low, 1)} to {formats.number(high, 1)}"
        )
        found.append((_shade(high, breaks), words))
    return found


def heat_pictures(pictures: Sequence[HeatPicture], missing: Sequence[tuple[str, str]], unit: str) -> html.Div:
    """The pictures side by side as far as the width goes, those without one in words, and what the shades mean."""
    breaks = breaks_of(pictures)
    shown = [
        html.Figure(
            [
                html.Img(src=_data(svg(p, breaks)), alt=p.alt, width=str(SIDE), height=str(SIDE)),
                html.Figcaption(p.title),
            ],
            className="heat",
        )
        for p in pictures
    ]
    said = [html.P(f"No map of {name}: {why}.", className="caption") for name, why in missing]
    if not shown:
        return html.Div(said)
    items = [
        html.Li([html.Span(className="swatch", style={"backgroundColor": c}), words]) for c, words in classes(breaks)
    ]
    key = [
        html.P(unit, className="legend-title"),
        html.Ul(items, className="legend", **{"aria-label": f"Shades: {unit}"}),
    ]
    return html.Div([html.Div(shown, className="heats"), *key, *said])


def _data(text: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(text.encode()).decode()}"

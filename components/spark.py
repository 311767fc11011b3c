"""A word-sized line beside a number, as an inline picture: no script, prints well, has words for those who cannot see it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from dash import html

from components import palette

WIDTH, HEIGHT, PAD = 132, 32, 4


def spark(values: Sequence[float | None], alt: str) -> html.Img | None:
    """A line through ``values`` (missing values are skipped) with its last point marked."""
    points = [(i, float(v)) for i, v in enumerate(values) if v is not None and v == v]
    if len(points) < 2:
        return None
    low, high = min(v for _, v in points), max(v for _, v in points)
    spread, last = (high - low) or 1.0, len(values) - 1
    xy = [
        (PAD + i / last * (WIDTH - 2 * PAD), HEIGHT - PAD - (v - low) / spread * (HEIGHT - 2 * PAD)) for i, v in points
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in xy)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<polyline points="{path}" fill="none" stroke="{palette.DARK_BLUE}" stroke-width="2"/>'
        f'<circle cx="{xy[-1][0]:.1f}" cy="{xy[-1][1]:.1f}" r="3.5" fill="{palette.DARK_BLUE}"/></svg>'
    )
    return html.Img(
        src=f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}",
        alt=alt,
        className="spark",
        width=str(WIDTH),
        height=str(HEIGHT),
    )

"""Icons after the NHS pattern: a shape, a letter or arrow and words; never colour alone."""

from __future__ import annotations

from urllib.parse import quote

import pandas as pd
from dash import html

from analysis.evaluation.monitoring.xmr import Assurance, Signal
from components import palette
from domain import formats

# Signal or assurance -> (sign, colour, words).
VARIATION = {
    Signal.COMMON_CAUSE.value: ("~", palette.QUIET, "ordinary variation"),
    Signal.IMPROVEMENT.value: ("↓", palette.DARK_BLUE, "special cause: lower"),
    Signal.CONCERN.value: ("↑", palette.DARK_PINK, "special cause: higher"),
}
ASSURANCE = {
    Assurance.NO_TARGET.value: ("–", palette.QUIET, "no target set"),
    Assurance.PASSES.value: ("P", palette.DARK_BLUE, "meets the target"),
    Assurance.FAILS.value: ("F", palette.DARK_PINK, "misses the target"),
    Assurance.HIT_AND_MISS.value: ("?", palette.QUIET, "hit and miss"),
}


def icon(sign: str, colour: str, square: bool) -> html.Img:
    """A circle (variation) or square (assurance) with its sign; the words stand beside it, so it has no alternative text."""
    shape = (
        '<rect x="2" y="2" width="36" height="36" fill="white" stroke-width="3"'
        if square
        else '<circle cx="20" cy="20" r="18" fill="white" stroke-width="3"'
    )
    text = f'<text x="20" y="28" text-anchor="middle" font-size="24" font-family="sans-serif" fill="{colour}">{sign}</text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">{shape} stroke="{colour}"/>{text}</svg>'
    return html.Img(src=f"data:image/svg+xml,{quote(svg)}", alt="", width="32", height="32")


def icon_list(frame: pd.DataFrame) -> html.Ul:
    """One item a chart: name, last month, both icons with their words."""
    return html.Ul([_item(row) for row in frame.to_dict("records")], style=_LIST)


_LIST = {
    "display": "grid", "gridTemplateColumns": "repeat(auto-fill, minmax(min(15rem, 100%), 1fr))", "gap": "8px 24px",
    "listStyle": "none", "padding": "0",
}  # fmt: skip


def _item(row: dict[str, object]) -> html.Li:
    sign, colour, words = VARIATION[str(row["variation"])]
    mark, tint, said = ASSURANCE[str(row["assurance"])]
    value = formats.number(float(str(row["value"])))
    return html.Li(
        [
            html.Strong(str(row["name"])),
            html.Div(f"{formats.month(str(row['month']))}: {value} {row['unit']}"),
            html.Div([icon(sign, colour, False), f" {words}"]),
            html.Div([icon(mark, tint, True), f" {said}"]),
        ]
    )

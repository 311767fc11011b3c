"""Colours and shapes: the Government Analysis Function palette, one colour and one shape a provider everywhere."""

from __future__ import annotations

from collections.abc import Sequence

from domain.programme import Programme

INK = "#0b0c0c"
QUIET = "#505a5f"  # 7:1 on white: captions, axis text
RULE = "#b1b4b6"
GRID = "#e5e6e7"
BAND = "#f3f2f1"
DARK_BLUE, TURQUOISE, DARK_PINK, ORANGE = "#12436D", "#28A197", "#801650", "#F46A25"
DARK_GREY, LIGHT_PURPLE = "#3D3D3D", "#A285D1"
CATEGORICAL = (DARK_BLUE, TURQUOISE, DARK_PINK, ORANGE, DARK_GREY, LIGHT_PURPLE)
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
# Light to dark, for values that run one way; the lightest step still differs from the page.
SEQUENTIAL = ("#F2F2F2", "#ADD1F1", "#6BACE6", "#2073BC", "#12436D", "#092135")
NO_VALUE = "#F2F2F2"


def provider_style(programme: Programme, code: str) -> tuple[str, str]:
    """(colour, marker symbol) of a provider: its place in the programme's list, so it never changes by page."""
    codes = [p.code for p in programme.providers]
    index = codes.index(code) if code in codes else len(codes)
    return CATEGORICAL[index % 6], SYMBOLS[index % 6]


def class_breaks(values: Sequence[float]) -> tuple[float, ...]:
    """Edges of up to five classes with about as many places each (quantiles), lowest and highest included.

    Equal steps would put every place but one in the lightest class when one place is far above the rest.
    """
    ordered = sorted(values)
    if not ordered:
        return ()
    last = len(ordered) - 1
    edges = [ordered[0], *(ordered[round(last * i / 5)] for i in range(1, 5)), ordered[last]]
    return tuple(dict.fromkeys(edges))


def shade(value: float | None, breaks: Sequence[float]) -> str:
    """The sequential step of ``value`` among the classes of :func:`class_breaks`; grey when there is no value."""
    if value is None or value != value or not breaks:
        return NO_VALUE
    if len(breaks) == 1:
        return SEQUENTIAL[2]
    position = sum(value > edge for edge in breaks[1:-1])
    return SEQUENTIAL[1 + round(position * 4 / max(len(breaks) - 2, 1))]


def text_on(colour: str) -> str:
    """Black or white, whichever reads better on ``colour`` (relative luminance, WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if luminance < 0.18 else INK

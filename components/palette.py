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
# Away from 0: falls blue, rises orange, both light to dark by size so that equal changes are equally dark.
FALLS = ("#ADD1F1", "#6BACE6", "#12436D")
RISES = ("#FBD3BD", "#F28D52", "#7A2A00")
NO_CHANGE = "#FFFFFF"
NO_VALUE = "#F2F2F2"


def provider_style(programme: Programme, code: str) -> tuple[str, str]:
    """(colour, marker symbol) of a provider: its place in the programme's list, so it never changes by page."""
    codes = [p.code for p in programme.providers]
    index = codes.index(code) if code in codes else len(codes)
    return CATEGORICAL[index % 6], SYMBOLS[index % 6]


def class_breaks(values: Sequence[float], classes: int = 5) -> tuple[float, ...]:
    """The lowest value, then the upper bound of each of up to five classes with about as many places each (quantiles).

    Equal steps would put every place but one in the lightest class when one place is far above the rest.
    """
    ordered = sorted(values)
    if not ordered:
        return ()
    last = len(ordered) - 1
    uppers = [ordered[round(last * i / classes)] for i in range(1, classes + 1)]
    return (ordered[0], *dict.fromkeys(uppers))


def _position(value: float, breaks: Sequence[float], steps: int) -> int:
    """Which of ``steps`` shades, 0 the lightest; fewer classes than shades are spread from end to end."""
    classes = len(breaks) - 1
    if classes < 2:
        return steps // 2
    return round(sum(value > edge for edge in breaks[1:-1]) * (steps - 1) / (classes - 1))


def shade(value: float | None, breaks: Sequence[float]) -> str:
    """The sequential step of ``value`` among the classes of :func:`class_breaks`; grey when there is no value."""
    if value is None or value != value or not breaks:
        return NO_VALUE
    return SEQUENTIAL[1 + _position(value, breaks, 5)]


def signed_shade(value: float | None, size_breaks: Sequence[float]) -> str:
    """Blue for a fall, orange for a rise, white for 0; ``size_breaks`` are those of the sizes without sign."""
    if value is None or value != value:
        return NO_VALUE
    if value == 0:
        return NO_CHANGE
    return (FALLS if value < 0 else RISES)[_position(abs(value), size_breaks, 3)]


def text_on(colour: str) -> str:
    """Black or white, whichever reads better on ``colour`` (relative luminance, WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if luminance < 0.18 else INK

"""House style: system fonts, a light horizontal grid, no legend where a label can stand beside its line."""

from __future__ import annotations

import plotly.graph_objects as go

from components import palette

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"


_AXIS = {
    "showgrid": False,
    "zeroline": False,
    "linecolor": palette.RULE,
    "ticks": "outside",
    "tickcolor": palette.RULE,
    "automargin": True,
    "title": {"font": {"size": 14}},
}


TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 14, "color": palette.INK},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "colorway": list(palette.CATEGORICAL),
        "margin": {"l": 56, "r": 24, "t": 28, "b": 44},
        "xaxis": _AXIS,
        "yaxis": {
            **_AXIS,
            "showgrid": True,
            "gridcolor": palette.GRID,
            "rangemode": "tozero",
            "ticks": "",
            "title": {"standoff": 8, "font": {"size": 14}},
        },
        "hoverlabel": {"bgcolor": "white", "font": {"color": palette.INK}},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        "hovermode": "closest",
        "dragmode": False,
    }
)


def blank(height: int = 380) -> go.Figure:
    """A figure in house style with nothing drawn on it."""
    return go.Figure(layout={"template": TEMPLATE, "height": height})

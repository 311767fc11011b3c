"""The map of boundaries: our own shapes, no tiles unless a setting names a server; never the only way to a fact."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_leaflet as dl
from dash import html

from components import palette
from domain import formats


@dataclass(frozen=True)
class MapMeasure:
    """One measure the map can show: the frame's column, its name with unit, how a value is written."""

    column: str
    label: str
    decimals: int = 0
    scale: float = 1.0

    def write(self, value: float | None) -> str:
        if value is None or value != value:
            return formats.UNAVAILABLE
        return formats.number(value * self.scale, self.decimals) + ("%" if self.scale == 100 else "")


def rings(geometry: Mapping[str, Any]) -> Iterator[list[list[list[float]]]]:
    """Each polygon of a GeoJSON geometry as rings of [lat, lon]."""
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    for polygon in polygons:
        yield [[[lat, lon] for lon, lat, *_ in ring] for ring in polygon]


def _bounds(shapes: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    points = [p for s in shapes for polygon in rings(s["geometry"]) for p in polygon[0]]
    lats, lons = [p[0] for p in points], [p[1] for p in points]
    return [[min(lats), min(lons)], [max(lats), max(lons)]]


def hot_spot_map(
    shapes: Sequence[Mapping[str, Any]],
    measure: MapMeasure,
    chosen: str,
    *,
    map_id: str,
    shape_type: str,
    tile_url: str = "",
    tile_attribution: str = "",
) -> html.Div:
    """``shapes``: hot_spot, hot_spot_name, position, geometry and the measure's column; a click gives ``{type, code}``."""
    values = [
        s[measure.column] for s in shapes if s[measure.column] is not None and s[measure.column] == s[measure.column]
    ]
    breaks = palette.class_breaks(values)
    layers: list[Any] = [dl.TileLayer(url=tile_url, attribution=tile_attribution)] if tile_url else []
    many = len(shapes) > 12
    for shape in shapes:
        fill = palette.shade(shape[measure.column], breaks)
        tip = dl.Tooltip(
            str(shape["position"]) if not many else f"{shape['position']}: {shape['hot_spot_name']}",
            permanent=not many,
            direction="center",
        )
        positions = [ring for polygon in rings(shape["geometry"]) for ring in polygon[:1]]
        layers.append(
            dl.Polygon(
                id={"type": shape_type, "code": str(shape["hot_spot"])},
                positions=positions,
                children=tip,
                color=palette.INK,
                weight=4 if shape["hot_spot"] == chosen else 1.5,
                fillColor=fill,
                fillOpacity=1,
                n_clicks=0,
            )
        )
    return html.Div(
        [
            dl.Map(
                layers,
                id=map_id,
                bounds=_bounds(shapes),
                trackViewport=False,  # dash-leaflet 1.1.3 throws when it tracks a map that was given bounds (its issue 254)
                className="map",
                attributionControl=bool(tile_url),
                scrollWheelZoom=False,
                zoomSnap=0.25,
                zoomControl=True,
            ),
            legend(breaks, measure),
        ]
    )


def legend(breaks: Sequence[float], measure: MapMeasure) -> html.Ul:
    """What the shades stand for, in words."""
    if not breaks:
        return html.Ul([html.Li("No value for this measure in this period.")], className="legend")
    pairs = list(itertools.pairwise(breaks)) or [(breaks[0], breaks[0])]
    items = []
    for low, high in pairs:
        words = measure.write(high) if low == high else f"{measure.write(low)} to {measure.write(high)}"
        colour = palette.shade(high, breaks)
        items.append(html.Li([html.Span(className="swatch", style={"backgroundColor": colour}), words]))
    return html.Ul(items, className="legend", **{"aria-label": f"Shades: {measure.label}"})

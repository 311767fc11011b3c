"""Map of the hot spots and their rings; the table under it says the same in numbers."""

from __future__ import annotations

from typing import Any

import dash_leaflet as dl
import pandas as pd
from dash import html

from components import palette
from components.hot_spot_map import MapMeasure, legend, map_classes, outer_bounds, rings
from components.view import View
from data_access.evaluation.rings import ring_outlines
from settings import load_settings

MEASURE = MapMeasure("difference", "crimes more or fewer than the control's change would give", 0, signed=True)


def ring_map(frame: pd.DataFrame, view: View) -> html.Div:
    """Widest band first, each narrower one drawn over it; shade and words by difference."""
    shapes = ring_outlines(view.scope, view.programme.code)
    values = dict(zip(frame["band"], frame["difference"], strict=True))
    differences = [values.get(shape["band"]) for shape in shapes]
    colours, classes = map_classes(differences, MEASURE)
    settings = load_settings()
    layers: list[Any] = (
        [dl.TileLayer(url=settings.tile_url, attribution=settings.tile_attribution)] if settings.tile_url else []
    )
    for shape, value, fill in zip(shapes, differences, colours, strict=True):
        where = "hot spots" if shape["band"] == "inside" else f"{shape['band']} m"
        positions = [ring for polygon in rings(shape["geometry"]) for ring in polygon[:1]]
        tip = dl.Tooltip(f"{where}: {MEASURE.write(value)}", sticky=True)
        layers.append(
            dl.Polygon(
                positions=positions, children=tip, color=palette.INK, weight=2.5 if shape["band"] == "inside" else 1,
                fillColor=fill, fillOpacity=1,
            )
        )  # fmt: skip
    layers.append(dl.ZoomControl(position="bottomright"))
    drawn = dl.Map(
        layers, id="displacement-map", bounds=outer_bounds(shapes), trackViewport=False, className="map",
        attributionControl=bool(settings.tile_url), scrollWheelZoom=False, zoomSnap=0.25, zoomControl=False,
    )  # fmt: skip
    return html.Div([drawn, legend(classes, MEASURE, some_missing=palette.NO_VALUE in colours)])

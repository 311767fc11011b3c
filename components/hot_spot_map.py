"""The map of boundaries: our own shapes, no tiles unless a setting names a server; never the only way to a fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dash_leaflet as dl
from dash import html

from components import palette
from domain import formats


@dataclass(frozen=True)
class MapMeasure:
    """One measure the map can show: the frame's column, its name with unit, how a value is written.

    ``signed``: the measure is a change, so it is shaded away from 0 and falls and rises are told apart.
    """

    column: str
    label: str
    decimals: int = 0
    scale: float = 1.0
    signed: bool = False

    def write(self, value: float | None) -> str:
        if value is None or value != value:
            return formats.UNAVAILABLE
        return formats.number(value * self.scale, self.decimals) + ("%" if self.scale == 100 else "")

    def shown(self, value: float | None) -> float | None:
        """The value as far as it is written, so that what prints the same is shaded the same."""
        if value is None or value != value:
            return None
        return round(float(value) * self.scale, self.decimals) + 0.0  # + 0.0: no minus zero

    def words(self, shown: float) -> str:
        sign = "+" if self.signed and shown > 0 else ""
        return f"{sign}{formats.number(shown, self.decimals)}{'%' if self.scale == 100 else ''}"


@dataclass(frozen=True)
class MapClass:
    """The places of one shade: the lowest and highest value among them."""

    colour: str
    low: float
    high: float


def _mark(shown: float | None) -> str:
    """Fall or rise without colour."""
    return "" if not shown else ("▼ " if shown < 0 else "▲ ")


def map_classes(values: Sequence[float | None], measure: MapMeasure) -> tuple[list[str], list[MapClass]]:
    """The colour of each value, and the classes from lowest to highest; classes share no bound."""
    shown = [measure.shown(v) for v in values]
    known = [v for v in shown if v is not None]
    if measure.signed:
        breaks = palette.class_breaks([abs(v) for v in known if v], classes=3)
        colours = [palette.signed_shade(v, breaks) for v in shown]
    else:
        breaks = palette.class_breaks(known)
        colours = [palette.shade(v, breaks) for v in shown]
    members: dict[str, list[float]] = {}
    for value, colour in zip(shown, colours, strict=True):
        if value is not None:
            members.setdefault(colour, []).append(value)
    classes = [MapClass(colour, min(found), max(found)) for colour, found in members.items()]
    return colours, sorted(classes, key=lambda c: c.low)


def rings(geometry: Mapping[str, Any]) -> Iterator[list[list[list[float]]]]:
    """Each polygon of a GeoJSON geometry as rings of [lat, lon]."""
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    for polygon in polygons:
        yield [[[lat, lon] for lon, lat, *_ in ring] for ring in polygon]


def outer_bounds(shapes: Sequence[Mapping[str, Any]]) -> list[list[float]]:
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
    measure = _with_sign(measure, [s[measure.column] for s in shapes])
    colours, classes = map_classes([s[measure.column] for s in shapes], measure)
    layers: list[Any] = [dl.TileLayer(url=tile_url, attribution=tile_attribution)] if tile_url else []
    many = len(shapes) > 12
    for shape, fill in zip(shapes, colours, strict=True):
        mark = _mark(measure.shown(shape[measure.column])) if measure.signed else ""
        tip = dl.Tooltip(
            f"{mark}{shape['position']}" if not many else f"{mark}{shape['position']}: {shape['hot_spot_name']}",
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
    # At the bottom, and with the shapes kept off the edges, the buttons cover no place.
    layers.append(dl.ZoomControl(position="bottomright"))
    return html.Div(
        [
            dl.Map(
                layers,
                id=map_id,
                bounds=outer_bounds(shapes),
                boundsOptions={"paddingTopLeft": [16, 16], "paddingBottomRight": [52, 24]},
                trackViewport=False,  # dash-leaflet 1.1.3 throws when it tracks a map that was given bounds (its issue 254)
                className="map",
                attributionControl=bool(tile_url),
                scrollWheelZoom=False,
                zoomSnap=0.25,
                zoomControl=False,
            ),
            legend(classes, measure, some_missing=palette.NO_VALUE in colours),
        ]
    )


def _with_sign(measure: MapMeasure, values: Sequence[float | None]) -> MapMeasure:
    """A value below 0 can only be a change, whatever the page said."""
    below = any(v is not None and v < 0 for v in values)
    return replace(measure, signed=True) if below and not measure.signed else measure


def _class_words(one: MapClass, measure: MapMeasure) -> str:
    low, high = measure.words(one.low), measure.words(one.high)
    words = low if low == high else f"{low} to {high}"
    if not measure.signed:
        return words
    meaning = "no change" if one.high == 0 == one.low else "fall" if one.high < 0 else "rise"
    return f"{_mark(one.low)}{words} ({meaning})"


def legend(classes: Sequence[MapClass], measure: MapMeasure, *, some_missing: bool = False) -> html.Div:
    """What the shades stand for, in words, under the measure's name with its unit."""
    if not classes:
        return html.Div(html.P("No value for this measure in this period.", className="legend-title"))
    entries = [(one.colour, _class_words(one, measure)) for one in classes]
    if some_missing:
        entries.append((palette.NO_VALUE, "no value"))
    items = [html.Li([html.Span(className="swatch", style={"backgroundColor": c}), words]) for c, words in entries]
    title = f"{measure.label[:1].upper()}{measure.label[1:]}"
    return html.Div(
        [
            html.P(title, className="legend-title"),
            html.Ul(items, className="legend", **{"aria-label": f"Shades: {measure.label}"}),
        ]
    )

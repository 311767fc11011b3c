"""The map's legend says what its colours mean: bounds that do not meet, falls apart from rises, a measure with unit."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import palette
from components.hot_spot_map import MapMeasure, hot_spot_map, legend, map_classes

CRIMES = MapMeasure("crimes", "recorded crimes")
CHANGE = MapMeasure("change", "change in recorded crimes, %", 0, 100, signed=True)


def _texts(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node]
    children = getattr(node, "children", None)
    found = children if isinstance(children, list) else [children]
    return [text for child in found if child is not None for text in _texts(child)]


def _words(values: list[float | None], measure: MapMeasure) -> list[str]:
    return _texts(legend(map_classes(values, measure)[1], measure))[1:]


def test_classes_are_written_without_a_shared_bound() -> None:
    values: list[float | None] = [63, 41, 42, 44, 16, 29, 17]
    assert _words(values, CRIMES) == ["16 to 17", "29", "41 to 42", "44", "63"]


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=30), st.sampled_from([CRIMES, CHANGE]))
def test_every_value_has_one_colour_and_one_class(values: list[float], measure: MapMeasure) -> None:
    colours, classes = map_classes(list(values), measure)
    assert all(one.high < two.low for one, two in itertools.pairwise(classes))
    assert len({c.colour for c in classes}) == len(classes)
    for value, colour in zip(values, colours, strict=True):
        shown = measure.shown(value)
        assert [c.colour for c in classes if c.low <= shown <= c.high] == [colour]


def test_what_prints_the_same_is_shaded_the_same() -> None:
    colours, _ = map_classes([-0.3912, -0.3887], CHANGE)
    assert colours[0] == colours[1]
    assert _words([-0.3912, -0.3887], CHANGE) == ["▼ −39% (fall)"]


def test_changes_run_both_ways_from_nought_and_are_named() -> None:
    values: list[float | None] = [-0.73, -0.39, -0.1, 0.002, 0.1, 0.4]
    colours, _ = map_classes(values, CHANGE)
    assert colours[0] == palette.FALLS[-1], "the largest fall is the darkest"
    assert set(colours[:3]) <= set(palette.FALLS)
    assert colours[3] == palette.NO_CHANGE
    assert set(colours[4:]) <= set(palette.RISES)
    words = _words(values, CHANGE)
    assert words[0].startswith("▼ −73%")
    assert "0% (no change)" in words
    assert words[-1].startswith("▲ ")
    assert words[-1].endswith("+40% (rise)")


def test_equal_sizes_are_equally_dark_whichever_way_they_go() -> None:
    colours, _ = map_classes([-0.5, 0.5, -0.2, 0.2, -0.05, 0.05], CHANGE)
    assert [palette.FALLS.index(c) for c in colours[::2]] == [palette.RISES.index(c) for c in colours[1::2]]


def _shapes(values: list[float | None], column: str) -> list[dict[str, Any]]:
    return [
        {
            "hot_spot": f"HS{i}", "hot_spot_name": f"Place {i}", "position": i, column: value,
            "geometry": {"type": "Polygon", "coordinates": [[[i, 52], [i + 0.5, 52], [i, 52.5], [i, 52]]]},
        }
        for i, value in enumerate(values, start=1)
    ]  # fmt: skip


def test_the_legend_is_headed_by_the_measure_and_names_missing_values() -> None:
    drawn = hot_spot_map(_shapes([3, None], "crimes"), CRIMES, "", map_id="m", shape_type="s")
    assert _texts(drawn.children[1]) == ["Recorded crimes", "3", "no value"]


@pytest.mark.parametrize("signed", [True, False])
def test_a_fall_is_marked_on_the_map_without_colour(signed: bool) -> None:
    """Also where a page forgot to say that the measure is a change."""
    measure = MapMeasure("change", "change, %", 0, 100, signed=signed)
    drawn = hot_spot_map(_shapes([-0.2, 0.0], "change"), measure, "", map_id="m", shape_type="s")
    tips = [layer.children.children for layer in drawn.children[0].children if hasattr(layer, "positions")]
    assert tips == ["▼ 1", "2"]


def test_the_zoom_buttons_are_where_no_place_is_drawn() -> None:
    drawn = hot_spot_map(_shapes([1, 2], "crimes"), CRIMES, "", map_id="m", shape_type="s").children[0]
    assert drawn.zoomControl is False
    assert [layer.position for layer in drawn.children if type(layer).__name__ == "ZoomControl"] == ["bottomright"]
    assert drawn.boundsOptions["paddingBottomRight"][0] >= 44, "wider than the buttons"

"""How much a file of boundaries may hold: what comes after it (placing, minutes, the map) grows with every layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from analysis.dosage import layers
from data_access.loading.result import LoadRefused

MOST_AREAS = 5_000
MOST_POSITIONS = 2_000_000  # of all of them
MOST_LAYERS = 40
MOST_MEETINGS = 300_000  # pairs whose surroundings meet: 5,000 areas side by side make 50,000
_TOGETHER = 200


def check_amount(file_name: str, shapes: Sequence[BaseGeometry | None]) -> None:
    """LoadRefused where there are too many areas or positions to look at them singly."""
    there = [shape for shape in shapes if shape is not None]
    if len(there) > MOST_AREAS:
        raise LoadRefused(
            f"{file_name} has {len(there):,} areas; at most {MOST_AREAS:,} are read. Export fewer of them."
        )
    positions = int(shapely.get_num_coordinates(np.array(there, dtype=object)).sum()) if there else 0
    if positions > MOST_POSITIONS:
        raise LoadRefused(
            f"{file_name}: its boundaries have {positions:,} positions in all; at most {MOST_POSITIONS:,} are read. Simplify "
            "them in mapping software."
        )


def check_overlaps(file_name: str, shapes: Sequence[BaseGeometry], name: Callable[[int], str]) -> None:
    """LoadRefused where the areas lie in too many layers, naming two that overlap."""
    if len(shapes) <= MOST_LAYERS:
        return
    every = np.array(shapes, dtype=object)
    tree, meetings = shapely.STRtree(every), 0
    for at in range(0, len(every), _TOGETHER):
        one, other = tree.query(every[at : at + _TOGETHER])
        meetings += len(one)
        if meetings > MOST_MEETINGS:
            most = int(np.bincount(one).argmax())
            raise _refusal(file_name, name, at + most, other[one == most])
    layer = layers.colours(shapes)
    if layer.max() >= MOST_LAYERS:
        top = int(layer.argmax())
        raise _refusal(file_name, name, top, tree.query(every[top], predicate="intersects"))


def _refusal(file_name: str, name: Callable[[int], str], area: int, met: np.ndarray) -> LoadRefused:
    other = int(met[met != area][0])
    return LoadRefused(
        f"{file_name}: over {MOST_LAYERS} areas lie over one another, such as {name(other)} and {name(area)}. Hot spots may "
        "overlap, but not so often. Leave those out that are not meant, and load again."
    )

"""Where straight steps meet boundaries, and the shares of a step that lie inside each polygon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from analysis.dosage.edges import Edges, spread
from analysis.dosage.grid import TILE_REACH, ZONE_REACH, Grid
from analysis.dosage.layers import Area
from analysis.dosage.states import States
from analysis.dosage.tables import DEGREE, Floats, Int32s, Int64s

_PAIRS_AT_ONCE = 1 << 18
_LEAST_ACROSS = 1.0  # canonical units, about 1 cm


@dataclass(frozen=True)
class Steps:
    """Straight steps: ends in canonical units, shape (n,), and the state at either end."""

    x0: Int32s
    y0: Int32s
    x1: Int32s
    y1: Int32s
    state_0: Int64s
    state_1: Int64s

    def take(self, rows: Int64s) -> Steps:
        return Steps(*(a[rows] for a in (self.x0, self.y0, self.x1, self.y1, self.state_0, self.state_1)))

    def __len__(self) -> int:
        return len(self.x0)


@dataclass(frozen=True)
class Stretches:
    """Parts of steps inside polygons, shape (m,): ``share_0`` to ``share_1`` of step number ``step``."""

    step: Int64s
    polygon: Int64s
    share_0: Floats
    share_1: Floats


@dataclass(frozen=True)
class Meetings:
    """A step meets an edge of a polygon at ``share`` of its way; ``unsure`` where rounding could decide otherwise."""

    step: Int64s
    polygon: Int64s
    share: Floats
    unsure: NDArray[np.bool_]


def meetings(steps: Steps, edges: Edges, grid: Grid) -> Meetings:
    """All meetings of steps with edges: by lists of the grid for short steps, by bounds for long ones."""
    reach = np.maximum(_apart(steps.x0, steps.x1), _apart(steps.y0, steps.y1)) >> grid.shift
    # Lists hold what is near a position: asked at a step's middle, they serve steps of twice their reach.
    short = reach < 2 * ZONE_REACH
    middling = ~short & (reach < 2 * TILE_REACH)
    found = []
    for which, near in ((short, _by_zone), (middling, _by_tile), (~short & ~middling, _by_bounds)):
        rows = np.flatnonzero(which)
        if len(rows):
            some = steps.take(rows)
            step, edge = near(some, edges, grid)
            met = _met(some, step, edge, edges)
            found.append(Meetings(rows[met.step], met.polygon, met.share, met.unsure))
    return (
        Meetings(*(np.concatenate(a) for a in zip(*(vars(m).values() for m in found), strict=True)))
        if found
        else (Meetings(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_)))
    )


def _apart(one: Int32s, other: Int32s) -> NDArray[np.uint32]:
    """Distance, modulo 2^32; degrees x 10^7 never differ by so much that this shortens them to anything small."""
    return np.abs(one - other).view(np.uint32)


def _middle(steps: Steps) -> tuple[Int32s, Int32s]:
    # Halved first: the sum of two longitudes may not fit.
    return (steps.x0 >> 1) + (steps.x1 >> 1), (steps.y0 >> 1) + (steps.y1 >> 1)


def _by_zone(steps: Steps, edges: Edges, grid: Grid) -> tuple[Int64s, Int32s]:
    return grid.edges_near(*_middle(steps))


def _by_tile(steps: Steps, edges: Edges, grid: Grid) -> tuple[Int64s, Int64s]:
    step, polygon = grid.polygons_near(*_middle(steps))
    west, south, east, north = _boxes(steps)
    bounds = grid.bounds[polygon]
    meets = (west[step] <= bounds[:, 2]) & (east[step] >= bounds[:, 0])
    meets &= (south[step] <= bounds[:, 3]) & (north[step] >= bounds[:, 1])
    return _edges_meeting(step[meets], polygon[meets], steps, edges)


def _by_bounds(steps: Steps, edges: Edges, grid: Grid) -> tuple[Int64s, Int64s]:
    step, polygon = grid.polygons_meeting(np.column_stack(_boxes(steps)))
    return _edges_meeting(step, polygon, steps, edges)


def _boxes(steps: Steps) -> tuple[Floats, Floats, Floats, Floats]:
    """Bounds of the steps, a little wider than rounding."""
    west, east = np.minimum(steps.x0, steps.x1) - 1.0, np.maximum(steps.x0, steps.x1) + 1.0
    return west, np.minimum(steps.y0, steps.y1) - 1.0, east, np.maximum(steps.y0, steps.y1) + 1.0


def _edges_meeting(step: Int64s, polygon: Int64s, steps: Steps, edges: Edges) -> tuple[Int64s, Int64s]:
    """(step, edge) of pairs (step, polygon), for edges whose bounds meet the step's."""
    counts = edges.starts[polygon + 1] - edges.starts[polygon]
    boxes = _boxes(steps)
    found = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    part = np.cumsum(counts) // _PAIRS_AT_ONCE
    for number in np.unique(part).tolist():
        some = np.flatnonzero(part == number)
        pair, edge = spread(edges.starts[polygon[some]], counts[some])
        which = step[some][pair]
        west, south, east, north = (b[which] for b in boxes)
        x, y, dx, dy = edges.x[edge], edges.y[edge], edges.dx[edge], edges.dy[edge]
        meets = (np.minimum(x, x + dx) <= east) & (np.maximum(x, x + dx) >= west)
        meets &= (np.minimum(y, y + dy) <= north) & (np.maximum(y, y + dy) >= south)
        found.append((which[meets], edge[meets]))
    steps_found, edges_found = zip(*found, strict=True)
    return np.concatenate(steps_found), np.concatenate(edges_found)


def _met(steps: Steps, step: Int64s, edge: NDArray, edges: Edges) -> Meetings:  # type: ignore[type-arg]
    """Meetings among pairs (step, edge).

    With ``d0``, ``d1`` the distances of the step's ends to the edge's line, the line is met at ``d0 / (d0 - d1)``.
    """
    a, b, c = edges.a.take(edge), edges.b.take(edge), edges.c.take(edge)
    x0, y0, x1, y1 = (v.take(step) for v in (steps.x0, steps.y0, steps.x1, steps.y1))
    d0 = a * x0 + b * y0 + c
    d1 = a * x1 + b * y1 + c
    near = edges.near.take(edge)
    some = np.flatnonzero((np.minimum(d0, d1) <= near) & (np.maximum(d0, d1) >= -near))
    step, edge, a, b, d0, d1, near = (v[some] for v in (step, edge, a, b, d0, d1, near))
    x0, y0, x1, y1 = (v[some] for v in (x0, y0, x1, y1))
    length, along = edges.length[edge], edges.along[edge]
    u0, u1 = b * x0 - a * y0 + along, b * x1 - a * y1 + along
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.nan_to_num(np.clip(d0 / (d0 - d1), 0.0, 1.0))
        slack = near * (2.0 + np.abs(u1 - u0) / np.abs(d0 - d1))
    slack[np.isnan(slack)] = np.inf
    u = u0 + share * (u1 - u0)
    sure = (np.minimum(np.abs(d0), np.abs(d1)) > near) & (u > slack) & (u < length - slack)
    # A step that hardly leaves the line meets it at an uncertain time.
    sure &= np.abs(d0 - d1) > _LEAST_ACROSS
    apart = (np.maximum(u0, u1) < -near) | (np.minimum(u0, u1) > length + near)
    some = np.flatnonzero(sure | ~(apart | (u < -slack) | (u > length + slack)))
    return Meetings(step[some], edges.polygon[edge[some]].astype(np.int64), share[some], ~sure[some])


def stretches(steps: Steps, met: Meetings, polygons: Sequence[Area], states: States) -> tuple[Stretches, Int64s]:
    """Inside parts of every (step, polygon) that meet or whose ends differ, and the (step, polygon) keys looked at.

    Keys are ``step * len(polygons) + polygon``, ascending. Where meetings are unsure, or do not fit the states of
    the ends, the polygon itself is asked (:func:`shares_inside`).
    """
    count = max(1, len(polygons))
    key = met.step * count + met.polygon
    held = [row * count + polygon for row, polygon in (states.expand(steps.state_0), states.expand(steps.state_1))]
    keys = np.unique(np.concatenate((key, np.setxor1d(*held, assume_unique=True))))
    in_0, in_1 = (_among(keys, h) for h in held)
    order = np.lexsort((met.share, key))
    at = np.searchsorted(keys, key)
    times = np.bincount(at, minlength=len(keys))
    unsure = np.bincount(at[met.unsure], minlength=len(keys)) > 0
    asked = unsure | ((times & 1).astype(np.bool_) != (in_0 != in_1))
    # Of the others: an end inside is a bound of a stretch as a meeting is; bounds then pair up.
    sure = ~asked[at[order]]
    starting, ending = np.flatnonzero(in_0 & ~asked), np.flatnonzero(in_1 & ~asked)
    of = np.concatenate((starting, at[order][sure], ending))
    share = np.concatenate((np.zeros(len(starting)), met.share[order][sure], np.ones(len(ending))))
    bound = np.argsort(of, kind="stable")
    of, share = of[bound][::2], share[bound]
    hard = np.flatnonzero(asked)
    which, hard_0, hard_1 = _asked(steps, keys[hard] // count, keys[hard] % count, polygons)
    of = np.concatenate((of, hard[which]))
    step, polygon = keys[of] // count, keys[of] % count
    return Stretches(step, polygon, np.append(share[::2], hard_0), np.append(share[1::2], hard_1)), keys


def _among(keys: Int64s, sorted_keys: Int64s) -> NDArray[np.bool_]:
    if not len(sorted_keys):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return sorted_keys[at] == keys


def _asked(steps: Steps, step: Int64s, polygon: Int64s, polygons: Sequence[Area]) -> tuple[Int64s, Floats, Floats]:
    rows, shares_0, shares_1 = [np.empty(0, np.int64)], [np.empty(0)], [np.empty(0)]
    for number in np.unique(polygon).tolist():
        some = np.flatnonzero(polygon == number)
        ends = np.column_stack([a[step[some]] for a in (steps.x0, steps.y0, steps.x1, steps.y1)]) / DEGREE
        row, share_0, share_1 = shares_inside(ends, polygons[number])
        rows.append(some[row])
        shares_0.append(share_0)
        shares_1.append(share_1)
    return np.concatenate(rows), np.concatenate(shares_0), np.concatenate(shares_1)


def shares_inside(ends: Floats, polygon: Area) -> tuple[Int64s, Floats, Floats]:
    """Any step against any polygon, slowly: (row, share_0, share_1) for each stretch of steps (n, 4) inside.

    Cut each step where it meets the line of an edge within the edge's ends, and ask the polygon about the middle of
    every part. In degrees, so that what rounding decides, it decides as in ``reference``.
    """
    rings = [shapely.get_coordinates(r) for r in shapely.get_rings(shapely.get_parts(polygon))]
    edges = np.vstack([np.hstack((r[:-1], r[1:] - r[:-1])) for r in rings])
    found_row, found_0, found_1 = [], [], []
    for row, (x0, y0, x1, y1) in enumerate(ends.tolist()):
        dx, dy = x1 - x0, y1 - y0
        to_x, to_y = edges[:, 0] - x0, edges[:, 1] - y0
        cross = dx * edges[:, 3] - dy * edges[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (to_x * edges[:, 3] - to_y * edges[:, 2]) / cross
            along = (to_x * dy - to_y * dx) / cross
            meets = (share > 0) & (share < 1) & (along >= -1e-9) & (along <= 1 + 1e-9)
        cuts = np.concatenate(([0.0], np.sort(share[meets]), [1.0]))
        middle = (cuts[1:] + cuts[:-1]) / 2
        inside = shapely.intersects_xy(polygon, x0 + middle * dx, y0 + middle * dy) & (cuts[1:] > cuts[:-1])
        at = np.flatnonzero(inside)
        found_row.append(np.full(len(at), row))
        found_0.append(cuts[at])
        found_1.append(cuts[at + 1])
    none = [np.empty(0)]
    rows = np.concatenate([np.empty(0, np.int64), *found_row])
    return rows, np.concatenate(none + found_0), np.concatenate(none + found_1)

"""Where straight steps meet boundaries, and the shares of a step that lie inside each polygon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from analysis.dosage.arrays import AnyInts, Bools, among, distinct, spread
from analysis.dosage.edges import Edges
from analysis.dosage.grid import Blocks, Grid
from analysis.dosage.layers import Area
from analysis.dosage.states import States
from analysis.dosage.tables import DEGREE, Floats, Int32s, Int64s
from analysis.dosage.tiles import Zones

_LISTED_AT_ONCE, _STRAY_AT_ONCE = 1 << 16, 1 << 9
_LEAST_ACROSS = 1.0  # canonical units, about 1 cm


@dataclass(frozen=True)
class Steps:
    """Straight steps: ends in canonical units, shape (n,), and the state at either end."""

    x0: Int32s
    y0: Int32s
    x1: Int32s
    y1: Int32s
    state_0: AnyInts
    state_1: AnyInts

    def __len__(self) -> int:
        return len(self.x0)


@dataclass(frozen=True)
class Stretches:
    """Parts of steps inside polygons, shape (m,): ``share_0`` to ``share_1`` of step number ``step``.

    looked_step, looked_polygon : shape (k,), what was looked at: a step that meets a polygon's boundary, or has one
    end inside. held_0, held_1 : whether its first and last end are inside. Of other pairs a step is inside as a whole,
    or outside.
    """

    step: Int64s
    polygon: Int64s
    share_0: Floats
    share_1: Floats
    looked_step: Int64s
    looked_polygon: Int64s
    held_0: Bools
    held_1: Bools


@dataclass(frozen=True)
class Meetings:
    """A step meets an edge of a polygon at ``share`` of its way; ``unsure`` where rounding could decide otherwise."""

    step: Int64s
    polygon: Int64s
    share: Floats
    unsure: Bools


def meetings(steps: Steps, edges: Edges, grid: Grid) -> Meetings:
    """All meetings of steps with edges: by lists of the grid for short steps, by bounds for long ones."""
    reach = np.maximum(_apart(steps.x0, steps.x1), _apart(steps.y0, steps.y1)) >> np.uint32(grid.shift)
    # Lists hold what is near a position: asked at a step's middle, they serve steps of twice their reach.
    found: list[tuple[Int64s, AnyInts]] = []
    left = np.arange(len(steps))
    for listed in (grid.near, grid.wide, *grid.blocks, None):
        limit = 2 * listed.reach if listed else 2**32
        near, far = np.flatnonzero(reach < limit), np.flatnonzero(reach >= limit)
        rows, left, reach = left.take(near), left.take(far), reach.take(far)
        # In parts: the bounds of a step across the county meet those of everything in it.
        size = _LISTED_AT_ONCE if listed else _STRAY_AT_ONCE
        for first in range(0, len(rows), size):
            some = rows[first : first + size]
            step, edge = _pairs(steps, some, edges, grid, listed)
            found.append((some.take(step), edge))
    if not found:
        found.append((left, left))
    step, edge = (np.concatenate(c) for c in zip(*found, strict=True))
    return _met(steps, step, edge, edges)


def _apart(one: Int32s, other: Int32s) -> NDArray[np.uint32]:
    """Distance, modulo 2^32; degrees x 10^7 never differ by so much that this shortens them to anything small."""
    found: Int32s = np.abs(one - other)
    return found.view(np.uint32)


def _middle(steps: Steps, rows: Int64s) -> tuple[Int32s, Int32s]:
    # Halved first: the sum of two longitudes may not fit.
    x0, y0, x1, y1 = (v.take(rows) for v in (steps.x0, steps.y0, steps.x1, steps.y1))
    return (x0 >> 1) + (x1 >> 1), (y0 >> 1) + (y1 >> 1)


def _pairs(
    steps: Steps, rows: Int64s, edges: Edges, grid: Grid, listed: Zones | Blocks | None
) -> tuple[Int64s, AnyInts]:
    """(number in ``rows``, edge) for the edges that a step may meet."""
    if isinstance(listed, Zones):
        cell = grid.cells(*_middle(steps, rows))
        if listed is not grid.near:
            return listed.edges_of(cell)
        state = steps.state_0.take(rows)
        some = np.flatnonzero((state != steps.state_1.take(rows)) | ~listed.convex(cell, state))
        near, near_edge = listed.edges_of(cell.take(some))
        return some.take(near), near_edge
    if listed is None:
        step, chain = grid.chains_meeting(*_boxes(steps, rows))
    else:
        step, chain = listed.chains_of(*_middle(steps, rows))
    some = np.flatnonzero(_near_boxes(steps, rows.take(step), edges.bounds, chain))
    step, chain = step.take(some), chain.take(some)
    pair, edge = spread(edges.chains.take(chain), edges.chains.take(chain + 1) - edges.chains.take(chain))
    return step.take(pair), edge


def _boxes(steps: Steps, rows: Int64s) -> tuple[Floats, Floats, Floats, Floats]:
    """West, south, east and north of steps, a little wider than rounding."""
    x0, y0, x1, y1 = (v.take(rows) for v in (steps.x0, steps.y0, steps.x1, steps.y1))
    return np.minimum(x0, x1) - 1.0, np.minimum(y0, y1) - 1.0, np.maximum(x0, x1) + 1.0, np.maximum(y0, y1) + 1.0


def _near_boxes(steps: Steps, step: Int64s, bounds: Floats, box: Int64s) -> Bools:
    """Whether steps meet boxes, given by their bounds (4, k): no axis, nor the step itself, has them apart."""
    west, south, east, north = (b.take(box) for b in bounds)
    x0, y0, x1, y1 = (v.take(step).astype(np.float64) for v in (steps.x0, steps.y0, steps.x1, steps.y1))
    # Twice the distances from the step's start to the box's middle, and the box's sides, a little wider than rounding.
    mid_x, mid_y, wide, high = west + east - 2 * x0, south + north - 2 * y0, east - west + 4, north - south + 4
    dx, dy = x1 - x0, y1 - y0
    near: Bools = np.abs(mid_x - dx) <= np.abs(dx) + wide
    near &= np.abs(mid_y - dy) <= np.abs(dy) + high
    near &= np.abs(mid_x * dy - mid_y * dx) <= wide * np.abs(dy) + high * np.abs(dx)
    return near


def _met(steps: Steps, step: Int64s, edge: AnyInts, edges: Edges) -> Meetings:
    """Meetings among pairs (step, edge).

    With ``d0``, ``d1`` the distances of the step's ends to the edge's line, the line is met at ``d0 / (d0 - d1)``.
    """
    x0, y0, x1, y1 = (v.astype(np.float64) for v in (steps.x0, steps.y0, steps.x1, steps.y1))
    a, b, c = edges.a.take(edge), edges.b.take(edge), edges.c.take(edge)
    d0, d1 = a * x0.take(step), a
    d1 *= x1.take(step)
    d0 += b * y0.take(step)
    b *= y1.take(step)
    d1 += b
    d0 += c
    d1 += c
    across = np.minimum(d0, d1) <= edges.most_near
    across &= np.maximum(d0, d1) >= -edges.most_near
    some = np.flatnonzero(across)
    step, edge, d0, d1 = step.take(some), edge.take(some), d0.take(some), d1.take(some)
    a, b, along = edges.a.take(edge), edges.b.take(edge), edges.along.take(edge)
    u0 = b * x0.take(step) - a * y0.take(step) + along
    u1 = b * x1.take(step) - a * y1.take(step) + along
    share, unsure, meets = _where(d0, d1, u0, u1, edges.near.take(edge), edges.length.take(edge))
    return Meetings(step[meets], edges.polygon[edge[meets]].astype(np.int64), share[meets], unsure[meets])


def _where(
    d0: Floats, d1: Floats, u0: Floats, u1: Floats, near: Floats, length: Floats
) -> tuple[Floats, Bools, Int64s]:
    """Share of the step at the edge's line, whether rounding could matter there, and which rows meet the edge at all.

    d0, d1 : distances of the step's ends to the line. u0, u1 : their positions along the edge.
    """
    apart = np.abs(d0 - d1)
    # Where the step lies in the line, any share will do: the slack is without end.
    across = np.where(apart > 0, d0 - d1, 1.0)
    share = np.minimum(np.maximum(d0 / across, 0.0), 1.0)
    slack = np.where(apart > 0, near * (2.0 + np.abs((u1 - u0) / across)), np.inf)
    u = u0 + share * (u1 - u0)
    clear = (np.minimum(d0, d1) > near) | (np.maximum(d0, d1) < -near)
    clear |= (np.maximum(u0, u1) < -near) | (np.minimum(u0, u1) > length + near)
    clear |= (u < -slack) | (u > length + slack)
    sure = (np.minimum(np.abs(d0), np.abs(d1)) > near) & (u > slack) & (u < length - slack)
    # A step that hardly leaves the line meets it at an uncertain time.
    sure &= apart > _LEAST_ACROSS
    return share, ~sure, np.flatnonzero(~clear)


def stretches(steps: Steps, met: Meetings, polygons: Sequence[Area], states: States) -> Stretches:
    """Inside parts of every (step, polygon) that meet, or whose ends differ.

    Where meetings are unsure, or do not fit the states of the ends, the polygon itself is asked
    (:func:`shares_inside`).
    """
    count = max(1, len(polygons))
    key = met.step * count + met.polygon
    held = [row * count + polygon for row, polygon in (states.expand(steps.state_0), states.expand(steps.state_1))]
    differ = np.concatenate((held[0][~among(held[0], held[1])], held[1][~among(held[1], held[0])]))
    keys = distinct(np.concatenate((key, differ)))
    in_0, in_1 = (among(keys, h) for h in held)
    at = np.searchsorted(keys, key)
    unsure = np.bincount(at[met.unsure], minlength=len(keys)) > 0
    odd = (np.bincount(at, minlength=len(keys)) & 1).astype(np.bool_)
    asked = unsure | (odd != (in_0 != in_1))
    # An end inside bounds a stretch as a meeting does; in order, bounds pair up.
    sure = np.flatnonzero(~asked[at])
    starting, ending = np.flatnonzero(in_0 & ~asked), np.flatnonzero(in_1 & ~asked)
    of = np.concatenate((starting, at[sure], ending))
    share = np.concatenate((np.zeros(len(starting)), met.share[sure], np.ones(len(ending))))
    order = np.lexsort((share, of))
    of, share = of[order][::2], share[order]
    hard = np.flatnonzero(asked)
    step, polygon = np.divmod(keys, count)
    which, hard_0, hard_1 = _asked(steps, step[hard], polygon[hard], polygons)
    of = np.concatenate((of, hard[which]))
    share_0, share_1 = np.concatenate((share[::2], hard_0)), np.concatenate((share[1::2], hard_1))
    return Stretches(step[of], polygon[of], share_0, share_1, step, polygon, in_0, in_1)


def holding(step: AnyInts, polygon: AnyInts, steps: AnyInts, polygons: AnyInts) -> Bools:
    """Which pairs (step, polygon) are among others."""
    count = max(int(polygon.max(initial=0)), int(polygons.max(initial=0))) + 1
    return among(step.astype(np.int64) * count + polygon, steps.astype(np.int64) * count + polygons)


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

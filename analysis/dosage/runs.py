"""Ordered pings to pieces of presence: runs of one state, cut exactly where a step meets a boundary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.crossings import Steps, Stretches, meetings, stretches
from analysis.dosage.edges import Edges
from analysis.dosage.grid import CLEAR_BITS, REACH, Grid
from analysis.dosage.joining import touching
from analysis.dosage.layers import Area
from analysis.dosage.states import States
from analysis.dosage.tables import (
    BASE_GAP_S,
    ENDS_INSIDE,
    LONG_STEP,
    STARTS_INSIDE,
    TRACKED,
    Floats,
    Int64s,
    Pieces,
    PingBatch,
)

# Small enough for the arrays of a batch to stay in a core's cache.
PINGS_AT_ONCE = 1 << 16
_BASE_GAP_MS = int(BASE_GAP_S * 1000)


class Ready:
    """Polygons made ready: edges, states and the lazily built grid."""

    def __init__(self, polygons: Sequence[Area]) -> None:
        self.polygons = polygons
        if not len(polygons):
            return
        self.edges = Edges.of(polygons)
        self.states = States(len(polygons))
        self.grid = Grid(polygons, self.edges, self.states)


@dataclass(frozen=True)
class _Run:
    """A batch with the state of each ping, and what is to be looked at: step numbers are those of their first ping."""

    batch: PingBatch
    state: Int64s
    breaks: NDArray[np.bool_]
    long: Int64s
    looked: Int64s


def pieces_in(batch: PingBatch, ready: Ready) -> Iterator[Pieces]:
    """Pieces of an ordered batch without repeats, part by part; pieces that touch across parts are not joined."""
    if not len(ready.polygons):
        return
    for first in range(0, max(len(batch) - 1, 0), PINGS_AT_ONCE):
        yield _pieces(_run(batch.take(slice(first, first + PINGS_AT_ONCE + 1)), ready), ready)


def _run(batch: PingBatch, ready: Ready) -> _Run:
    value = ready.grid.values(batch.lon_e7, batch.lat_e7)
    step_ms = batch.t_ms[1:] - batch.t_ms[:-1]
    # Unsigned, a step of a millisecond to the base gap is the one comparison; all else is long or another device.
    breaks = (step_ms - 1).view(np.uint64) >= np.uint64(_BASE_GAP_MS)
    breaks |= batch.device[1:] != batch.device[:-1]
    breaks |= batch.team[1:] != batch.team[:-1]
    looked = _unclear(batch, value, ready.grid.shift)
    ends = np.flatnonzero(breaks)
    same = (batch.device[ends] == batch.device[ends + 1]) & (batch.team[ends] == batch.team[ends + 1])
    long = ends[same]
    skipped = ends[~same]
    looked[skipped] = False
    return _Run(batch, value >> CLEAR_BITS, breaks, long, np.flatnonzero(looked))


def _unclear(batch: PingBatch, value: NDArray[np.int32], shift: int) -> NDArray[np.bool_]:
    """Steps that may meet a boundary: the state differs, or the step is longer than the clearance of its ends."""
    apart = np.abs(batch.lon_e7[1:] - batch.lon_e7[:-1])
    other = np.abs(batch.lat_e7[1:] - batch.lat_e7[:-1])
    # As unsigned: the difference of two longitudes may pass 2^31, and stays large.
    reach = np.maximum(apart.view(np.uint32), other.view(np.uint32), out=apart.view(np.uint32))
    reach >>= np.uint32(shift)
    clear = value & REACH
    unclear: NDArray[np.bool_] = reach >= (clear[1:] + clear[:-1]).view(np.uint32)
    unclear |= (value[1:] ^ value[:-1]) > REACH
    return unclear


def _pieces(run: _Run, ready: Ready) -> Pieces:
    count = max(1, len(ready.polygons))
    looked = run.looked
    steps = _steps(run, looked)
    found, keys = stretches(steps, meetings(steps, ready.edges, ready.grid), ready.polygons, ready.states)
    # Steps that need rows of their own: those that meet something, and all long ones.
    cut = looked[np.unique(keys // count)]
    run.breaks[cut] = True
    own = np.union1d(cut, run.long)
    row, polygon = ready.states.expand(run.state[own])
    whole = own[row] * count + polygon
    keys = looked[keys // count] * count + keys % count
    whole = whole[~np.isin(whole, keys)]
    ones = np.ones(len(whole))
    step = np.concatenate((looked[found.step], whole // count))
    found = Stretches(
        step,
        np.concatenate((found.polygon, whole % count)),
        np.concatenate((found.share_0, 0 * ones)),
        np.concatenate((found.share_1, ones)),
    )
    return touching(Pieces.concatenate([_runs(run, ready.states), *_stretched(run, found, keys, ready.states, count)]))


def _steps(run: _Run, at: Int64s) -> Steps:
    x, y, state = run.batch.lon_e7, run.batch.lat_e7, run.state
    return Steps(x[at], y[at], x[at + 1], y[at + 1], state[at], state[at + 1])


def _runs(run: _Run, states: States) -> Pieces:
    """Pings between breaks have one state and meet nothing: one piece for each polygon of the state."""
    breaks = np.flatnonzero(run.breaks)
    first, last = np.append(0, breaks + 1), np.append(breaks, len(run.batch) - 1)
    some = np.flatnonzero((last > first) & (run.state[first] > 0))
    first, last = first[some], last[some]
    row, polygon = states.expand(run.state[first])
    t = run.batch.t_ms
    return _tracked(run.batch, first[row], polygon, t[first[row]].astype(np.float64), t[last[row]].astype(np.float64))


def _tracked(batch: PingBatch, ping: Int64s, polygon: Int64s, t_in: Floats, t_out: Floats) -> Pieces:
    none = np.full(len(ping), np.nan)
    kind = np.full(len(ping), TRACKED, np.int8)
    device, team = batch.device[ping], batch.team[ping]
    return Pieces(device, team, polygon.astype(np.int32), t_in, t_out, kind, none, none, np.zeros(len(ping), np.int8))


def _stretched(run: _Run, found: Stretches, keys: Int64s, states: States, count: int) -> tuple[Pieces, Pieces]:
    """Pieces of the stretches of single steps: tracked ones, and rows of long steps."""
    t_0 = run.batch.t_ms[found.step].astype(np.float64)
    t_1 = run.batch.t_ms[found.step + 1].astype(np.float64)
    t_in, t_out = t_0 + found.share_0 * (t_1 - t_0), t_0 + found.share_1 * (t_1 - t_0)
    long = np.isin(found.step, run.long)
    some = np.flatnonzero(~long & (t_out > t_in))
    tracked = _tracked(run.batch, found.step[some], found.polygon[some], t_in[some], t_out[some])
    some = np.flatnonzero(long)
    step, polygon, t_in, t_out = found.step[some], found.polygon[some], t_in[some], t_out[some]
    in_0, in_1 = (_holds(states, run.state[step + n], polygon, count) for n in (0, 1))
    # A long step that begins and ends on the boundary, with nothing inside between, still has its row.
    bare = keys[~np.isin(keys, step * count + polygon)]
    bare = bare[np.isin(bare // count, run.long)]
    both = [_holds(states, run.state[bare // count + n], bare % count, count) for n in (0, 1)]
    bare = bare[both[0] & both[1]]
    t_bare = run.batch.t_ms[bare // count].astype(np.float64)
    step = np.concatenate((step, bare // count))
    polygon = np.concatenate((polygon, bare % count))
    ends = STARTS_INSIDE * in_0.astype(np.int8) + ENDS_INSIDE * in_1.astype(np.int8)
    ends = np.concatenate((ends, np.full(len(bare), STARTS_INSIDE + ENDS_INSIDE, np.int8)))
    return tracked, Pieces(
        run.batch.device[step],
        run.batch.team[step],
        polygon.astype(np.int32),
        np.concatenate((t_in, t_bare)),
        np.concatenate((t_out, t_bare)),
        np.full(len(step), LONG_STEP, np.int8),
        run.batch.t_ms[step].astype(np.float64),
        run.batch.t_ms[step + 1].astype(np.float64),
        ends,
    )


def _holds(states: States, state: Int64s, polygon: Int64s, count: int) -> NDArray[np.bool_]:
    row, member = states.expand(state)
    return np.isin(np.arange(len(state)) * count + polygon, row * count + member)

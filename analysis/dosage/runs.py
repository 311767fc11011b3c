"""Ordered pings to pieces of presence: every entry and exit of every polygon in order of time, paired up.

An entry or exit is where a step meets the boundary, or where a track (pings with no break between) begins or ends
inside. Long steps, and the few steps whose meetings rounding could change, take the careful way
(:func:`crossings.stretches`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.dosage.arrays import Bools
from analysis.dosage.crossings import Meetings, Steps, Stretches, holding, meetings, stretches
from analysis.dosage.edges import Edges
from analysis.dosage.grid import Grid
from analysis.dosage.layers import Area
from analysis.dosage.states import States
from analysis.dosage.tables import (
    BASE_GAP_S,
    ENDS_INSIDE,
    LONG_STEP,
    STARTS_INSIDE,
    TRACKED,
    Floats,
    Int32s,
    Int64s,
    Pieces,
    PingBatch,
)
from analysis.dosage.tiles import CLEAR_BITS, REACH

# What every ping goes through is done in parts that stay in a core's cache; what few do, in larger ones.
PINGS_AT_ONCE = 1 << 16
_PINGS_IN_CACHE = 1 << 16
_BASE_GAP_MS = int(BASE_GAP_S * 1000)
_SHARE_BITS = 20


class NotInOrderError(ValueError):
    """The pings are not ordered by (device, t_ms), or a device has two at one millisecond."""


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
    """A batch with the state of each ping. Steps are numbered by their first ping.

    breaks : steps between devices or teams, and long ones. long : the long ones. unclear : other steps that may meet a boundary.
    """

    batch: PingBatch
    state: Int32s
    breaks: Int64s
    long: Int64s
    unclear: Int64s

    def steps(self, at: Int64s) -> Steps:
        x, y, state, after = self.batch.lon_e7, self.batch.lat_e7, self.state, at + 1
        return Steps(x.take(at), y.take(at), x.take(after), y.take(after), state.take(at), state.take(after))


@dataclass(frozen=True)
class _Turns:
    """Entries and exits: of a polygon, on the way from a ping, at a share of the step."""

    polygon: Int64s
    ping: Int64s
    share: Floats

    @classmethod
    def concatenate(cls, parts: Sequence[_Turns]) -> _Turns:
        return cls(*(np.concatenate([getattr(p, n) for p in parts]) for n in ("polygon", "ping", "share")))


def pieces_in(batch: PingBatch, ready: Ready) -> Iterator[Pieces]:
    """Pieces of an ordered batch without repeats, part by part; pieces that touch across parts are not joined.

    Raises
    ------
    NotInOrderError : before anything else is done with the part that is out of order.
    """
    kept: list[PingBatch] = []
    for first in range(0, len(batch) - 1, PINGS_AT_ONCE):
        run = _run(batch.take(slice(first, first + PINGS_AT_ONCE + 1)), ready)
        if not len(ready.polygons):
            continue
        yield _tracked_pieces(run, ready)
        kept.append(run.batch.take(np.column_stack((run.long, run.long + 1)).ravel()))
        if sum(map(len, kept)) > PINGS_AT_ONCE:
            yield _long_pieces(PingBatch.concatenate(kept), ready)
            kept = []
    if sum(map(len, kept)):
        yield _long_pieces(PingBatch.concatenate(kept), ready)


def _run(batch: PingBatch, ready: Ready) -> _Run:
    state = np.zeros(len(batch), np.int32)
    breaks, unclear = [], []
    for first in range(0, len(batch) - 1, _PINGS_IN_CACHE):
        part = batch.take(slice(first, first + _PINGS_IN_CACHE + 1))
        broken = _breaks(part)
        at = np.flatnonzero(broken)
        breaks.append(first + at)
        if len(ready.polygons):
            value = ready.grid.values(part.lon_e7, part.lat_e7)
            unclear.append(first + np.flatnonzero(_unclear(part, value, ready.grid.shift) & ~broken))
            np.right_shift(value, CLEAR_BITS, out=state[first : first + len(value)])
    at = np.concatenate(breaks)
    return _Run(batch, state, at, _long(batch, at), np.concatenate(unclear or [at[:0]]))


def _breaks(batch: PingBatch) -> Bools:
    """Steps that no track runs over: from one device or team to another, or longer than the base gap."""
    step_ms = batch.t_ms[1:] - batch.t_ms[:-1]
    step_ms -= 1
    # Unsigned, a step from a millisecond to the base gap is one comparison; all else is long or no step at all.
    breaks: Bools = step_ms.view(np.uint64) >= np.uint64(_BASE_GAP_MS)
    breaks |= batch.device[1:] != batch.device[:-1]
    breaks |= batch.team[1:] != batch.team[:-1]
    return breaks


def _long(batch: PingBatch, breaks: Int64s) -> Int64s:
    """Of the breaks, the long steps of one device and team; an error if a step goes back."""
    same = batch.device[breaks] == batch.device[breaks + 1]
    step_ms = batch.t_ms[breaks + 1] - batch.t_ms[breaks]
    if np.any(np.where(same, step_ms <= 0, batch.device[breaks] > batch.device[breaks + 1])):
        raise NotInOrderError("Pings must be ordered by device and time, each device and time once.")
    long: Int64s = breaks[same & (batch.team[breaks] == batch.team[breaks + 1]) & (step_ms > _BASE_GAP_MS)]
    return long


def _unclear(batch: PingBatch, value: Int32s, shift: int) -> Bools:
    """Steps that may meet a boundary: the state differs, or the step is longer than the clearance of its ends."""
    apart = batch.lon_e7[1:] - batch.lon_e7[:-1]
    other = batch.lat_e7[1:] - batch.lat_e7[:-1]
    np.abs(apart, out=apart)
    np.abs(other, out=other)
    # As unsigned: the difference of two longitudes may pass 2^31, and must stay large.
    reach = np.maximum(apart.view(np.uint32), other.view(np.uint32), out=apart.view(np.uint32))
    reach >>= np.uint32(shift)
    clear = (value & REACH).view(np.uint32)
    unclear: Bools = reach >= clear[1:] + clear[:-1]
    unclear |= (value[1:] ^ value[:-1]) > REACH
    return unclear


def _tracked_pieces(run: _Run, ready: Ready) -> Pieces:
    met, doubtful = _checked(run, ready)
    turns = [_Turns(met.polygon, run.unclear[met.step], met.share), *_tracks(run, ready.states)]
    if len(doubtful):
        at = run.unclear[doubtful]
        steps = run.steps(at)
        found = stretches(steps, meetings(steps, ready.edges, ready.grid), ready.polygons, ready.states)
        turns.append(_turns_of(found, at))
    return _paired(run.batch, _Turns.concatenate(turns))


def _checked(run: _Run, ready: Ready) -> tuple[Meetings, Int64s]:
    """Meetings of the unclear steps, and which of these steps rounding could change (their meetings left out).

    The polygons that a step meets an odd number of times are those in which its ends differ.
    """
    steps = run.steps(run.unclear)
    met = meetings(steps, ready.edges, ready.grid)
    keys, differ = ready.states.flip_key, np.zeros(len(steps), np.uint64)
    changed = np.flatnonzero(steps.state_0 != steps.state_1)
    differ[changed] = keys.take(steps.state_0.take(changed)) ^ keys.take(steps.state_1.take(changed))
    np.bitwise_xor.at(differ, met.step, keys.take(met.polygon + 1))
    wrong = differ != 0
    wrong[met.step[met.unsure]] = True
    doubtful = np.flatnonzero(wrong)
    if len(doubtful):
        some = np.flatnonzero(~wrong[met.step])
        met = Meetings(met.step[some], met.polygon[some], met.share[some], met.unsure[some])
    return met, doubtful


def _tracks(run: _Run, states: States) -> tuple[_Turns, _Turns]:
    """Entries where tracks begin inside, exits where they end inside."""
    first, last = np.append(0, run.breaks + 1), np.append(run.breaks, len(run.batch) - 1)
    some = np.flatnonzero(last > first)

    def turns(ping: Int64s) -> _Turns:
        row, polygon = states.expand(run.state[ping])
        return _Turns(polygon, ping[row], np.full(len(row), -1.0))

    return turns(first[some]), turns(last[some])


def _turns_of(found: Stretches, at: Int64s) -> _Turns:
    """Steps as turns: out at the start, in and out at each stretch, in again at the end."""
    out, into = np.flatnonzero(found.held_0), np.flatnonzero(found.held_1)
    rows = (
        (found.looked_polygon[out], found.looked_step[out], np.full(len(out), 0.0)),
        (found.polygon, found.step, found.share_0),
        (found.polygon, found.step, found.share_1),
        (found.looked_polygon[into], found.looked_step[into], np.full(len(into), 1.0)),
    )
    polygon, step, share = (np.concatenate(c) for c in zip(*rows, strict=True))
    return _Turns(polygon, at[step], share)


def _paired(batch: PingBatch, turns: _Turns) -> Pieces:
    """Turns of a polygon in order of time are in, out, in, out: pieces. Empty ones are left out."""
    polygon, ping, share = turns.polygon, turns.ping, turns.share
    t = batch.t_ms.take(ping)
    after = np.minimum(ping + 1, len(batch) - 1)
    moment = t + np.maximum(share, 0.0) * (batch.t_ms.take(after) - t)
    # -1, at the ping itself, comes first; then shares of the step.
    key = (polygon * len(batch) + ping << _SHARE_BITS) + ((share + 1) * ((1 << _SHARE_BITS - 1) - 1)).astype(np.int64)
    order = np.argsort(key)
    ordered = key.take(order)
    if np.any(ordered[1:] == ordered[:-1]):
        order = np.lexsort((share, key))
    moment, first = moment.take(order), order[::2]
    t_in, t_out = moment[::2], moment[1::2]
    some = np.flatnonzero(t_out > t_in)
    return _tracked(batch, ping.take(first[some]), polygon.take(first[some]), t_in[some], t_out[some])


def _tracked(batch: PingBatch, ping: Int64s, polygon: Int64s, t_in: Floats, t_out: Floats) -> Pieces:
    none = np.full(len(ping), np.nan)
    kind = np.full(len(ping), TRACKED, np.int8)
    device, team = batch.device.take(ping), batch.team.take(ping)
    return Pieces(device, team, polygon.astype(np.int32), t_in, t_out, kind, none, none, np.zeros(len(ping), np.int8))


def _long_pieces(ends: PingBatch, ready: Ready) -> Pieces:
    """Rows of long steps, given the pings at their ends, two and two: one for each stretch inside a polygon, and one
    where both ends are inside though nothing between is."""
    states = ready.states
    state = ready.grid.values(ends.lon_e7, ends.lat_e7) >> CLEAR_BITS
    x, y = ends.lon_e7, ends.lat_e7
    steps = Steps(x[::2], y[::2], x[1::2], y[1::2], state[::2], state[1::2])
    found = stretches(steps, meetings(steps, ready.edges, ready.grid), ready.polygons, states)
    held_0, held_1 = states.expand(steps.state_0), states.expand(steps.state_1)
    clear = ~holding(*held_0, found.looked_step, found.looked_polygon)
    bare = found.held_0 & found.held_1
    bare &= ~holding(found.looked_step, found.looked_polygon, found.step, found.polygon)
    zeros, ones = np.zeros(len(held_0[0])), np.ones(len(held_0[0]))
    nothing = np.zeros(np.count_nonzero(bare))
    step = np.concatenate((found.step, held_0[0][clear], found.looked_step[bare]))
    polygon = np.concatenate((found.polygon, held_0[1][clear], found.looked_polygon[bare]))
    share_0 = np.concatenate((found.share_0, zeros[clear], nothing))
    share_1 = np.concatenate((found.share_1, ones[clear], nothing))
    bits = STARTS_INSIDE * holding(step, polygon, *held_0) + ENDS_INSIDE * holding(step, polygon, *held_1)
    t_0, t_1 = (ends.t_ms[2 * step + n].astype(np.float64) for n in (0, 1))
    return Pieces(
        ends.device[2 * step],
        ends.team[2 * step],
        polygon.astype(np.int32),
        t_0 + share_0 * (t_1 - t_0),
        t_0 + share_1 * (t_1 - t_0),
        np.full(len(step), LONG_STEP, np.int8),
        t_0,
        t_1,
        bits.astype(np.int8),
    )

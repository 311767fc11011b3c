"""Ordered pings to pieces of presence: every entry and exit of every polygon in order of time, paired up.

An entry or exit is where a step meets the boundary, or where a track (pings with no break between) begins or ends
inside. Long steps, and the few steps whose meetings rounding could change, take the careful way
(:func:`crossings.stretches`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from analysis.dosage.arrays import Bools, among
from analysis.dosage.crossings import Steps, holding, meetings, stretches
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
from analysis.dosage.tiles import CONVEX, NEAR_REACH, REACH, STATE_SHIFT

# What every ping goes through is done in parts that stay in a core's cache; what some do, in larger ones.
PINGS_IN_CACHE = 1 << 15
_PINGS_AT_ONCE = 1 << 17
# Long steps may meet very many edges.
_LONG_STEPS_AT_ONCE = 1 << 13
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
class _Walks:
    """Some steps of a batch, shape (n,), and the number of the first ping of each."""

    ping: Int64s
    steps: Steps

    @classmethod
    def of(cls, batch: PingBatch, at: Int64s, state_0: Int32s, state_1: Int32s, first: int = 0) -> _Walks:
        """Steps ``at`` of a part of a batch that begins with ping ``first``."""
        x, y, after = batch.lon_e7, batch.lat_e7, at + 1
        return cls(at + first, Steps(x.take(at), y.take(at), x.take(after), y.take(after), state_0, state_1))

    @classmethod
    def concatenate(cls, parts: Sequence[_Walks]) -> _Walks:
        steps = Steps(*(np.concatenate([getattr(p.steps, f.name) for p in parts]) for f in fields(Steps)))
        return cls(np.concatenate([p.ping for p in parts]), steps)

    def take(self, rows: Int64s | slice) -> _Walks:
        return _Walks(self.ping[rows], Steps(*(getattr(self.steps, f.name)[rows] for f in fields(Steps))))

    def __len__(self) -> int:
        return len(self.ping)


@dataclass(frozen=True)
class _Turns:
    """Entries and exits: of a polygon, on the way from a ping, at a share of the step; arrays (n,).

    The share says what comes first; at the ping itself, -1 where a track begins and -0.5 where one ends.
    """

    polygon: Int64s
    ping: Int64s
    share: Floats
    t_ms: Floats

    @classmethod
    def of(cls, batch: PingBatch, walks: _Walks, step: Int64s, polygon: Int64s, share: Floats) -> _Turns:
        ping = walks.ping.take(step)
        t_0 = batch.t_ms.take(ping).astype(np.float64)
        t_ms: Floats = t_0 + share * (batch.t_ms.take(ping + 1) - t_0)
        return cls(polygon, ping, share, t_ms)

    @classmethod
    def concatenate(cls, parts: Sequence[_Turns]) -> _Turns:
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


@dataclass(frozen=True)
class _Breaks:
    """Steps that no track runs over, by their first ping, shape (n,), and the states at their ends.

    A track also begins with the first ping of a batch and ends with the last; ``bounds`` are their states.
    """

    ping: Int64s
    state_0: Int32s
    state_1: Int32s
    bounds: tuple[int, int]

    @classmethod
    def concatenate(cls, parts: Sequence[_Breaks]) -> _Breaks:
        ping, state_0, state_1 = (np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)[:3])
        return cls(ping, state_0, state_1, (parts[0].bounds[0], parts[-1].bounds[1]))


def pieces_in(batch: PingBatch, ready: Ready, waiting: Int64s | None = None) -> list[Pieces]:
    """Pieces of an ordered batch without repeats, tracked ones and rows of long steps, in no order.

    waiting : numbers of steps to leave out, ascending.

    Raises
    ------
    NotInOrderError : the batch is not ordered, or has repeats.
    """
    left_out = np.empty(0, np.int64) if waiting is None else waiting
    parts: list[_Breaks] = []
    turns: list[_Turns] = []
    for first in range(0, len(batch) - 1, _PINGS_AT_ONCE):
        unclear: list[_Walks] = []
        for part in range(first, min(first + _PINGS_AT_ONCE, len(batch) - 1), PINGS_IN_CACHE):
            parts.append(_look(batch, part, ready, left_out, unclear))
        if len(ready.polygons):
            turns += _crossings(batch, _Walks.concatenate(unclear), ready)
    if not parts:
        return []
    breaks = _Breaks.concatenate(parts)
    long = _long(batch, breaks.ping)
    long = long[~among(breaks.ping[long], left_out)]
    if not len(ready.polygons):
        return []
    turns += _tracks(batch, breaks, ready.states)
    found = [_paired(batch, _Turns.concatenate(turns))]
    for first in range(0, len(long), _LONG_STEPS_AT_ONCE):
        some = long[first : first + _LONG_STEPS_AT_ONCE]
        walks = _Walks.of(batch, breaks.ping[some], breaks.state_0[some], breaks.state_1[some])
        found.append(_long_rows(batch, walks, ready))
    return found


def _look(batch: PingBatch, first: int, ready: Ready, left_out: Int64s, unclear: list[_Walks]) -> _Breaks:
    """The breaks of the part that begins with ping ``first``; adds the steps that may meet a boundary."""
    part = batch.take(slice(first, first + PINGS_IN_CACHE + 1))
    broken = _broken(part)
    some = slice(*np.searchsorted(left_out, (first, first + len(broken))))
    broken[left_out[some] - first] = True
    at = np.flatnonzero(broken)
    if not len(ready.polygons):
        none = np.zeros(len(at), np.int32)
        return _Breaks(at + first, none, none, (0, 0))
    state = ready.grid.values(part.lon_e7, part.lat_e7)
    may_meet = _unclear(part, state, ready.grid.shift)
    may_meet &= ~broken
    state >>= STATE_SHIFT
    steps = np.flatnonzero(may_meet)
    unclear.append(_Walks.of(part, steps, state.take(steps), state.take(steps + 1), first))
    return _Breaks(at + first, state.take(at), state.take(at + 1), (int(state[0]), int(state[-1])))


def _broken(batch: PingBatch) -> Bools:
    """Steps that no track runs over: from one device or team to another, or longer than the base gap."""
    step_ms = batch.t_ms[1:] - batch.t_ms[:-1]
    step_ms -= 1
    # Unsigned, a step from a millisecond to the base gap is one comparison; all else is long or no step at all.
    breaks: Bools = step_ms.view(np.uint64) >= np.uint64(_BASE_GAP_MS)
    breaks |= batch.device[1:] != batch.device[:-1]
    breaks |= batch.team[1:] != batch.team[:-1]
    return breaks


def _long(batch: PingBatch, breaks: Int64s) -> Int64s:
    """Which of the breaks are long steps of one device and team; an error if a step goes back."""
    device, after = batch.device.take(breaks), batch.device.take(breaks + 1)
    step_ms = batch.t_ms.take(breaks + 1) - batch.t_ms.take(breaks)
    same = device == after
    if np.any(np.where(same, step_ms <= 0, device > after)):
        raise NotInOrderError("Pings must be ordered by device and time, each device and time once.")
    same &= batch.team.take(breaks) == batch.team.take(breaks + 1)
    return np.flatnonzero(same & (step_ms > _BASE_GAP_MS))


def _unclear(batch: PingBatch, value: Int32s, shift: int) -> Bools:
    """Steps that may meet a boundary: the state differs, or the step is longer than the clearance of its ends."""
    apart = batch.lon_e7[1:] - batch.lon_e7[:-1]
    other = batch.lat_e7[1:] - batch.lat_e7[:-1]
    np.abs(apart, out=apart)
    np.abs(other, out=other)
    # As unsigned: the difference of two longitudes may pass 2^31, and must stay large.
    reach = np.maximum(apart.view(np.uint32), other.view(np.uint32), out=apart.view(np.uint32))
    reach >>= np.uint32(shift)
    clear = value & REACH
    limit = clear[1:] + clear[:-1]
    # Of one state at both ends, a step is clear too where one end has only convex places of that state around.
    convex = value[1:] | value[:-1]
    convex &= CONVEX
    convex >>= 3
    convex *= NEAR_REACH
    np.maximum(limit, convex, out=limit)
    unclear: Bools = reach >= limit.view(np.uint32)
    np.bitwise_xor(value[1:], value[:-1], out=limit)
    unclear |= limit >= 1 << STATE_SHIFT
    return unclear


def _tracks(batch: PingBatch, breaks: _Breaks, states: States) -> list[_Turns]:
    """Entries where tracks begin inside, exits where they end inside."""
    begin, end = np.append(0, breaks.ping + 1), np.append(breaks.ping, len(batch) - 1)
    begins, ends = np.append(breaks.bounds[0], breaks.state_1), np.append(breaks.state_0, breaks.bounds[1])
    turns = []
    for ping, state, share in ((begin, begins, -1.0), (end, ends, -0.5)):
        row, polygon = states.expand(state)
        at = ping.take(row)
        turns.append(_Turns(polygon, at, np.full(len(at), share), batch.t_ms.take(at).astype(np.float64)))
    return turns


def _crossings(batch: PingBatch, walks: _Walks, ready: Ready) -> list[_Turns]:
    """Entries and exits on the way of unclear steps.

    The polygons that a step meets an odd number of times are those in which its ends differ. Where that is not so,
    or rounding could matter, the step takes the careful way.
    """
    steps = walks.steps
    met = meetings(steps, ready.edges, ready.grid)
    keys, differ = ready.states.flip_key, np.zeros(len(steps), np.uint64)
    changed = np.flatnonzero(steps.state_0 != steps.state_1)
    differ[changed] = keys.take(steps.state_0.take(changed)) ^ keys.take(steps.state_1.take(changed))
    np.bitwise_xor.at(differ, met.step, keys.take(met.polygon + 1))
    wrong = differ != 0
    wrong[met.step[met.unsure]] = True
    doubtful = np.flatnonzero(wrong)
    if not len(doubtful):
        return [_Turns.of(batch, walks, met.step, met.polygon, met.share)]
    some = np.flatnonzero(~wrong[met.step])
    return [
        _Turns.of(batch, walks, met.step[some], met.polygon[some], met.share[some]),
        _careful(batch, walks.take(doubtful), ready),
    ]


def _careful(batch: PingBatch, walks: _Walks, ready: Ready) -> _Turns:
    """Steps as turns: out at the start, in and out at each stretch, in again at the end."""
    met = meetings(walks.steps, ready.edges, ready.grid)
    found = stretches(walks.steps, met, ready.polygons, ready.states)
    out, into = np.flatnonzero(found.held_0), np.flatnonzero(found.held_1)
    rows = (
        (found.looked_step[out], found.looked_polygon[out], np.zeros(len(out))),
        (found.step, found.polygon, found.share_0),
        (found.step, found.polygon, found.share_1),
        (found.looked_step[into], found.looked_polygon[into], np.ones(len(into))),
    )
    step, polygon, share = (np.concatenate(c) for c in zip(*rows, strict=True))
    return _Turns.of(batch, walks, step, polygon, share)


def _paired(batch: PingBatch, turns: _Turns) -> Pieces:
    """Turns of a polygon in order of time are in, out, in, out: pieces. Empty ones are left out."""
    order = _order(turns, len(batch))
    t_ms = turns.t_ms.take(order)
    t_in, t_out = t_ms[::2], t_ms[1::2]
    some = np.flatnonzero(t_out > t_in)
    at = order[::2].take(some)
    ping, polygon = turns.ping.take(at), turns.polygon.take(at).astype(np.int32)
    none, zeros = np.full(len(at), np.nan), np.zeros(len(at), np.int8)
    device, team = batch.device.take(ping), batch.team.take(ping)
    return Pieces(device, team, polygon, t_in[some], t_out[some], zeros + np.int8(TRACKED), none, none, zeros)


def _order(turns: _Turns, pings: int) -> Int64s:
    """By polygon, ping and share."""
    if int(turns.polygon.max(initial=0) + 1) * pings >= 1 << 62 - _SHARE_BITS:
        return np.lexsort((turns.share, turns.ping, turns.polygon))
    key = turns.polygon * pings
    key += turns.ping
    key <<= _SHARE_BITS
    key += ((turns.share + 1) * ((1 << _SHARE_BITS - 1) - 1)).astype(np.int64)
    order: Int64s = np.argsort(key)
    key = key.take(order)
    tied = key[1:] == key[:-1]
    if tied.any():
        # Shares nearer to each other than the key tells.
        again = np.flatnonzero(np.append(tied, False) | np.append(False, tied))
        some = order[again]
        order[again] = some[np.lexsort((turns.share[some], key[again]))]
    return order


def _long_rows(batch: PingBatch, walks: _Walks, ready: Ready) -> Pieces:
    """Rows of long steps: one for each stretch inside a polygon, and one where both ends are inside though nothing
    between is."""
    steps, states = walks.steps, ready.states
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
    ping = walks.ping[step]
    t_0, t_1 = batch.t_ms[ping].astype(np.float64), batch.t_ms[ping + 1].astype(np.float64)
    return Pieces(
        batch.device[ping],
        batch.team[ping],
        polygon.astype(np.int32),
        t_0 + share_0 * (t_1 - t_0),
        t_0 + share_1 * (t_1 - t_0),
        np.full(len(step), LONG_STEP, np.int8),
        t_0,
        t_1,
        bits.astype(np.int8),
    )

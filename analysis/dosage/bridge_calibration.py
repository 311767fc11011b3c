"""How far the bridge's estimates are from the truth: measured by thinning dense tracks to the sparse rate.

Dense tracks (10 seconds or so) are counted by the rules, thinned to the sparse interval at several phases, estimated
again from what is left, and compared cell by cell (team, polygon, local day). The bridge's own variance V covers far
too little, because labels err and walkers are no Markov chains; the range is that of

    variance = k V + c,  c at least 3 min^2,

with the k and c of the least interval score (Gneiting and Raftery 2007, JASA 102: 359-378): mean width of the 95%
range plus 40 times the mean distance by which it misses. It rewards ranges that are as narrow as 95% allows. Where
several styles of patrol are measured, both are then raised until the range holds for every style by itself. Cells of
half of the team-days set the constants; coverage is counted on the other half.

Bias is stated (``bias_share``), not corrected: it differs between ways of patrolling, and one provider's walkers say
little about another's cars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from analysis.dosage.bridge import Z95, BridgeEstimate, Calibration, estimate
from analysis.dosage.counting import count
from analysis.dosage.kernel import Boundaries, locate
from analysis.dosage.layers import Area, with_bands
from analysis.dosage.rules import Rules
from analysis.dosage.shipped_calibration import MEASURED, SEED, WALKERS
from analysis.dosage.simulated_paths import Style
from analysis.dosage.simulation import STYLES, walks
from analysis.dosage.spans import Bools, changes, groups, totals
from analysis.dosage.tables import Floats, Int64s, PingBatch
from analysis.dosage.visits import day_minutes

OWN_TRACKERS = "this force's own dense trackers"  # how the basis of such a calibration begins
FLOOR_MIN2 = 3.0
LEAST_CELLS = 200  # below it the tail that a 95% range is about rests on a handful of cells
# Of the cells of each style that set the constants: above the 90% that is promised, to hold out of sample too.
LEAST_COVERAGE = 0.92
_PHASES = 4
_MISS = 2 / 0.05
_SCALES = np.concatenate(([0.0], np.geomspace(0.1, 20, 40)))
_FLOORS = FLOOR_MIN2 * np.geomspace(1, 20, 25)


@dataclass(frozen=True)
class MinutesByCell:
    """True or trusted patrol-minutes by team, polygon and local day; arrays (n,)."""

    team: Int64s
    polygon: Int64s
    day: Int64s
    minutes: Floats


@dataclass(frozen=True)
class Compared:
    """Cells with an estimate or with minutes; arrays (n,). has : whether there is an estimate (else 0 minutes)."""

    team: Int64s
    day: Int64s
    true: Floats
    expected: Floats
    chain_variance: Floats
    possible: Floats
    has: Bools

    def take(self, rows: Bools) -> Compared:
        return Compared(*(getattr(self, f.name)[rows] for f in fields(self)))

    @property
    def bias_share(self) -> float:
        """Of the total, minutes of cells without an estimate included."""
        return float(self.expected.sum() / self.true.sum() - 1)


def thin(batch: PingBatch, interval_s: float, phase: float = 0.0) -> PingBatch:
    """The first ping of each device in each ``interval_s``: what a tracker of that rate would have sent.

    phase : 0 to 1, where in the interval the clock starts. Returns pings ordered by (device, t_ms).
    """
    batch = batch.take(np.lexsort((batch.t_ms, batch.device)))
    window = (batch.t_ms - int(phase * interval_s * 1000)) // int(interval_s * 1000)
    return batch.take(changes(batch.device, window))


def compare(found: BridgeEstimate, truth: MinutesByCell) -> Compared:
    """Estimates beside the minutes they should be."""
    columns = [np.concatenate((np.asarray(getattr(found, k), np.int64), getattr(truth, k)))
               for k in ("team", "polygon", "day")]  # fmt: skip
    number, row = groups(*columns)
    size, mine = len(row), number[: len(found)]
    true = totals(number[len(found) :], truth.minutes, size)
    expected, chain, possible, some = (
        totals(mine, values, size)
        for values in (found.expected_minutes, found.chain_variance, found.possible_minutes, np.ones(len(found)))
    )
    return Compared(columns[0][row], columns[2][row], true, expected, chain, possible, some > 0)


def covered(cells: Compared, calibration: Calibration) -> Bools:
    """Whether each cell's 95% range, clipped to what is possible, holds the truth."""
    low, high = _range(cells, calibration.scale, calibration.floor_min2)
    # A truth that the merged steps do not reach (before the first near ping) counts as missed.
    return np.asarray((cells.true >= low - 1e-9) & (cells.true <= high + 1e-9), dtype=np.bool_)


def fit_constants(cells: Compared) -> tuple[float, float]:
    """k and c of the least mean interval score, from a grid; cells with an estimate only."""
    some = cells.take(cells.has)
    scores = [(_score(some, k, c), k, c) for k in _SCALES.tolist() for c in _FLOORS.tolist()]
    _, k, c = min(scores)
    return float(k), float(c)


def _range(cells: Compared, scale: float, floor: float) -> tuple[Floats, Floats]:
    half = Z95 * np.sqrt(scale * cells.chain_variance + floor)
    return (
        np.clip(cells.expected - half, 0.0, cells.possible),
        np.clip(cells.expected + half, 0.0, cells.possible),
    )


def _score(cells: Compared, scale: float, floor: float) -> float:
    low, high = _range(cells, scale, floor)
    missed = np.maximum(low - cells.true, 0) + np.maximum(cells.true - high, 0)
    return float((high - low + _MISS * missed).mean())


def calibrate(
    dense: PingBatch, polygons: Sequence[Area], interval_s: float, seed: int, rules: Rules | None = None
) -> Calibration:
    """Constants from a force's own dense trackers: their rule-based minutes are taken as the truth.

    Parameters
    ----------
    dense : pings at intervals well below ``interval_s``. polygons : in degrees. interval_s : of the sparse trackers.
    seed : of the split into team-days that set the constants and team-days that check them.

    Raises
    ------
    ValueError : fewer than LEAST_CELLS cells, too few for a tail; use ``shipped``.
    """
    rules = rules or Rules()
    order = np.lexsort((dense.t_ms, dense.device))
    located = locate(dense.take(order), Boundaries(with_bands(polygons, rules.band_m)))
    found = day_minutes(count(located.pieces, len(polygons), rules))
    truth = MinutesByCell(found.team, found.polygon, found.day, found.patrol_minutes)
    cells = _thinned(dense, polygons, interval_s, truth, rules)
    number = int(cells.has.sum()) // _PHASES
    if number < LEAST_CELLS:
        raise ValueError(
            f"Only {number} cells of a team, a hot spot and a day can be compared; {LEAST_CELLS} are needed to calibrate a range. "
            "Use the shipped calibration."
        )
    basis = (
        f"{OWN_TRACKERS}, thinned to one ping in {interval_s:g} s: "
        "{cells:,} cells of a team, a hot spot and a day, against their rule-based minutes"
    )
    return _calibration([cells], interval_s, basis, seed)


def _thinned(
    dense: PingBatch, polygons: Sequence[Area], interval_s: float, truth: MinutesByCell, rules: Rules
) -> Compared:
    """Cells at several phases, each phase's below the other's."""
    parts = [
        compare(estimate(thin(dense, interval_s, n / _PHASES), polygons, None, rules), truth) for n in range(_PHASES)
    ]
    return _below(parts)


def _below(parts: Sequence[Compared]) -> Compared:
    return Compared(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Compared)))


def _calibration(styles: Sequence[Compared], interval_s: float, basis: str, seed: int) -> Calibration:
    """Team-days are split, not cells or phases: all that one team did on one day is on one side."""
    fitting, held_out = zip(*(_halves(cells, seed + n) for n, cells in enumerate(styles)), strict=True)
    k, c = fit_constants(_below(fitting))
    number = sum(int(cells.has.sum()) for cells in styles) // _PHASES
    worst = max((cells.bias_share for cells in styles), key=abs)
    found = Calibration(interval_s, k, c, basis.format(cells=number), number, worst, 0.0)
    while min(float(covered(cells, found).mean()) for cells in fitting) < LEAST_COVERAGE and found.scale < 100:
        found = replace(found, scale=found.scale * 1.03, floor_min2=found.floor_min2 * 1.03)
    return replace(found, coverage=float(covered(_below(held_out), found).mean()))


def _halves(cells: Compared, seed: int) -> tuple[Compared, Compared]:
    """Cells with an estimate, in two halves by team-day."""
    team_day, row = groups(cells.team, cells.day)
    first = np.random.default_rng(seed).permutation(len(row)) % 2 == 0
    return cells.take(first[team_day] & cells.has), cells.take(~first[team_day] & cells.has)


def simulated_cells(style: Style, interval_s: float, seed: int, walkers: int) -> Compared:
    """Simulated patrols of one style, thinned and estimated, beside their exact truth."""
    dense = walks(seed, walkers, interval_s=min(10.0, interval_s), style=style)
    t = dense.truth.by_team()
    truth = MinutesByCell(t.team.astype(np.int64), t.polygon.astype(np.int64), t.day.astype(np.int64), t.minutes)
    return _thinned(dense.batch, dense.polygons, interval_s, truth, Rules())


def measure(interval_s: float, *, seed: int = SEED, walkers: int = WALKERS) -> Calibration:
    """What ``shipped_calibration`` holds, measured again: all styles of patrol in equal parts, against exact truth.

    ``bias_share`` is that of the style with the largest bias, so that a sum that allows for it holds for each.
    """
    styles = [simulated_cells(s, interval_s, seed + n, walkers) for n, s in enumerate(STYLES.values())]
    return _calibration(styles, interval_s, _basis(interval_s), seed)


def _basis(interval_s: float) -> str:
    return (
        f"the portal's own simulation of patrols on foot and by car, thinned to one ping in {interval_s:g} s: "
        "{cells:,} cells of a team, a hot spot and a day, against exact truth"
    )


def shipped(interval_s: float) -> Calibration:
    """Constants of the shipped simulation at any interval, between measured ones along the logarithm of the interval.

    Below the shortest and above the longest measured interval, those of that interval.

    Examples
    --------
    >>> shipped(300).floor_min2 >= FLOOR_MIN2
    True
    """
    measured = sorted(MEASURED, key=lambda m: m.interval_s)
    at = np.log([m.interval_s for m in measured])
    where = np.log(max(interval_s, 1.0))

    def between(column: str) -> float:
        return float(np.interp(where, at, [getattr(m, column) for m in measured]))

    nearest = measured[int(np.argmin(np.abs(at - where)))]
    # The bias turns from too much to too little as intervals grow, at another interval for each style of patrol; what
    # a sum has to allow for does not vanish in between, so its size is what is interpolated.
    size = float(np.interp(where, at, [abs(m.bias_share) for m in measured]))
    return Calibration(
        interval_s, between("scale"), between("floor_min2"), _basis(nearest.interval_s).format(cells=nearest.cells),
        nearest.cells, float(np.copysign(size, nearest.bias_share)), between("coverage"),
    )  # fmt: skip

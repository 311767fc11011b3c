"""Sparse trackers: expected minutes in hot spots between pings that are minutes apart.

Near a polygon a walker is taken as a Markov chain in continuous time with two states, inside and outside, leaving at
rate ``l`` and entering at rate ``m`` (per second). With ``r = l + m``, ``p = m / r`` and ``E = exp(-r T)``,

    P(in -> in) = p + (1 - p) E,    P(out -> in) = p (1 - E).

Given where a step of ``T`` seconds begins (a) and ends (b), the expected time inside is that of the bridge,

    E[time | a, b] = integral over s of P(a -> in, s) P(in -> b, T - s) / P(a -> b, T),

and its second moment the same with two times, twice; every integrand is a sum of exponentials of one rate, so both
have closed forms. Rates are fitted by maximum likelihood to the pairs of labels (a, b, T) of all steps near a polygon
(Kalbfleisch and Lawless 1985, "The analysis of panel data under a Markov assumption", JASA 80: 863-871; bridges of
two states: Hobolth and Jensen 2011, "Summary statistics for endpoint-conditioned continuous-time Markov chains",
J. Appl. Prob. 48: 911-924).

Why not the straight line: at five minutes it loses a tenth and more. The chain's own variance is too small (labels
err, dwell times are no exponentials), so it is never shown as it is: ``Calibration`` turns it into one that covers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from analysis.dosage.layers import Area
from analysis.dosage.local_days import day_numbers, shift_windows, split_at_midnight
from analysis.dosage.rules import Rules
from analysis.dosage.sightings import Steps, sightings, steps
from analysis.dosage.spans import MS_PER_MINUTE, Bools, clip, groups, totals
from analysis.dosage.tables import Floats, Int64s, PingBatch

# Median seconds between pings above which a tracker is sparse. By benchmarks/accuracy.py, persons' minutes over six ways
# of patrolling: the rules lose 1.9% at 60 s, 3.1% at 90 s, 4.4% (up to 13%) at 120 s and 26% at 300 s; the bridge is
# 3% high up to 120 s and right on average at 300 s. At 90 s the two are equally far off, and a tracker that means
# to report once a minute is safely below it.
SPARSE_FROM_S = 90.0
Z95 = 1.959964
_SMALL = 1e-6  # r T below which the chain practically never switches: limits, before cancellation sets in
# Where the search for the rates begins.
_START_PER_S = 1 / 600


@dataclass(frozen=True)
class Rates:
    """Per second. pairs : label pairs they were fitted to."""

    leaving: float
    entering: float
    pairs: int


@dataclass(frozen=True)
class Calibration:
    """How far estimates at one ping interval are from the truth: variance = ``scale`` V + ``floor_min2`` a cell.

    interval_s : seconds between pings it was measured at. basis : one sentence, from what. cells : (team, polygon,
    day) measured. bias_share : bias of the total as a share; of several kinds of patrol, the worst. coverage : share
    of cells that did not set the constants whose 95% range held the truth.
    """

    interval_s: float
    scale: float
    floor_min2: float
    basis: str
    cells: int
    bias_share: float
    coverage: float

    def variance(self, chain_variance_min2: Floats) -> Floats:
        return self.scale * chain_variance_min2 + self.floor_min2


@dataclass(frozen=True)
class BridgeEstimate:
    """By (team, polygon, local day), in that order; arrays (n,), minutes and minutes squared.

    expected_minutes : patrol-minutes, from the team's pings merged in time. person_minutes : summed over devices.
    chain_variance : the bridge's own, for calibration only. variance, low, high : calibrated 95% range of
    ``expected_minutes``; nan without a calibration. possible_minutes : length of the steps near the polygon.
    """

    team: Int64s
    polygon: Int64s
    day: Int64s
    expected_minutes: Floats
    person_minutes: Floats
    chain_variance: Floats
    variance: Floats
    low: Floats
    high: Floats
    possible_minutes: Floats

    def __len__(self) -> int:
        return len(self.team)


def fit_rates(start_in: Bools, end_in: Bools, seconds: Floats) -> Rates:
    """Maximum-likelihood rates of leaving and entering from label pairs; arrays (n,), seconds > 0.

    Without pairs, or where none ever switch, one pseudo-pair each way keeps the rates finite and above nought.
    """
    some = seconds > 0
    kind = start_in[some].astype(np.int64) * 2 + end_in[some]
    t = np.round(seconds[some], 1)
    number, row = groups(kind, t)
    # One pair each way of middling length: outweighed by any data, a bound where there are none.
    middle = float(np.median(t)) if len(t) else 600.0
    count = np.concatenate((totals(number, np.ones(len(t)), len(row)), [0.5, 0.5]))
    kind, t = np.concatenate((kind[row], [1, 2])), np.concatenate((t[row], [middle, middle]))

    def loss(log_rates: Floats) -> float:
        leaving, entering = np.exp(log_rates)
        chance = _chance(kind >= 2, kind % 2 == 1, t, Rates(leaving, entering, 0))
        return float(-(count * np.log(np.maximum(chance, 1e-300))).sum())

    found = minimize(loss, np.log([_START_PER_S, _START_PER_S]), method="Nelder-Mead", bounds=[(-16.0, 1.0)] * 2)
    leaving, entering = np.exp(found.x)
    return Rates(float(leaving), float(entering), int(some.sum()))


def _chance(start_in: Bools, end_in: Bools, seconds: Floats, rates: Rates) -> Floats:
    """P(start -> end) after ``seconds``."""
    switch = -np.expm1(-(rates.leaving + rates.entering) * seconds)
    share = rates.entering / (rates.leaving + rates.entering)
    to_in = np.where(start_in, 1 - (1 - share) * switch, share * switch)
    return np.asarray(np.where(end_in, to_in, 1 - to_in), dtype=np.float64)


def expected_inside(start_in: Bools, end_in: Bools, seconds: Floats, rates: Rates) -> tuple[Floats, Floats]:
    """Expected seconds inside and their variance (s^2) of steps given both end labels; arrays (n,).

    Writing P(a -> in, s) = p + A e^(-rs) and P(in -> b, s) = B + C e^(-rs), the first moment integrates products of
    two such factors over s + v = T, the second twice that of three over s + w + v = T.

    Examples
    --------
    >>> both = np.array([True, False])
    >>> mean, _ = expected_inside(both, both, np.array([60.0, 60.0]), Rates(1 / 600, 1 / 600, 0))
    >>> mean.round(1).tolist()
    [57.2, 2.8]
    """
    r = rates.leaving + rates.entering
    p = rates.entering / r
    q = 1 - p
    x = np.maximum(r * seconds, _SMALL)
    gone = np.exp(-x)
    a = np.where(start_in, q, -p)
    b, c = np.where(end_in, p, q), np.where(end_in, q, -q)
    chance = np.maximum(_chance(start_in, end_in, x / r, rates), 1e-300)
    once = -np.expm1(-x) / x
    mean = (p * b + (p * c + a * b) * once + a * c * gone) / chance
    # Integrals over the simplex with one and with two exponentials, by T^2; series where they would cancel.
    small = x < 1e-3
    safe = np.where(small, 1.0, x)
    one = np.where(small, 0.5 - x / 6 + x * x / 24, (safe + np.expm1(-safe)) / safe**2)
    two = np.where(small, 0.5 - x / 3 + x * x / 8, (-np.expm1(-safe) - safe * np.exp(-safe)) / safe**2)
    second = p * p * b / 2 + (a * p * b + p * q * b + p * p * c) * one
    second = 2 * (second + (a * q * b + a * c * p + p * q * c) * two + a * q * c * gone / 2) / chance
    mean = np.clip(mean, 0.0, 1.0)
    return mean * seconds, np.maximum(second - mean * mean, 0.0) * seconds**2


def estimate(
    batch: PingBatch, polygons: Sequence[Area], calibration: Calibration | None, rules: Rules | None = None
) -> BridgeEstimate:
    """Expected minutes of each team in each polygon and local day.

    Parameters
    ----------
    batch : pings of sparse trackers of about one interval, in any order.
    polygons : in degrees; may overlap, each is estimated by itself.
    calibration : for the range; see ``bridge_calibration.shipped`` and ``calibrate``. None: no range.
    rules : ``band_m`` (pings of the band between pings inside count as inside), ``off_duty_s`` (longer silences are
        not bridged) and ``shifts`` are used.

    Where a team's devices were clearly apart, one of them alone gives more than the merged pings do (which take the
    team for one walker); then that device's minutes stand, because the team was there at least as long.
    """
    rules = rules or Rules()
    seen = sightings(batch, polygons, rules.band_m)
    count = len(polygons)
    _, by_device = np.unique(np.stack((batch.device, batch.team)), axis=1, return_inverse=True)
    single = steps(batch, by_device.ravel(), seen, count, rules.off_duty_s)
    merged = steps(batch, batch.team, seen, count, rules.off_duty_s)
    rates = fit_rates(single.start_in, single.end_in, single.seconds)
    whole = _cells(batch.team[merged.ping].astype(np.int64), merged, rates, rules)
    persons = _cells(by_device.ravel()[single.ping], single, rates, rules)
    first_ping = np.zeros(int(by_device.max(initial=-1)) + 1, np.int64)
    first_ping[by_device.ravel()] = np.arange(len(batch))
    team = batch.team[first_ping[persons.unit]].astype(np.int64) if len(persons.unit) else persons.unit
    return _estimate(whole, persons, team, calibration)


@dataclass(frozen=True)
class _Cells:
    """Sums by (unit, polygon, day), in that order."""

    unit: Int64s
    polygon: Int64s
    day: Int64s
    minutes: Floats
    variance: Floats
    possible: Floats


def _cells(unit: Int64s, found: Steps, rates: Rates, rules: Rules) -> _Cells:
    """Steps are cut at midnight and clipped to the shifts; a part of a step has its share of the expected time."""
    mean_s, variance_s2 = expected_inside(found.start_in, found.end_in, found.seconds, rates)
    some = np.flatnonzero(found.t_to_ms > found.t_from_ms)
    t_from, t_to = found.t_from_ms[some].astype(np.float64), found.t_to_ms[some].astype(np.float64)
    which, cut_from, cut_to = split_at_midnight(t_from, t_to)
    if rules.shifts and len(which):
        opens, closes = shift_windows(rules.shifts, float(cut_from.min()), float(cut_to.max()))
        zero = np.zeros(len(which), np.int64)
        part, cut_from, cut_to = clip(zero, cut_from, cut_to, np.zeros(len(opens), np.int64), opens, closes)
        which = which[part]
    share = (cut_to - cut_from) / (t_to - t_from)[which]
    row = some[which]
    number, first = groups(unit[row], found.polygon[row], day := day_numbers(cut_from))
    return _Cells(
        unit[row][first],
        found.polygon[row][first],
        day[first],
        totals(number, share * mean_s[row] / 60, len(first)),
        totals(number, share * variance_s2[row] / 3600, len(first)),
        totals(number, (cut_to - cut_from) / MS_PER_MINUTE, len(first)),
    )


def _estimate(whole: _Cells, single: _Cells, team: Int64s, calibration: Calibration | None) -> BridgeEstimate:
    """Put person-minutes beside patrol-minutes; a single device may know of more than the merged pings."""
    count = len(whole.unit)
    keys = (np.concatenate((w, s)) for w, s in zip(_key(whole, whole.unit), _key(single, team), strict=True))
    number, _ = groups(*keys)
    # Every cell of a device is one of its team: merging pings only adds steps that are near.
    place = np.full(int(number.max(initial=-1)) + 1, -1, np.int64)
    place[number[:count]] = np.arange(count)
    of = place[number[count:]]
    known = of >= 0
    persons = totals(of[known], single.minutes[known], count)
    expected, variance = whole.minutes.copy(), whole.variance.copy()
    apart = known & (single.minutes > expected[of] + 2 * np.sqrt(variance[of] + single.variance))
    for row in np.flatnonzero(apart)[np.argsort(single.minutes[apart])]:
        expected[of[row]], variance[of[row]] = single.minutes[row], single.variance[row]
    calibrated = np.full(count, np.nan) if calibration is None else calibration.variance(variance)
    half = Z95 * np.sqrt(calibrated)
    return BridgeEstimate(
        whole.unit, whole.polygon, whole.day, expected, persons, variance, calibrated,
        np.clip(expected - half, 0.0, whole.possible), np.clip(expected + half, 0.0, whole.possible), whole.possible,
    )  # fmt: skip


def _key(cells: _Cells, team: Int64s) -> tuple[Int64s, Int64s, Int64s]:
    return team, cells.polygon, cells.day

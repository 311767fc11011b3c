"""How far each way of counting is from the truth, by ping interval: the accuracy table of docs/benchmarks.md.

    python -m benchmarks.accuracy

Simulated patrols with exact truth that set no constant: other seeds, and other speeds, dwell times and receivers than
the styles that the shipped calibration was measured on. Bias is of the total; coverage of cells (team, hot spot, day).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.dosage.bridge import Z95, estimate
from analysis.dosage.bridge_calibration import MinutesByCell, compare, covered, shipped, thin
from analysis.dosage.counting import count
from analysis.dosage.kernel import Boundaries, locate
from analysis.dosage.layers import with_bands
from analysis.dosage.rules import PLAIN, Rules
from analysis.dosage.simulated_paths import Style
from analysis.dosage.simulation import BRISK, CAR, FOOT, OUTREACH, Receiver, Walks, walks
from analysis.dosage.tables import PingBatch
from analysis.dosage.visits import DayMinutes, day_minutes
from benchmarks.harness import table, write_section

INTERVALS_S = (5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
SEED, WALKERS = 90_210, 60
# Straight lines over any silence of a shift, as naive tools draw them.
STRAIGHT = replace(PLAIN, gap_s=10_800.0)


@dataclass(frozen=True)
class Mix:
    style: Style
    receiver: Receiver


# Written down before any of them was run; the shipped calibration has seen none.
MIXES = {
    "slow, long stands": Mix(replace(FOOT, walk_mps=0.95, stand_s=170, stops=6.0), Receiver(noise_m=(4.0, 7.0))),
    "quick, short stands": Mix(replace(FOOT, walk_mps=1.45, stand_s=60, stops=4.0), Receiver(noise_m=(3.0, 5.0))),
    "much indoors": Mix(replace(OUTREACH, walk_mps=1.15, indoor_share=0.5, indoor_s=450), Receiver()),
    "hardly indoors": Mix(replace(FOOT, indoor_share=0.1, stops=4.0), Receiver(drift_m=(10.0, 20.0))),
    "car and foot": Mix(replace(CAR, stops=3.5, stand_s=150, street=0.12, response=0.22), Receiver()),
    "many silences": Mix(replace(BRISK, stops=4.5, indoor_share=0.2), Receiver(silences_per_hour=1.5)),
}


@dataclass(frozen=True)
class Row:
    """Bias as shares of true minutes; ``patrol`` by team, ``person`` summed over devices. Coverage of 95% ranges.

    covered_totals : share of the mixes' totals inside the range that the portal gives for sums.
    missed_share : true minutes in cells for which there is no estimate at all.
    """

    interval_s: float
    mix: str
    plain_patrol: float
    plain_person: float
    straight_person: float
    rules_patrol: float
    rules_person: float
    bridge_patrol: float
    bridge_person: float
    coverage: float
    bare_coverage: float
    covered_total: bool
    missed_share: float
    cells: int


def rows(
    intervals: Sequence[float] = INTERVALS_S, mixes: Sequence[str] = tuple(MIXES), walkers: int = WALKERS
) -> list[Row]:
    """One row for each interval and mix; tracks of 5 s thinned, so that all intervals see the same patrols."""
    found = []
    for number, name in enumerate(mixes):
        dense = walks(SEED + number, walkers, interval_s=5, style=MIXES[name].style, receiver=MIXES[name].receiver)
        found += [_row(name, dense, interval) for interval in intervals]
    return sorted(found, key=lambda row: row.interval_s)


def _row(name: str, dense: Walks, interval_s: float) -> Row:
    batch = dense.batch if interval_s <= 5 else thin(dense.batch, interval_s, 0.37)
    patrol, person = float(dense.truth.by_team().minutes.sum()), float(dense.truth.minutes.sum())
    plain, straight, ruled = (_counted(batch, dense, rules) for rules in (PLAIN, STRAIGHT, Rules()))
    calibration = shipped(interval_s)
    bridge = estimate(batch, dense.polygons, calibration)
    cells = compare(bridge, _truth(dense))
    some = cells.take(cells.has)
    half = Z95 * np.sqrt(bridge.variance.sum()) + abs(calibration.bias_share) * bridge.expected_minutes.sum()
    return Row(
        interval_s,
        name,
        plain.patrol_minutes.sum() / patrol - 1,
        plain.person_minutes.sum() / person - 1,
        straight.person_minutes.sum() / person - 1,
        ruled.patrol_minutes.sum() / patrol - 1,
        ruled.person_minutes.sum() / person - 1,
        cells.bias_share,
        bridge.person_minutes.sum() / person - 1,
        float(covered(some, calibration).mean()),
        float(covered(some, replace(calibration, scale=1.0, floor_min2=0.0)).mean()),
        bool(abs(bridge.expected_minutes.sum() - patrol) <= half),
        float(cells.true[~cells.has].sum() / patrol),
        len(some.true),
    )


def _counted(batch: PingBatch, dense: Walks, rules: Rules) -> DayMinutes:
    located = locate(batch, Boundaries(with_bands(dense.polygons, rules.band_m)))
    return day_minutes(count(located.pieces, len(dense.polygons), rules))


def _truth(dense: Walks) -> MinutesByCell:
    t = dense.truth.by_team()
    return MinutesByCell(t.team.astype(np.int64), t.polygon.astype(np.int64), t.day.astype(np.int64), t.minutes)


def by_interval(found: Sequence[Row]) -> list[list[str]]:
    """Mean over the mixes (least to most) of each interval."""
    lines = []
    for interval in sorted({row.interval_s for row in found}):
        at = [row for row in found if row.interval_s == interval]
        lines.append(
            [f"{interval:g}", *(_spread(at, k) for k in ("plain_person", "straight_person", "rules_person", "rules_patrol",
             "bridge_person", "bridge_patrol")), _coverage(at, "coverage"), _coverage(at, "bare_coverage"),
             f"{sum(row.covered_total for row in at)} of {len(at)}"]
        )  # fmt: skip
    return lines


def _spread(at: Sequence[Row], column: str) -> str:
    values = [100 * getattr(row, column) for row in at]
    return f"{np.mean(values):+.1f}% ({min(values):+.1f} to {max(values):+.1f})"


def _coverage(at: Sequence[Row], column: str) -> str:
    values = [100 * getattr(row, column) for row in at]
    return f"{np.mean(values):.0f}% (least {min(values):.0f}%)"


HEADS = ("ping interval, s", "plain, persons", "straight lines, persons", "rules, persons", "rules, patrols",
         "bridge, persons", "bridge, patrols", "95% range covers", "uncalibrated", "totals covered")  # fmt: skip


def main() -> None:
    found = rows()
    at_300 = [[r.mix, *(f"{100 * v:+.1f}%" for v in (r.straight_person, r.rules_person, r.bridge_person, r.bridge_patrol)),
               f"{100 * r.coverage:.0f}%", str(r.cells)] for r in found if r.interval_s == 300]  # fmt: skip
    text = (
        f"Bias of total minutes against exact truth: mean over {len(MIXES)} ways of patrolling (least to most), "
        f"{WALKERS} walkers each, 8 hours; none of them set a constant of the calibration. Coverage is of cells "
        "(team, hot spot, day). “Totals covered”: sums over all cells, by the range that the portal gives for sums.\n\n"
        + table(HEADS, by_interval(found))
        + "\n\nAt one ping in 300 s, by way of patrolling:\n\n"
        + table(("patrols", "straight lines", "rules", "bridge, persons", "bridge, patrols", "covers", "cells"), at_300)
    )
    write_section("accuracy", "Accuracy by ping interval", text)


if __name__ == "__main__":
    main()

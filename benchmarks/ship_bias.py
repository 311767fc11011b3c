"""Measure how far minutes by the default rules are from the truth and write analysis/dosage/shipped_bias.py.

    python -m benchmarks.ship_bias

Run it after any change to the rules, the kernel or the simulation.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from analysis.dosage import shipped_bias
from analysis.dosage.bridge_calibration import thin
from analysis.dosage.counting import count
from analysis.dosage.kernel import Boundaries, locate
from analysis.dosage.layers import with_bands
from analysis.dosage.rules import PLAIN, Rules
from analysis.dosage.shipped_bias import Bias
from analysis.dosage.simulation import STYLES, Walks, walks
from analysis.dosage.tables import PingBatch
from analysis.dosage.visits import day_minutes

INTERVALS_S = (5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
SEEDS, WALKERS = 5, 40
PHASE = 0.37


def measure(seeds: int = SEEDS, walkers: int = WALKERS) -> list[Bias]:
    """One row for each style and interval, over all seeds; all intervals see the same patrols."""
    found = []
    for style, kind in STYLES.items():
        dense = [walks(2026 + seed, walkers, interval_s=5.0, style=kind) for seed in range(seeds)]
        found += [_bias(style, interval_s, dense) for interval_s in INTERVALS_S]
    return found


def _bias(style: str, interval_s: float, dense: list[Walks]) -> Bias:
    true = sum(float(one.truth.by_team().minutes.sum()) for one in dense)
    shares = []
    for rules in (Rules(), PLAIN):
        minutes = sum(_minutes(thin(one.batch, interval_s, PHASE), one, rules) for one in dense)
        shares.append(minutes / true - 1)
    return Bias(style, interval_s, *shares)


def _minutes(batch: PingBatch, dense: Walks, rules: Rules) -> float:
    located = locate(batch, Boundaries(with_bands(dense.polygons, rules.band_m)))
    return float(day_minutes(count(located.pieces, len(dense.polygons), rules)).patrol_minutes.sum())


def rows(found: list[Bias]) -> str:
    return "".join(f'    Bias("{b.style}", {b.interval_s}, {b.rules:.4f}, {b.plain:.4f}),\n' for b in found)


def main() -> None:
    module = Path(shipped_bias.__file__)
    head, mark, _ = module.read_text(encoding="utf-8").partition("MEASURED = (\n")
    before = f'MEASURED_ON = "{shipped_bias.MEASURED_ON}"'
    head = head.replace(before, f'MEASURED_ON = "{date.today().isoformat()}"')
    module.write_text(head + mark + rows(measure()) + ")\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Measure the shipped calibration of the Markov bridge again and write analysis/dosage/shipped_calibration.py.

    python -m benchmarks.ship_calibration

About three minutes on one core. Run it after any change to the bridge, the labels it reads or the simulation.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from analysis.dosage import shipped_calibration
from analysis.dosage.bridge import Calibration
from analysis.dosage.bridge_calibration import measure

INTERVALS_S = (30.0, 60.0, 120.0, 300.0, 600.0)
SEED, WALKERS = 2026, 600

_HEAD = '''"""Constants of the Markov bridge's 95% range at several ping intervals, as measured by ``bridge_calibration.measure``.

Data, so that estimates need no simulation. Written by ``python -m benchmarks.ship_calibration`` on {today}, seed {seed},
{walkers} simulated walkers of each of four styles of patrol, each thinned at four phases. A test measures a smaller
version again and asks that it agrees.
"""

from __future__ import annotations

from dataclasses import dataclass

MEASURED_ON = "{today}"
SEED = {seed}
WALKERS = {walkers}


@dataclass(frozen=True)
class Measured:
    """``variance = scale V + floor_min2`` a cell; ``bias_share`` of the style of patrol with the largest bias."""

    interval_s: float
    scale: float
    floor_min2: float
    cells: int
    bias_share: float
    coverage: float


MEASURED = (
'''


def written(found: list[Calibration], today: str) -> str:
    """The module's text."""
    rows = [
        f"    Measured({c.interval_s}, {c.scale:.2f}, {c.floor_min2:.1f}, {c.cells}, {c.bias_share:.4f}, {c.coverage:.3f}),\n"
        for c in found
    ]
    return _HEAD.format(today=today, seed=SEED, walkers=WALKERS) + "".join(rows) + ")\n"


def main() -> None:
    found = []
    for interval_s in INTERVALS_S:
        found.append(measure(interval_s, seed=SEED, walkers=WALKERS))
        print(found[-1])
    Path(shipped_calibration.__file__).write_text(written(found, date.today().isoformat()), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Does before and after rest on its prior? False alarms and coverage with other priors, in worlds that drift less and more.

Writes its table into docs/calibration.md; run by hand: ``python -m benchmarks.drift_prior`` (some minutes).
"""

from __future__ import annotations

from dataclasses import replace

from tqdm import tqdm

from analysis.evaluation.before_after.drift import PRIOR_SCALE
from analysis.evaluation.before_after.ratio import before_after_ratio
from analysis.evaluation.calibration import designs as d
from analysis.evaluation.calibration.world import World
from analysis.evaluation.record import ResultRecord
from benchmarks.harness import write_between

RUNS, SEED = 1000, 2026
PRIORS = (0.5, 1.0, 2.0)
WORLDS = ((0.5, "half the drift of the shipped table"), (1.0, "the shipped table's"), (2.0, "twice that drift"))


def world(times: float) -> World:
    """The standard world with all drift between months, of the city and of places, ``times`` as large."""
    plain = World()
    return replace(plain, city_month_sd=times * plain.city_month_sd, place_month_sd=times * plain.place_month_sd)


def measure(times: float) -> dict[float, tuple[int, int]]:
    """By prior: (signals, answered) of ``RUNS`` draws in which nothing happened; the truth is 1, so coverage is the rest."""
    found = {prior: [0, 0] for prior in PRIORS}
    at, here = d.SITUATIONS[d.MONTHS], world(times)
    for run in tqdm(range(RUNS), desc=f"drift x {times:g}"):
        data = at.draw(d.generator(d.MONTHS, run, SEED), here)
        for prior in PRIORS:
            result = before_after_ratio(data.cells, data.earlier_years, prior_scale=prior * PRIOR_SCALE)
            if isinstance(result, ResultRecord):
                found[prior][0] += result.excludes_no_change()
                found[prior][1] += 1
    return {prior: (signals, answered) for prior, (signals, answered) in found.items()}


def main() -> None:
    heads = " | ".join(f"prior median {prior * PRIOR_SCALE:.2f}" for prior in PRIORS)
    lines = [f"| drift of the world | {heads} |", "|---|" + "---:|" * len(PRIORS)]
    for times, words in WORLDS:
        rates = [f"{signals / answered:.1%} of {answered:,}" for signals, answered in measure(times).values()]
        lines.append(f"| {words} | {' | '.join(rates)} |")
    write_between("drift", "\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()

"""The default patrol-day estimate and 4,999 shuffles beside statsmodels with dummies and pyfixest, in one run."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.evaluation.inputs import Inputs
from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.patrol_days.panel import stratum_codes
from analysis.evaluation.patrol_days.randomisation import DRAWS, randomise_days
from analysis.evaluation.suite import run_section
from benchmarks.harness import Sizes, arguments, interleaved, table, write_section

# Hot spots and days: the demonstration programme's, and the largest that a page must answer within 5 seconds.
SIZES = ((7, 329), (50, 1095))
# A dummy a stratum makes statsmodels' design a dense table: over this many numbers it would not fit in memory.
MOST_DENSE = 60_000_000


def made_up(spots: int, days: int) -> pd.DataFrame:
    """Hot spot-days at the rates of METHODS: 0.109 crimes a day, 40% of days with patrol, one in ten fewer on those."""
    rng, n = np.random.default_rng(2026), spots * days
    patrol = (rng.random(n) < 0.4).astype(float)
    level = np.repeat(np.exp(rng.normal(0, 0.45, spots)), days)
    crimes = rng.poisson(0.109 * level * np.where(patrol > 0, 0.9, 1.0)).astype(float)
    frame = pd.DataFrame({"hot_spot": np.repeat([f"H{i:02d}" for i in range(spots)], days)})
    return frame.assign(
        local_date=np.tile(pd.date_range("2021-01-04", periods=days), spots), patrol=patrol, crimes=crimes,
        previous_7_days=rng.poisson(0.76, n).astype(float), patrol_minutes=patrol * rng.integers(5, 70, n),
        earlier_crimes=rng.poisson(0.1, n), later_crimes=rng.poisson(0.1, n), whole_day=crimes + rng.poisson(0.1, n),
        crimes_by_start=crimes, planned_minutes=40.0 * (rng.random(n) < 0.5),
        patrol_1_day_ago=np.roll(patrol, 1), patrol_2_days_ago=np.roll(patrol, 2), patrol_tomorrow=np.roll(patrol, -1),
    )  # fmt: skip


def with_statsmodels(panel: pd.DataFrame) -> tuple[float, float] | None:
    """(log ratio, SE) by a GLM with a dummy a stratum, clustered by day; None where the dummies would be too many."""
    import statsmodels.api as sm

    codes = pd.Series(stratum_codes(panel, "4 weeks"))
    if len(panel) * (codes.max() + 9) > MOST_DENSE:
        return None
    kept = panel[panel.groupby(codes)["crimes"].transform("sum") > 0]
    weekday = pd.get_dummies(kept["local_date"].dt.day_of_week, prefix="w", drop_first=True)
    dummies = pd.get_dummies(codes[kept.index], prefix="s")
    x = pd.concat([kept[["patrol", "previous_7_days"]], weekday, dummies], axis=1).astype(float)
    groups = pd.factorize(kept["local_date"])[0]
    fit = sm.GLM(kept["crimes"], x, family=sm.families.Poisson()).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    count = groups.max() + 1
    return float(fit.params["patrol"]), float(fit.bse["patrol"] * math.sqrt(count / (count - 1)))


def with_pyfixest(panel: pd.DataFrame) -> tuple[float, float]:
    """(log ratio, SE) by fepois with absorbed strata, clustered by day."""
    import pyfixest

    data = panel.assign(
        stratum=stratum_codes(panel, "4 weeks"), weekday=panel["local_date"].dt.day_of_week.astype(str),
        day=pd.factorize(panel["local_date"])[0],
    )[["crimes", "patrol", "previous_7_days", "stratum", "weekday", "day"]]  # fmt: skip
    fit = pyfixest.fepois(
        "crimes ~ patrol + previous_7_days + C(weekday) | stratum", data=data, vcov={"CRV1": "day"},
        ssc=pyfixest.ssc(k_adj=False, G_adj=True),
    )  # fmt: skip
    return float(fit.coef()["patrol"]), float(fit.se()["patrol"])


def section_seconds(panel: pd.DataFrame) -> Callable[[], object]:
    inputs = Inputs("BENCH", "Made-up city", "hot spots", "day", days=panel, service_window=(840, 1200))
    return lambda: run_section("patrol-days", inputs)


def main() -> None:
    arguments(__doc__ or "")
    rows, agreed = [], []
    for spots, days in SIZES:
        panel = made_up(spots, days)
        cases: dict[str, Callable[[], object]] = {
            "this engine: default estimate, clustered by day": lambda p=panel: patrol_days(p),  # type: ignore[misc]
            f"this engine: {DRAWS:,} shuffles, p": lambda p=panel: randomise_days(p, interval=False),  # type: ignore[misc]
            f"this engine: {DRAWS:,} shuffles, p and inverted interval": lambda p=panel: randomise_days(p),  # type: ignore[misc]
            "pyfixest fepois, strata absorbed": lambda p=panel: with_pyfixest(p),  # type: ignore[misc]
            "this engine: the whole page's section": section_seconds(panel),
        }
        peers = {"pyfixest": with_pyfixest(panel), "statsmodels": with_statsmodels(panel)}
        if peers["statsmodels"]:
            cases["statsmodels GLM, a dummy a stratum"] = lambda p=panel: with_statsmodels(p)  # type: ignore[misc]
        found = interleaved(cases, Sizes.from_environment().rounds)
        first = next(iter(found.values())).median
        for name, spread in found.items():
            rows.append((f"{spots} x {days:,}", name, spread.shown(), f"{spread.median / first:.1f}"))
        if not peers["statsmodels"]:
            rows.append(
                (f"{spots} x {days:,}", "statsmodels GLM, a dummy a stratum", "not run: the dummies would not fit", "")
            )
        ours = patrol_days(panel)
        agreed += [
            f"{spots} x {days:,}, {name}: log ratio {abs(math.log(ours.estimate) - peer[0]):.1e} apart, SE {abs(ours.se / peer[1] - 1):.1e}"  # type: ignore[union-attr, operator]
            for name, peer in peers.items()
            if peer
        ]
    text = (
        "CPU seconds, warm. The estimate: conditional Poisson in hot spot x 4-week strata, weekday, crimes of the last 7 days, "
        "CR1 by day. The section is all that the patrol-day page shows. Targets: 1 s at the demonstration's size, 5 s at the "
        f"larger.\n\n{table(('hot spots x days', 'what', 'seconds', 'times the estimate'), rows)}\n\n"
        f"Agreement (relative for SE): {'; '.join(agreed)}."
    )
    write_section("evaluation-peers", "Evaluation: patrol days beside peers", text, "statsmodels", "pyfixest", "pandas")


if __name__ == "__main__":
    main()

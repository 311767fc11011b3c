"""How often do the defaults signal on real crime where no service began? Made-up places and dates in Chicago.

Reads the dated incidents beside the repository (public data of the City of Chicago, aggravated assaults 2010-2019), draws
200 times a month in which nothing began and 7 places in which nothing was done, and gives each draw to the headline methods.
Writes its table into docs/calibration.md. ``python -m benchmarks.chicago_nulls``; a seed fixes every draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from tqdm import tqdm

from analysis.evaluation.before_after.drift import YearCount
from analysis.evaluation.before_after.ratio import before_after_ratio
from analysis.evaluation.comparators.did import did
from analysis.evaluation.displacement.bands import bands_of
from analysis.evaluation.displacement.section import section as displacement
from analysis.evaluation.inputs import BANDS, Inputs
from analysis.evaluation.patrol_days.model import patrol_days
from analysis.evaluation.record import Refusal, ResultRecord
from benchmarks.harness import write_between

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "incidents" / "chicago_aggravated_assaults.csv.gz"
SEED, DRAWS = 2026, 200
PLACES, CANDIDATES, COMPARATORS = 7, 30, 12
CELL_DEG = 0.005  # about 400 by 550 m
LEAST_CRIMES = 120  # of a place in ten years: one a month
BEFORE_MONTHS, DURING_MONTHS, DAYS = 36, 12, 336
KM_LAT, KM_LON = 111.2, 82.8  # of a degree at 41.85 N
Result = ResultRecord | Refusal | None


@dataclass(frozen=True)
class City:
    """``events``: month (0 = Jan 2010), day (0 = 1 Jan 2010), place, district, km east and north; ``busy``: place codes."""

    events: pd.DataFrame
    busy: list[str]

    @classmethod
    def read(cls) -> City:
        rows = pd.read_csv(DATA, parse_dates=["date"])
        at = rows["date"]
        column = (rows["longitude"] // CELL_DEG).astype(int)
        row = (rows["latitude"] // CELL_DEG).astype(int)
        events = pd.DataFrame({
            "month": (at.dt.year - 2010) * 12 + at.dt.month - 1, "day": (at - pd.Timestamp(2010, 1, 1)).dt.days,
            "place": column.astype(str) + "," + row.astype(str), "district": "D" + rows["district"].astype(str),
            "x": rows["longitude"] * KM_LON, "y": rows["latitude"] * KM_LAT,
        })  # fmt: skip
        counts = events["place"].value_counts()
        return cls(events, sorted(counts.index[counts >= LEAST_CRIMES]))


def _label(month: int) -> str:
    return f"{2010 + month // 12}-{month % 12 + 1:02d}"


def _monthly(events: pd.DataFrame, key: str, names: list[str], first: int, last: int) -> pd.DataFrame:
    """[place, month, crimes] with true zeros."""
    months = range(first, last)
    inside = events[events["month"].between(first, last - 1) & events[key].isin(names)]
    grid = pd.MultiIndex.from_product([names, months])
    found = inside.groupby([key, "month"]).size().reindex(grid, fill_value=0).rename("crimes").reset_index()
    found.columns = pd.Index(["place", "month", "crimes"])
    return found.assign(month=[_label(m) for m in found["month"]])


def one_draw(city: City, rng: np.random.Generator, *, chosen_high: bool) -> dict[str, Result]:
    """The headline methods on 7 places of 30 and one month; ``chosen_high``: the 7 with most crime in the year before."""
    start = int(rng.integers(BEFORE_MONTHS, 120 - DURING_MONTHS + 1))
    candidates = [str(p) for p in rng.choice(city.busy, CANDIDATES, replace=False)]
    table = _monthly(city.events, "place", candidates, start - BEFORE_MONTHS, start + DURING_MONTHS)
    last_year = table[table["month"].between(_label(start - 12), _label(start - 1))].groupby("place")["crimes"].sum()
    places = list(last_year.sort_values().index[-PLACES:]) if chosen_high else candidates[:PLACES]
    own = table[table["place"].isin(places)]
    cells = own[own["month"] >= _label(start - 12)].rename(columns={"place": "hot_spot"})
    window = np.where(cells["month"] < _label(start), "before", "during")
    cells = cells.assign(window=window, exposure_days=365.25 / 12)
    years = [
        YearCount(int(own[own["month"].between(_label(a), _label(a + 11))]["crimes"].sum()), PLACES * 365.25)
        for a in range(start - BEFORE_MONTHS, start, 12)
    ]
    span = (_label(start - 12), _label(start - 1))
    found: dict[str, Result] = {
        "before and after": before_after_ratio(cells, years),
        "before and after, candidates given": before_after_ratio(cells, years, table, selection=span),
        "difference in differences": _did(city, rng, own, places, start),
    }
    around = _displacement(city, places, start)
    found |= {"WDD, hot spots and rings": around[0], "WDD, rings alone": around[1]}
    found["patrol days, made-up patrols"] = patrol_days(_days(city, rng, places, start))
    return found


def _did(city: City, rng: np.random.Generator, own: pd.DataFrame, places: list[str], start: int) -> Result:
    """Against 12 police districts that hold none of the places."""
    inside = set(city.events.loc[city.events["place"].isin(places), "district"])
    others = [d for d in sorted(city.events["district"].unique()) if d not in inside]
    if len(others) < 4:
        return None
    names = [str(d) for d in rng.choice(others, min(COMPARATORS, len(others)), replace=False)]
    series = _monthly(city.events, "district", names, start - BEFORE_MONTHS, start + DURING_MONTHS)
    ours = own.groupby("month", as_index=False)["crimes"].sum().assign(place="ours")
    return did(pd.concat([ours, series], ignore_index=True), "ours", _label(start))


def _displacement(city: City, places: list[str], start: int) -> tuple[Result, Result]:
    """Bands of distance around the 7 squares, as the displacement page has them."""
    events = city.events[city.events["month"].between(start - 12, start + DURING_MONTHS - 1)]
    distance = np.full(len(events), np.inf)
    for place in places:
        column, row = (int(v) for v in place.split(","))
        east, north = column * CELL_DEG * KM_LON, row * CELL_DEG * KM_LAT
        x = np.maximum(0, np.maximum(east - events["x"], events["x"] - east - CELL_DEG * KM_LON))
        y = np.maximum(0, np.maximum(north - events["y"], events["y"] - north - CELL_DEG * KM_LAT))
        distance = np.minimum(distance, 1000 * np.hypot(x, y))
    inside = events["place"].isin(places).to_numpy()
    band = bands_of(np.where(inside, -1.0, np.maximum(distance, 1e-6)))
    months = range(start - 12, start + DURING_MONTHS)
    grid = pd.MultiIndex.from_product([BANDS, months])
    counted = pd.Series(1, index=events.index).groupby([band, events["month"].to_numpy()]).sum()
    rows = counted.reindex(grid, fill_value=0).rename("crimes").reset_index()
    rows.columns = pd.Index(["band", "month", "crimes"])
    rows = rows.assign(
        window=np.where(rows["month"] < start, "before", "during"), month=[_label(m) for m in rows["month"]],
        harm_days=0.0, exposure_days=365.25 / 12,
    )  # fmt: skip
    records = displacement(Inputs("CHICAGO", "Chicago", "squares", "day", bands=rows), {}).records
    return records["wdd"], records["displacement"]


def _days(city: City, rng: np.random.Generator, places: list[str], start: int) -> pd.DataFrame:
    """48 weeks of the 7 places; patrols that follow last week's crime and nothing else."""
    first = (date(2010 + start // 12, start % 12 + 1, 1) - date(2010, 1, 1)).days
    parts = []
    for place in places:
        days = city.events.loc[city.events["place"] == place, "day"].to_numpy()
        counts: npt.NDArray[np.int64] = np.bincount(np.clip(days - first + 7, 0, DAYS + 8), minlength=DAYS + 9)[1:-1]
        week = np.array([counts[t : t + 7].sum() for t in range(DAYS)])
        patrol = rng.random(DAYS) < 1 / (1 + np.exp(-0.5 * (week - week.mean())))
        dates = pd.date_range(pd.Timestamp(2010, 1, 1) + pd.Timedelta(days=first), periods=DAYS).date
        parts.append(pd.DataFrame({
            "hot_spot": place, "local_date": dates, "crimes": counts[7 : DAYS + 7], "patrol": patrol, "previous_7_days": week,
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def rates(city: City, draws: int, *, chosen_high: bool) -> pd.DataFrame:
    """[method, answered, signals, rate, low, high]: the interval is Clopper and Pearson's of the rate."""
    found: dict[str, list[bool]] = {}
    seeds = np.random.SeedSequence([SEED, int(chosen_high)]).spawn(draws)
    for seed in tqdm(seeds, desc="chosen for a bad year" if chosen_high else "chosen at random"):
        for name, result in one_draw(city, np.random.default_rng(seed), chosen_high=chosen_high).items():
            said = found.setdefault(name, [])
            if isinstance(result, ResultRecord):
                said.append(result.excludes_no_change())
    rows = []
    for name, said in found.items():
        k, n = sum(said), len(said)
        low = float(stats.beta.ppf(0.025, k, n - k + 1)) if k else 0.0
        high = float(stats.beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
        rows.append((name, n, k, k / n, low, high))
    return pd.DataFrame(rows, columns=["method", "answered", "signals", "rate", "low", "high"])


def as_text(tables: dict[str, pd.DataFrame]) -> str:
    lines = [
        "| places | method | draws answered | signals | rate | 95% interval of the rate |",
        "|---|---|---:|---:|---:|---|",
    ]
    lines += [
        f"| {how} | {r['method']} | {r['answered']} | {r['signals']} | {r['rate']:.1%} | {r['low']:.1%} to {r['high']:.1%} |"
        for how, frame in tables.items()
        for r in frame.to_dict("records")
    ]
    return "\n".join(lines)


def main() -> None:
    if not DATA.exists():
        raise SystemExit(
            "The dated incidents are not beside the repository (shared/data/incidents), so nothing was run."
        )
    city = City.read()
    write_between("chicago", as_text({
        "at random": rates(city, DRAWS, chosen_high=False), "for a bad year": rates(city, DRAWS, chosen_high=True),
    }))  # fmt: skip


if __name__ == "__main__":
    main()

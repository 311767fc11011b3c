"""The kernel against what the field would use instead: labels by spatial joins, minutes by MEOS.

python -m benchmarks.kernel_peers
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from analysis.dosage.counting import count
from analysis.dosage.kernel import Boundaries, labels, locate
from analysis.dosage.rules import PLAIN
from analysis.dosage.simulation import walkers_for, walks
from analysis.dosage.tables import DEGREE, PingBatch
from benchmarks.harness import Sizes, Spread, arguments, interleaved, table, write_section

PEER_PINGS = 1_000_000  # their speed a ping does not change beyond this
MEOS_PINGS = 50_000
MS_PER_MINUTE = 60_000.0
KERNEL, LABELS = "this kernel: labels, exact crossings, presence", "this kernel: labels only"
COLD = "this kernel, grid built anew"
Case = Callable[[], object]
Polygons = Sequence[Any]


def main() -> None:
    arguments(__doc__ or "")
    sizes = Sizes.from_environment()
    rows: list[list[object]] = []
    for pings in sizes.pings:
        for number in sizes.polygons:
            rows += _rows(pings, number, sizes.rounds)
    missing = [name for name in ("geopandas", "sedonadb", "pymeos") if not _installed(name)]
    text = (
        "Millions of pings a CPU second (all threads of the process), from arrays to answer, with the index or grid of the "
        "hot spots at hand; in the row that says so the kernel builds its grid first, where these pings go. Peers give a "
        "label a ping and no time; the kernel gives the times in and out. At most "
        f"{PEER_PINGS:,} pings for the peers, {MEOS_PINGS:,} for MEOS.\n\n"
        + table(["pings", "hot spots", "what", "M pings/s/core", "kernel is so many times as fast"], rows)
        + f"\n\n{_same_labels(sizes.polygons)} {_same_minutes(sizes.polygons)}"
        + (f"\n\nNot installed here, so left out: {', '.join(missing)}." if missing else "")
    )
    write_section("kernel-peers", "Kernel and peers, one core", text, "geopandas", "sedonadb", "pymeos")


def _installed(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def _patrols(pings: int, polygons: int, seed: int = 1) -> tuple[PingBatch, Polygons]:
    made = walks(seed, walkers_for(pings), polygons=polygons)
    batch = made.batch.take(slice(0, pings))
    return batch.take(np.lexsort((batch.t_ms, batch.device))), made.polygons


def _rows(pings: int, number: int, rounds: int) -> list[list[object]]:
    batch, polygons = _patrols(pings, number)
    few = batch.take(slice(0, min(PEER_PINGS, len(batch))))
    known = Boundaries(polygons)
    cases: dict[str, tuple[Case, int]] = {
        KERNEL: (lambda: locate(batch, known), len(batch)),
        COLD: (lambda: locate(batch, Boundaries(polygons)), len(batch)),
        LABELS: (lambda: labels(batch.lon_e7, batch.lat_e7, known), len(batch)),
        "shapely STRtree": (_strtree(few, polygons), len(few)),
    }
    if _installed("geopandas"):
        cases["geopandas sjoin"] = (_geopandas(few, polygons), len(few))
    if _installed("sedonadb"):
        cases["SedonaDB join"] = (_sedona(few, polygons), len(few))
    if _installed("pymeos"):
        some = batch.take(slice(0, min(MEOS_PINGS, len(batch))))
        cases["MEOS (MobilityDB's engine), minutes"] = (lambda: _meos_minutes(some, polygons), len(some))
    found = interleaved({name: case for name, (case, _) in cases.items()}, rounds)
    ours = len(batch) / found[KERNEL].median
    return [
        [f"{n:,}", f"{number:,}", name, found[name].rate(n), _times(ours, n, found[name])]
        for name, (_, n) in cases.items()
    ]


def _times(ours: float, count_: int, theirs: Spread) -> str:
    return f"{ours / (count_ / theirs.median):.1f}"


# --- peers ---------------------------------------------------------------------------------------------------


def _degrees(batch: PingBatch) -> tuple[np.ndarray, np.ndarray]:
    return batch.lon_e7 / DEGREE, batch.lat_e7 / DEGREE


def _strtree(batch: PingBatch, polygons: Polygons) -> Case:
    lon, lat = _degrees(batch)
    tree = shapely.STRtree(polygons)
    return lambda: tree.query(shapely.points(lon, lat), predicate="intersects")


def _geopandas(batch: PingBatch, polygons: Polygons) -> Case:
    import geopandas

    lon, lat = _degrees(batch)

    def run() -> object:
        points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat))
        return geopandas.sjoin(
            points, geopandas.GeoDataFrame(geometry=list(polygons)), how="left", predicate="intersects"
        )

    return run


def _sedona(batch: PingBatch, polygons: Polygons) -> Case:
    import pandas as pd
    import sedonadb

    connection = sedonadb.connect()
    lon, lat = _degrees(batch)
    connection.create_data_frame(pd.DataFrame({"n": np.arange(len(lon)), "x": lon, "y": lat})).to_view("pings")
    shapes = pd.DataFrame({"p": np.arange(len(polygons)), "wkb": [shapely.to_wkb(p) for p in polygons]})
    connection.create_data_frame(shapes).to_view("shapes")
    query = (
        "SELECT pings.n, spots.p FROM (SELECT n, ST_Point(x, y) AS g FROM pings) AS pings "
        "JOIN (SELECT p, ST_GeomFromWKB(wkb) AS g FROM shapes) AS spots ON ST_Intersects(spots.g, pings.g)"
    )
    return lambda: connection.sql(query).to_pandas()


def _runs(batch: PingBatch) -> list[slice]:
    """Stretches of one device and team without a silence that the gap rule would cut."""
    same = (np.diff(batch.device) == 0) & (np.diff(batch.team) == 0) & (np.diff(batch.t_ms) <= PLAIN.gap_s * 1000)
    cuts = np.flatnonzero(~same) + 1
    edges = [0, *cuts.tolist(), len(batch)]
    return [slice(a, b) for a, b in pairwise(edges) if b - a > 1]


def _meos_minutes(batch: PingBatch, polygons: Polygons) -> float:
    """Total minutes inside, by MEOS: each run a temporal point, restricted to each hot spot its bounds meet."""
    import pymeos

    pymeos.pymeos_initialize()
    tree = shapely.STRtree(polygons)
    lon, lat = _degrees(batch)
    total = 0.0
    for run in _runs(batch):
        keep = np.append(True, np.diff(batch.t_ms[run]) > 0)
        x, y, t = lon[run][keep], lat[run][keep], batch.t_ms[run][keep]
        if len(t) < 2:
            continue
        near = tree.query(shapely.box(x.min(), y.min(), x.max(), y.max()))
        if not len(near):
            continue
        when = (datetime.fromtimestamp(ms / 1000, UTC).isoformat(sep=" ", timespec="milliseconds") for ms in t.tolist())
        text = ", ".join(f"POINT({a:.7f} {b:.7f})@{c}" for a, b, c in zip(x.tolist(), y.tolist(), when, strict=True))
        track = pymeos.TGeomPointSeq(string=f"[{text}]")
        for number in near.tolist():
            inside = track.at(polygons[number])
            total += inside.duration().total_seconds() / 60 if inside is not None else 0.0
    return total


# --- agreement -----------------------------------------------------------------------------------------------


def _same_labels(numbers: Sequence[int]) -> str:
    """Every ping's hot spots by the kernel and by shapely."""
    pings = differ = 0
    for number in numbers:
        batch, polygons = _patrols(200_000, number, seed=2)
        scaled = [shapely.transform(p, lambda c: c * DEGREE) for p in polygons]
        points = shapely.points(batch.lon_e7.astype(float), batch.lat_e7.astype(float))
        which, polygon = shapely.STRtree(scaled).query(points, predicate="intersects")
        theirs = set(zip(which.tolist(), polygon.tolist(), strict=True))
        ours: set[tuple[int, int]] = set()
        for layer in labels(batch.lon_e7, batch.lat_e7, Boundaries(polygons)):
            at = np.flatnonzero(layer >= 0)
            ours |= set(zip(at.tolist(), layer[at].tolist(), strict=True))
        pings, differ = pings + len(batch), differ + len(theirs ^ ours)
    return f"Labels: {differ} of {pings:,} pings differ from shapely's."


def _same_minutes(numbers: Sequence[int]) -> str:
    if not _installed("pymeos"):
        return ""
    worst = 0.0
    for number in numbers:
        batch, polygons = _patrols(MEOS_PINGS, number, seed=3)
        stays = count(locate(batch, Boundaries(polygons)).pieces, len(polygons), PLAIN)
        ours = float((stays.t_out_ms - stays.t_in_ms).sum()) / MS_PER_MINUTE
        worst = max(worst, abs(_meos_minutes(batch, polygons) / ours - 1))
    return f"Minutes: at most {worst:.4%} from MEOS's over the same pings (target 0.05%)."


if __name__ == "__main__":
    main()

"""From file to minutes on one core, as a share of what reading the file alone takes.

python -m benchmarks.end_to_end
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from analysis.dosage.kernel import Boundaries
from analysis.dosage.layers import with_bands
from analysis.dosage.rules import Rules
from benchmarks import files
from benchmarks.harness import Sizes, arguments, interleaved, table, write_section
from data_access.loading.boundary_files import BoundaryList, read_boundaries
from data_access.partitions import gather
from data_access.ping_sources import Part, Reading, each_batch, parts_of
from data_access.sorting import Workspace
from data_access.streamed_counting import Totals, count_visits

TARGETS = {"CSV": 0.85, "Parquet, float64": 0.60, "own store": 0.40}


def main() -> None:
    arguments(__doc__ or "")
    sizes = Sizes.from_environment()
    rows = []
    for pings in sizes.pings:
        for polygons in sizes.polygons:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                rows += _rows(Path(folder), pings, polygons, sizes.rounds)
    write_section(
        "end-to-end",
        "From file to minutes, one core",
        "CPU seconds of one process with all its threads, in millions of pings a second. Located: exact times in and out "
        "of each hot spot. Whole: the same with the 20 m bands around them, then rules, visits and minutes by day. Share: "
        "of the speed of the same reader without the rest.\n\n"
        + table(["pings", "hot spots", "file", "read", "located", "share", "whole", "share", "target"], rows),
    )


def _rows(folder: Path, pings: int, polygons: int, rounds: int) -> list[list[object]]:
    paths, spots, count = _files(folder, pings, polygons)
    cases: dict[str, Callable[[], object]] = {}
    for name, path in paths.items():
        parts = parts_of([path])
        cases[f"{name} read"] = lambda parts=parts: _read(parts)
        cases[f"{name} located"] = lambda parts=parts: _located(parts, spots)
        cases[f"{name} whole"] = lambda parts=parts: _whole(parts, spots)
    found = interleaved(cases, rounds)
    rows = []
    for name in paths:
        read = found[f"{name} read"]
        steps = [found[f"{name} located"], found[f"{name} whole"]]
        shares = [cell for step in steps for cell in (step.rate(count), f"{read.median / step.median:.2f}")]
        rows.append([f"{count:,}", polygons, name, read.rate(count), *shares, TARGETS[name]])
    return rows


def _files(folder: Path, pings: int, polygons: int) -> tuple[dict[str, Path], BoundaryList, int]:
    def batches():
        return (batch for batch, _ in files.chunks(pings, polygons))

    _, shapes = next(files.chunks(1, polygons))
    paths = {
        "CSV": files.write_csv(folder / "pings.csv", batches()),
        "Parquet, float64": files.write_parquet(folder / "pings.parquet", batches()),
        "own store": files.write_store(folder / "store", batches()),
    }
    spots = read_boundaries(files.write_hot_spots(folder / "spots.geojson", shapes))
    return paths, spots, sum(len(batch) for batch in batches())


def _read(parts: list[Part]) -> int:
    devices, teams = {}, {}
    return sum(
        len(batch.pings)
        for part in parts
        for path in part.paths
        for batch in each_batch(path, Reading(), devices, teams)
    )


def _located(parts: list[Part], spots: BoundaryList) -> int:
    with Workspace() as space:
        return gather(parts, Boundaries([spot.polygon for spot in spots]), None, space).located.used


def _whole(parts: list[Part], spots: BoundaryList) -> int:
    # Boundaries made anew: building the grid belongs to the path.
    boundaries = Boundaries(with_bands([spot.polygon for spot in spots], Rules().band_m))
    totals = Totals(len(spots))
    with Workspace() as space:
        found = gather(parts, boundaries, None, space)
        return sum(len(some) for some in count_visits(found, len(spots), Rules(), space, totals))


if __name__ == "__main__":
    main()

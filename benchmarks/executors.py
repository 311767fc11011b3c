"""One core, a pool of processes and a Dask cluster on this computer: wall clock for the same store.

python -m benchmarks.executors
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from analysis.dosage.kernel import Boundaries
from analysis.dosage.layers import with_bands
from analysis.dosage.rules import Rules
from benchmarks import files
from benchmarks.harness import Sizes, arguments, interleaved, table, write_section
from data_access.partitions import gather
from data_access.ping_sources import parts_of
from data_access.sorting import Workspace
from data_access.streamed_counting import Totals, count_visits
from settings import ROOT

POLYGONS = 1000


def main() -> None:
    arguments(__doc__ or "")
    sizes = Sizes.from_environment()
    workers = os.cpu_count() or 1
    rows: list[list[object]] = []
    for pings in sizes.pings:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            rows += _rows(Path(folder), pings, sizes.rounds, workers)
    write_section(
        "executors",
        "One core, a pool and Dask",
        f"Wall clock of locating and counting (own store, {POLYGONS} hot spots with bands), pool and cluster started "
        f"before; {workers} workers each. The totals are the same to the millisecond, or the bench stops.\n\n"
        + table(["pings", "parts", "on", "M pings/s", "times one core"], rows),
        "distributed",
    )


def _rows(folder: Path, pings: int, rounds: int, workers: int) -> list[list[object]]:
    store = files.write_store(folder / "store", (batch for batch, _ in files.chunks(pings, POLYGONS)))
    _, shapes = next(files.chunks(1, POLYGONS))
    parts = parts_of([store], together=store_bytes(store) // (4 * workers))
    count, answers = sum(len(batch) for batch, _ in files.chunks(pings, POLYGONS)), {}

    def on(name: str, executor: Executor | None) -> None:
        boundaries = Boundaries(with_bands(list(shapes), Rules().band_m))
        totals = Totals(POLYGONS)
        with Workspace() as space:
            found = gather(parts, boundaries, executor, space)
            for _ in count_visits(found, POLYGONS, Rules(), space, totals):
                pass
        answers[name] = totals.minutes()

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool, cluster(folder, workers) as dask:
        cases = {"one core": None, "pool": pool, "Dask": dask}
        found = interleaved(
            {name: lambda name=name, executor=executor: on(name, executor) for name, executor in cases.items()},
            rounds,
            wall=True,
        )
    if any(answer != answers["one core"] for answer in answers.values()):
        raise SystemExit(f"The totals differ: {answers}")
    one = found["one core"].median
    return [
        [f"{count:,}", len(parts), name, spread.rate(count), f"{one / spread.median:.2f}"]
        for name, spread in found.items()
    ]


def store_bytes(store: Path) -> int:
    return sum(path.stat().st_size for path in store.glob("**/*.parquet"))


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Executor]:
    """A scheduler and workers as processes of their own, for as long as the block lasts."""
    from distributed import Client

    at = ["--host", "127.0.0.1", "--scheduler-file", str(folder / "scheduler.json"), "--no-dashboard"]
    each = [["dask_scheduler", *at, "--port", "0", "--no-show"]]
    each += [["dask_worker", *at, "--nthreads", "1", "--no-nanny"] for _ in range(workers)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, "env": environment}
    processes = [
        subprocess.Popen([sys.executable, "-m", f"distributed.cli.{one}", *words], **quiet)  # noqa: S603
        for one, *words in each
    ]
    try:
        with Client(scheduler_file=str(folder / "scheduler.json"), timeout=60, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)
            yield client.get_executor(pure=False)
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()

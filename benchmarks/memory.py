"""Peak memory of the command ``dosage`` on many pings: a process of its own, as a user runs it.

python -m benchmarks.memory
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import Sizes, arguments, table, write_section
from settings import ROOT

LIMIT_MB = 400
POLYGONS = 7


def main() -> None:
    arguments(__doc__ or "")
    most = Sizes.from_environment().memory_pings
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for pings in sorted({max(1, most // 10), most}):
            rows += _rows(Path(folder) / str(pings), pings)
    write_section(
        "memory",
        "Memory, by number of pings",
        f"`flask --app app dosage` on simulated pings of {POLYGONS} hot spots, one core, everything included (Python and "
        "its libraries are about 170 MB). “Sorted first”: every chunk of pings comes newest first, so that all of them "
        f"go through the temporary folder. Target: {LIMIT_MB} MB at most.\n\n"
        + table(["pings", "from", "peak MB", "seconds", "within target"], rows),
    )


def _rows(folder: Path, pings: int) -> list[list[object]]:
    # In a process of its own: a child's peak is never less than what its parent held when it was started.
    writer = multiprocessing.get_context("spawn").Process(target=_write, args=(folder, pings))
    writer.start()
    writer.join()
    rows: list[list[object]] = []
    for name, file in (("own store", "store"), ("one Parquet file, sorted first", "backwards.parquet")):
        peak, seconds, read = _run(folder / file, folder / "spots.geojson", folder / "visits.parquet")
        rows.append([read, name, f"{peak:.0f}", f"{seconds:.0f}", "yes" if peak <= LIMIT_MB else "NO"])
    return rows


def _write(folder: Path, pings: int) -> None:
    from benchmarks import files

    folder.mkdir()
    _, shapes = next(files.chunks(1, POLYGONS))
    files.write_hot_spots(folder / "spots.geojson", shapes)
    files.write_store(folder / "store", (batch for batch, _ in files.chunks(pings, POLYGONS)))
    backwards = (batch.take(slice(None, None, -1)) for batch, _ in files.chunks(pings, POLYGONS))
    files.write_parquet(folder / "backwards.parquet", backwards)


def _run(path: Path, spots: Path, out: Path) -> tuple[float, float, str]:
    words = ["-m", "flask", "--app", "app", "dosage", str(path), "--hot-spots", str(spots), "--out", str(out)]
    start = time.perf_counter()
    command = [sys.executable, *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        said = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"dosage failed with exit code {process.returncode}.")
    return used.ru_maxrss / 1024, time.perf_counter() - start, said.split(" ", 1)[0]


if __name__ == "__main__":
    main()

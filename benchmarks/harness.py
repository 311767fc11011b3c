"""Interleaved runs, their medians with spread, and one section of docs/benchmarks.md for each bench."""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from analysis.evaluation.calibration.tables_text import with_section

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
CALIBRATION = DOCUMENT.with_name("calibration.md")
_HEAD = """# Benchmarks

Written by `make bench` (all) or `make bench-dosage` (`SIZE=full` for these sizes), a section each. Times are medians
(least to most) of interleaved runs in one process, on one core unless said. Compare rows of one table, never of two runs.
"""


@dataclass(frozen=True)
class Sizes:
    """How much is measured: ``BENCH_PINGS``, ``BENCH_ROUNDS``, ``BENCH_POLYGONS`` and ``BENCH_MEMORY_PINGS``."""

    pings: tuple[int, ...]
    rounds: int
    polygons: tuple[int, ...]
    memory_pings: int

    @classmethod
    def from_environment(cls) -> Sizes:
        return cls(
            _numbers("BENCH_PINGS", "300000"),
            _numbers("BENCH_ROUNDS", "3")[0],
            _numbers("BENCH_POLYGONS", "7,1000"),
            _numbers("BENCH_MEMORY_PINGS", "3000000")[0],
        )


def _numbers(name: str, default: str) -> tuple[int, ...]:
    given = os.environ.get(name, default)
    try:
        found = tuple(int(float(text)) for text in given.split(","))
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        raise SystemExit(f"{name} is “{given}”; it must be whole numbers like 1e6 or 7,1000,10000.")
    return found


@dataclass(frozen=True)
class Spread:
    """Seconds of the rounds: CPU of this process with its threads, or wall clock."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def shown(self, what: Callable[[float], float] = lambda s: s, form: str = ".3g") -> str:
        """Median (least-most) of ``what`` each round's seconds give."""
        values = sorted(what(s) for s in self.seconds)
        return f"{statistics.median(values):{form}} ({values[0]:{form}}–{values[-1]:{form}})"

    def rate(self, count: int) -> str:
        """Millions a second."""
        return self.shown(lambda s: count / s / 1e6)


def interleaved(
    cases: Mapping[str, Callable[[], object]], rounds: int, *, warm_up: bool = True, wall: bool = False
) -> dict[str, Spread]:
    """Time every case once a round, each round beginning with another, so that a slow minute of the machine hits all."""
    clock = time.perf_counter if wall else time.process_time
    names = list(cases)
    if warm_up:
        for name in names:
            cases[name]()
    found: dict[str, list[float]] = {name: [] for name in names}
    for n in range(rounds):
        shift = n % len(names)
        for name in names[shift:] + names[:shift]:
            start = clock()
            cases[name]()
            found[name].append(clock() - start)
    return {name: Spread(tuple(seconds)) for name, seconds in found.items()}


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def machine(*packages: str) -> str:
    """One line: when, on what, with which versions."""
    names = dict.fromkeys(("numpy", "pyarrow", "shapely", *packages))
    versions = ", ".join(f"{name} {_version(name)}" for name in names)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%d/%m/%Y}, {_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, "
        f"Python {platform.python_version()}, {versions}."
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def write_section(name: str, title: str, text: str, *packages: str, document: Path = DOCUMENT) -> None:
    """Put a bench's section between its own markers, leaving every other section as it is."""
    begin, end = f"<!-- bench: {name} -->", f"<!-- end: {name} -->"
    section = f"{begin}\n## {title}\n\n{machine(*packages)}\n\n{text.strip()}\n{end}"
    old = document.read_text() if document.exists() else _HEAD
    pattern = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.S)
    new = pattern.sub(lambda _: section, old) if pattern.search(old) else f"{old.rstrip()}\n\n{section}"
    document.write_text(new.rstrip() + "\n")
    print(f"{title}: written to {document.name}\n\n{text.strip()}\n", flush=True)


def write_between(name: str, text: str, document: Path = CALIBRATION) -> None:
    """Put a study's table between its markers in the document of error rates, which is otherwise written by hand."""
    document.write_text(with_section(document.read_text(encoding="utf-8"), name, text), encoding="utf-8")


def arguments(description: str) -> None:
    """``--help`` for a bench; everything it takes comes from the environment."""
    argparse.ArgumentParser(description=description, epilog=Sizes.__doc__).parse_args()

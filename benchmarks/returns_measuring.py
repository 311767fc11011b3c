"""What a command costs with every process it starts: wall clock, CPU time and the most memory at one time."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from settings import ROOT

# Looking takes time of the machine in proportion to the memory looked at, so at most a twentieth of it is spent so.
EVERY_S, LOOK_SHARE = 0.01, 0.05
_KINDS = ("Private", "Shared")
_BECOME_SUBREAPER = 36  # prctl(2): whatever a browser leaves behind becomes our child, and its CPU time is counted


@dataclass(frozen=True)
class Cost:
    """``peak_mb``: of all processes together, what they share counted once."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: str


def run(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run to the end; SystemExit with what it said when it fails."""
    ctypes.CDLL(None).prctl(_BECOME_SUBREAPER, 1, 0, 0, 0)
    watch = _Watch()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as problems:
        used, start = _children_cpu(), time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=problems)  # noqa: S603
        watch.start()
        status = _wait_for_all(process.pid)
        wall, cpu = time.perf_counter() - start, _children_cpu() - used
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.stop()
        out.seek(0)
        problems.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command[:6])} ... failed ({process.returncode}): {problems.read()[-2000:]}")
        return Cost(wall, cpu, watch.peak_mb, out.read())


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wait_for_all(first: int) -> int:
    """The status of ``first``, when it and everything that it left behind has ended."""
    status = 0
    with suppress(ChildProcessError):
        while True:
            pid, ended = os.wait()
            status = ended if pid == first else status
    return status


class _Watch(threading.Thread):
    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self._done = threading.Event()

    def run(self) -> None:
        pause = EVERY_S
        while not self._done.wait(pause):
            start = time.perf_counter()
            self.peak_mb = max(self.peak_mb, _memory_mb(_below(os.getpid())))
            pause = max(EVERY_S, (time.perf_counter() - start) / LOOK_SHARE)

    def stop(self) -> None:
        self._done.set()
        self.join()


def _below(pid: int) -> Iterator[int]:
    """Every process below ``pid``; one that ends meanwhile is left out."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, children.read_text().split()):
                yield child
                yield from _below(child)


def _memory_mb(pids: Iterable[int]) -> float:
    """What each process has for itself, and what they share as large as it is in the one that shares most.

    The kernel's own share of shared memory (PSS) is less, the more other programs of the machine use the same library.
    """
    own, shared = 0.0, 0.0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # it has ended
            continue
        parts = {kind: sum(map(int, re.findall(rf"^{kind}_\w+:\s+(\d+) kB", text, re.M))) for kind in _KINDS}
        own += parts["Private"] / 1024
        shared = max(shared, parts["Shared"] / 1024)
    return own + shared

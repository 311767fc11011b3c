"""What the bench of returns measures: a command with everything that it starts."""

from __future__ import annotations

import subprocess
import sys

from settings import ROOT

HELD_MB = 150
_GRANDCHILD = f"import time; held = bytearray({HELD_MB} << 20); time.sleep(0.5)"
_CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {_GRANDCHILD!r}])"


def _measured(program: str) -> subprocess.CompletedProcess[str]:
    # In a process of its own: measuring waits for every child there is.
    code = f"import os, sys; from benchmarks.returns_measuring import run; print(run([sys.executable, '-c', {program!r}], os.environ).peak_mb)"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_memory_of_a_process_that_the_command_left_behind_is_counted():
    assert float(_measured(_CHILD).stdout) > HELD_MB


def test_a_command_that_fails_stops_the_bench_with_what_it_said():
    done = _measured("raise SystemExit('no data here')")
    assert done.returncode == 1
    assert "no data here" in done.stderr

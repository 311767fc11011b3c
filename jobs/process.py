"""A job's own process, seen from the worker: what it says, and that it is gone when it must be."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from settings import ROOT

CHILD = (sys.executable, "-P", "-m", "jobs.child")  # -P: a folder that the worker was started in gives no modules
GRACE_SECONDS = 2.0


class ChildProcess:
    """Started at once, in a group of its own. Its input stays open as long as we live: when it closes, it ends itself."""

    def __init__(self, token: str, command: Sequence[str] = CHILD) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(  # noqa: S603 - our own program with a token
            [*command, token],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **threads, "PYTHONPATH": path},
        )
        self._said: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name=f"reads {self._process.pid}", daemon=True)
        self._reader.start()

    def __enter__(self) -> ChildProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for above
        for line in self._process.stdout:
            try:
                said = json.loads(line)
            except ValueError:  # cut off in the middle: it was killed
                continue
            if isinstance(said, dict):
                self._said.put(said)

    def said(self, wait: float) -> dict[str, Any] | None:
        """The next thing it says, waiting for it that long."""
        try:
            return self._said.get(timeout=wait)
        except queue.Empty:
            return None

    def ended(self) -> int | None:
        """Its exit code (minus the signal's number where one ended it) once nothing more will be said."""
        code = self._code()
        if code is not None:
            self._reader.join(GRACE_SECONDS)
        return code

    def _code(self) -> int | None:
        # Left unreaped until its group is killed: until then nobody else can be given its number.
        found = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status

    def kill(self) -> None:
        """Ask it to stop, then make it and whatever it started."""
        if self._code() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            until = time.monotonic() + GRACE_SECONDS
            while self._code() is None and time.monotonic() < until:
                time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(GRACE_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

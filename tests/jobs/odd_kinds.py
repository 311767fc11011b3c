"""A job's process in which jobs go wrong in every way; run by the tests in place of ``jobs.child``."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from domain.roles import Permission
from jobs.child import main
from jobs.kinds import JobContext, Moved, Refused, Result, job_kind

odd = {"permission": Permission.VIEW_RETURNS, "title": "Odd"}


@job_kind("plain", **odd)
def plain(context: JobContext, *, text: str) -> Result:
    context.progress(0.5, "Half way.")
    print("a library that prints")
    return Result("plain.txt", "text/plain", text.encode())


@job_kind("who", **odd)
def who(context: JobContext) -> Result:
    seen = f"{context.scope.actor} {context.scope.role} {sorted(context.scope.programme_codes or [])}"
    return Result("who.txt", "text/plain", seen.encode())


@job_kind("refused", **odd)
def refused(context: JobContext) -> Result:
    raise Refused("There are no figures for that month. Choose another.")


@job_kind("moved", **odd)
def moved(context: JobContext) -> Result:
    raise Moved("Data were loaded after this was asked for.")


@job_kind("fault", **odd)
def fault(context: JobContext) -> Result:
    raise KeyError("secret column")


@job_kind("greedy", **odd)
def greedy(context: JobContext) -> Result:
    held = [bytearray(16 << 20) for _ in range(100)]  # 1.6 GB
    return Result("greedy.txt", "text/plain", str(len(held)).encode())


@job_kind("aborts", **odd)
def aborts(context: JobContext) -> Result:
    os.abort()  # what C libraries do when memory runs out


@job_kind("shot", **odd)
def shot(context: JobContext) -> Result:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)
    raise AssertionError


@job_kind("full disk", **odd)
def full_disk(context: JobContext) -> Result:
    with open("/dev/full", "w") as out:
        out.write("x" * 100_000)
    raise OSError(errno.EIO, "not reached")


@job_kind("large", **odd)
def large(context: JobContext, *, megabytes: int) -> Result:
    return Result("large.bin", "application/octet-stream", b"x" * (megabytes << 20))


@job_kind("endless", **odd)
def endless(context: JobContext, *, pids: str) -> Result:
    """With a process of its own, whose number is left in ``pids``; both deaf to being asked to stop."""
    helper = subprocess.Popen(["sleep", "600"], preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))
    Path(pids).write_text(f"{os.getpid()} {helper.pid}")
    context.progress(0.1, "Going on and on.")
    while True:
        time.sleep(0.05)


@job_kind("polite", **odd)
def polite(context: JobContext, *, trace: str) -> Result:
    """Notices that it was cancelled and tidies up."""
    try:
        while True:
            context.progress(0.2, "Looking round.")
            time.sleep(0.05)
    finally:
        Path(trace).write_text("tidied up")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""GDAL's process as the portal sees it: started with copies of a file, watched, stopped when it takes or says too much."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from data_access.loading import gdal_worker
from settings import max_load_bytes

SECONDS = 60  # to wait for it
MOST_SAID = 128 << 20  # bytes of its answer: four million positions
FOLDER = "portal-boundaries-"
_STALE = 600  # seconds; a folder that old belongs to a process that was killed
_STEP = 1 << 18
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "TMPDIR")


def ask(copies: dict[str, bytes], sheet: str, whole: bool) -> dict[str, Any]:
    """What gdal_worker says of files of these names and contents, the .shp or else the first; ``problem`` where it cannot."""
    _remove_stale()
    main = next(iter(sorted(copies, key=lambda copy: not copy.endswith(".shp"))))
    with tempfile.TemporaryDirectory(prefix=FOLDER) as folder:
        for copy, data in copies.items():
            (Path(folder) / copy).write_bytes(data)
        return _answer(str(Path(folder) / main), sheet, whole)


def _remove_stale() -> None:
    """Who was killed could not tidy up."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        with suppress(OSError):
            if folder.lstat().st_mtime < time.time() - _STALE and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)


def _answer(path: str, sheet: str, whole: bool) -> dict[str, Any]:
    environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ} | gdal_worker.SETTINGS
    command = [sys.executable, "-I", gdal_worker.__file__, path, sheet, "whole" if whole else "one", str(os.getpid())]
    late = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:  # noqa: S603

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(SECONDS, stop)
        timer.start()
        try:
            said = _said(process)
        finally:
            timer.cancel()
    if said is None:
        return {"problem": "it unpacks to more than boundaries may"}
    if late.is_set() or process.returncode == -getattr(signal, "SIGXCPU", 0):
        return {"problem": f"reading it takes longer than {gdal_worker.SECONDS} seconds"}
    try:
        found: dict[str, Any] = json.loads(said)
    except ValueError:  # it ended without its answer
        return {"problem": "the reader stopped"}
    return found


def _said(process: subprocess.Popen[bytes]) -> bytes | None:
    """What it writes, to its end; None, and the process is stopped, when that is too much."""
    said, most = io.BytesIO(), min(4 * max_load_bytes(), MOST_SAID)
    while process.stdout and (part := process.stdout.read(_STEP)):
        said.write(part)
        if said.tell() > most:
            process.kill()
            return None
    return said.getvalue()

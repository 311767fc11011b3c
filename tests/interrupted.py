"""Loading in processes of their own that can be killed at any moment, and what is left of a database then."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from data_access import ping_store, schema
from data_access.engine import make_engine
from data_access.loading import load_file

Files = Sequence[tuple[str, str]]  # kind, path
# What a process does to files; between two of these the database may have committed.
_TOUCHES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir"})


def starter() -> ForkServerContext:
    """Starts processes that have everything imported already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.interrupted", "data_access.dosage"])
    return context


def load_all(url: str, files: Files, die_at: int = 0, touched: Any = None, store: str = "") -> None:
    """Load files in order; die at the ``die_at``-th touch of a file, or count the touches into ``touched``."""
    os.environ["PING_STORE"] = store
    count = 0

    def watch(event: str, args: tuple[Any, ...]) -> None:
        nonlocal count
        writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if event in _TOUCHES or writes:
            count += 1
            if count == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    engine = make_engine(url)
    for kind, path in files:
        load_file(engine, kind, path, programme_code="TEST", actor="test")
    if touched is not None:
        touched.value = count


def run(process: BaseProcess, kill_after_s: float | None = None) -> int | None:
    """Start a process and wait for it, or kill it after a time; its exit code."""
    process.start()
    process.join(kill_after_s)
    if process.exitcode is None:
        process.kill()
        process.join()
    return process.exitcode


def state(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that a reader of the portal could see, without the numbers that differ from run to run."""
    found = {}
    with engine.connect() as conn:
        files = {row.id: row.file_name for row in conn.execute(select(schema.load))}
        for name in ("visit", "tracker_day", "dose_day", "crime", "load", "reject", "ping_part", "area"):
            table = schema.metadata.tables[name]
            left_out = {"id", "load_id", "loaded_at", "superseded_by", "path", "sha256", "difference"}
            if name == "ping_part":
                left_out -= {"sha256"}
            columns = [c for c in table.c if c.name not in left_out]
            load = [table.c.load_id] if "load_id" in table.c else []
            rows = conn.execute(select(*load, *columns)).all()
            found[name] = sorted(
                ((files[row[0]], *map(str, row[1:])) if load else tuple(map(str, row))) for row in rows
            )
    return found


def files_in_store(engine: Engine) -> tuple[set[str], set[str]]:
    """Files that are there, and files that the database names."""
    with engine.connect() as conn:
        root = ping_store.root_of(conn)
        named = set(conn.execute(select(schema.ping_part.c.path)).scalars())
    return {str(p.relative_to(root)) for p in Path(root).rglob("*") if p.is_file()}, named

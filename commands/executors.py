"""Where a command does its work: here, on a pool of processes, or on a Dask cluster by address."""

from __future__ import annotations

import multiprocessing
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from data_access.loading.result import LoadRefused

# A cluster that loses its last worker would keep us waiting for ever.
WITHOUT_WORKERS_S, LOOK_EVERY_S = 60.0, 2.0
ANSWERS_WITHIN_S = 5.0
_START = "PYTHONPATH=. .venv/bin/dask scheduler, and likewise every worker (README)"


@contextmanager
def executor_for(scheduler: str, workers: int) -> Iterator[Executor | None]:
    """An executor, or None for here; LoadRefused, in words, when it breaks or a cluster cannot be used."""
    if scheduler:
        with _cluster(scheduler) as executor:
            yield executor
    elif workers > 1:
        with _pool(workers) as executor:
            yield executor
    else:
        yield None


@contextmanager
def _pool(workers: int) -> Iterator[Executor]:
    # Not forked: pyarrow and numpy have threads, whose locks a fork would copy as they happen to be.
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(workers, context, initializer=_leave_interrupts_to_parent) as pool:
            yield pool
    except BrokenExecutor:
        raise LoadRefused(
            "A worker process was ended from outside, most often because memory ran out. Use fewer --workers."
        ) from None


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client, KilledWorker
        from distributed.comm.core import CommClosedError
    except ImportError:
        raise LoadRefused(
            "Dask is not installed here. Install it: .venv/bin/pip install -c constraints.txt -r requirements-cluster.txt"
        ) from None
    try:
        _knock(address)
        client = Client(address, timeout=ANSWERS_WITHIN_S, set_as_default=False)
    except (OSError, ValueError, TypeError, OverflowError) as problem:
        raise LoadRefused(
            f"No Dask scheduler answers at {address} ({str(problem)[:200]}). An address is written like tcp://10.0.0.1:8786."
        ) from None
    done = threading.Event()
    try:
        _check(client, address)
        threading.Thread(target=_watch, args=(client, done), daemon=True).start()
        yield client.get_executor(pure=False)
    except KilledWorker as problem:
        raise LoadRefused(f"Several workers of the cluster died over the same files: {problem}.") from None
    except (CommClosedError, CancelledError):
        raise LoadRefused(
            f"The scheduler at {address} went away, or had no worker for {WITHOUT_WORKERS_S:g} seconds. Nothing is lost: "
            "start the cluster and run the command again."
        ) from None
    finally:
        done.set()
        client.close(timeout=5)


def _knock(address: str) -> None:
    """OSError, ValueError or OverflowError where no scheduler can answer.

    A Client with such an address (distributed 2026.8) waits far beyond its timeout and ends in a stack trace, so none is
    made. A scheduler speaks first, unless the connection is encrypted.
    """
    from distributed.comm.addressing import get_address_host_port

    host, port = get_address_host_port(address)
    with socket.create_connection((host, port), timeout=ANSWERS_WITHIN_S) as line:
        if not address.startswith(("tls://", "ws://", "wss://")) and not line.recv(1):
            raise OSError("what is there hung up")


def _check(client: Any, address: str) -> None:
    """LoadRefused where there is no worker, or one that cannot import what it is to run (it would die, without a word)."""
    if not client.scheduler_info(n_workers=1)["workers"]:
        raise LoadRefused(f"The scheduler at {address} has no workers. README says how to start one.")
    try:
        for everywhere in (client.run_on_scheduler, client.run):
            everywhere(exec, "import data_access.partitions")
    except ImportError as problem:
        raise LoadRefused(f"The scheduler or a worker cannot import the portal ({problem}). Start {_START}.") from None


def _watch(client: Any, done: threading.Event) -> None:
    alone = 0.0
    while alone < WITHOUT_WORKERS_S and not done.wait(LOOK_EVERY_S):
        alone = 0.0 if _has_workers(client) else alone + LOOK_EVERY_S
    if not done.is_set():
        client.close(timeout=5)  # which cancels what is waited for


def _has_workers(client: Any) -> bool:
    try:
        return bool(client.scheduler_info(n_workers=1)["workers"])
    except Exception:  # whatever the scheduler's end looks like from here
        return False

"""A Dask cluster on this computer: a scheduler and two workers as processes of their own, one of them killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from flask import Flask

from analysis.dosage.kernel import Boundaries
from analysis.dosage.layers import with_bands
from commands import dosage, executors
from data_access.loading.result import LoadRefused
from data_access.partitions import run
from data_access.ping_sources import parts_of
from settings import ROOT
from tests.tracks import SQUARES, wander, write_squares

distributed = pytest.importorskip(
    "distributed", reason="Dask is not installed here (requirements-cluster.txt): THE CLUSTER IS NOT TESTED"
)
WORKERS = 2


class Cluster:
    """Real processes; no nanny, so that a killed worker stays dead."""

    def __init__(self, folder: Path, path: Path = ROOT) -> None:
        folder.mkdir()
        self._file, self._folder, self._path = folder / "scheduler.json", folder, str(path)
        quiet = ["--host", "127.0.0.1", "--scheduler-file", str(self._file)]
        self.scheduler = self._start("dask_scheduler", *quiet, "--port", "0", "--no-dashboard", "--no-show")
        worker = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0", "--death-timeout", "60"]
        self.workers = [
            self._start(
                "dask_worker", *quiet, *worker, "--name", str(n), "--local-directory", str(folder / f"worker-{n}")
            )
            for n in range(WORKERS)
        ]
        self.client = distributed.Client(scheduler_file=str(self._file), timeout=60, set_as_default=False)
        self.client.wait_for_workers(WORKERS, timeout=60)
        self.address = self.client.scheduler.address

    def _start(self, program: str, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": self._path, "TMPDIR": str(self._folder)}
        log = (self._folder / f"{program}.log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *words],
            cwd=self._folder, env=environment, stdout=log, stderr=log,
        )  # fmt: skip

    def kill(self, number: int) -> int:
        """Kill a worker; how many parts it had before it."""
        os.kill(self.workers[number].pid, signal.SIGSTOP)  # so that it cannot finish before it dies
        known = self.client.scheduler_info(n_workers=-1)["workers"]
        address = next(a for a, worker in known.items() if str(worker["name"]) == str(number))
        has = len(self.client.processing()[address])
        os.kill(self.workers[number].pid, signal.SIGKILL)
        self.workers[number].wait()
        return has

    def stop(self) -> None:
        self.client.close(timeout=5)
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path / "cluster")
    yield made
    made.stop()


def test_a_worker_killed_half_way_changes_nothing_to_the_millisecond(cluster, tmp_path):
    tracks = wander(11, 24, 500)
    order = np.argsort(tracks.pings.t_ms, kind="stable")
    paths = [tracks.take(rows).write(tmp_path / f"{n:02}.csv") for n, rows in enumerate(np.array_split(order, 48))]
    parts, boundaries = parts_of(paths), Boundaries(with_bands(SQUARES, 20))
    done, lost = [], []

    def kill_one_in_the_middle(_bytes: int, pings: int) -> None:
        done.append(pings)
        if len(done) == 6:
            lost.append(cluster.kill(0))

    executor = cluster.client.get_executor(pure=False)
    found = run(parts, boundaries, executor, progress=kill_one_in_the_middle)
    assert cluster.workers[0].poll() == -signal.SIGKILL
    assert lost[0] > 0, "it was killed in the middle of its parts"
    assert len(done) == len(parts), "which the other did instead"
    alone = run(parts, boundaries)
    here, there = alone.located.pieces, found.located.pieces
    assert len(here) > 100
    for name in ("device", "team", "polygon", "t_in_ms", "t_out_ms", "kind", "ends"):
        assert np.array_equal(getattr(here, name), getattr(there, name)), name
    assert (found.read, found.located.used, found.devices) == (alone.read, alone.located.used, alone.devices)


def test_the_command_gives_the_same_file_on_a_cluster(cluster, tmp_path):
    tracks = wander(12, 6, 300)
    order = np.argsort(tracks.pings.t_ms, kind="stable")
    for n, rows in enumerate(np.array_split(order, 5)):
        tracks.take(rows).write(tmp_path / "pings" / f"{n}.csv.gz")
    server = Flask("test")
    dosage.register(server)
    spots = write_squares(tmp_path / "squares.geojson")

    def counted(name: str, *more: str) -> tuple[bytes, dict[str, object]]:
        pings = [str(p) for p in sorted((tmp_path / "pings").iterdir())]
        words = ["dosage", *pings, "--hot-spots", str(spots), "--out", str(tmp_path / name), "--json", *more]
        result = server.test_cli_runner().invoke(args=words)
        assert result.exit_code == 0, result.output
        return (tmp_path / name).read_bytes(), json.loads(result.stdout)

    alone, on_cluster = counted("here.csv"), counted("there.csv", "--scheduler", cluster.address)
    assert on_cluster == alone
    assert alone[1]["visits"] > 0


def asked(tmp_path: Path, address: str) -> Result:
    """What the command says of some pings and the cluster at an address."""
    server = Flask("test")
    dosage.register(server)
    pings, spots = wander(13, 1, 50).write(tmp_path / "some.csv"), write_squares(tmp_path / "squares.geojson")
    words = ["dosage", pings, "--hot-spots", spots, "--out", tmp_path / "visits.csv", "--scheduler", address]
    return server.test_cli_runner().invoke(args=[str(word) for word in words])


@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1:999999"])
def test_an_address_where_nobody_can_answer_is_said_and_leaves_no_stack_trace(tmp_path, address):
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "data")}
    pings, spots = wander(13, 1, 50).write(tmp_path / "some.csv"), write_squares(tmp_path / "squares.geojson")
    words = ["dosage", pings, "--hot-spots", spots, "--out", tmp_path / "visits.csv", "--scheduler", address]
    # A process of its own, because the stack trace came as the interpreter ended.
    refused = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *map(str, words)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert f"No Dask scheduler answers at {address}" in refused.stderr
    assert "written like tcp://" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_server_that_is_no_scheduler_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "ANSWERS_WITHIN_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        refused = asked(tmp_path, f"tcp://127.0.0.1:{silent.getsockname()[1]}")
    assert refused.exit_code == 1
    assert "No Dask scheduler answers" in refused.stderr


def test_a_cluster_that_cannot_be_used_is_said(tmp_path, monkeypatch):
    refused = asked(tmp_path, "tcp://127.0.0.1:1")
    assert refused.exit_code == 1
    assert "No Dask scheduler answers at tcp://127.0.0.1:1" in refused.stderr
    strange = Cluster(tmp_path / "cluster", path=tmp_path)  # where the portal is not
    try:
        refused = asked(tmp_path, strange.address)
        assert refused.exit_code == 1
        assert "cannot import the portal" in refused.stderr
        for worker in strange.workers:
            worker.kill()
            worker.wait()
        while strange.client.scheduler_info(n_workers=-1)["workers"]:  # asks the scheduler each time
            pass
        refused = asked(tmp_path, strange.address)
        assert refused.exit_code == 1
        assert "has no workers" in refused.stderr
    finally:
        strange.stop()
    assert not (tmp_path / "visits.csv").exists()


@pytest.mark.parametrize("who", ["workers", "scheduler"])
def test_when_nobody_is_left_the_command_ends_and_says_so(cluster, tmp_path, monkeypatch, who):
    monkeypatch.setattr(executors, "WITHOUT_WORKERS_S", 0.4)
    monkeypatch.setattr(executors, "LOOK_EVERY_S", 0.2)
    paths = [wander(n, 4, 300).write(tmp_path / f"{n}.csv") for n in range(40)]

    def kill_all(_bytes: int, _pings: int) -> None:
        for process in cluster.workers if who == "workers" else [cluster.scheduler]:
            process.kill()
            process.wait()

    boundaries = Boundaries(SQUARES)
    with pytest.raises(LoadRefused, match="had no worker"), executors.executor_for(cluster.address, 1) as executor:
        run(parts_of(paths), boundaries, executor, progress=kill_all)

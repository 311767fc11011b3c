"""A throw-away PostgreSQL server: on this computer only, its data deleted with it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

INSTALL = "On Debian: apt-get install postgresql (make test does that as root)."
# Quick and forgetful: nothing here outlives the test.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=127.0.0.1")


class Server:
    """``url(name)`` is the address of a database of that name, made when it is first asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._made: set[str] = {"postgres"}

    def url(self, name: str) -> str:
        if name not in self._made:
            engine = create_engine(self._address("postgres"), isolation_level="AUTOCOMMIT")
            with engine.connect() as conn:
                conn.execute(text(f'CREATE DATABASE "{name}"'))
            engine.dispose()
            self._made.add(name)
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql+psycopg://portal@127.0.0.1:{self.port}/{name}"


def _program(name: str) -> str:
    """Debian keeps the server's programs out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: float(p.parts[4]))
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        pytest.skip(f"Not tested on PostgreSQL: its program {name} is not installed. {INSTALL}")
    return path


def _as_someone_else() -> dict[str, Any]:
    """PostgreSQL refuses to run as root, so root lends it the account that the Debian package makes."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip(f"Not tested on PostgreSQL: root cannot run it and there is no account postgres. {INSTALL}")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextmanager
def running() -> Iterator[Server]:
    """Start a server on a free port; skip, saying what is missing, where it cannot be had."""
    initdb, postgres, other = _program("initdb"), _program("postgres"), _as_someone_else()
    # Not under pytest's own folder: that one is closed to other accounts, and a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if other:
            os.chown(folder, other["user"], other["group"])
        # An English collation, because that is where the order of texts differs from SQLite's.
        locale = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-GB")
        made = subprocess.run(
            [initdb, "-D", folder / "data", "--username=portal", "--auth=trust", "--no-sync", *locale],
            cwd=folder, capture_output=True, text=True, **other,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        port = _free_port()
        settings = [word for setting in QUICK for word in ("-c", setting)]
        with open(folder / "log", "w") as log:
            served = subprocess.Popen(
                [postgres, "-D", folder / "data", "-p", str(port), "-k", folder, *settings],
                cwd=folder, stdout=log, stderr=log, **other,
            )  # fmt: skip
            try:
                _wait(served, port, folder / "log")
                yield Server(port)
            finally:
                served.send_signal(signal.SIGINT)  # "fast": does not wait for connections to be closed
                served.wait(30)


def _wait(served: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 30
    engine = create_engine(f"postgresql+psycopg://portal@127.0.0.1:{port}/postgres")
    while True:
        try:
            with engine.connect():
                break
        except Exception as problem:
            if served.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"PostgreSQL did not start: {log.read_text()[-2000:]}") from problem
            time.sleep(0.1)
    engine.dispose()

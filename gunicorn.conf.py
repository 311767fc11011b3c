"""How gunicorn serves the portal: a few workers with threads, started from one warm copy."""

from __future__ import annotations

import os

# Before numpy is imported. The matrices here are small: one thread is as quick as several, and leaves the other cores
# to other readers.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from settings import load_settings  # noqa: E402

_settings = load_settings()

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.workers
worker_class = "gthread"
threads = 4
# The portal is built once and forked: one warm-up, shared memory, workers that start at once.
preload_app = True
timeout = 180  # a large upload or a return may take a minute
graceful_timeout = 20
loglevel = "warning"
# The portal decides which proxies to believe (TRUSTED_PROXIES); gunicorn believes none.
forwarded_allow_ips = ""


def post_fork(_server: object, _worker: object) -> None:
    # A database connection must not be shared by two processes.
    from data_access.engine import get_engine

    get_engine().dispose(close=False)


def when_ready(_server: object) -> None:
    from access.demo_accounts import offered

    shown_host = "127.0.0.1" if _settings.host in ("0.0.0.0", "::") else _settings.host  # noqa: S104
    print(f"\nThe portal is ready: http://{shown_host}:{_settings.port}  (Ctrl-C stops it)", flush=True)
    people = offered(_settings, shown_host)
    if people:
        print(f"Demonstration sign-ins, on this computer only; password of each: {people[0].passphrase}")
        for one in people:
            print(f"  {one.email}")
    print(flush=True)

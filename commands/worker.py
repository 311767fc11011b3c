"""``flask --app app worker``: does the jobs that people start, and what is due at its time (e-mail, notices)."""

from __future__ import annotations

import logging
import sys

import click
from flask import Flask

from jobs import queue
from jobs.supervise import STOPPING
from jobs.sweep import Sweeper
from settings import load_settings

MOST_SECONDS_TO_STOP = 15


def register(server: Flask) -> None:
    server.cli.add_command(worker)


@click.command("worker")
def worker() -> None:
    """Do jobs until it is stopped (Ctrl-C, SIGTERM); those it has begun go back to waiting."""
    from huey.consumer import Consumer

    class Worker(Consumer):  # type: ignore[misc]
        def stop(self, graceful: bool = False) -> None:
            # Whoever looks after a job gives it back now, so waiting for all of them is short.
            STOPPING.set()
            super().stop(graceful=True)

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    settings = load_settings()
    try:
        opened = queue.open_queue()
    except queue.QueueAway as problem:
        if not settings.jobs.redis_url:
            click.echo(f"The worker did not start. {problem} Make the folder writable, or set REDIS_URL.", err=True)
            sys.exit(1)
        click.echo(f"{problem} The worker starts anyway and goes on when it is back.", err=True)
        opened = queue.unopened()
    sweeper = Sweeper()
    sweeper.start()
    click.echo(
        f"The worker is ready: {settings.jobs.workers} at a time, from {queue.where()[0].lower()}{queue.where()[1:]}."
    )
    Worker(
        opened, workers=settings.jobs.workers, periodic=False, max_delay=1.0, shutdown_timeout=MOST_SECONDS_TO_STOP
    ).run()
    sweeper.end()

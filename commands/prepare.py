"""What make run does before serving: demonstration data into an empty database, and its sign-ins."""

from __future__ import annotations

import socket
import sys

import click
from flask import Flask, current_app

from access.demo_accounts import NotLoopback, ensure_demo_accounts
from data_access.engine import get_engine
from data_access.programmes import list_programmes
from domain.scope import server_scope
from settings import Settings


def register(server: Flask) -> None:
    server.cli.add_command(prepare)


@click.command("prepare")
def prepare() -> None:
    """Load the demonstration programme into an empty database and make its sign-ins (make run)."""
    settings: Settings = current_app.config["PORTAL"]
    _stop_if_port_is_taken(settings)
    unfinished = settings.data_dir / "demonstration-unfinished"
    if unfinished.exists() or not list_programmes(server_scope()):
        # The mark outlives an interruption, so that half a demonstration is completed by the next start.
        unfinished.touch()
        _load_demonstration()
        unfinished.unlink()
    if not settings.demo_accounts:
        return
    try:
        ensure_demo_accounts(settings)
    except NotLoopback as reason:
        click.echo(str(reason))


def _load_demonstration() -> None:
    # Imported here: the generator needs seconds to import, and most starts need no generator.
    from commands.demo import load_demo, summary
    from data_access.loading import LoadRefused

    click.echo("Making and loading the demonstration programme (about a minute).")
    try:
        click.echo(summary(load_demo(get_engine())))
    except LoadRefused as problem:
        click.echo(f"The demonstration is not complete. {problem}", err=True)
        sys.exit(1)


def _stop_if_port_is_taken(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as problem:
            click.echo(
                f"The portal cannot listen on {settings.host}:{settings.port} ({problem.strerror}). "
                f"Stop what uses it, or choose another port: PORT={settings.port + 1} make run",
                err=True,
            )
            sys.exit(1)

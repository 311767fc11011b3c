"""Jobs and outgoing e-mail for whoever runs the portal."""

from __future__ import annotations

import click
from flask import Flask

from data_access import jobs, mail_outbox
from data_access.returns import versions
from domain import formats
from domain.scope import server_scope
from settings import load_settings


def register(server: Flask) -> None:
    server.cli.add_command(jobs_command)


@click.group("jobs")
def jobs_command() -> None:
    """Jobs that people have started, and e-mails that have not left."""


@jobs_command.command("list")
def list_jobs() -> None:
    """The latest jobs, newest first."""
    found = jobs.list_all(server_scope())
    for one in found:
        where = f" on {one.worker}" if one.worker and one.state.value == "running" else ""
        reference = f" (reference {one.reference})" if one.reference else ""
        click.echo(
            f"{one.id}\t{one.state.value}{where}\t{one.kind}\t{one.programme_code or '-'}\t{one.owner}\t"
            f"{one.error or one.said}{reference}"
        )
    if not found:
        click.echo("There is no job yet. People start them in the portal.")


@jobs_command.command("mail")
def list_mail() -> None:
    """E-mails that wait or were given up, newest first."""
    if not load_settings().mail.host:
        click.echo("SMTP_HOST is not set, so no e-mail is sent.")
    found = mail_outbox.unsent(server_scope())
    for one in found:
        written = formats.local_time(one.created_at) if one.created_at else ""
        click.echo(f"{written}\t{one.to}\t{one.subject}\ttries: {one.attempts}\t{one.last_error}")
    if not found:
        click.echo("No e-mail waits.")


@jobs_command.command("tell")
def tell() -> None:
    """Put today's notices of monthly returns into the outbox (the worker does this every hour)."""
    from jobs.schedule import write_notices  # the other commands need none of what this imports

    for line in write_notices(_is_submitted):
        click.echo(line)


def _is_submitted(code: str, month: str) -> bool:
    return versions.is_sent(versions.latest(server_scope(), code, month))

"""Jobs and outgoing e-mail for whoever runs the portal."""

from __future__ import annotations

import sys
import traceback
from functools import partial

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
    """Ask for drafts of monthly returns, and put notices into the outbox (the worker does this every ten minutes)."""
    from jobs.apart import SomeFailed
    from jobs.drafts import ask_for_drafts  # the other commands need none of what these import
    from jobs.schedule import write_notices
    from jobs.turns import write_turns

    failed: list[str] = []
    for part in (ask_for_drafts, partial(write_notices, _is_submitted), write_turns):
        try:
            said = part()
        except SomeFailed as some:
            said = some.said
            failed.append(str(some))
        except Exception as problem:  # what is wrong with one must not keep the others from being told
            said = []
            failed.append(f"{type(problem).__name__}: {problem}")
            click.echo(traceback.format_exc(), err=True)
        for line in said:
            click.echo(line)
    for line in failed:  # last: of what goes wrong the worker's log keeps the end
        click.echo(line, err=True)
    sys.exit(bool(failed))


def _is_submitted(code: str, month: str) -> bool:
    return versions.is_sent(versions.latest(server_scope(), code, month))

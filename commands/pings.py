"""``flask --app app pings``: confirm months, let old positions go, see that the store is whole."""

from __future__ import annotations

import sys

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from data_access import retention, uploads
from data_access.confirmed import ConfirmationRefused, confirm_month, withdraw_confirmation
from data_access.engine import get_engine
from data_access.reading import UnknownProgramme
from domain.scope import server_scope
from settings import Settings

pings = AppGroup("pings", help="The raw GPS positions: how long they stay, and whether the store is whole.")


def _files(count: int) -> str:
    return f"{count:,} file" if count == 1 else f"{count:,} files"


def register(server: Flask) -> None:
    server.cli.add_command(pings)


@pings.command("confirm")
@click.argument("month")
@click.option("--programme", "code", required=True, help="Programme code, for example DEMO.")
@click.option("--withdraw", metavar="REASON", help="Take the confirmation back instead, and why.")
def confirm(month: str, code: str, withdraw: str | None) -> None:
    """Confirm the visits of MONTH (YYYY-MM): its raw positions go when the retention time is over."""

    settings: Settings = current_app.config["PORTAL"]
    try:
        if withdraw is not None:
            withdraw_confirmation(server_scope(), code, month, withdraw)
            click.echo(f"The confirmation of {month} is withdrawn; its positions stay while it is.")
            return
        confirm_month(server_scope(), code, month)
    except (ConfirmationRefused, UnknownProgramme) as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    click.echo(
        f"Confirmed {month}. Its positions go with the first “pings expire” after {settings.ping_retention_days} days."
    )


@pings.command("expire")
@click.option("--dry-run", is_flag=True, help="Say what would go and remove nothing.")
def expire(dry_run: bool) -> None:
    """Remove the positions of months confirmed PING_RETENTION_DAYS ago or earlier. Run it daily; visits stay."""

    settings: Settings = current_app.config["PORTAL"]
    found = retention.expire(get_engine(), settings.ping_retention_days, dry_run=dry_run)
    what = "would go" if dry_run else "removed"
    for month in found.months:
        click.echo(f"{month.programme} {month.month}: {month.pings:,} positions in {_files(month.files)} {what}.")
    for load in found.texts:
        rows = "1 rejected row" if load.rows == 1 else f"{load.rows:,} rejected rows"
        click.echo(f"{load.programme} {load.file_name} (load {load.load_id}): the words of {rows} {what}.")
    if not dry_run and (old := uploads.remove_old()):
        click.echo(f"Removed files that were sent and not loaded within a day: {_files(old)}.")
    if not found:
        click.echo(
            f"No month was confirmed {settings.ping_retention_days} days ago or earlier and still has positions."
        )


@pings.command("check")
def check() -> None:
    """Read the whole store: every file that the database names is there and as it was written."""

    found = retention.check(get_engine())
    for sentence in found.problems:
        click.echo(sentence, err=True)
    if found.strangers:
        click.echo(f"Named by no load: {_files(len(found.strangers))}. “pings sweep” removes what no load names.")
    if found.problems:
        click.echo(f"{len(found.problems):,} of {_files(found.files)} cannot be read.", err=True)
        sys.exit(1)
    click.echo(f"The store is whole: {_files(found.files)}, {found.pings:,} positions.")


@pings.command("sweep")
@click.option("--dry-run", is_flag=True, help="List the files and remove nothing.")
def sweep(dry_run: bool) -> None:
    """Remove files in the store that no load names, as a restored backup of the database may leave them."""

    found = retention.check(get_engine()).strangers if dry_run else retention.sweep(get_engine())
    for path in found:
        click.echo(path)
    click.echo(f"{'Would be removed' if dry_run else 'Removed'}: {_files(len(found))}.")
    if not dry_run and (old := uploads.remove_old()):
        click.echo(f"Removed files that were sent and not loaded within a day: {_files(old)}.")

"""Accounts, the database and its health from the command line of the server."""

from __future__ import annotations

import sys
from typing import NoReturn

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import text

from access.passwords import PasswordError, check_password_rules, hash_password
from data_access import accounts
from data_access.accounts import AccountError
from data_access.engine import get_engine
from data_access.migrate import HEAD, current_revision
from domain.roles import Role
from domain.scope import server_scope

ROLES = [role.value for role in Role]


def register(server: Flask) -> None:
    group = AppGroup("account", help="Add, list and disable accounts; set passwords.")
    for command in (add, list_all, disable, enable, password, role, programmes):
        group.add_command(command)
    server.cli.add_command(group)
    server.cli.add_command(init_db)
    server.cli.add_command(health)


def _stop(problem: Exception) -> NoReturn:
    click.echo(f"Nothing was changed. {problem}", err=True)
    sys.exit(1)


def _new_password(email: str) -> str:
    """Typed twice at a terminal, or one line of standard input for scripts; never an argument others can see."""
    if sys.stdin.isatty():
        typed = click.prompt("Password", hide_input=True, confirmation_prompt="Password again")
    else:
        typed = sys.stdin.readline().rstrip("\n")
    check_password_rules(typed, email)
    return hash_password(typed)


@click.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", "role_name", required=True, type=click.Choice(ROLES))
@click.option("--programme", "codes", multiple=True, help="Programme code; repeat for several.")
def add(email: str, name: str, role_name: str, codes: tuple[str, ...]) -> None:
    """Add an account; the password is asked for (or read from standard input)."""
    try:
        hashed = _new_password(email)
        made = accounts.add_account(
            server_scope(), email=email, name=name, role=Role(role_name), programmes=codes, password_hash=hashed
        )
    except (AccountError, PasswordError) as problem:
        _stop(problem)
    click.echo(f"Added {made.email}, {made.role.value}, programmes: {', '.join(made.programmes) or 'none'}.")


@click.command("list")
def list_all() -> None:
    """List every account."""
    found = accounts.list_accounts(server_scope())
    for one in found:
        state = "active" if one.active else "disabled"
        click.echo(f"{one.email}\t{one.role.value}\t{state}\t{', '.join(one.programmes) or 'no programme'}\t{one.name}")
    if not found:
        click.echo("There is no account yet. Add one with “flask --app app account add”.")


@click.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Disable an account and end its sessions."""
    _change(lambda: accounts.set_active(server_scope(), email, False), f"{email} is disabled and signed out.")


@click.command("enable")
@click.argument("email")
def enable(email: str) -> None:
    """Enable a disabled account."""
    _change(lambda: accounts.set_active(server_scope(), email, True), f"{email} can sign in again.")


@click.command("password")
@click.argument("email")
def password(email: str) -> None:
    """Set a new password and end the account's sessions."""
    _change(
        lambda: accounts.set_password(server_scope(), email, _new_password(email)),
        f"{email} has a new password and is signed out.",
    )


@click.command("role")
@click.argument("email")
@click.argument("role_name", type=click.Choice(ROLES))
def role(email: str, role_name: str) -> None:
    """Change an account's role."""
    _change(lambda: accounts.set_role(server_scope(), email, Role(role_name)), f"{email} now has the role {role_name}.")


@click.command("programmes")
@click.argument("email")
@click.argument("codes", nargs=-1)
def programmes(email: str, codes: tuple[str, ...]) -> None:
    """Set which programmes an account sees (none when no code is given)."""
    _change(
        lambda: accounts.set_programmes(server_scope(), email, codes),
        f"{email} sees: {', '.join(codes) or 'no programme'}.",
    )


def _change(change: object, done: str) -> None:
    try:
        change()
    except (AccountError, PasswordError) as problem:
        _stop(problem)
    click.echo(done)


@click.command("init-db")
def init_db() -> None:
    """Create or upgrade the database (every command does; this one does only that)."""
    with get_engine().connect() as conn:
        click.echo(f"The database is ready at revision {current_revision(conn)}.")


@click.command("health")
def health() -> None:
    """Whether the database answers and is at the revision this version needs; exit code 1 if not."""
    try:
        with get_engine().connect() as conn:
            conn.execute(text("SELECT 1"))
            revision = current_revision(conn)
    except Exception as problem:
        _stop(RuntimeError(f"The database does not answer: {problem}"))
    if revision != HEAD:
        _stop(RuntimeError(f"The database is at revision {revision}, not {HEAD}. Run “flask --app app init-db”."))
    click.echo("The database answers.")

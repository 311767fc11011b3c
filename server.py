"""The Flask server before any page: settings, database and commands, all that the command line needs."""

from __future__ import annotations

import importlib
import os
import pkgutil
from types import ModuleType

import click
from flask import Flask
from flask.cli import AppGroup

import commands
from data_access.migrate import upgrade
from settings import ROOT, Settings, load_settings

# Counting minutes from files must work where there is no database and nothing may be written.
WITHOUT_DATABASE = frozenset({"dosage"})
# Commands whose module cannot have their name.
MODULES = {"return": "returns"}


def create_server() -> Flask:
    """A server with its commands; ``make_ready`` is called by the first that needs settings and the database."""
    server = Flask("app", root_path=str(ROOT), static_folder=None)
    server.cli = _Commands(server)
    return server


class _Commands(AppGroup):
    """A module is imported when its command is called: most need only a part of what all of them bring."""

    def __init__(self, server: Flask) -> None:
        super().__init__(server.name)
        self._server = server
        self._all = False

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands:
            self._import(MODULES.get(cmd_name, cmd_name.replace("-", "_")))
        found = super().get_command(ctx, cmd_name)
        if found and cmd_name not in WITHOUT_DATABASE and "PORTAL" not in self._server.config:
            make_ready(self._server, load_settings())
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._import_all()
        return super().list_commands(ctx)

    def _import(self, module: str) -> None:
        """The module of that name; all of them where the command is called otherwise than its module."""
        known = module in {found.name for found in pkgutil.iter_modules(commands.__path__)}
        register = getattr(importlib.import_module(f"commands.{module}"), "register", None) if known else None
        if register:
            register(self._server)
        else:
            self._import_all()

    def _import_all(self) -> None:
        if not self._all:
            register_each(commands, self._server)
            self._all = True


def make_ready(server: Flask, settings: Settings) -> None:
    """Configure the server and bring the database to the newest schema."""
    os.umask(0o077)  # the database and its journals are made by SQLite, which asks nobody but the umask
    server.config.update(
        PORTAL=settings,
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="portal_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session; the session has its own limits
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1024 * 1024,
        COMPRESS_STREAMING_ENDPOINT_CONDITIONAL=["static", "_dash_assets.static"],
        STYLE_SHEETS=[f"/assets/{p.name}?m={p.stat().st_mtime:.0f}" for p in sorted(ROOT.glob("assets/*.css"))],
    )
    upgrade()


def register_each(package: ModuleType, server: Flask) -> None:
    """Call ``register(server)`` of every module that offers it: commands, and pages with routes of their own."""
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        register = getattr(importlib.import_module(found.name), "register", None)
        if register:
            register(server)

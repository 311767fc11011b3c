"""Assembly: settings -> server -> guard -> Dash -> pages -> warm-up -> headers.

``gunicorn app:server`` serves the portal; ``flask --app app ...`` runs the commands on a server without
Dash (server.py), so that they start quickly.
"""

from __future__ import annotations

import logging

import click
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import pages
from access import account_routes, guard, headers, problems, sign_in
from domain.return_template import templates
from server import create_server, make_ready, register_each
from settings import ROOT, Settings, load_settings


def create_app(settings: Settings | None = None) -> Flask:
    """The whole portal, warm: every page imported, every callback known, every header decided."""
    from jobs import routes as job_routes  # here: the worker takes commands alone and need not hold what pages hold

    settings = settings or load_settings()
    server = create_server()
    make_ready(server, settings)
    templates()  # one that cannot be used stops the start, not the first return
    guard.install(server)  # before Dash(server=...): its routes must find the guard already there
    headers.install(server, settings)
    problems.install(server)
    sign_in.install(server)
    account_routes.install(server)
    dash_app = _create_dash(server, settings)
    register_each(pages, server)
    job_routes.register(server)
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=n, x_proto=n, x_host=n)
    # A cold worker would answer its first parallel requests from a half-built callback table.
    warm = server.test_client().get("/healthz")
    if warm.status_code != 200:
        raise RuntimeError(f"The database {settings.database_url.split('://')[0]} does not answer; check DATABASE_URL.")
    server.config["CSP"] = headers.policy(settings, dash_app.csp_hashes())
    return server


def _create_dash(server: Flask, settings: Settings) -> object:
    # Imported here, so that commands do not pay for Dash and every component library.
    from dash import Dash
    from flask_compress import Compress

    from access.layout import index_string, layout, register_callbacks
    from access.requires import callback_problem

    dash_app = Dash(
        "app",
        server=server,
        use_pages=True,
        pages_folder=str(ROOT / "pages"),
        assets_folder=str(ROOT / "assets"),
        suppress_callback_exceptions=True,  # otherwise Dash embeds one viewer's pages in everyone's HTML
        enable_mcp=False,
        include_pages_meta=False,
        title=settings.service_name,
        update_title=None,
        on_error=callback_problem,
        index_string=index_string(settings),
    )
    dash_app.logger.setLevel(logging.WARNING)
    dash_app.layout = layout
    register_callbacks()
    Compress(server)
    return dash_app


def __getattr__(name: str) -> Flask:
    """``server`` (gunicorn) is built on first use; ``app`` (flask --app app) only as far as commands need."""
    if name == "server":
        built = create_app()
    elif name == "app":
        context = click.get_current_context(silent=True)
        whole = context is not None and context.info_name in ("run", "shell", "routes")
        built = create_app() if whole else create_server()
    else:
        raise AttributeError(f"module 'app' has no attribute '{name}'")
    globals()[name] = built
    return built

"""Security headers on every answer. The content security policy is exact: see tests/access."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, request

from access.guard import STATIC_ENDPOINTS
from settings import Settings


def tile_host(tile_url: str) -> str:
    """``https://{s}.tiles.example.org/{z}/{x}/{y}.png`` -> ``https://*.tiles.example.org``."""
    parts = urlsplit(tile_url)
    host = parts.netloc.replace("{s}", "*")
    return f"{parts.scheme}://{host}" if parts.scheme in ("http", "https") and host else ""


def policy(settings: Settings, script_hashes: Sequence[str]) -> str:
    images = " ".join(["img-src 'self' data: blob:", tile_host(settings.tile_url)]).strip()
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *script_hashes]),
            "style-src 'self' 'unsafe-inline'",  # Plotly and Leaflet write style attributes
            images,
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def install(server: Flask, settings: Settings) -> None:
    """Add headers after each request; ``CSP`` is put into the configuration once Dash's scripts are known."""
    server.config["CSP"] = policy(settings, [])

    @server.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = server.config["CSP"]
        headers["X-Content-Type-Options"] = "nosniff"
        # same-origin: the layout reads the page's own address from Referer; other sites get nothing.
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if settings.https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint not in STATIC_ENDPOINTS:
            headers["Cache-Control"] = "no-store"
        return response

"""``flask --app app headline --programme CODE [--json]``: the programme in numbers, from the data."""

from __future__ import annotations

import json
import sys

import click
from flask import Flask

from data_access.headline import Headline, headline
from data_access.reading import UnknownProgramme
from domain import formats
from domain.scope import server_scope


def register(server: Flask) -> None:
    server.cli.add_command(show)


@click.command("headline")
@click.option("--programme", "code", required=True, help="Programme code, for example DEMO.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable: value, published rounding, unit and window.")
def show(code: str, as_json: bool) -> None:
    """Crimes and harm before and during, cost per minute by provider, dose delivered, each with its window."""
    try:
        found = headline(server_scope(), code)
    except UnknownProgramme as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    click.echo(json.dumps(found.as_dict(), indent=2, ensure_ascii=False) if as_json else _text(found))


def _text(found: Headline) -> str:
    lines = [f"{found.name} ({found.programme}){': demonstration data' if found.demonstration else ''}"]
    lines += [f"  {figure.sentence()}" for figure in found.figures]
    lines += [f"  Note: {note}" for note in found.notes]
    as_at = found.as_at
    crimes_to = formats.day(as_at.crimes_to) if as_at.crimes_to else formats.UNAVAILABLE
    pings_to = formats.day(as_at.pings_to) if as_at.pings_to else formats.UNAVAILABLE
    lines.append(f"  Crimes to {crimes_to}, trackers to {pings_to}, harm weights {as_at.weight_edition or 'none'}.")
    lines.append(f"  Data SHA-256 {as_at.data_sha256}")
    return "\n".join(lines)

"""``flask --app app load-archive FOLDER --programme CODE``: any folder unpacked from data.police.uk's archive.

An archive holds a folder a month, in it up to three files a force: street, outcomes, stop-and-search. This loads the
street files, oldest month first, through the same door as ``load police-uk``, and names what it left aside.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
from flask import Flask

from commands.load import finish, load_all
from data_access.loading import LoadOptions
from domain.formats import joined

# 2023-01-leicestershire-street.csv, as published; gzip is how people keep them.
STREET = re.compile(r"^(?P<month>\d{4}-\d{2})-(?P<force>[a-z-]+)-street\.csv(\.gz)?$")


def register(server: Flask) -> None:
    server.cli.add_command(load_archive)


@click.command("load-archive")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--programme", "code", required=True, help="Programme code.")
@click.option("--force", "force", default="", help="Only this force, as in the file names: leicestershire.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of sentences.")
def load_archive(folder: Path, code: str, force: str, as_json: bool) -> None:
    """Load every street-level file of a data.police.uk archive FOLDER, oldest month first."""
    if not folder.is_dir():
        _stop(f"There is no folder “{folder}”. Unpack the archive first and give the folder's name.")
    found = street_files(folder)
    forces = sorted({name for _, name, _ in found})
    if not found:
        _stop(f"No file under “{folder}” is named like 2023-01-leicestershire-street.csv. Is it an unpacked archive?")
    if not force and len(forces) > 1:
        _stop(f"The folder holds several forces; say which with --force: {', '.join(forces)}.")
    wanted = force_slug(force) or forces[0]
    chosen = [path for _, name, path in found if name == wanted]
    if not chosen:
        _stop(f"The folder holds no file of the force “{force}”. Forces in it: {joined(forces)}.")
    click.echo(f"{len(chosen)} street files of {wanted}, {found_months(chosen)}, go into {code}.", err=True)
    finish(load_all([("police-uk", path) for path in chosen], code, LoadOptions()), as_json)


def street_files(folder: Path) -> list[tuple[str, str, Path]]:
    """(month, force, path) of every street file under the folder, by month and force."""
    paths = [path for path in folder.rglob("*-street.csv*") if path.is_file()]
    return sorted((m["month"], m["force"], path) for path in paths if (m := STREET.match(path.name)))


def force_slug(name: str) -> str:
    """ "Leicestershire Police" and "leicestershire" are one force."""
    return re.sub(r"[^a-z]+", "-", name.casefold().removesuffix("police").strip()).strip("-")


def found_months(paths: list[Path]) -> str:
    return f"{paths[0].name[:7]} to {paths[-1].name[:7]}"


def _stop(message: str) -> None:
    click.echo(message, err=True)
    sys.exit(1)

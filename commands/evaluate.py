"""``flask --app app evaluate --programme CODE --out DIR``: the reproducibility bundle as a folder or a ZIP."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import Flask
from tqdm import tqdm

from commands.writing import write_whole
from data_access import audit
from data_access.reading import UnknownProgramme
from domain.scope import server_scope
from reports.evaluation_bundle import MANIFEST, PARTS, BundleError, bundle_files, write_folder, zipped


def register(server: Flask) -> None:
    server.cli.add_command(evaluate)


@click.command("evaluate")
@click.option("--programme", "code", required=True, help="Programme code, for example DEMO.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder, or a file ending in .zip.")
def evaluate(code: str, out: Path) -> None:
    """Write plan, aggregates, records, tables, figures, code and environment so that others can compute them again.

    The same data give the same bytes. Nothing is left behind where it cannot be completed.
    """
    is_zip = out.suffix.lower() == ".zip"
    if out.exists() and (is_zip or not out.is_dir() or any(out.iterdir())):
        raise click.UsageError(f"{out} is there already; choose another place for --out.")
    if not out.absolute().parent.is_dir():
        raise click.UsageError(f"There is no folder {out.absolute().parent}; make it first or choose another place.")
    scope = server_scope()
    try:
        with tqdm(total=PARTS, unit=" part", delay=1, leave=False) as bar:

            def say(part: str) -> None:
                bar.set_postfix_str(part, refresh=False)
                bar.update()

            files = bundle_files(scope, code, say)
        if is_zip:
            write_whole(out, zipped(files, out.stem))
        else:
            write_folder(files, out)
    except (UnknownProgramme, BundleError) as problem:
        click.echo(f"{problem} No bundle was written.", err=True)
        sys.exit(1)
    audit.note(actor=scope.actor, event="downloaded", detail={"what": "evaluation bundle"}, programme_code=code)
    records = sum(path.startswith("records/") for path in files)
    click.echo(
        f"Wrote {out}: {len(files):,} files, {records} sections of records. {MANIFEST} lists them with their SHA-256."
    )
    click.echo("To compute everything again: make (in that folder).")
